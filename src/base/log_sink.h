#ifndef EKE_BASE_LOG_SINK_H
#define EKE_BASE_LOG_SINK_H
/*
 * Where lines of the log go: a file, or standard error, which may be a pipe that nobody reads. Writing never waits. For
 * log.c; there is one sink a process.
 */
#include <stdbool.h>
#include <stddef.h>

/* Appends to the path, created 0600; false if it cannot be opened (errno is kept). NULL: back to standard error. */
bool log_sink_set_file(const char *path);
/* Writes a line with its end, as one piece where the system lets us. False: it is dropped. */
bool log_sink_write(const char *line, size_t len);

#endif
