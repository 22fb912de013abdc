/*
 * What is owed and what is mirrored, in the ledger's tables. A request of another machine is a row like ours, but for
 * the column that says so; it comes and goes by its id, which is the same everywhere. A key has another hash there,
 * under a salt that all machines share; table shared_mark says which is which, for keys that this machine has used.
 *
 * What comes from outside is checked as if it came from a stranger: it is bytes in somebody's Redis.
 */
#include "mirror.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "eke/base/hex.h"
#include "eke/base/mem.h"
#include "eke/budget/provider_limits.h"
#include "ledger_private.h"

#define DAY_MS INT64_C(86400000)
/* The longest window, and some days. */
#define LONGEST_KEPT_MS (400 * DAY_MS)
#define LONGEST_PERIOD (INT64_C(366) * 86400)

/* Numbers in the table. */
enum owed { OWED_REQUEST, OWED_GONE, OWED_COOLDOWN, OWED_LEARNED };

/* --- owing --- */

void mirror_use(struct ledger *ledger, bool shared)
{
	ledger->mirrors = shared;
	ledger->local_only = false;
}

void mirror_set_local_only(struct ledger *ledger, bool local_only)
{
	ledger->local_only = local_only;
}

static bool is_owing(const struct ledger *ledger)
{
	return ledger->mirrors && !ledger->applying;
}

static void owe(struct ledger *ledger, enum owed kind, int64_t id, const char *service, const struct cooldown *cooldown,
		const char *model)
{
	struct store *store = ledger->open;

	store_start(store, SQL_OWE);
	store_put_int(store, kind);
	store_put_int(store, id);
	store_put_text(store, service);
	store_put_blob(store, cooldown && !cooldown->machine ? cooldown->key.bytes : (const uint8_t *)"",
		       cooldown && !cooldown->machine ? sizeof(cooldown->key.bytes) : 0);
	store_put_text(store, model);
	store_put_int(store, ledger->now);
	store_run(store);
	ledger->owes = true;
}

static void drop_owed(struct ledger *ledger, enum owed kind, uint64_t id)
{
	store_start(ledger->open, SQL_DROP_OWED);
	store_put_int(ledger->open, kind);
	store_put_int(ledger->open, (int64_t)id);
	store_run(ledger->open);
}

void mirror_owe_request(struct ledger *ledger, uint64_t id)
{
	if (!is_owing(ledger))
		return;
	drop_owed(ledger, OWED_GONE, id);
	owe(ledger, OWED_REQUEST, (int64_t)id, "", NULL, "");
}

void mirror_owe_gone(struct ledger *ledger, uint64_t id)
{
	if (!is_owing(ledger))
		return;
	drop_owed(ledger, OWED_REQUEST, id);
	owe(ledger, OWED_GONE, (int64_t)id, "", NULL, "");
}

void mirror_owe_cooldown(struct ledger *ledger, const char *service, const struct cooldown *cooldown)
{
	if (is_owing(ledger))
		owe(ledger, OWED_COOLDOWN, 0, service, cooldown, cooldown->model);
}

static void owe_all(struct ledger *ledger, enum ledger_statement statement)
{
	store_start(ledger->open, statement);
	store_put_int(ledger->open, ledger->now);
	store_run(ledger->open);
	ledger->owes = true;
}

void mirror_owe_all_cooldowns(struct ledger *ledger)
{
	if (is_owing(ledger))
		owe_all(ledger, SQL_OWE_COOLDOWNS);
}

void mirror_owe_learned(struct ledger *ledger, const char *service, const struct learned_limit *limit)
{
	if (is_owing(ledger))
		owe(ledger, OWED_LEARNED, limit->period, service, NULL, limit->model);
}

bool mirror_owes(const struct ledger *ledger)
{
	return ledger->mirrors && ledger->owes;
}

void mirror_look_for_owed(struct ledger *ledger)
{
	store_start(ledger->open, SQL_ANY_OWED);
	while (store_next(ledger->open))
		ledger->owes = true;
}

/* --- key hashes --- */

