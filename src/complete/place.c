/*
 * Places are taken from the document when a completion is asked for, and compared and sent later, when the
 * document may have changed: so they hold copies, of a few KiB.
 */
#include "place.h"

#include <stdlib.h>
#include <string.h>

#include "eke/base/limits.h"
#include "eke/base/mem.h"
#include "eke/text/buffer.h"
#include "eke/text/uri.h"

/* Directories and name that a prompt shows. */
#define SHORT_PATH_PARTS 3

static void place_init(struct place *place, const char *uri, const char *language)
{
	*place = (struct place){ .uri = xstrdup(uri) };
	place->language = xstrdup(language);
	strbuf_init(&place->before, LIMIT_PREFIX_EXCERPT + LIMIT_CACHE_TYPED + LIMIT_COMPLETION);
	strbuf_init(&place->after, LIMIT_SUFFIX_EXCERPT);
}

void place_name(struct place *place, const char *uri)
{
	place_init(place, uri, "");
}

void place_take(
	struct place *place, const struct doc *doc, const struct place_wanted *wanted, enum position_encoding encoding)
{
	const struct text_buffer *text = doc_text(doc);
	bool selected = wanted->selected_text != NULL;
	size_t start = text_buffer_offset(text, selected ? wanted->selected_range.start : wanted->position, encoding);
	size_t end = selected ? text_buffer_offset(text, wanted->selected_range.end, encoding) : start;

	place_init(place, wanted->uri, doc_language(doc));
	place->offset = start;
	place->line = (size_t)(wanted->position.line > 0 ? wanted->position.line : 0);
	text_buffer_before(text, start, LIMIT_PREFIX_EXCERPT + LIMIT_CACHE_TYPED, &place->before);
	if (selected)
		strbuf_adds(&place->before, wanted->selected_text);
	text_buffer_after(text, end, LIMIT_SUFFIX_EXCERPT, &place->after);
}

void place_copy(struct place *to, const struct place *from)
{
	place_init(to, from->uri, from->language);
	to->offset = from->offset;
	to->line = from->line;
	strbuf_add(&to->before, from->before.data, from->before.len);
	strbuf_add(&to->after, from->after.data, from->after.len);
}

void place_release(struct place *place)
{
	free(place->uri);
	free(place->language);
	strbuf_release(&place->before);
	strbuf_release(&place->after);
}

struct cache_place place_for_cache(const struct place *place, const char *who)
{
	return (struct cache_place){ .who = who,
				     .uri = place->uri,
				     .prefix = place->before.data,
				     .prefix_len = place->before.len,
				     .suffix = place->after.data,
				     .suffix_len = place->after.len };
}

char *place_short_path(const struct place *place)
{
	char *path = uri_path_part(place->uri);
	char *from = path + strlen(path);
	int slashes = 0;

	while (from > path && (from[-1] != '/' || ++slashes < SHORT_PATH_PARTS))
		from--;
	memmove(path, from, strlen(from) + 1);
	return path;
}
