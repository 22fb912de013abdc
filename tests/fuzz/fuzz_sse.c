/*
 * The event stream parser: whole, in pieces of the size that the first byte says, and byte by byte must give
 * the same events.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "eke/base/limits.h"
#include "eke/base/strbuf.h"
#include "eke/upstream/sse.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool on_event(void *ctx, struct sse_event *event)
{
	struct strbuf *seen = ctx;

	if (!event->len || event->data[event->len])
		abort();
	strbuf_addf(seen, "%d %zu %s\n", event->is_error_field, event->len, event->type);
	strbuf_add(seen, event->data, event->len);
	memset(event->data, 0, event->len);
	return true;
}

static void run(const char *bytes, size_t size, size_t piece, struct strbuf *seen)
{
	struct sse *sse = sse_new(on_event, seen);

	for (size_t at = 0; at < size; at += piece)
		if (!sse_feed(sse, bytes + at, size - at < piece ? size - at : piece))
			abort();
	sse_end(sse);
	sse_free(sse);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *bytes = (const char *)data;
	const size_t pieces[] = { 1, size ? 1 + data[0] : 1 };
	struct strbuf whole;

	if (size > MIB(1))
		return 0;
	strbuf_init(&whole, MIB(64));
	run(bytes, size, size ? size : 1, &whole);
	for (size_t i = 0; i < 2; i++) {
		struct strbuf cut;

		strbuf_init(&cut, MIB(64));
		run(bytes, size, pieces[i], &cut);
		if (cut.len != whole.len || memcmp(cut.data, whole.data, whole.len))
			abort();
		strbuf_release(&cut);
	}
	strbuf_release(&whole);
	return 0;
}
