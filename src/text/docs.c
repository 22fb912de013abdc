/*
 * The open documents: a hash table of chains by URI key for finding, a ring for the order of use. struct docs owns
 * every struct doc, which owns its strings and its buffer; a document without a buffer is known but not kept. All
 * limits are enforced in has_room(), and the sums kept in the three functions that change a text.
 */
#include "eke/text/docs.h"

#include <stdlib.h>
#include <string.h>

#include "eke/base/hash.h"
#include "eke/base/limits.h"
#include "eke/base/mem.h"
#include "eke/base/utf.h"
#include "eke/text/buffer.h"
#include "eke/text/uri.h"

#define BUCKETS_MIN 64 /* a power of two, as all sizes of the table */
/* Freeing a text this large is worth giving the pages back. */
#define LARGE_TEXT MIB(1)

struct doc {
	uint64_t notebook; /* 0: it is no cell */
	size_t cell; /* its place there */
	char *key;               /* owned */
	char *uri;               /* owned */
	char *language;          /* owned */
	struct text_buffer *text; /* owned; NULL: known but not kept */
	int64_t version;
	uint64_t revision;
	uint64_t hash;
	struct doc *chain; /* next in the bucket */
	struct doc *newer; /* NULL: the first of all */
	struct doc *older;
};

struct docs {
	struct doc **buckets; /* owned */
	size_t bucket_count;
	size_t count;
	size_t kept;
	size_t bytes;
	uint64_t last_revision;
	struct doc *newest;
	struct doc *oldest;
	enum position_encoding encoding;
	docs_observe_fn *observe; /* NULL: nobody is told */
	void *observe_ctx;
};

struct docs *docs_new(void)
{
	struct docs *docs = xcalloc(1, sizeof(*docs));

	docs->bucket_count = BUCKETS_MIN;
	docs->buckets = xcalloc(docs->bucket_count, sizeof(struct doc *));
	return docs;
}

static void doc_free(struct doc *doc)
{
	text_buffer_free(doc->text);
	free(doc->key);
	free(doc->uri);
	free(doc->language);
	free(doc);
}

void docs_free(struct docs *docs)
{
	struct doc *older;

	if (!docs)
		return;
	for (struct doc *doc = docs->newest; doc; doc = older) {
		older = doc->older;
		doc_free(doc);
	}
	free(docs->buckets);
	free(docs);
}

void docs_set_encoding(struct docs *docs, enum position_encoding encoding)
{
	docs->encoding = encoding;
}

enum position_encoding docs_encoding(const struct docs *docs)
{
	return docs->encoding;
}

void docs_observe(struct docs *docs, docs_observe_fn *fn, void *ctx)
{
	docs->observe = fn;
	docs->observe_ctx = ctx;
}

static void tell(const struct docs *docs, const struct docs_event *event)
{
	if (docs->observe)
		docs->observe(docs->observe_ctx, event);
}

static void tell_kind(const struct docs *docs, enum docs_event_kind kind, const struct doc *doc)
{
	tell(docs, &(struct docs_event){ .kind = kind, .doc = doc });
}

/* --- the table --- */

static uint64_t hash_of(const char *key)
{
	return hash_fnv64(HASH_FNV64, key, strlen(key));
}

static struct doc **bucket_of(const struct docs *docs, uint64_t hash)
{
	return &docs->buckets[hash & (docs->bucket_count - 1)];
}

static struct doc *find_key(const struct docs *docs, const char *key)
{
	uint64_t hash = hash_of(key);
	struct doc *doc = *bucket_of(docs, hash);

	while (doc && (doc->hash != hash || strcmp(doc->key, key) != 0))
		doc = doc->chain;
	return doc;
}

struct doc *docs_find(const struct docs *docs, const char *uri)
{
	char *key = uri_key(uri);
	struct doc *doc = key ? find_key(docs, key) : NULL;

	free(key);
	return doc;
}

static void grow_table(struct docs *docs)
{
	free(docs->buckets);
	docs->bucket_count *= 2;
	docs->buckets = xcalloc(docs->bucket_count, sizeof(struct doc *));
	for (struct doc *doc = docs->newest; doc; doc = doc->older) {
		struct doc **bucket = bucket_of(docs, doc->hash);

		doc->chain = *bucket;
		*bucket = doc;
	}
}

