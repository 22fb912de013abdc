#ifndef EKE_GATEWAY_LEARNED_H
#define EKE_GATEWAY_LEARNED_H
/*
 * What endpoints turned out not to take: some models only stream, some never do, some endpoints know no stream_options.
 * A refusal that says so is sent once more in the form that is taken, and the next requests to the same model have that
 * form at once.
 */
#include <stdbool.h>
#include <stddef.h>

enum learned {
	LEARNED_STREAMS_ONLY = 1,
	LEARNED_NEVER_STREAMS = 2,
	LEARNED_NO_STREAM_OPTIONS = 4,
};

struct learned_list;

struct learned_list *learned_new(void);
void learned_free(struct learned_list *list);
void learned_reset(struct learned_list *list);
/* All that is known, as bits. */
unsigned learned_of(const struct learned_list *list, const char *endpoint, const char *model);
void learned_add(struct learned_list *list, const char *endpoint, const char *model, enum learned what);
/*
 * What a refusal with that status and body says of a request that asked for a stream (or not), with stream_options (or
 * not); 0: nothing. Pure.
 */
unsigned learned_from(int status, const char *body, size_t len, bool stream, bool has_options);

#endif
