/*
 * The file of answers. struct disk_cache is a store with the salt of the file that is open: each transaction reads it
 * first, as the file may have been replaced, and with another salt everything known of rows and names is forgotten.
 *
 * Trouble ends a transaction in store.c; what follows here then does nothing, and the result comes with its end.
 */
#include "eke/complete/disk_cache.h"

#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "eke/base/clock.h"
#include "eke/base/limits.h"
#include "eke/base/log.h"
#include "eke/base/mem.h"
#include "eke/base/paths.h"
#include "eke/base/process.h"
#include "eke/base/sha256.h"
#include "eke/base/strbuf.h"
#include "eke/store/file.h"

#define FILE_NAME "answers.db"
#define ASIDE_PREFIX FILE_NAME ".damaged-"
#define SALT_SIZE 32
/* What a row takes beside its text. */
#define ROW_BYTES 160
/* Answers between two looks at the caps. */
#define TRIM_EVERY 64
/* Rows that go at one time: the loop waits for it. */
#define TRIM_MOST "256"

enum {
	SQL_SALT,
	SQL_NEWEST,
	SQL_LOAD,
	SQL_NEWER,
	SQL_CLAIM,
	SQL_CLAIM_PUT,
	SQL_CLAIMS_EXPIRE,
	SQL_RELEASE,
	SQL_PUT_CLEAR,
	SQL_PUT,
	SQL_USE,
	SQL_DROP,
	SQL_AGE,
	SQL_SIZE,
	SQL_TRIM,
	SQL_CHANGES,
};

/* Answers that are worth telling: not ours, not too old; and that there is nothing to say does not hold for long. */
#define WORTH_TELLING "writer <> ?3 AND stored_at > ?4 AND (length(text) > 0 OR stored_at BETWEEN ?5 AND ?6)"

static const char *const statements[] = {
	[SQL_SALT] = "SELECT salt FROM salt",
	[SQL_NEWEST] = "SELECT coalesce(max(id), 0) FROM answer",
	[SQL_LOAD] = "SELECT id, key, rank, text, stored_at FROM ("
				 "SELECT *, sum(bytes) OVER (ORDER BY id DESC) AS total FROM ("
				 "SELECT id, key, rank, text, stored_at, bytes FROM answer "
				 "WHERE document = ?1 AND id > ?2 AND " WORTH_TELLING " ORDER BY id DESC LIMIT ?7)"
				 ") WHERE total <= ?8 ORDER BY id",
	[SQL_NEWER] = "SELECT 1 FROM answer WHERE key = ?1 AND id > ?2 AND " WORTH_TELLING " LIMIT 1",
	[SQL_CLAIM] = "SELECT writer, pid, started, until FROM claim WHERE key = ?1",
	[SQL_CLAIM_PUT] = "INSERT OR REPLACE INTO claim (key, writer, pid, started, since, until) "
					  "VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
	[SQL_CLAIMS_EXPIRE] = "DELETE FROM claim WHERE until <= ?1",
	[SQL_RELEASE] = "DELETE FROM claim WHERE key = ?1 AND writer = ?2",
	[SQL_PUT_CLEAR] = "DELETE FROM answer WHERE key = ?1 AND rank >= ?2",
	[SQL_PUT] = "INSERT INTO answer (document, key, rank, text, stored_at, used_at, bytes, writer) "
				"VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8) RETURNING id",
	[SQL_USE] = "UPDATE answer SET used_at = ?1 WHERE id = ?2",
	[SQL_DROP] = "DELETE FROM answer WHERE id = ?1",
	[SQL_AGE] = "DELETE FROM answer WHERE id IN ("
				"SELECT id FROM answer WHERE stored_at <= ?1 ORDER BY stored_at LIMIT " TRIM_MOST ")",
	[SQL_SIZE] = "SELECT count(*), coalesce(sum(bytes), 0) FROM answer",
	[SQL_TRIM] = "DELETE FROM answer WHERE id IN (SELECT id FROM ("
				 "SELECT id, row_number() OVER old AS n, sum(bytes) OVER old - bytes AS gone FROM ("
				 "SELECT id, used_at, bytes FROM answer ORDER BY used_at LIMIT " TRIM_MOST
				 ") WINDOW old AS (ORDER BY used_at, id)"
				 ") WHERE n <= ?1 OR gone < ?2)",
	[SQL_CHANGES] = "SELECT changes() >= " TRIM_MOST,
};

