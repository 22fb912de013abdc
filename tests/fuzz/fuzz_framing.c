/*
 * The framing: whole, in pieces of the size that the first byte says, and byte by byte must give the same messages,
 * refusals and garbage; what is refused has an id that is JSON.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "eke/base/limits.h"
#include "eke/base/strbuf.h"
#include "eke/rpc/framing.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void on_message(void *ctx, char *text, size_t len)
{
	strbuf_addf(ctx, "\nm %zu ", len);
	strbuf_add(ctx, text, len);
	memset(text, '#', len);
}

static void on_refused(void *ctx, const struct peek *peek, const struct err *err)
{
	if (err->kind == ERR_NONE || strlen(peek->id) > LIMIT_ID)
		abort();
	strbuf_addf(ctx, "\nr %d %s %s", (int)peek->id_kind, peek->id_kind == PEEK_ID_VALID ? peek->id : "", err->message);
}

static void on_garbage(void *ctx, const struct err *err)
{
	strbuf_addf(ctx, "\ng %s", err->message);
}

static void run(const char *bytes, size_t size, size_t piece, struct strbuf *seen)
{
	struct framing_callbacks callbacks = {
		.message = on_message, .refused = on_refused, .garbage = on_garbage, .ctx = seen
	};
	struct framing *f = framing_new(&callbacks);

	for (size_t at = 0; at < size; at += piece)
		framing_feed(f, bytes + at, size - at < piece ? size - at : piece);
	strbuf_addf(seen, "\nkind %d", (int)framing_kind_of(f));
	framing_end(f);
	framing_free(f);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *bytes = (const char *)data;
	const size_t pieces[] = { 1, size ? 1 + data[0] : 1 };
	struct strbuf whole;

	if (size > KIB(64))
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
