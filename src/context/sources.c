/*
 * A list, the one used last first. When the names are full everything is forgotten, names too.
 */
#include "sources.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "eke/base/clock.h"
#include "eke/base/hash.h"
#include "eke/base/limits.h"
#include "eke/base/mem.h"
#include "eke/text/buffer.h"
#include "eke/text/language.h"
#include "eke/text/outbound.h"
#include "eke/text/uri.h"

#define LOOK_EVERY_MS 1000
#define COPY_MAX (LIMIT_CONTEXT_FILE + 4) /* which shows whether there is more, though no character is split */
#define NEVER_MS (INT64_MIN / 2)

struct sources {
	struct docs *docs; /* borrowed, as the next */
	struct workspace *workspace;
	struct names *names;
	struct source *first;
	size_t count;
	size_t bytes;
	uint64_t used;
	/* What is being looked through. */
	struct source *making; /* of this source; NULL: nothing */
	uint64_t making_revision; /* as in struct source */
	struct digester *digester;
};

struct sources *sources_new(struct docs *docs, struct workspace *workspace)
{
	struct sources *s = xcalloc(1, sizeof(*s));

	s->docs = docs;
	s->workspace = workspace;
	s->names = names_new();
	return s;
}

struct names *sources_names(const struct sources *s)
{
	return s->names;
}

/* What was being looked through is to be read again. */
static void stop_making(struct sources *s)
{
	if (!s->making)
		return;
	digester_free(s->digester);
	s->making->looked_ms = NEVER_MS;
	s->making->size = -1;
	s->making = NULL;
}

static void drop_digest(struct sources *s, struct source *source)
{
	if (s->making == source)
		stop_making(s);
	if (source->digest)
		s->bytes -= source->digest->bytes;
	digest_free(source->digest);
	source->digest = NULL;
}

static void source_free(struct sources *s, struct source *source)
{
	drop_digest(s, source);
	free(source->key);
	free(source->shown);
	free(source->language);
	free(source);
}

void sources_forget(struct sources *s)
{
	struct source *next;

	for (struct source *source = s->first; source; source = next) {
		next = source->next;
		source_free(s, source);
	}
	s->first = NULL;
	s->count = 0;
	names_free(s->names);
	s->names = names_new();
}

void sources_free(struct sources *s)
{
	if (!s)
		return;
	sources_forget(s);
	names_free(s->names);
	free(s);
}

/* --- finding --- */

static uint32_t hash_of(const char *key)
{
	return hash_fnv32(HASH_FNV32, key, strlen(key));
}

static struct source *find_key(struct sources *s, const char *key)
{
	struct source *source = s->first;
	uint32_t hash = hash_of(key);

	while (source && (source->hash != hash || strcmp(source->key, key) != 0))
		source = source->next;
	if (source)
		source->used = ++s->used;
	return source;
}

struct source *sources_find_key(struct sources *s, const char *key)
{
	struct source *source = find_key(s, key);

	return source && source->digest ? source : NULL;
}

struct source *sources_find(struct sources *s, const char *uri)
{
	char *key = uri_key(uri);
	struct source *source = key ? sources_find_key(s, key) : NULL;

	free(key);
	return source;
}

/* --- reading --- */

static void evict(struct sources *s, const struct source *keep)
{
	while (s->count > LIMIT_CONTEXT_FILES || s->bytes > LIMIT_CONTEXT_BYTES) {
		struct source **oldest = NULL;
		struct source *gone;

		for (struct source **at = &s->first; *at; at = &(*at)->next)
			if (*at != keep && (!oldest || (*at)->used < (*oldest)->used))
				oldest = at;
		if (!oldest)
			return;
		gone = *oldest;
		*oldest = gone->next;
		s->count--;
		source_free(s, gone);
	}
}

/* The source of this key, made if there is none. */
static struct source *source_at(struct sources *s, const char *uri)
{
	char *key = uri_key(uri);
	struct source *source = key ? find_key(s, key) : NULL;

	if (source || !key) {
		free(key);
		return source;
	}
	source = xcalloc(1, sizeof(*source));
	source->key = key;
	source->hash = hash_of(key);
	source->used = ++s->used;
	source->looked_ms = NEVER_MS;
	source->next = s->first;
	s->first = source;
	s->count++;
	return source;
}

/* Begins to look through a text, which is taken over. */
static void begin_making(struct sources *s, struct source *source, uint64_t revision, const char *uri,
	const char *language, struct strbuf *text, size_t whole)
{
	size_t len;
	char *data = strbuf_detach(text, &len);

	stop_making(s);
	free(source->shown);
	free(source->language);
	source->shown = workspace_show_outside(s->workspace, uri);
	source->language = xstrdup(language ? language : "");
	s->digester = digester_new(s->names, language, data, len, whole, source->digest);
	s->making = source;
	s->making_revision = revision;
}

