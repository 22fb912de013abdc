/*
 * The splitter of inline reasoning: whole and byte by byte must agree, and nothing may appear that was not there.
 */
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "eke/base/limits.h"
#include "eke/upstream/think.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void run(const char *bytes, size_t size, size_t piece, struct strbuf *text, struct strbuf *reasoning)
{
	struct think think;

	strbuf_init(text, MIB(2));
	strbuf_init(reasoning, MIB(2));
	think_init(&think);
	for (size_t at = 0; at < size; at += piece)
		think_feed(&think, bytes + at, size - at < piece ? size - at : piece, text, reasoning);
	think_end(&think, text, reasoning);
}

static void must_equal(const struct strbuf *a, const struct strbuf *b)
{
	if (a->len != b->len || memcmp(a->data, b->data, a->len))
		abort();
}

/* Is the text what stands at the end of the reasoning? */
static bool ends_in_reasoning(const struct strbuf *text, const struct strbuf *reasoning)
{
	return reasoning->len >= text->len &&
	       !memcmp(reasoning->data + reasoning->len - text->len, text->data, text->len);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *bytes = (const char *)data;
	struct strbuf text;
	struct strbuf reasoning;
	struct strbuf cut_text;
	struct strbuf cut_reasoning;

	if (size > MIB(1))
		return 0;
	run(bytes, size, size ? size : 1, &text, &reasoning);
	run(bytes, size, 1, &cut_text, &cut_reasoning);
	must_equal(&text, &cut_text);
	must_equal(&reasoning, &cut_reasoning);
	/* The text is a piece of the input, and the reasoning another one; a stray tag leaves both the same. */
	if (text.len && !memmem(bytes, size, text.data, text.len))
		abort();
	if (text.len + reasoning.len > (ends_in_reasoning(&text, &reasoning) ? 2 * size : size))
		abort();
	strbuf_release(&text);
	strbuf_release(&reasoning);
	strbuf_release(&cut_text);
	strbuf_release(&cut_reasoning);
	return 0;
}
