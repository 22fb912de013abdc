#ifndef EKE_TESTS_BENCH_TRACE_PEER_H
#define EKE_TESTS_BENCH_TRACE_PEER_H
/*
 * What the policies of other programs share here. They are kinder than the programs: an answer is shown from its first
 * complete line on, although most of these clients wait for all of it, and what was shown is kept for their caches even
 * if a key ends the request before the answer is whole.
 *
 * A text's *key* is the hash of everything before a place and of what stands after the cursor; the hashes of all
 * beginnings of the document are kept and made again only from where it was edited.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "trace_client.h"

struct peer_keys {
	uint64_t *states; /* [n]: of the first n bytes; owned */
	size_t cap;
	size_t valid; /* states up to here, this one included, hold */
};

void peer_keys_release(struct peer_keys *keys);
void peer_keys_edited(struct peer_keys *keys, size_t at);
/* Of the text before `at`. */
uint64_t peer_key_before(struct peer_keys *keys, const struct strbuf *text, size_t at);
/* With what stands after the cursor. */
uint64_t peer_key_with(uint64_t before, const struct trace_editor *editor);

/* A request to the network that follows its answer. */
struct peer_request {
	uint64_t id;     /* 0: none is under way */
	size_t shown;    /* bytes of the answer: its complete lines, all at the end */
	bool failed;     /* refused */
	struct strbuf text;
	void (*changed)(void *ctx, bool done);
	void *ctx;
	struct sim_net *net;
};

void peer_request_init(struct peer_request *r, struct sim_net *net, void (*changed)(void *ctx, bool done), void *ctx);
void peer_request_release(struct peer_request *r);
/* For the text and cursor of the editor, with `typed` as if it stood before the cursor already. */
void peer_request_send(struct peer_request *r, const struct trace_editor *editor, const char *typed, size_t typed_len);
void peer_request_abort(struct peer_request *r);

#endif