/* --- the order of use --- */

static void unlink_doc(struct docs *docs, struct doc *doc)
{
	*(doc->newer ? &doc->newer->older : &docs->newest) = doc->older;
	*(doc->older ? &doc->older->newer : &docs->oldest) = doc->newer;
}

static void link_newest(struct docs *docs, struct doc *doc)
{
	doc->newer = NULL;
	doc->older = docs->newest;
	*(docs->newest ? &docs->newest->newer : &docs->oldest) = doc;
	docs->newest = doc;
}

void docs_touch(struct docs *docs, struct doc *doc)
{
	if (docs->newest == doc)
		return;
	unlink_doc(docs, doc);
	link_newest(docs, doc);
}

/* --- texts --- */

static void free_text(struct docs *docs, struct doc *doc)
{
	size_t len;

	if (!doc->text)
		return;
	len = text_buffer_len(doc->text);
	docs->bytes -= len;
	docs->kept--;
	text_buffer_free(doc->text);
	doc->text = NULL;
	doc->revision = ++docs->last_revision;
	if (len >= LARGE_TEXT)
		mem_trim();
}

static void drop_text(struct docs *docs, struct doc *doc)
{
	if (!doc->text)
		return;
	free_text(docs, doc);
	tell_kind(docs, DOCS_LOST, doc);
}

/* Whether the document may have a text of len bytes. */
static bool has_room(const struct docs *docs, const struct doc *doc, size_t len)
{
	size_t others = docs->bytes - (doc->text ? text_buffer_len(doc->text) : 0);

	return len <= LIMIT_DOCUMENT && len <= LIMIT_DOCUMENTS_BYTES - others &&
	       (doc->text || docs->kept < LIMIT_DOCUMENTS);
}

/* Makes this the whole text, or drops what there is if it may not be kept. */
static void set_text(struct docs *docs, struct doc *doc, const char *text, size_t len)
{
	if (!has_room(docs, doc, len)) {
		drop_text(docs, doc);
		return;
	}
	if (doc->text) {
		docs->bytes -= text_buffer_len(doc->text);
	} else {
		doc->text = text_buffer_new();
		docs->kept++;
	}
	text_buffer_set(doc->text, text, len);
	docs->bytes += len;
	doc->revision = ++docs->last_revision;
	tell_kind(docs, DOCS_WHOLE, doc);
}

static size_t line_of(const struct doc *doc, size_t offset)
{
	return (size_t)text_buffer_position(doc->text, offset, POSITION_UTF8).line;
}

static void edit_range(struct docs *docs, struct doc *doc, const struct doc_edit *edit)
{
	struct docs_event event = { .kind = DOCS_EDITED, .doc = doc };
	size_t len;
	size_t start;
	size_t end;

	if (!doc->text)
		return;
	len = text_buffer_len(doc->text);
	start = text_buffer_offset(doc->text, edit->range.start, docs->encoding);
	end = text_buffer_offset(doc->text, edit->range.end, docs->encoding);
	if (end < start) {
		size_t swap = start;

		start = end;
		end = swap;
	}
	if (edit->len > LIMIT_DOCUMENT || !has_room(docs, doc, len - (end - start) + edit->len)) {
		drop_text(docs, doc);
		return;
	}
	event.first_line = line_of(doc, start);
	event.old_last_line = line_of(doc, end);
	text_buffer_replace(doc->text, start, end, edit->text, edit->len);
	docs->bytes = docs->bytes - len + text_buffer_len(doc->text);
	doc->revision = ++docs->last_revision;
	event.new_last_line = line_of(doc, start + edit->len);
	tell(docs, &event);
}

/* --- what clients do --- */