static void shared_key_hash(const char *salt, const struct key_digest *digest, struct key_hash *out)
{
	uint8_t bytes[KEY_SALT_BYTES] = { 0 };

	(void)hex_decode(salt, bytes, sizeof(bytes));
	key_hash_make(bytes, digest, out);
}

void mirror_key_hash(const char *salt, const struct key_digest *digest, char out[HEX_SIZE(KEY_HASH_BYTES)])
{
	struct key_hash key_hash;

	shared_key_hash(salt, digest, &key_hash);
	hex_encode(key_hash.bytes, sizeof(key_hash.bytes), out);
}

/* From one column of shared_mark to the other; false: not known, `out` is as it was. */
static bool translate(struct ledger *ledger, enum ledger_statement statement, const struct key_hash *from,
		      struct key_hash *out)
{
	bool found = false;

	store_start(ledger->open, statement);
	store_put_blob(ledger->open, from->bytes, sizeof(from->bytes));
	while (store_next(ledger->open)) {
		size_t len;
		const void *data = store_blob(ledger->open, 0, &len);

		if (len != sizeof(out->bytes))
			continue;
		memcpy(out->bytes, data, len);
		found = true;
	}
	return found;
}

void mirror_know_key(struct ledger *ledger, const char *salt, const struct key_digest *digest)
{
	struct store *store = ledger->open;
	struct key_hash local, shared, known;

	ledger_key_hash(ledger, digest, &local);
	shared_key_hash(salt, digest, &shared);
	if (translate(ledger, SQL_SHARED_HASH, &local, &known) && key_hash_same(&known, &shared))
		return;
	store_start(store, SQL_PUT_SHARED_HASH);
	store_put_blob(store, local.bytes, sizeof(local.bytes));
	store_put_blob(store, shared.bytes, sizeof(shared.bytes));
	store_run(store);
	/* What others asked with that key, and what we did: now both sides know whose it is. */
	store_start(store, SQL_REKEY);
	store_put_blob(store, local.bytes, sizeof(local.bytes));
	store_put_blob(store, shared.bytes, sizeof(shared.bytes));
	store_run(store);
	store_start(store, SQL_OWE_KEY);
	store_put_int(store, ledger->now);
	store_put_blob(store, local.bytes, sizeof(local.bytes));
	store_run(store);
	ledger->owes = true;
}

/* --- what is owed, into a call --- */

/* A row, copied, because reading what it names takes another statement. */
struct owed_row {
	int64_t number;
	enum owed kind;
	int64_t id;
	int64_t at;
	struct cooldown about; /* key and model */
	char service[LIMIT_SERVICE];
};

static size_t read_rows(struct ledger *ledger, struct owed_row *rows)
{
	struct store *store = ledger->open;
	size_t n = 0;

	store_start(store, SQL_OWED);
	store_put_int(store, LIMIT_REDIS_OWED);
	while (store_next(store) && n < LIMIT_REDIS_OWED) {
		struct owed_row *row = &rows[n++];
		size_t len;
		const void *key;

		*row = (struct owed_row){ .number = store_int(store, 0), .kind = (enum owed)store_int(store, 1),
					  .id = store_int(store, 2), .at = store_int(store, 6) };
		snprintf(row->service, sizeof(row->service), "%s", store_text(store, 3));
		snprintf(row->about.model, sizeof(row->about.model), "%s", store_text(store, 5));
		key = store_blob(store, 4, &len);
		row->about.machine = len != sizeof(row->about.key.bytes);
		if (!row->about.machine)
			memcpy(row->about.key.bytes, key, len);
	}
	return n;
}

static void add_id(struct redis_args *args, const char *kind, int64_t id)
{
	char text[HEX_SIZE(8)];

	hex_from_u64((uint64_t)id, text);
	redis_args_add(args, kind);
	redis_args_add(args, text);
}

