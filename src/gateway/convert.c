/*
 * The choice between the two converters and none. Until it is made the first bytes are kept.
 */
#include "convert.h"

#include <stdlib.h>

#include "eke/base/limits.h"
#include "eke/base/mem.h"
#include "eke/upstream/wire.h"
#include "gather.h"
#include "openai_error.h"
#include "spread.h"

struct convert {
	struct convert_wish wish;
	enum convert_mode mode;
	struct strbuf held; /* what came before the mode is known; in CONVERT_SPREAD all of it */
	struct gather *gather;
};

struct convert *convert_new(const struct convert_wish *wish)
{
	struct convert *c = xcalloc(1, sizeof(*c));

	c->wish = *wish;
	strbuf_init(&c->held, LIMIT_BODY);
	return c;
}

void convert_free(struct convert *c)
{
	if (!c)
		return;
	strbuf_release(&c->held);
	gather_free(c->gather);
	free(c);
}

enum convert_mode convert_mode(const struct convert *c)
{
	return c->mode;
}

static enum convert_mode choose(const struct convert *c)
{
	switch (wire_sniff(c->held.data, c->held.len)) {
	case WIRE_BODY_UNKNOWN:
		return CONVERT_UNKNOWN;
	case WIRE_BODY_JSON:
		return c->wish.stream ? CONVERT_SPREAD : CONVERT_PASS;
	case WIRE_BODY_HTML:
		return CONVERT_REFUSE;
	case WIRE_BODY_SSE:
		return c->wish.stream ? CONVERT_PASS : CONVERT_GATHER;
	}
	return CONVERT_PASS;
}

void convert_feed(struct convert *c, const char *bytes, size_t len, struct strbuf *out)
{
	if (c->mode == CONVERT_PASS) {
		strbuf_add(out, bytes, len);
		return;
	}
	if (c->mode == CONVERT_GATHER) {
		gather_feed(c->gather, bytes, len);
		return;
	}
	strbuf_add(&c->held, bytes, len);
	if (c->mode != CONVERT_UNKNOWN)
		return;
	c->mode = choose(c);
	if (c->mode == CONVERT_GATHER) {
		c->gather = gather_new(c->wish.is_chat);
		gather_feed(c->gather, c->held.data, c->held.len);
	}
	if (c->mode == CONVERT_PASS)
		strbuf_add(out, c->held.data, c->held.len);
	if (c->mode == CONVERT_PASS || c->mode == CONVERT_GATHER)
		strbuf_release(&c->held);
}

int convert_end(struct convert *c, struct strbuf *out)
{
	switch (c->mode) {
	case CONVERT_PASS:
		return 200;
	case CONVERT_GATHER:
		return gather_end(c->gather, out);
	case CONVERT_SPREAD:
		return spread(c->held.data, c->held.len, c->wish.is_chat, c->wish.wants_usage, out);
	case CONVERT_UNKNOWN:
		openai_error_put(out, "upstream_error", "no_answer", "The endpoint's answer is empty.");
		return 502;
	case CONVERT_REFUSE:
		openai_error_put(
			out, "upstream_error", "no_answer", "The endpoint answered with a web page; is its baseUrl right?");
		return 502;
	}
	return 502;
}