/*
 * Ids are never used twice (AUTOINCREMENT), so that "newer than" can be asked. `writer`: a random number of the process
 * that wrote it. `stored_at`, `used_at`, `since`, `until`: wall clock, ms.
 */
static const char *const migrations[] = {
	"CREATE TABLE salt (salt BLOB NOT NULL);"
	"INSERT INTO salt VALUES (randomblob(32));"
	"CREATE TABLE answer (id INTEGER PRIMARY KEY AUTOINCREMENT, document BLOB NOT NULL, key BLOB NOT NULL,"
	" rank INTEGER NOT NULL, text BLOB NOT NULL, stored_at INTEGER NOT NULL, used_at INTEGER NOT NULL,"
	" bytes INTEGER NOT NULL, writer INTEGER NOT NULL);"
	"CREATE UNIQUE INDEX answer_key ON answer (key, rank);"
	"CREATE INDEX answer_document ON answer (document, id);"
	"CREATE INDEX answer_stored ON answer (stored_at);"
	"CREATE INDEX answer_used ON answer (used_at, bytes);"
	"CREATE TABLE claim (key BLOB PRIMARY KEY, writer INTEGER NOT NULL, pid INTEGER NOT NULL,"
	" started INTEGER NOT NULL, since INTEGER NOT NULL, until INTEGER NOT NULL) WITHOUT ROWID",
	NULL,
};

static const struct store_schema schema = {
	.file = FILE_NAME,
	.subject = "the store of completions",
	.application_id = 0x656B6541,
	.migrations = migrations,
	.statements = statements,
	.statement_count = ARRAY_LEN(statements),
	.is_cache = true,
};

struct disk_cache {
	struct store *store;
	struct disk_cache_caps caps;
	int64_t writer; /* this process, with the next two; pid 0: not needed yet */
	pid_t pid;
	int64_t started;
	unsigned char salt[SALT_SIZE];
	uint64_t file; /* counts the salts seen; 0: none yet */
	unsigned puts; /* until the next look at the caps */
};

/* A document's names in the file. */
struct names {
	unsigned char document[sizeof(struct cache_key)];
	unsigned char mask[sizeof(struct cache_key)];
};

static void identify(struct disk_cache *disk)
{
	if (getentropy(&disk->writer, sizeof(disk->writer)) < 0) {
		log_broken("the system has no random numbers");
		abort();
	}
	disk->pid = getpid();
	disk->started = process_started(disk->pid);
}

struct disk_cache *disk_cache_new(const struct disk_cache_caps *caps)
{
	struct disk_cache *disk = xcalloc(1, sizeof(*disk));

	if (caps)
		disk->caps = *caps;
	if (!disk->caps.rows)
		disk->caps.rows = LIMIT_DISK_CACHE_ROWS;
	if (!disk->caps.bytes)
		disk->caps.bytes = (int64_t)LIMIT_DISK_CACHE_BYTES;
	if (!disk->caps.age_ms)
		disk->caps.age_ms = LIMIT_DISK_CACHE_AGE_MS;
	disk->store = store_new(&schema);
	return disk;
}

void disk_cache_free(struct disk_cache *disk)
{
	if (!disk)
		return;
	store_free(disk->store);
	free(disk);
}

bool disk_cache_take_trouble(struct disk_cache *disk, struct store_trouble *out)
{
	return store_take_trouble(disk->store, out);
}

int64_t disk_cache_version(struct disk_cache *disk)
{
	return store_version(disk->store);
}

/* --- transactions and names --- */

static enum store_result begin(struct disk_cache *disk, enum store_mode mode)
{
	enum store_result result = store_begin(disk->store, mode);
	const void *salt;
	size_t len;