static void add_request(struct ledger *ledger, const struct owed_row *row, int64_t offset, struct redis_args *args)
{
	struct store *store = ledger->open;
	char hex[HEX_SIZE(KEY_HASH_BYTES)] = "";
	struct key_hash local = { .bytes = { 0 } };
	struct key_hash shared;
	size_t key_at = 0;

	store_start(store, SQL_ONE_REQUEST);
	store_put_int(store, row->id);
	while (store_next(store)) {
		size_t len;
		const void *key = store_blob(store, 4, &len);

		add_id(args, "r", row->id);
		redis_args_add_int(args, store_int(store, 0) + offset);
		redis_args_add_int(args, store_int(store, 1) - store_int(store, 0));
		redis_args_add_line(args, store_text(store, 2));
		redis_args_add_line(args, store_text(store, 3));
		key_at = args->count;
		redis_args_add(args, "");
		redis_args_add_line(args, store_text(store, 5));
		if (len == sizeof(local.bytes))
			memcpy(local.bytes, key, len);
	}
	if (!key_at || !translate(ledger, SQL_SHARED_HASH, &local, &shared))
		return;
	hex_encode(shared.bytes, sizeof(shared.bytes), hex);
	free(args->texts[key_at]);
	args->texts[key_at] = xstrdup(hex);
}

/* Its name behind the 'b': false if its key is not known there. */
static bool name_cooldown(struct ledger *ledger, const struct owed_row *row, char *out, size_t size)
{
	char hex[HEX_SIZE(KEY_HASH_BYTES)] = "";
	struct key_hash shared;

	if (!row->about.machine) {
		if (!translate(ledger, SQL_SHARED_HASH, &row->about.key, &shared))
			return false;
		hex_encode(shared.bytes, sizeof(shared.bytes), hex);
	}
	snprintf(out, size, "%s\n%s\n%s", row->service, hex, row->about.model);
	return true;
}

static void add_cooldown(struct ledger *ledger, const struct owed_row *row, int64_t offset, struct redis_args *args)
{
	struct store *store = ledger->open;
	char name[LIMIT_SERVICE + 2 * KEY_HASH_BYTES + LIMIT_BUDGET_MODEL + 4];
	bool found = false;

	if (!name_cooldown(ledger, row, name, sizeof(name)))
		return;
	store_start(store, SQL_ONE_COOLDOWN);
	store_put_text(store, row->service);
	store_put_blob(store, row->about.key.bytes, row->about.machine ? 0 : sizeof(row->about.key.bytes));
	store_put_text(store, row->about.model);
	while (store_next(store)) {
		char facts[192];
		char probe[HEX_SIZE(8)] = "";
		int64_t until = store_int(store, 1) + offset;
		int64_t probe_until = store_int(store, 5) ? store_int(store, 5) + offset : 0;

		found = true;
		if (store_int(store, 4))
			hex_from_u64((uint64_t)store_int(store, 4), probe);
		snprintf(facts, sizeof(facts), "%lld\n%lld\n%d\n%lld\n%s\n%lld", (long long)(store_int(store, 0) + offset),
			 (long long)until, store_int(store, 2) != 0, (long long)store_int(store, 3), probe,
			 (long long)probe_until);
		redis_args_add(args, "b");
		redis_args_add(args, name);
		redis_args_add(args, facts);
		redis_args_append_line(args, '\n', store_text(store, 6));
		redis_args_add_int(args, (until > probe_until ? until : probe_until) + COOLDOWN_STALE_MS);
	}
	if (found)
		return;
	redis_args_add(args, "u");
	redis_args_add(args, name);
	redis_args_add_int(args, row->at + offset);
}

static void add_learned(struct ledger *ledger, const struct owed_row *row, int64_t offset, struct redis_args *args)
{
	struct store *store = ledger->open;
	char name[LIMIT_SERVICE + LIMIT_BUDGET_MODEL + 24];

	snprintf(name, sizeof(name), "%s\n%lld\n%s", row->service, (long long)row->id, row->about.model);
	store_start(store, SQL_ONE_LEARNED);
	store_put_text(store, row->service);
	store_put_text(store, row->about.model);
	store_put_int(store, row->id);
	while (store_next(store)) {
		char facts[LIMIT_ZONE_NAME + 64];
		int64_t seen_at = store_int(store, 3) + offset;

		snprintf(facts, sizeof(facts), "%lld\n%.15s\n%.63s\n%lld", (long long)store_int(store, 0),
			 store_text(store, 1), store_text(store, 2), (long long)seen_at);
		redis_args_add(args, "l");
		redis_args_add(args, name);
		redis_args_add(args, facts);
		redis_args_add_int(args, seen_at + LEARNED_DAYS * DAY_MS);
	}
}

