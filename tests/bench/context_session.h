#ifndef EKE_TESTS_BENCH_CONTEXT_SESSION_H
#define EKE_TESTS_BENCH_CONTEXT_SESSION_H
/*
 * An editor's session at a place of a project (context_project.h), as far as the context needs one.
 */
#include <stdbool.h>
#include <stddef.h>

#include "context_project.h"
#include "eke/context/retriever.h"

struct session {
	struct loop *loop;
	struct docs *docs;
	struct workspace *workspace;
	struct retriever *retriever;
	char *uri;
};

/* Opens the place's documents and waits until all files are read. */
void session_open(struct session *session, const struct place *place);
void session_close(struct session *session);
/* Waits until what has changed is read. */
void session_read(struct session *session);
/* What the context is asked for there, by all sources; `tokens` is the most. */
struct retrieval session_retrieval(const struct session *session, const struct place *place, size_t tokens);
/* Tokens that the frame and the excerpt leave of a cap for the whole prompt. */
size_t session_room(const struct place *place, size_t cap);

/* Is there this name in the text? */
bool context_has_word(const char *text, size_t len, const char *word);

#endif