	if (!disk->pid)
		identify(disk);
	if (result != STORE_OK)
		return result;
	store_start(disk->store, SQL_SALT);
	if (!store_next(disk->store))
		return STORE_OK;
	salt = store_blob(disk->store, 0, &len);
	if (len == SALT_SIZE && (!disk->file || memcmp(salt, disk->salt, SALT_SIZE) != 0)) {
		memcpy(disk->salt, salt, SALT_SIZE);
		disk->file++;
	}
	return STORE_OK;
}

static void name(const struct disk_cache *disk, const char *uri, struct names *out)
{
	uint8_t digest[SHA256_BYTES];

	sha256_make(disk->salt, SALT_SIZE, uri, strlen(uri), digest);
	memcpy(out->document, digest, sizeof(out->document));
	memcpy(out->mask, digest + sizeof(out->document), sizeof(out->mask));
}

/* Masks a key, or takes the mask off. */
static struct cache_key masked(const struct names *names, const struct cache_key *key)
{
	struct cache_key out;

	for (size_t i = 0; i < sizeof(out.bytes); i++)
		out.bytes[i] = key->bytes[i] ^ names->mask[i];
	return out;
}

static void put_key(struct disk_cache *disk, const char *uri, const struct cache_key *key)
{
	struct cache_key stored;
	struct names names;

	name(disk, uri, &names);
	stored = masked(&names, key);
	store_put_blob(disk->store, stored.bytes, sizeof(stored.bytes));
}

/* --- reading --- */

static int64_t newest_of(const struct disk_cache *disk, const struct disk_cache_id *seen)
{
	return seen->file == disk->file ? seen->row : 0;
}

/* Parameters 3 to 6. */
static void put_worth_telling(struct disk_cache *disk, int64_t now)
{
	store_put_int(disk->store, disk->writer);
	store_put_int(disk->store, now - disk->caps.age_ms);
	store_put_int(disk->store, now - LIMIT_CACHE_NEGATIVE_MS + 1);
	store_put_int(disk->store, now);
}

static void tell_rows(struct disk_cache *disk, const struct names *names, int64_t now, disk_cache_row_fn *fn, void *ctx)
{
	while (store_next(disk->store)) {
		struct disk_cache_row row = { .id = { disk->file, store_int(disk->store, 0) },
			.rank = (unsigned)store_int(disk->store, 2) };
		int64_t stored_at = store_int(disk->store, 4);
		struct cache_key stored;
		const void *key;
		size_t len;

		key = store_blob(disk->store, 1, &len);
		if (len != sizeof(stored.bytes) || row.rank >= CACHE_RANKS)
			continue;
		memcpy(stored.bytes, key, len);
		row.key = masked(names, &stored);
		row.text = store_blob(disk->store, 3, &row.len);
		row.age_ms = stored_at < now ? now - stored_at : 0;
		if (row.len <= LIMIT_COMPLETION_TEXT)
			fn(ctx, &row);
	}
}

enum store_result disk_cache_load(
	struct disk_cache *disk, const char *uri, struct disk_cache_id *seen, disk_cache_row_fn *fn, void *ctx)
{
	int64_t now = clock_wall_ms();
	enum store_result result = begin(disk, STORE_READ);
	struct names names;
	int64_t newest;

	if (result != STORE_OK)
		return result;
	store_start(disk->store, SQL_NEWEST);
	newest = store_next(disk->store) ? store_int(disk->store, 0) : 0;
	name(disk, uri, &names);
	store_start(disk->store, SQL_LOAD);
	store_put_blob(disk->store, names.document, sizeof(names.document));
	store_put_int(disk->store, newest_of(disk, seen));
	put_worth_telling(disk, now);
	store_put_int(disk->store, LIMIT_DISK_CACHE_DOCUMENT_ROWS);
	store_put_int(disk->store, (int64_t)LIMIT_DISK_CACHE_DOCUMENT_BYTES);
	tell_rows(disk, &names, now, fn, ctx);
	result = store_commit(disk->store);
	if (result == STORE_OK)
		*seen = (struct disk_cache_id){ disk->file, newest };
	return result;
}

/* --- who requests --- */