bool mirror_read_owed(struct ledger *ledger, int64_t offset, struct redis_args *args, int64_t *upto)
{
	struct owed_row *rows = xcalloc(LIMIT_REDIS_OWED, sizeof(*rows));
	size_t count = read_rows(ledger, rows);

	*upto = count ? rows[count - 1].number : 0;
	for (size_t i = 0; i < count; i++) {
		switch (rows[i].kind) {
		case OWED_REQUEST:
			add_request(ledger, &rows[i], offset, args);
			break;
		case OWED_GONE:
			add_id(args, "g", rows[i].id);
			break;
		case OWED_COOLDOWN:
			add_cooldown(ledger, &rows[i], offset, args);
			break;
		case OWED_LEARNED:
			add_learned(ledger, &rows[i], offset, args);
			break;
		}
	}
	free(rows);
	if (count < LIMIT_REDIS_OWED)
		ledger->owes = false;
	return count == LIMIT_REDIS_OWED;
}

void mirror_paid(struct ledger *ledger, int64_t upto)
{
	store_start(ledger->open, SQL_PAID);
	store_put_int(ledger->open, upto);
	store_run(ledger->open);
}

/* --- meeting --- */

void mirror_meet(struct ledger *ledger, const char *salt, char origin[MIRROR_ORIGIN], int64_t *cursor)
{
	struct store *store = ledger->open;
	char known[MIRROR_SALT] = "";
	uint64_t random;

	*cursor = 0;
	origin[0] = '\0';
	store_start(store, SQL_FACTS);
	while (store_next(store)) {
		const char *name = store_text(store, 0);

		if (!strcmp(name, "shared_salt"))
			snprintf(known, sizeof(known), "%s", store_text(store, 1));
		else if (!strcmp(name, "origin"))
			snprintf(origin, MIRROR_ORIGIN, "%s", store_text(store, 1));
		else if (!strcmp(name, "cursor"))
			*cursor = store_int(store, 1);
	}
	if (strlen(origin) != MIRROR_ORIGIN - 1) {
		key_random(&random, sizeof(random));
		hex_from_u64(random, origin);
		ledger_put_fact_text(ledger, "origin", origin);
	}
	if (!strcmp(known, salt))
		return;
	*cursor = 0;
	ledger_put_fact_text(ledger, "shared_salt", salt);
	mirror_put_cursor(ledger, 0);
	store_start(store, SQL_DROP_SHARED_HASHES);
	store_run(store);
	owe_all(ledger, SQL_OWE_REQUESTS);
	owe_all(ledger, SQL_OWE_COOLDOWNS);
	owe_all(ledger, SQL_OWE_LEARNED);
}

void mirror_begin_local_only(struct ledger *ledger)
{
	if (ledger->local_only_since)
		return;
	ledger->local_only_since = ledger->now;
	ledger_put_fact(ledger, "alone_since", ledger->now);
}

void mirror_end_local_only(struct ledger *ledger)
{
	if (!ledger->local_only_since)
		return;
	ledger->local_only_since = 0;
	ledger_put_fact(ledger, "alone_since", 0);
}

void mirror_put_cursor(struct ledger *ledger, int64_t cursor)
{
	ledger_put_fact(ledger, "cursor", cursor);
}

/* --- what others wrote --- */

/* Cuts the text into `count` lines; the last takes the rest. False: it has fewer. */
static bool cut(char *text, char **lines, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		char *end = strchr(text, '\n');

		lines[i] = text;
		if (i == count - 1)
			return true;
		if (!end)
			return false;
		*end = '\0';
		text = end + 1;
	}
	return true;
}

