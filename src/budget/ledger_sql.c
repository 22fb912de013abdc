/*
 * The ledger's tables and statements, by the numbers of ledger_private.h. Constant data.
 */
#include "ledger_sql.h"

#include "ledger_private.h"

/* "eke" and what the file is. */
#define APPLICATION_ID 0x656B6501

/*
 * All times are Unix ms. A request's id is random, so that it is the same in memory and in the file. `hour` is the hour
 * that a correction corrects, null for a request of our own. A cooldown of the machine has an empty key.
 */
static const char *const migrations[] = {
	"CREATE TABLE fact (name TEXT PRIMARY KEY, value) WITHOUT ROWID;"
	"CREATE TABLE request (id INTEGER PRIMARY KEY, at INTEGER NOT NULL, keep_until INTEGER NOT NULL,"
	" service TEXT NOT NULL, plan TEXT NOT NULL, key BLOB NOT NULL, model TEXT NOT NULL,"
	" weight INTEGER NOT NULL, hour INTEGER);"
	"CREATE INDEX request_at ON request (at);"
	"CREATE TABLE block (service TEXT NOT NULL, key BLOB NOT NULL, model TEXT NOT NULL, set_at INTEGER NOT NULL,"
	" until INTEGER NOT NULL, stated INTEGER NOT NULL, tries INTEGER NOT NULL, probe INTEGER NOT NULL,"
	" probe_until INTEGER NOT NULL, message TEXT NOT NULL, PRIMARY KEY (service, key, model)) WITHOUT ROWID;"
	"CREATE TABLE learned (service TEXT NOT NULL, model TEXT NOT NULL, period INTEGER NOT NULL,"
	" most INTEGER NOT NULL, calendar INTEGER NOT NULL, zone TEXT NOT NULL, seen_at INTEGER NOT NULL,"
	" PRIMARY KEY (service, model, period)) WITHOUT ROWID;"
	"CREATE TABLE endpoint (name TEXT PRIMARY KEY, key BLOB NOT NULL) WITHOUT ROWID;"
	"CREATE TABLE usage (key BLOB PRIMARY KEY, asked_at INTEGER NOT NULL) WITHOUT ROWID",
	/*
	 * For a ledger that is shared with other machines: which requests are theirs (replica.h), what they are still to be
	 * told (outbox.h; the table has its name from its first version), and the hashes of keys there (shared_keys.h).
	 * `number` never comes again.
	 */
	"ALTER TABLE request ADD COLUMN elsewhere INTEGER NOT NULL DEFAULT 0;"
	"CREATE TABLE owed (number INTEGER PRIMARY KEY AUTOINCREMENT, kind INTEGER NOT NULL, id INTEGER NOT NULL,"
	" service TEXT NOT NULL, key BLOB NOT NULL, model TEXT NOT NULL, at INTEGER NOT NULL,"
	" UNIQUE (kind, id, service, key, model));"
	"CREATE TABLE shared_mark (key BLOB PRIMARY KEY, shared BLOB NOT NULL) WITHOUT ROWID",
	/*
	 * plan_kind_name() of a stated limit. Older programs, which may have the file open now, read and write the column
	 * `calendar` (0: sliding); their rows have no kind.
	 */
	"ALTER TABLE learned ADD COLUMN kind TEXT",
	/*
	 * The machines that share the ledger and when they were heard of; requests that may be sent without asking
	 * (spares.h).
	 */
	"CREATE TABLE member (origin TEXT PRIMARY KEY, seen_at INTEGER NOT NULL) WITHOUT ROWID;"
	"CREATE TABLE spare (service TEXT NOT NULL, plan TEXT NOT NULL, key BLOB NOT NULL, model TEXT NOT NULL,"
	" until INTEGER NOT NULL, ids BLOB NOT NULL, PRIMARY KEY (service, plan, key, model)) WITHOUT ROWID",
	/* Which list of spares it is: `until` by the shared clock, which is the same for all processes. */
	"ALTER TABLE spare ADD COLUMN version INTEGER NOT NULL DEFAULT 0",
	NULL,
};

#define DATED_FACTS "('known_since', 'tidied_at', 'alone_since')"
#define OUTBOX_COLUMNS "kind, id, service, key, model, at"
#define LEARNED_KIND "coalesce(kind, CASE calendar WHEN 0 THEN 'sliding' ELSE 'calendar' END)"
#define COOLDOWN_COLUMNS "service, key, model, set_at, until, stated, tries, probe, probe_until, message"

