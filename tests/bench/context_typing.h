#ifndef EKE_TESTS_BENCH_CONTEXT_TYPING_H
#define EKE_TESTS_BENCH_CONTEXT_TYPING_H
/*
 * How alike consecutive prompts begin: endpoints read again only what differs from the last one on. At a place of a
 * project (context_project.h) some lines are taken out and written again, a few at a time, with a request after each.
 */
#include "context_project.h"

#define TYPING_CAPS 2

struct typing {
	size_t bytes[TYPING_CAPS]; /* of prompts that follow another one */
	size_t shared[TYPING_CAPS]; /* of these, as many as the prompt before begins with */
	/* Names of the next lines that the excerpt has not: those that prompts show, and ... */
	size_t shown[TYPING_CAPS];
	size_t afresh[TYPING_CAPS]; /* ... those that they would show if nothing were kept from one to the next */
};

/* Adds to `typing`. */
void typing_measure(struct typing *typing, const struct place *place, const size_t caps[TYPING_CAPS]);

#endif