/* Has a living process but this one claimed it, with time left? Within a transaction. */
static bool is_others(struct disk_cache *disk, const char *uri, const struct cache_key *key, int64_t now)
{
	store_start(disk->store, SQL_CLAIM);
	put_key(disk, uri, key);
	return store_next(disk->store) && store_int(disk->store, 0) != disk->writer && store_int(disk->store, 3) > now &&
		process_lives((pid_t)store_int(disk->store, 1), store_int(disk->store, 2));
}

/* Is there an answer by another process that was not seen? Within a transaction. */
static bool is_answered(struct disk_cache *disk, const char *uri, const struct cache_key *key,
	const struct disk_cache_id *seen, int64_t now)
{
	store_start(disk->store, SQL_NEWER);
	put_key(disk, uri, key);
	store_put_int(disk->store, newest_of(disk, seen));
	put_worth_telling(disk, now);
	return store_next(disk->store);
}

static void put_claim(
	struct disk_cache *disk, const char *uri, const struct cache_key *key, int64_t now, int64_t lease_ms)
{
	store_start(disk->store, SQL_CLAIMS_EXPIRE);
	store_put_int(disk->store, now);
	store_run(disk->store);
	store_start(disk->store, SQL_CLAIM_PUT);
	put_key(disk, uri, key);
	store_put_int(disk->store, disk->writer);
	store_put_int(disk->store, disk->pid);
	store_put_int(disk->store, disk->started);
	store_put_int(disk->store, now);
	store_put_int(disk->store, now + lease_ms);
	store_run(disk->store);
}

enum store_result disk_cache_claim(struct disk_cache *disk, const char *uri, const struct cache_key *key,
	const struct disk_cache_id *seen, int64_t lease_ms, bool force, enum disk_cache_claim *out)
{
	int64_t now = clock_wall_ms();
	enum store_result result = begin(disk, STORE_WRITE);
	enum disk_cache_claim claim;

	if (result != STORE_OK)
		return result;
	if (is_answered(disk, uri, key, seen, now)) {
		claim = DISK_CACHE_ANSWERED;
	} else if (!force && is_others(disk, uri, key, now)) {
		claim = DISK_CACHE_OTHERS;
	} else {
		claim = DISK_CACHE_MINE;
		put_claim(disk, uri, key, now, lease_ms);
	}
	result = store_commit(disk->store);
	if (result == STORE_OK)
		*out = claim;
	return result;
}

enum store_result disk_cache_is_others(struct disk_cache *disk, const char *uri, const struct cache_key *key, bool *out)
{
	enum store_result result = begin(disk, STORE_READ);
	bool others;

	if (result != STORE_OK)
		return result;
	others = is_others(disk, uri, key, clock_wall_ms());
	result = store_commit(disk->store);
	if (result == STORE_OK)
		*out = others;
	return result;
}

/* --- writing --- */

enum store_result disk_cache_begin(struct disk_cache *disk)
{
	return begin(disk, STORE_WRITE);
}

struct disk_cache_id disk_cache_put(struct disk_cache *disk, const struct disk_cache_answer *answer)
{
	struct disk_cache_id id = { .file = 0 };
	struct cache_key key;
	struct names names;

	name(disk, answer->uri, &names);
	key = masked(&names, &answer->key);
	store_start(disk->store, SQL_PUT_CLEAR);
	store_put_blob(disk->store, key.bytes, sizeof(key.bytes));
	store_put_int(disk->store, answer->rank);
	store_run(disk->store);
	store_start(disk->store, SQL_PUT);
	store_put_blob(disk->store, names.document, sizeof(names.document));
	store_put_blob(disk->store, key.bytes, sizeof(key.bytes));
	store_put_int(disk->store, answer->rank);
	store_put_blob(disk->store, answer->len ? answer->text : "", answer->len);
	store_put_int(disk->store, answer->at_ms);
	store_put_int(disk->store, answer->at_ms);
	store_put_int(disk->store, (int64_t)answer->len + ROW_BYTES);
	store_put_int(disk->store, disk->writer);
	if (store_next(disk->store))
		id = (struct disk_cache_id){ disk->file, store_int(disk->store, 0) };
	store_run(disk->store);
	if (disk->puts)
		disk->puts--;
	return id;
}

