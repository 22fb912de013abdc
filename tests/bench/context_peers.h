#ifndef EKE_TESTS_BENCH_CONTEXT_PEERS_H
#define EKE_TESTS_BENCH_CONTEXT_PEERS_H
/*
 * What other clients put into a prompt beside the text around the cursor, re-implemented from their sources. Each fills
 * the same budget of tokens, in the same estimate; a last piece that is too long is cut, as that favours them.
 */
#include "context_project.h"
#include "eke/base/strbuf.h"

struct peer {
	const char *name;
	void (*fill)(const struct place *place, size_t tokens, struct rng *rng, struct strbuf *out);
};

#define PEERS 5

extern const struct peer peers[PEERS];

#endif
