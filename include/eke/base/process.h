#ifndef EKE_BASE_PROCESS_H
#define EKE_BASE_PROCESS_H
/*
 * Other processes, and signals of this one. Numbers of processes are used again, so a number that was written down is
 * believed only together with the time when that process began.
 *
 * Facts: proc(5) on Linux (/proc/PID/stat, fields 3 and 22). Where there is no such file the time is unknown, and the
 * number alone is believed.
 */
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/* When a process began, in the system's ticks since its start; 0: unknown, or there is none. */
int64_t process_started(pid_t pid);
/* Is the process that began then still at work? `started` 0: any of that number. A zombie is not. */
bool process_lives(pid_t pid, int64_t started);

/* From now on a pipe that nobody reads and a file that may not grow are errors of writing, not the process's end. */
void process_keep_writing(void);
/* From now on this process, and what it starts, may have so many files open, or as many as the system lets it. */
void process_allow_files(unsigned long count);
/* Is the signal ignored, as nohup(1) does? */
bool process_ignores(int signum);

#endif
