/*
 * What a provider says of its limits, out of any bytes: as words and labels, and as headers. What is understood makes
 * sense, is found again, and does not depend on what stands behind a sentence's end.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "eke/base/limits.h"
#include "eke/base/mem.h"
#include "eke/base/strbuf.h"
#include "eke/upstream/stated_limit.h"

#define NOW INT64_C(1700000000)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool ok)
{
	if (!ok)
		abort();
}

static void check_words(const char *words, const char *labels)
{
	struct stated_limit got;
	struct stated_limit again;
	struct strbuf text;

	stated_limit_read(words, labels, &got);
	must(got.limit >= 0 && got.limit <= LIMIT_WINDOW_ENTRIES);
	must(got.period >= 0 && got.period <= LIMIT_STATED_PERIOD);
	must((got.limit > 0) == (got.period > 0));
	must(!got.quota || got.money);
	if (!got.limit)
		return;
	strbuf_init(&text, MIB(1));
	strbuf_addf(&text, "%s。 The wait: 3 hours. 9 requests per second", words);
	stated_limit_read(text.data, labels, &again);
	must(again.limit == got.limit && again.period == got.period);
	strbuf_release(&text);
}

static void fill(char out[LIMIT_HTTP_HEADER], const char **s)
{
	size_t n = strcspn(*s, "\n");
	size_t kept = n < LIMIT_HTTP_HEADER ? n : LIMIT_HTTP_HEADER - 1;

	memcpy(out, *s, kept);
	out[kept] = '\0';
	*s += n + ((*s)[n] == '\n');
}

static void check_headers(const char *lines)
{
	struct http_head head = { .status = 200 };
	struct stated_left left;

	fill(head.ratelimit_limit, &lines);
	fill(head.ratelimit_remaining, &lines);
	fill(head.ratelimit_reset, &lines);
	if (!stated_left_read(&head, NOW, &left))
		return;
	must(left.limit > 0 && left.remaining >= 0 && left.remaining <= left.limit);
	must(!left.reset_at || (left.reset_at >= NOW && left.reset_at <= NOW + LIMIT_RETRY_SECONDS));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = xstrndup((const char *)data, size < KIB(64) ? size : KIB(64));

	check_words(text, NULL);
	check_words(text, text);
	check_headers(text);
	free(text);
	return 0;
}