/* A number of decimal digits within limits, or `otherwise`. */
static int64_t number(const char *text, int64_t least, int64_t most, int64_t otherwise)
{
	char *end;
	long long n;

	errno = 0;
	n = strtoll(text, &end, 10);
	return end == text || *end || errno || n < least || n > most ? otherwise : n;
}

static uint64_t id_of(const char *hex)
{
	uint64_t id = 0;

	return hex_to_u64(hex, &id) && id <= INT64_MAX ? id : 0;
}

/* The hash here of a key that has this hash there; the same hash where that key is not known here. */
static bool local_key_hash(struct ledger *ledger, const char *hex, struct key_hash *out)
{
	struct key_hash shared;

	if (!hex_decode(hex, shared.bytes, sizeof(shared.bytes)))
		return false;
	*out = shared;
	translate(ledger, SQL_LOCAL_HASH, &shared, out);
	return true;
}

enum { R_ORIGIN, R_AT, R_KEEP, R_SERVICE, R_PLAN, R_KEY, R_MODEL, R_LINES };

static void apply_request(struct ledger *ledger, int64_t offset, uint64_t id, char *value)
{
	struct store *store = ledger->open;
	struct key_hash key_hash;
	char *lines[R_LINES];
	bool has_key;
	int64_t at, keep;

	if (!id || !cut(value, lines, R_LINES))
		return;
	keep = number(lines[R_KEEP], 0, LONGEST_KEPT_MS, 0);
	at = number(lines[R_AT], 0, INT64_MAX / 2, 0) - offset;
	if (at > ledger->now)
		at = ledger->now;
	if (at + keep <= ledger->now)
		return;
	has_key = local_key_hash(ledger, lines[R_KEY], &key_hash);
	store_start(store, SQL_MIRROR_REQUEST);
	store_put_int(store, (int64_t)id);
	store_put_int(store, at);
	store_put_int(store, at + keep);
	lines[R_SERVICE][strnlen(lines[R_SERVICE], LIMIT_SERVICE - 1)] = '\0';
	store_put_text(store, lines[R_SERVICE]);
	lines[R_PLAN][strnlen(lines[R_PLAN], LIMIT_PLAN_NAME - 1)] = '\0';
	store_put_text(store, lines[R_PLAN]);
	store_put_blob(store, has_key ? key_hash.bytes : (const uint8_t *)"", has_key ? sizeof(key_hash.bytes) : 0);
	lines[R_MODEL][strnlen(lines[R_MODEL], LIMIT_BUDGET_MODEL - 1)] = '\0';
	store_put_text(store, lines[R_MODEL]);
	store_run(store);
}

static void apply_gone(struct ledger *ledger, uint64_t id)
{
	store_start(ledger->open, SQL_DROP_REQUEST);
	store_put_int(ledger->open, (int64_t)id);
	store_run(ledger->open);
}

enum { B_ORIGIN, B_SET_AT, B_UNTIL, B_STATED, B_TRIES, B_PROBE, B_PROBE_UNTIL, B_MESSAGE, B_LINES };
enum { N_SERVICE, N_KEY, N_MODEL, N_LINES };

/* Is a change of our own under way? Then that one counts. */
static bool is_owed(struct ledger *ledger, const char *service, const struct cooldown *cooldown)
{
	struct store *store = ledger->open;
	bool owed = false;

	store_start(store, SQL_ONE_OWED);
	store_put_int(store, OWED_COOLDOWN);
	store_put_int(store, 0);
	store_put_text(store, service);
	store_put_blob(store, cooldown->key.bytes, cooldown->machine ? 0 : sizeof(cooldown->key.bytes));
	store_put_text(store, cooldown->model);
	while (store_next(store))
		owed = true;
	return owed;
}

