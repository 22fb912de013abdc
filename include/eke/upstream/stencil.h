#ifndef EKE_UPSTREAM_STENCIL_H
#define EKE_UPSTREAM_STENCIL_H
/*
 * The events of a stream differ in the text of one string only. A stencil keeps the bytes before and after that text in
 * an event that was parsed. A later event with the same bytes around another text says the same with that text, and is
 * not parsed. Pure.
 *
 * Why it cannot go wrong: the text is found in the parsed event as the only string literal that is equal to it, so what
 * surrounds it begins and ends at the two quotes; and what stands between them in another event must be the inside of a
 * string literal, without quotes and with short escapes only.
 */
#include <stdbool.h>
#include <stddef.h>

#include "eke/base/strbuf.h"

struct stencil {
	struct strbuf before; /* up to the opening quote, included */
	struct strbuf after;  /* from the closing quote on; empty: nothing was learned */
	unsigned useless;     /* how often it learned since it last matched */
};

void stencil_init(struct stencil *stencil);
void stencil_release(struct stencil *stencil);
/*
 * Event raw[0..len) was parsed, and says nothing but `text`. Learns nothing if the text does not stand in it as
 * one string literal and only once, or if learning was useless many times (the endpoint's events differ in more
 * than the text).
 */
void stencil_learn(struct stencil *stencil, const char *raw, size_t len, const char *text);
/*
 * The text in an event that matches, *text_len bytes of valid UTF-8, its escapes undone in place; NULL, and
 * nothing changed, if the event has to be parsed.
 */
char *stencil_match(struct stencil *stencil, char *raw, size_t len, size_t *text_len);

#endif
