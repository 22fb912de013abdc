/*
 * A list in memory of what this process asked about, and rows in models.db. What is in memory is not read again: who
 * learns something writes it at once, and another process that does not know it yet learns it by itself.
 */
#include "eke/upstream/quirks.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "eke/base/clock.h"
#include "eke/base/limits.h"
#include "eke/base/log.h"
#include "eke/base/mem.h"
#include "eke/base/strbuf.h"
#include "eke/store/store.h"

/* Services change what they take: after so long it is tried again. */
#define BELIEVED_MS (INT64_C(90) * 86400 * 1000)

enum { SQL_READ, SQL_PUT, SQL_DROP_OLD };

static const char *const statements[] = {
	[SQL_READ] = "SELECT quirks FROM model WHERE base = ?1 AND model = ?2 AND learned_at > ?3",
	[SQL_PUT] = "INSERT OR REPLACE INTO model (base, model, quirks, learned_at) VALUES (?1, ?2, ?3, ?4)",
	[SQL_DROP_OLD] = "DELETE FROM model WHERE learned_at <= ?1",
};

static const char *const migrations[] = {
	"CREATE TABLE model (base TEXT NOT NULL, model TEXT NOT NULL, quirks INTEGER NOT NULL, learned_at INTEGER NOT NULL,"
	" PRIMARY KEY (base, model)) WITHOUT ROWID",
	NULL,
};

static const struct store_schema schema = {
	.file = "models.db",
	.subject = "what is known of models",
	.application_id = 0x656B654D,
	.migrations = migrations,
	.statements = statements,
	.statement_count = ARRAY_LEN(statements),
	.is_cache = true,
};

struct entry {
	char *base, *model;
	unsigned quirks;
	struct entry *next;
};

struct quirks {
	struct store *store;
	struct entry *entries; /* the newest first */
	size_t count;
};

struct quirks *quirks_new(void)
{
	struct quirks *quirks = xcalloc(1, sizeof(*quirks));

	quirks->store = store_new(&schema);
	return quirks;
}

static void entry_free(struct entry *e)
{
	free(e->base);
	free(e->model);
	free(e);
}

void quirks_free(struct quirks *quirks)
{
	if (!quirks)
		return;
	while (quirks->entries) {
		struct entry *e = quirks->entries;

		quirks->entries = e->next;
		entry_free(e);
	}
	store_free(quirks->store);
	free(quirks);
}

/* --- the file --- */

static void report(struct quirks *quirks)
{
	struct store_trouble trouble;

	while (store_take_trouble(quirks->store, &trouble))
		log_info("%s", trouble.sentence);
}

static unsigned read_row(struct quirks *quirks, const char *base, const char *model)
{
	unsigned found = 0;

	if (!store_exists(quirks->store))
		return 0;
	if (store_begin(quirks->store, STORE_READ) == STORE_OK) {
		store_start(quirks->store, SQL_READ);
		store_put_text(quirks->store, base);
		store_put_text(quirks->store, model);
		store_put_int(quirks->store, clock_wall_ms() - BELIEVED_MS);
		while (store_next(quirks->store))
			found = (unsigned)store_int(quirks->store, 0);
		if (store_commit(quirks->store) != STORE_OK)
			found = 0;
	}
	report(quirks);
	return found;
}

/* Where another process writes just now, this one remembers it for itself. */
static void write_row(struct quirks *quirks, const struct entry *e)
{
	if (store_begin(quirks->store, STORE_WRITE) == STORE_OK) {
		store_start(quirks->store, SQL_DROP_OLD);
		store_put_int(quirks->store, clock_wall_ms() - BELIEVED_MS);
		store_run(quirks->store);
		store_start(quirks->store, SQL_PUT);
		store_put_text(quirks->store, e->base);
		store_put_text(quirks->store, e->model);
		store_put_int(quirks->store, e->quirks);
		store_put_int(quirks->store, clock_wall_ms());
		store_run(quirks->store);
		if (store_commit(quirks->store) != STORE_OK)
			log_debug("what was learned of %s is known to this process alone", e->model);
	}
	report(quirks);
}

/* --- the list --- */

/* The list's last goes where there are too many. */
static void drop_oldest(struct quirks *quirks)
{
	struct entry **at = &quirks->entries;

	if (!*at)
		return;
	while ((*at)->next)
		at = &(*at)->next;
	entry_free(*at);
	*at = NULL;
	quirks->count--;
}

static struct entry *entry_of(struct quirks *quirks, const char *base, const char *model)
{
	struct entry *e = quirks->entries;

	while (e && (strcmp(e->base, base) != 0 || strcmp(e->model, model) != 0))
		e = e->next;
	if (e)
		return e;
	if (quirks->count == LIMIT_MODELS_KNOWN)
		drop_oldest(quirks);
	e = xcalloc(1, sizeof(*e));
	e->base = xstrdup(base);
	e->model = xstrdup(model);
	e->quirks = read_row(quirks, base, model);
	e->next = quirks->entries;
	quirks->entries = e;
	quirks->count++;
	return e;
}

unsigned quirks_of(struct quirks *quirks, const char *base, const char *model)
{
	return entry_of(quirks, base, model)->quirks;
}

void quirks_learn(struct quirks *quirks, const char *base, const char *model, unsigned more, unsigned less)
{
	struct entry *e = entry_of(quirks, base, model);
	unsigned now = (e->quirks | more) & ~less;

	if (now == e->quirks)
		return;
	e->quirks = now;
	write_row(quirks, e);
}

const char *quirks_names(unsigned set)
{
	static const struct {
		unsigned quirk;
		const char *name;
	} names[] = {
		{ QUIRK_COMPLETION_TOKENS | QUIRK_NO_LIMIT, "max_tokens" }, { QUIRK_NO_TEMPERATURE, "temperature" },
		{ QUIRK_NO_STOP, "stop" }, { QUIRK_NO_STREAM_OPTIONS, "stream_options" }, { QUIRK_NO_STREAM, "stream" },
	};
	static char text[80];
	struct strbuf out;

	strbuf_init(&out, sizeof(text) - 1);
	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		if (set & names[i].quirk)
			strbuf_addf(&out, "%s%s", out.len ? ", " : "", names[i].name);
	memcpy(text, out.data, out.len + 1);
	strbuf_release(&out);
	return text;
}