static const char *const statements[SQL_STATEMENTS] = {
	[SQL_FACTS] = "SELECT name, value FROM fact",
	[SQL_PUT_FACT] = "INSERT OR REPLACE INTO fact (name, value) VALUES (?1, ?2)",

	[SQL_SHIFT_REQUESTS] = "UPDATE request SET at = at + ?1, keep_until = keep_until + ?1",
	[SQL_SHIFT_COOLDOWNS] = "UPDATE block SET set_at = set_at + ?1, until = until + ?1, probe_until = probe_until + ?1",
	[SQL_SHIFT_LEARNED] = "UPDATE learned SET seen_at = seen_at + ?1",
	[SQL_SHIFT_ASKED] = "UPDATE usage SET asked_at = asked_at + ?1",
	[SQL_SHIFT_SPARES] = "UPDATE spare SET until = until + ?1",
	[SQL_SHIFT_MEMBERS] = "UPDATE member SET seen_at = seen_at + ?1",
	[SQL_SHIFT_FACTS] = "UPDATE fact SET value = value + ?1 WHERE name IN " DATED_FACTS " AND value > 0",
	[SQL_CLAMP_REQUESTS] = "UPDATE request SET at = ?1 WHERE at > ?1",
	[SQL_CLAMP_COOLDOWNS] = "UPDATE block SET set_at = min(set_at, ?1), until = min(until, ?2), probe_until = 0",
	[SQL_CLAMP_LEARNED] = "UPDATE learned SET seen_at = ?1 WHERE seen_at > ?1",
	[SQL_CLAMP_ASKED] = "UPDATE usage SET asked_at = ?1 WHERE asked_at > ?1",
	[SQL_CLAMP_SPARES] = "UPDATE spare SET until = min(until, ?1)",
	[SQL_CLAMP_MEMBERS] = "UPDATE member SET seen_at = ?1 WHERE seen_at > ?1",
	[SQL_CLAMP_FACTS] = "UPDATE fact SET value = ?1 WHERE name IN " DATED_FACTS " AND value > ?1",

	[SQL_REQUESTS] = "SELECT at, weight, hour IS NULL AND (service = ?2 OR plan = ?3), key = ?4, model FROM request"
					 " WHERE at >= ?1 AND (service = ?2 OR plan = ?3 OR key = ?4) ORDER BY at, weight",
	[SQL_ADD_REQUEST] = "INSERT INTO request (id, at, keep_until, service, plan, key, model, weight, hour)"
						" VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
	[SQL_DROP_REQUEST] = "DELETE FROM request WHERE id = ?1",
	[SQL_DROP_OLD] = "DELETE FROM request WHERE keep_until <= ?1",
	[SQL_ALL_REQUESTS] = "SELECT id, at, keep_until, service, plan, key, model, weight, hour FROM request",
	[SQL_COPY_REQUEST] = "INSERT OR IGNORE INTO request (id, at, keep_until, service, plan, key, model, weight, hour)"
						 " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",

	[SQL_COUNT_HOUR] = "SELECT count(*) FROM request WHERE key = ?1 AND hour IS NULL AND at >= ?2 AND at < ?3",
	[SQL_DROP_CORRECTION] = "DELETE FROM request WHERE key = ?1 AND hour = ?2",
	[SQL_USAGE_ASKED] = "SELECT asked_at FROM usage WHERE key = ?1",
	[SQL_PUT_USAGE_ASKED] = "INSERT OR REPLACE INTO usage (key, asked_at) VALUES (?1, ?2)",

	[SQL_ENDPOINT_KEY] = "SELECT key FROM endpoint WHERE name = ?1",
	[SQL_PUT_ENDPOINT_KEY] = "INSERT OR REPLACE INTO endpoint (name, key) VALUES (?1, ?2)",

	[SQL_COOLDOWNS] = "SELECT " COOLDOWN_COLUMNS " FROM block WHERE service = ?1 AND (key = ?2 OR key = x'')",
	[SQL_PUT_COOLDOWN] = "INSERT OR REPLACE INTO block (" COOLDOWN_COLUMNS ")"
						 " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
	[SQL_DROP_COOLDOWN] = "DELETE FROM block WHERE service = ?1 AND key = ?2 AND model = ?3",
	[SQL_DROP_OLD_COOLDOWNS] = "DELETE FROM block WHERE until < ?1",
	[SQL_DROP_ALL_COOLDOWNS] = "DELETE FROM block",
	[SQL_ALL_COOLDOWNS] = "SELECT " COOLDOWN_COLUMNS " FROM block",

	[SQL_LEARNED] = "SELECT service, model, period, most, " LEARNED_KIND ", zone, seen_at FROM learned"
					" WHERE service = ?1 AND seen_at > ?2 ORDER BY seen_at DESC LIMIT ?3",
	[SQL_PUT_LEARNED] = "INSERT OR REPLACE INTO learned (service, model, period, most, kind, zone, seen_at, calendar)"
						" VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?5 <> 'sliding')",
	[SQL_DROP_OLD_LEARNED] = "DELETE FROM learned WHERE seen_at <= ?1",
	[SQL_ALL_LEARNED] = "SELECT service, model, period, most, " LEARNED_KIND ", zone, seen_at FROM learned",

	/* Kinds are enum change of outbox.c. */
	[SQL_OUTBOX_PUT] = "INSERT OR REPLACE INTO owed (" OUTBOX_COLUMNS ") VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
	[SQL_OUTBOX_PUT_REQUESTS] = "INSERT OR REPLACE INTO owed (" OUTBOX_COLUMNS
								") SELECT 0, id, '', x'', '', ?1 FROM request"
								" WHERE hour IS NULL",
	[SQL_OUTBOX_PUT_KEY] = "INSERT OR REPLACE INTO owed (" OUTBOX_COLUMNS ") SELECT 0, id, '', x'', '', ?1 FROM request"
						   " WHERE hour IS NULL AND NOT elsewhere AND key = ?2",
	[SQL_OUTBOX_PUT_COOLDOWNS] = "INSERT OR REPLACE INTO owed (" OUTBOX_COLUMNS
								 ") SELECT 2, 0, service, key, model, ?1 FROM block",
	[SQL_OUTBOX_PUT_LEARNED] = "INSERT OR REPLACE INTO owed (" OUTBOX_COLUMNS
							   ") SELECT 3, period, service, x'', model, ?1"
							   " FROM learned",
	[SQL_OUTBOX_LIST] = "SELECT number, " OUTBOX_COLUMNS " FROM owed ORDER BY number LIMIT ?1",
	[SQL_OUTBOX_ANY] = "SELECT 1 FROM owed LIMIT 1",
	[SQL_OUTBOX_HAS] = "SELECT 1 FROM owed WHERE kind = ?1 AND id = ?2 AND service = ?3 AND key = ?4 AND model = ?5",
	[SQL_OUTBOX_ACKNOWLEDGED] = "DELETE FROM owed WHERE number <= ?1",
	[SQL_OUTBOX_EMPTY] = "DELETE FROM owed WHERE kind = ?1 AND id = ?2",
	[SQL_OUTBOX_ALL] = "SELECT " OUTBOX_COLUMNS " FROM owed",
	[SQL_ONE_REQUEST] = "SELECT at, keep_until, service, plan, key, model FROM request WHERE id = ?1",
	[SQL_ONE_COOLDOWN] = "SELECT set_at, until, stated, tries, probe, probe_until, message FROM block"
						 " WHERE service = ?1 AND key = ?2 AND model = ?3",
	[SQL_ONE_LEARNED] = "SELECT most, " LEARNED_KIND ", zone, seen_at FROM learned"
						" WHERE service = ?1 AND model = ?2 AND period = ?3",
	[SQL_MIRROR_REQUEST] =
		"INSERT INTO request (id, at, keep_until, service, plan, key, model, weight, hour, elsewhere)"
		" VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, 1, NULL, 1) ON CONFLICT (id) DO UPDATE"
		" SET at = excluded.at, keep_until = excluded.keep_until WHERE elsewhere",
	[SQL_DROP_MIRRORED_SPARES] = "DELETE FROM request WHERE elsewhere AND at > ?1",
	[SQL_SHARED_HASH] = "SELECT shared FROM shared_mark WHERE key = ?1",
	[SQL_LOCAL_HASH] = "SELECT key FROM shared_mark WHERE shared = ?1",
	[SQL_PUT_SHARED_HASH] = "INSERT OR REPLACE INTO shared_mark (key, shared) VALUES (?1, ?2)",
	[SQL_DROP_SHARED_HASHES] = "DELETE FROM shared_mark",
	/* Before the last sign of the others, or the last request of ours: what was before this machine was away. */
	[SQL_MEMBERS] = "SELECT origin FROM member WHERE seen_at > max((SELECT max(seen_at) FROM member),"
					" coalesce((SELECT max(at) FROM request WHERE hour IS NULL AND NOT elsewhere), 0)) - ?1"
					" ORDER BY seen_at DESC LIMIT ?2",
	[SQL_PUT_MEMBER] = "INSERT OR REPLACE INTO member (origin, seen_at) VALUES (?1, ?2)",
	[SQL_SPARES] = "SELECT until, ids, version FROM spare WHERE service = ?1 AND plan = ?2 AND key = ?3 AND model = ?4",
	[SQL_ALL_SPARES] = "SELECT ids FROM spare",
	[SQL_PUT_SPARES] = "INSERT OR REPLACE INTO spare (service, plan, key, model, until, ids, version)"
					   " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
	[SQL_EMPTY_SPARES] = "UPDATE spare SET ids = x''",
	[SQL_DROP_SPARES] = "DELETE FROM spare",
	[SQL_REKEY] = "UPDATE request SET key = ?1 WHERE key = ?2",
};

const struct store_schema ledger_schema = {
	.file = "ledger.db",
	.subject = "the ledger of requests",
	.application_id = APPLICATION_ID,
	.migrations = migrations,
	.statements = statements,
	.statement_count = SQL_STATEMENTS,
	/* Dated by the first transaction, begin_file(). */
	.after_damage = "INSERT INTO fact (name, value) VALUES ('known_since', -1)",
};
