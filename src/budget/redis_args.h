#ifndef EKE_BUDGET_REDIS_ARGS_H
#define EKE_BUDGET_REDIS_ARGS_H
/*
 * The arguments of a call to the script in Redis, as a growing list of strings that it owns.
 */
#include <stddef.h>
#include <stdint.h>

/* All zero at first. */
struct redis_args {
	char **texts;
	size_t count, cap;
};

void redis_args_add(struct redis_args *args, const char *text);
void redis_args_add_int(struct redis_args *args, int64_t n);
/* For names that go into the script's lines: control characters become '?'. */
void redis_args_add_line(struct redis_args *args, const char *text);
/* Appends `before` and the cleaned text to the last argument. */
void redis_args_append_line(struct redis_args *args, char before, const char *text);
void redis_args_copy(struct redis_args *to, const struct redis_args *from);
void redis_args_release(struct redis_args *args);

#endif
