#ifndef EKE_TESTS_BENCH_TRACE_JUDGE_H
#define EKE_TESTS_BENCH_TRACE_JUDGE_H
/*
 * Whether a suggestion is right: its first line is what the typist will type next. Pure.
 */
#include <stddef.h>

enum judge_verdict {
	JUDGE_NONE,  /* nothing is shown */
	JUDGE_RIGHT,
	JUDGE_WRONG,
};

/*
 * Where the first line that has text ends: before its line end, or at len. Line ends and blanks before it belong
 * to it, as the suggestion at the end of a line begins with them.
 */
size_t judge_first_line(const char *text, size_t len);
/*
 * `next`: what will be typed at the cursor, up to what stands there already. Right: the first line of what is shown
 * (all of it, if it is shorter) is the beginning of it, and where the suggestion goes on in another line, so does the
 * typing.
 */
enum judge_verdict judge(const char *shown, size_t shown_len, const char *next, size_t next_len);

#endif