static void apply_cooldown(struct ledger *ledger, int64_t offset, char *name, char *value)
{
	const int64_t most = ledger->now + (int64_t)LIMIT_RETRY_SECONDS * 1000;
	struct cooldown cooldown = { .machine = true };
	char *lines[B_LINES];
	char *names[N_LINES];
	int64_t probe_until;

	if (!cut(name, names, N_LINES))
		return;
	if (names[N_KEY][0]) {
		cooldown.machine = false;
		if (!local_key_hash(ledger, names[N_KEY], &cooldown.key))
			return;
	}
	snprintf(cooldown.model, sizeof(cooldown.model), "%s", names[N_MODEL]);
	names[N_SERVICE][strnlen(names[N_SERVICE], LIMIT_SERVICE - 1)] = '\0';
	if (is_owed(ledger, names[N_SERVICE], &cooldown))
		return;
	if (!cut(value, lines, B_LINES)) {
		provider_limits_drop_cooldown(ledger, names[N_SERVICE], &cooldown);
		return;
	}
	cooldown.set_at = number(lines[B_SET_AT], 1, INT64_MAX / 2, 0) - offset;
	cooldown.until = number(lines[B_UNTIL], 0, INT64_MAX / 2, 0) - offset;
	cooldown.stated = !strcmp(lines[B_STATED], "1");
	cooldown.tries = (unsigned)number(lines[B_TRIES], 0, 1000, 0);
	cooldown.probe = id_of(lines[B_PROBE]);
	probe_until = number(lines[B_PROBE_UNTIL], 0, INT64_MAX / 2, 0);
	cooldown.probe_until = probe_until ? probe_until - offset : 0;
	snprintf(cooldown.message, sizeof(cooldown.message), "%s", lines[B_MESSAGE]);
	if (cooldown.set_at > ledger->now)
		cooldown.set_at = ledger->now;
	if (cooldown.until > most)
		cooldown.until = most;
	if (cooldown.probe_until > ledger->now + COOLDOWN_PROBE_MS)
		cooldown.probe_until = ledger->now + COOLDOWN_PROBE_MS;
	if (cooldown.set_at > 0)
		provider_limits_put_cooldown(ledger, names[N_SERVICE], &cooldown);
}

enum { L_ORIGIN, L_LIMIT, L_KIND, L_ZONE, L_SEEN_AT, L_LINES };

/* By its name, or as older programs wrote it. */
static bool read_kind(const char *text, enum plan_kind *kind)
{
	const char *name = !strcmp(text, "0") ? "sliding" : !strcmp(text, "1") ? "calendar" : text;

	return plan_kind_from_name(name, kind);
}

static void apply_learned(struct ledger *ledger, int64_t offset, char *name, char *value)
{
	struct learned_limit limit = { .limit = 0 };
	char *lines[L_LINES];
	char *names[N_LINES];

	if (!cut(name, names, N_LINES) || !cut(value, lines, L_LINES))
		return;
	limit.period = number(names[1], 1, LONGEST_PERIOD, 0);
	limit.limit = number(lines[L_LIMIT], 1, LIMIT_WINDOW_ENTRIES, 0);
	limit.seen_at_ms = number(lines[L_SEEN_AT], 0, INT64_MAX / 2, 0) - offset;
	if (limit.seen_at_ms > ledger->now)
		limit.seen_at_ms = ledger->now;
	snprintf(limit.model, sizeof(limit.model), "%s", names[N_MODEL]);
	snprintf(limit.time_zone, sizeof(limit.time_zone), "%s", lines[L_ZONE]);
	names[N_SERVICE][strnlen(names[N_SERVICE], LIMIT_SERVICE - 1)] = '\0';
	if (limit.period && limit.limit && read_kind(lines[L_KIND], &limit.kind))
		provider_limits_put_learned(ledger, names[N_SERVICE], &limit);
}

void mirror_apply(struct ledger *ledger, int64_t offset, const char *member, const char *value)
{
	char *name = xstrdup(*member ? member + 1 : "");
	char *text = xstrdup(value);

	ledger->applying = true;
	switch (*member) {
	case 'r':
		apply_request(ledger, offset, id_of(name), text);
		break;
	case 'g':
		apply_gone(ledger, id_of(name));
		break;
	case 'b':
		apply_cooldown(ledger, offset, name, text);
		break;
	case 'l':
		apply_learned(ledger, offset, name, text);
		break;
	default:
		break; /* of a newer eke */
	}
	ledger->applying = false;
	free(name);
	free(text);
}