/* With what is being looked through, which is of this source. */
static enum refreshed go_on_making(struct sources *s, struct source *source)
{
	struct digest *digest;

	if (!digester_step(s->digester))
		return REFRESHED_PARTLY;
	digest = digester_finish(s->digester);
	s->making = NULL;
	drop_digest(s, source);
	source->digest = digest;
	source->revision = s->making_revision;
	s->bytes += digest->bytes;
	evict(s, source);
	return REFRESHED;
}

/* Makes room for the names of another text; true if all had to be forgotten. */
static bool renew_names(struct sources *s)
{
	if (!names_is_full(s->names))
		return false;
	sources_forget(s);
	return true;
}

static bool is_making(const struct sources *s, const struct source *source, uint64_t revision)
{
	return source && s->making == source && s->making_revision == revision;
}

enum refreshed sources_refresh_document(struct sources *s, const struct doc *doc)
{
	struct source *source = source_at(s, doc_uri(doc));
	uint64_t revision = doc_revision(doc);
	const struct text_buffer *text;
	int64_t now = clock_mono_ms();
	struct strbuf copy;
	struct err err;

	if (is_making(s, source, revision))
		return go_on_making(s, source);
	if (!source || (source->revision == revision && now - source->looked_ms < LOOK_EVERY_MS))
		return REFRESHED_NOT;
	source->looked_ms = now;
	text = outbound_document(s->workspace, doc, &err);
	if (text && source->digest && source->revision == revision)
		return REFRESHED_NOT;
	if (renew_names(s) && !(source = source_at(s, doc_uri(doc))))
		return REFRESHED_NOT;
	source->looked_ms = now;
	if (!text) {
		drop_digest(s, source);
		source->revision = revision;
		return REFRESHED_NOT;
	}
	strbuf_init(&copy, COPY_MAX);
	text_buffer_after(text, 0, COPY_MAX, &copy);
	begin_making(s, source, revision, doc_uri(doc), doc_language(doc), &copy, text_buffer_len(text));
	return go_on_making(s, source);
}

static bool has_changed(struct source *source, const struct stat *st)
{
	int64_t mtime_ns = (int64_t)st->st_mtim.tv_sec * 1000000000 + st->st_mtim.tv_nsec;
	bool changed = source->mtime_ns != mtime_ns || source->size != st->st_size || source->inode != (int64_t)st->st_ino;

	source->mtime_ns = mtime_ns;
	source->size = st->st_size;
	source->inode = (int64_t)st->st_ino;
	return changed;
}

static enum refreshed read_file(struct sources *s, const char *uri, const char *path)
{
	struct source *source = source_at(s, uri);
	const struct language *language = language_of_path(path);
	int64_t now = clock_mono_ms();
	bool may_be_sent;
	struct strbuf text;
	struct stat st;
	struct err err;

	if (is_making(s, source, 0))
		return go_on_making(s, source);
	if (!source || (!source->revision && now - source->looked_ms < LOOK_EVERY_MS))
		return REFRESHED_NOT;
	source->looked_ms = now;
	if (lstat(path, &st) < 0 || !S_ISREG(st.st_mode) || (uint64_t)st.st_size > LIMIT_CONTEXT_FILE) {
		drop_digest(s, source);
		return REFRESHED_NOT;
	}
	may_be_sent = workspace_may_send_path(s->workspace, path, &err);
	if (!has_changed(source, &st) && !source->revision && may_be_sent == (source->digest != NULL))
		return REFRESHED_NOT;
	if (renew_names(s)) {
		source = source_at(s, uri);
		if (!source)
			return REFRESHED_NOT;
		has_changed(source, &st);
	}
	source->looked_ms = now;
	strbuf_init(&text, 3 * LIMIT_CONTEXT_FILE);
	if (may_be_sent && outbound_workspace_file(s->workspace, path, LIMIT_CONTEXT_FILE, &text, &err)) {
		begin_making(s, source, 0, uri, language ? language->id : NULL, &text, text.len);
		return go_on_making(s, source);
	}
	strbuf_release(&text);
	drop_digest(s, source);
	source->revision = 0;
	return REFRESHED;
}

enum refreshed sources_refresh_file(struct sources *s, const char *path)
{
	char *uri = uri_from_path(path);
	const struct doc *doc = uri ? docs_find(s->docs, uri) : NULL;
	enum refreshed refreshed = REFRESHED_NOT;

	if (doc)
		refreshed = sources_refresh_document(s, doc);
	else if (uri)
		refreshed = read_file(s, uri, path);
	free(uri);
	return refreshed;
}
