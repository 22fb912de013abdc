/*
 * From a question's text to blocks of declarations. No state.
 */
#include "retrieved.h"

#include <stdlib.h>
#include <string.h>

#include "eke/base/limits.h"
#include "eke/base/mem.h"
#include "eke/base/strbuf.h"
#include "eke/text/lines.h"
#include "eke/text/uri.h"
#include "attachment.h"

/* Of a capped prompt for what nobody attached. */
#define CAP_SHARE(cap) ((cap) / 4)
#define TOKENS_PER_BLOCK 24 /* name and fence */
#define NAME_MOST 400

void retrieved_choose(const struct retrieved_spec *spec, struct snippets *out)
{
	size_t tokens = (size_t)spec->config->chat.context_tokens;
	struct retrieval in = { .uri = spec->uri,
		.cursor = { .before = spec->text, .before_len = spec->len, .flat = true },
		.sources = (1u << CONTEXT_SOURCES) - 1,
		.declarations = true,
		.tokens_per_file = TOKENS_PER_BLOCK };

	if (spec->prompt_cap && CAP_SHARE((size_t)spec->prompt_cap) < tokens)
		tokens = CAP_SHARE((size_t)spec->prompt_cap);
	in.tokens = tokens;
	*out = (struct snippets){ .items = NULL };
	if (tokens)
		retriever_choose(spec->retriever, &in, out);
}

static char *name_of(const struct snippet *snippet)
{
	char *path = attachment_name(snippet->path, NAME_MOST);
	char *name = xasprintf("Declared in %s (%s)", path, context_role_reason(snippet->role));

	free(path);
	return name;
}

bool retrieved_write(const struct snippet *snippet, struct strbuf *out)
{
	char *name = name_of(snippet);
	struct attachment_spec spec = {
		.name = name, .language = snippet->language, .text = snippet->text, .len = snippet->len
	};
	bool fits = attachment_write(&spec, out);

	free(name);
	return fits;
}

void retrieved_attach(const struct snippets *snippets, struct attachments *blocks)
{
	for (size_t i = 0; i < snippets->count; i++) {
		struct strbuf text;

		strbuf_init(&text, LIMIT_CONTEXT_PIECE);
		if (retrieved_write(&snippets->items[i], &text))
			context_add_retrieved(blocks, xasprintf("%s%s", CONTEXT_RETRIEVED, snippets->items[i].path), &text);
		strbuf_release(&text);
	}
}

char *retrieved_diff_uri(const char *folder, const char *diff, size_t len)
{
	static const char mark[] = "+++ b/";
	const char *at = memmem(diff, len, mark, strlen(mark));
	size_t left = at ? len - (size_t)(at - diff) - strlen(mark) : 0;
	char *path;
	char *uri;

	if (!at || !folder)
		return NULL;
	at += strlen(mark);
	path = xasprintf("%s/%.*s", folder, (int)lines_first_end(at, left), at);
	uri = uri_from_path(path);
	free(path);
	return uri;
}
