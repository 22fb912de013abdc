/*
 * Any bytes as a response: at once and byte by byte they must make the same answer, in valid UTF-8.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "eke/base/log.h"
#include "eke/base/utf.h"
#include "eke/upstream/answer.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool condition)
{
	if (!condition)
		abort();
}

static bool same(const struct strbuf *a, const struct strbuf *b)
{
	return a->len == b->len && !memcmp(a->data, b->data, a->len) && utf8_valid_prefix(a->data, a->len) == a->len;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct answer *whole = answer_new("fuzz", false);
	struct answer *bytewise = answer_new("fuzz", false);

	log_set_level(LOG_BROKEN);
	answer_feed(whole, (const char *)data, size, 1767225600);
	for (size_t i = 0; i < size; i++)
		answer_feed(bytewise, (const char *)data + i, 1, 1767225600);
	answer_end(whole, true, 1767225600);
	answer_end(bytewise, true, 1767225600);
	require(same(answer_text(whole), answer_text(bytewise)));
	require(same(answer_reasoning(whole), answer_reasoning(bytewise)));
	require(answer_finish(whole) == answer_finish(bytewise));
	require(answer_is_usable(whole) == answer_is_usable(bytewise));
	require(!answer_error(whole) == !answer_error(bytewise));
	require(answer_is_usable(whole) || answer_error(whole));
	answer_free(whole);
	answer_free(bytewise);
	return 0;
}
