/*
 * What a provider says of its limits, out of any bytes: as words and labels. What is understood makes sense, is found
 * again, and does not depend on what stands behind a sentence's end.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "eke/base/limits.h"
#include "eke/base/mem.h"
#include "eke/base/strbuf.h"
#include "eke/upstream/stated_limit.h"

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

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = xstrndup((const char *)data, size < KIB(64) ? size : KIB(64));

	check_words(text, NULL);
	check_words(text, text);
	free(text);
	return 0;
}