void disk_cache_use(struct disk_cache *disk, struct disk_cache_id id)
{
	if (id.file != disk->file)
		return;
	store_start(disk->store, SQL_USE);
	store_put_int(disk->store, clock_wall_ms());
	store_put_int(disk->store, id.row);
	store_run(disk->store);
}

void disk_cache_drop(struct disk_cache *disk, struct disk_cache_id id)
{
	if (id.file != disk->file)
		return;
	store_start(disk->store, SQL_DROP);
	store_put_int(disk->store, id.row);
	store_run(disk->store);
}

void disk_cache_release(struct disk_cache *disk, const char *uri, const struct cache_key *key)
{
	store_start(disk->store, SQL_RELEASE);
	put_key(disk, uri, key);
	store_put_int(disk->store, disk->writer);
	store_run(disk->store);
}

/* Did the last statement do all that it may do at one time? */
static bool was_full(struct disk_cache *disk)
{
	store_start(disk->store, SQL_CHANGES);
	return store_next(disk->store) && store_int(disk->store, 0);
}

/* True if there may be more to do. */
static bool trim(struct disk_cache *disk)
{
	int64_t rows = 0;
	int64_t bytes = 0;

	store_start(disk->store, SQL_AGE);
	store_put_int(disk->store, clock_wall_ms() - disk->caps.age_ms);
	store_run(disk->store);
	if (was_full(disk))
		return true;
	store_start(disk->store, SQL_SIZE);
	if (store_next(disk->store)) {
		rows = store_int(disk->store, 0);
		bytes = store_int(disk->store, 1);
	}
	if (rows <= disk->caps.rows && bytes <= disk->caps.bytes)
		return false;
	store_start(disk->store, SQL_TRIM);
	store_put_int(disk->store, rows - disk->caps.rows);
	store_put_int(disk->store, bytes - disk->caps.bytes);
	store_run(disk->store);
	return was_full(disk);
}

enum store_result disk_cache_end(struct disk_cache *disk)
{
	enum store_result result;
	bool trims = !disk->puts;
	bool more = trims && trim(disk);

	result = store_commit(disk->store);
	if (result == STORE_OK && trims && !more)
		disk->puts = TRIM_EVERY;
	return result;
}

/* --- no history --- */

/* Calls fn for each file of ours in the state directory until it returns false. */
static void each_file(bool (*fn)(const char *dir, const char *file, void *ctx), void *ctx)
{
	char *path = path_state();
	DIR *dir = path ? opendir(path) : NULL;

	for (const struct dirent *e; dir && (e = readdir(dir));)
		if (!strncmp(e->d_name, FILE_NAME, strlen(FILE_NAME)) && !fn(path, e->d_name, ctx))
			break;
	if (dir)
		closedir(dir);
	free(path);
}

static bool note_file(const char *dir, const char *file, void *found)
{
	(void)dir;
	(void)file;
	*(bool *)found = true;
	return false;
}

bool disk_cache_exists(void)
{
	bool found = false;

	each_file(note_file, &found);
	return found;
}

static bool remove_aside(const char *dir, const char *file, void *ctx)
{
	char *path = xasprintf("%s/%s", dir, file);

	(void)ctx;
	if (!strncmp(file, ASIDE_PREFIX, strlen(ASIDE_PREFIX)))
		unlink(path);
	free(path);
	return true;
}

enum store_result disk_cache_purge(struct disk_cache *disk)
{
	char *dir = path_state();
	char *path = dir ? xasprintf("%s/%s", dir, FILE_NAME) : NULL;
	char aside[128];
	int lock;

	free(dir);
	if (!path)
		return STORE_OK;
	if (!file_lock_directory(path, &lock)) {
		free(path);
		return STORE_BUSY;
	}
	/* It is renamed first, as others may have it open: they recognise that, and nothing of it stays under its name. */
	store_free(disk->store);
	disk->store = store_new(&schema);
	file_set_aside(path, aside, sizeof(aside));
	each_file(remove_aside, NULL);
	file_unlock_directory(lock);
	free(path);
	return STORE_OK;
}
