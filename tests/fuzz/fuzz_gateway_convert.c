/*
 * Answers on their way through the gateway: whatever bytes an endpoint sends, in whatever pieces, for whichever client,
 * what leaves is what came, valid JSON, or events of valid JSON.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "eke/base/json.h"
#include "eke/base/limits.h"
#include "eke/upstream/sse.h"
#include "../../src/gateway/convert.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool ok)
{
	if (!ok)
		abort();
}

static void must_be_object(char *text, size_t len)
{
	struct json_pool *pool = json_pool_new();
	struct err ignored;

	must(json_is_object(json_parse(pool, text, len, JSON_STRICT, &ignored)));
	json_pool_free(pool);
}

static bool on_event(void *ctx, struct sse_event *event)
{
	(void)ctx;
	if (strcmp(event->data, "[DONE]") != 0)
		must_be_object(event->data, event->len);
	return true;
}

static void check(const uint8_t *data, size_t size, const struct convert_wish *wish, struct strbuf *out)
{
	struct convert *c = convert_new(wish);
	size_t piece = size % 7 + 1;
	struct sse *sse;

	for (size_t at = 0; at < size; at += piece)
		convert_feed(c, (const char *)data + at, at + piece < size ? piece : size - at, out);
	convert_end(c, out);
	if (convert_mode(c) == CONVERT_PASS) {
		must(out->len == size && !memcmp(out->data, data, size));
	} else if (convert_mode(c) == CONVERT_SPREAD) {
		sse = sse_new(on_event, NULL);
		must(sse_feed(sse, out->data, out->len));
		sse_end(sse);
		sse_free(sse);
	} else {
		must_be_object(out->data, out->len);
	}
	convert_free(c);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	for (unsigned i = 0; i < 8; i++) {
		struct convert_wish wish = { .is_chat = i & 1, .stream = i & 2, .wants_usage = i & 4 };
		struct strbuf out;

		strbuf_init(&out, MIB(32));
		check(data, size, &wish, &out);
		strbuf_release(&out);
	}
	return 0;
}