enum docs_result docs_open(struct docs *docs, const char *uri, const char *language, int64_t version, const char *text,
			   size_t len)
{
	char *key = uri_key(uri);
	struct doc *doc = key ? find_key(docs, key) : NULL;
	bool reopened = doc != NULL;
	char *old_uri = NULL;
	struct doc **bucket;

	if (!key || (!reopened && docs->count == LIMIT_DOCUMENTS_KNOWN)) {
		free(key);
		return DOCS_REFUSED;
	}
	if (reopened) {
		free(key);
		old_uri = doc->uri; /* which the caller may have handed in */
		free(doc->language);
		docs_touch(docs, doc);
	} else {
		if (docs->count == docs->bucket_count)
			grow_table(docs);
		doc = xcalloc(1, sizeof(*doc));
		doc->key = key;
		doc->hash = hash_of(key);
		bucket = bucket_of(docs, doc->hash);
		doc->chain = *bucket;
		*bucket = doc;
		docs->count++;
		link_newest(docs, doc);
	}
	doc->uri = xstrdup(uri);
	free(old_uri);
	doc->language = xstrndup(language, utf8_cut(language, strlen(language), LIMIT_LANGUAGE_ID));
	doc->version = version == DOC_NO_VERSION ? 0 : version;
	set_text(docs, doc, text, len);
	if (!doc->text)
		return DOCS_NOT_KEPT;
	return reopened ? DOCS_REOPENED : DOCS_OK;
}

enum docs_result docs_change(struct docs *docs, const char *uri, int64_t version, const struct doc_edit *edits,
			     size_t count)
{
	struct doc *doc = docs_find(docs, uri);
	bool was_kept;
	bool old_version;

	if (!doc)
		return DOCS_UNKNOWN;
	was_kept = doc->text != NULL;
	old_version = version != DOC_NO_VERSION && version <= doc->version;
	if (version != DOC_NO_VERSION)
		doc->version = version;
	docs_touch(docs, doc);
	for (size_t i = 0; i < count; i++) {
		if (edits[i].has_range)
			edit_range(docs, doc, &edits[i]);
		else
			set_text(docs, doc, edits[i].text, edits[i].len);
	}
	if (was_kept && !doc->text)
		return DOCS_NOT_KEPT;
	return old_version ? DOCS_OLD_VERSION : DOCS_OK;
}

enum docs_result docs_save(struct docs *docs, const char *uri, const char *text, size_t len)
{
	struct doc *doc = docs_find(docs, uri);
	bool was_kept;

	if (!doc)
		return DOCS_UNKNOWN;
	was_kept = doc->text != NULL;
	/* Almost always what we have: then what is known of it, by revision, stays true. */
	if (text && !(was_kept && text_buffer_equals(doc->text, text, len)))
		set_text(docs, doc, text, len);
	return was_kept && !doc->text ? DOCS_NOT_KEPT : DOCS_OK;
}

enum docs_result docs_close(struct docs *docs, const char *uri)
{
	struct doc *doc = docs_find(docs, uri);
	struct doc **link;

	if (!doc)
		return DOCS_UNKNOWN;
	for (link = bucket_of(docs, doc->hash); *link != doc; link = &(*link)->chain)
		;
	*link = doc->chain;
	unlink_doc(docs, doc);
	docs->count--;
	tell_kind(docs, DOCS_CLOSED, doc);
	free_text(docs, doc);
	doc_free(doc);
	return DOCS_OK;
}

void docs_set_cell(struct docs *docs, const char *uri, uint64_t notebook, size_t place)
{
	struct doc *doc = docs_find(docs, uri);

	if (!doc)
		return;
	doc->notebook = notebook;
	doc->cell = place;
}

uint64_t doc_notebook(const struct doc *doc)
{
	return doc->notebook;
}

size_t doc_cell(const struct doc *doc)
{
	return doc->cell;
}

enum docs_result docs_lose(struct docs *docs, const char *uri)
{
	struct doc *doc = docs_find(docs, uri);

	if (!doc)
		return DOCS_UNKNOWN;
	drop_text(docs, doc);
	return DOCS_NOT_KEPT;
}

/* --- looking --- */

struct doc *docs_first(const struct docs *docs)
{
	return docs->newest;
}

struct doc *doc_next(const struct doc *doc)
{
	return doc->older;
}

size_t docs_count(const struct docs *docs)
{
	return docs->count;
}

size_t docs_bytes(const struct docs *docs)
{
	return docs->bytes;
}

const char *doc_uri(const struct doc *doc)
{
	return doc->uri;
}

const char *doc_language(const struct doc *doc)
{
	return doc->language;
}

int64_t doc_version(const struct doc *doc)
{
	return doc->version;
}

uint64_t doc_revision(const struct doc *doc)
{
	return doc->revision;
}

bool doc_is_kept(const struct doc *doc)
{
	return doc->text != NULL;
}

const struct text_buffer *doc_text(const struct doc *doc)
{
	return doc->text;
}
