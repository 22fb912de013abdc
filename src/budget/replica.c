/*
 * What other machines wrote, in the ledger's tables. A request of another machine is a row like ours, but for a column
 * that says so; it comes and goes by its id, which is the same everywhere.
 *
 * What comes from outside is checked as if it came from a stranger: it is bytes in somebody's Redis.
 */
#include "replica.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "eke/base/mem.h"
#include "eke/budget/provider_limits.h"
#include "ledger_private.h"
#include "outbox.h"
#include "spares.h"

#define DAY_MS INT64_C(86400000)
/* The longest window, and some days. */
#define LONGEST_KEPT_MS (400 * DAY_MS)
#define LONGEST_PERIOD (INT64_C(366) * 86400)
/*
 * Machines that were heard of so shortly before this machine was last in touch with them are waited for where the
 * shared ledger was lost.
 */
#define MEMBER_MS DAY_MS

/* --- the handshake --- */

void replica_read_identity(struct ledger *ledger, struct replica_identity *out)
{
	struct store *store = ledger->open;
	uint64_t random;

	*out = (struct replica_identity){ .cursor = 0 };
	store_start(store, SQL_FACTS);
	while (store_next(store)) {
		const char *name = store_text(store, 0);

		if (!strcmp(name, "shared_salt"))
			snprintf(out->known_salt, sizeof(out->known_salt), "%s", store_text(store, 1));
		else if (!strcmp(name, "origin"))
			snprintf(out->origin, sizeof(out->origin), "%s", store_text(store, 1));
		else if (!strcmp(name, "cursor"))
			out->cursor = store_int(store, 1);
	}
	if (strlen(out->origin) != REPLICA_ORIGIN_SIZE - 1) {
		key_random(&random, sizeof(random));
		hex_from_u64(random, out->origin);
		ledger_put_fact_text(ledger, "origin", out->origin);
	}
	store_start(store, SQL_MEMBERS);
	store_put_int(store, MEMBER_MS);
	store_put_int(store, LIMIT_REDIS_MEMBERS);
	while (store_next(store))
		snprintf(out->members[out->member_count++], REPLICA_ORIGIN_SIZE, "%s", store_text(store, 0));
}

void replica_meet(struct ledger *ledger, const char *salt, struct replica_identity *identity)
{
	if (!strcmp(identity->known_salt, salt))
		return;
	memcpy(identity->known_salt, salt, SHARED_SALT_SIZE);
	identity->cursor = 0;
	ledger_put_fact_text(ledger, "shared_salt", salt);
	replica_put_cursor(ledger, 0);
	shared_keys_forget(ledger);
	/* They were spare in a ledger that is gone; what of them was sent its machine tells itself. */
	spares_forget(ledger);
	store_start(ledger->open, SQL_DROP_MIRRORED_SPARES);
	store_put_int(ledger->open, ledger->now);
	store_run(ledger->open);
	outbox_add_everything(ledger);
}

void replica_note_key(struct ledger *ledger, const char *salt, const struct key_digest *digest)
{
	struct store *store = ledger->open;
	struct key_hash local, shared;

	if (!shared_key_note(ledger, salt, digest, &local, &shared))
		return;
	/* What others asked with that key, and what we did: now both sides know whose it is. */
	store_start(store, SQL_REKEY);
	store_put_blob(store, local.bytes, sizeof(local.bytes));
	store_put_blob(store, shared.bytes, sizeof(shared.bytes));
	store_run(store);
	outbox_add_key(ledger, &local);
}

bool replica_knows(struct ledger *ledger, const char *salt)
{
	bool same = false;

	store_start(ledger->open, SQL_FACTS);
	while (store_next(ledger->open))
		if (!strcmp(store_text(ledger->open, 0), "shared_salt"))
			same = !strcmp(store_text(ledger->open, 1), salt);
	return same;
}

void replica_put_cursor(struct ledger *ledger, int64_t cursor)
{
	ledger_put_fact(ledger, "cursor", cursor);
}

/* --- events --- */

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

static void note_member(struct ledger *ledger, const char *origin)
{
	uint64_t id;

	if (!hex_to_u64(origin, &id))
		return;
	store_start(ledger->open, SQL_PUT_MEMBER);
	store_put_text(ledger->open, origin);
	store_put_int(ledger->open, ledger->now);
	store_run(ledger->open);
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
	note_member(ledger, lines[R_ORIGIN]);
	keep = number(lines[R_KEEP], 0, LONGEST_KEPT_MS, 0);
	at = number(lines[R_AT], 0, INT64_MAX / 2, 0) - offset;
	/* Another machine's spare is dated when it lapses. */
	if (at > ledger->now + SPARE_MS)
		at = ledger->now;
	if (at + keep <= ledger->now)
		return;
	has_key = shared_key_local(ledger, lines[R_KEY], &key_hash);
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
		if (!shared_key_local(ledger, names[N_KEY], &cooldown.key))
			return;
	}
	snprintf(cooldown.model, sizeof(cooldown.model), "%s", names[N_MODEL]);
	names[N_SERVICE][strnlen(names[N_SERVICE], LIMIT_SERVICE - 1)] = '\0';
	/* Is a change of our own on its way? Then that one counts. */
	if (outbox_has_cooldown(ledger, names[N_SERVICE], &cooldown))
		return;
	if (!cut(value, lines, B_LINES)) {
		provider_limits_remove_cooldown(ledger, names[N_SERVICE], &cooldown);
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
		provider_limits_store_cooldown(ledger, names[N_SERVICE], &cooldown);
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
		provider_limits_store_learned(ledger, names[N_SERVICE], &limit);
}

void replica_apply(struct ledger *ledger, int64_t offset, const char *member, const char *value)
{
	char *name = xstrdup(*member ? member + 1 : "");
	char *text = xstrdup(value);

	switch (*member) {
	case 'r':
		apply_request(ledger, offset, id_of(name), text);
		break;
	case 'g':
		apply_gone(ledger, id_of(name));
		break;
	case 'm':
		note_member(ledger, name);
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
	free(name);
	free(text);
}
