#ifndef EKE_BUDGET_LEDGER_PRIVATE_H
#define EKE_BUDGET_LEDGER_PRIVATE_H
/*
 * The body of the ledger and its statements, for the files that write into it: ledger.c, ledger_facts.c,
 * ledger_rows.c, provider_limits.c, outbox.c, replica.c, shared_keys.c and spares.c.
 */
#include "eke/base/limits.h"
#include "eke/budget/ledger.h"

struct ledger {
	struct store *file;
	struct store *memory; /* while the file cannot be used, else NULL */
	struct store *open;   /* the one of the transaction under way, else NULL */
	int64_t looked_mono;  /* when the file was last found unusable */
	bool carries; /* memory is what a file held that was removed */

	/* Of the transaction under way. */
	int64_t now;
	int64_t shift; /* what dates are off by; 0 once it is written */
	int64_t known_since;
	int64_t tidied_at; /* when old rows were last thrown out */
	bool has_salt;
	uint8_t salt[KEY_SALT_BYTES];

	/* Of a ledger that is shared with other machines. */
	bool is_shared; /* it is */
	bool outbox_pending; /* something was written that they have not been told */
	bool local_only; /* they cannot be asked now */
	bool has_met; /* of the transaction under way: this machine has been in touch with them … */
	int64_t local_only_since; /* … and since when it cannot ask them; 0: it can */

	/* Keys whose hashes were asked for, so that rows can follow to another salt. */
	struct key_digest digests[LIMIT_ENDPOINTS];
	unsigned digest_count;

	bool trouble_told;
	enum store_trouble_kind told; /* the last kind */
	char notice[LIMIT_ERR_MESSAGE];
};

enum ledger_statement {
	SQL_FACTS,
	SQL_PUT_FACT,

	SQL_SHIFT_REQUESTS,
	SQL_SHIFT_COOLDOWNS,
	SQL_SHIFT_LEARNED,
	SQL_SHIFT_ASKED,
	SQL_SHIFT_SPARES,
	SQL_SHIFT_MEMBERS,
	SQL_SHIFT_FACTS,
	SQL_CLAMP_REQUESTS,
	SQL_CLAMP_COOLDOWNS,
	SQL_CLAMP_LEARNED,
	SQL_CLAMP_ASKED,
	SQL_CLAMP_SPARES,
	SQL_CLAMP_MEMBERS,
	SQL_CLAMP_FACTS,

	SQL_REQUESTS,
	SQL_ADD_REQUEST,
	SQL_DROP_REQUEST,
	SQL_DROP_OLD,
	SQL_ALL_REQUESTS,
	SQL_COPY_REQUEST,

	SQL_COUNT_HOUR,
	SQL_DROP_CORRECTION,
	SQL_USAGE_ASKED,
	SQL_PUT_USAGE_ASKED,

	SQL_ENDPOINT_KEY,
	SQL_PUT_ENDPOINT_KEY,

	SQL_COOLDOWNS,
	SQL_PUT_COOLDOWN,
	SQL_DROP_COOLDOWN,
	SQL_DROP_OLD_COOLDOWNS,
	SQL_DROP_ALL_COOLDOWNS,
	SQL_ALL_COOLDOWNS,

	SQL_LEARNED,
	SQL_PUT_LEARNED,
	SQL_DROP_OLD_LEARNED,
	SQL_ALL_LEARNED,

	SQL_OUTBOX_PUT,
	SQL_OUTBOX_PUT_REQUESTS,
	SQL_OUTBOX_PUT_KEY,
	SQL_OUTBOX_PUT_COOLDOWNS,
	SQL_OUTBOX_PUT_LEARNED,
	SQL_OUTBOX_LIST,
	SQL_OUTBOX_ANY,
	SQL_OUTBOX_HAS,
	SQL_OUTBOX_ACKNOWLEDGED,
	SQL_OUTBOX_EMPTY,
	SQL_OUTBOX_ALL,
	SQL_ONE_REQUEST,
	SQL_ONE_COOLDOWN,
	SQL_ONE_LEARNED,
	SQL_MIRROR_REQUEST,
	SQL_DROP_MIRRORED_SPARES,
	SQL_SHARED_HASH,
	SQL_LOCAL_HASH,
	SQL_PUT_SHARED_HASH,
	SQL_DROP_SHARED_HASHES,
	SQL_MEMBERS,
	SQL_PUT_MEMBER,
	SQL_SPARES,
	SQL_ALL_SPARES,
	SQL_PUT_SPARES,
	SQL_EMPTY_SPARES,
	SQL_DROP_SPARES,
	SQL_REKEY,

	SQL_STATEMENTS,
};

struct ledger_clock {
	char boot_id[64];
	int64_t offset; /* wall clock less the clock of the start */
	bool known;
};

/* --- ledger_facts.c: of the open store --- */

/* Reads what must be known, and writes what is missing there. */
void ledger_take_up(struct ledger *ledger, enum store_mode mode);
void ledger_read_facts(struct ledger *ledger, struct ledger_clock *clock);
void ledger_put_fact(struct ledger *ledger, const char *name, int64_t value);
void ledger_put_fact_text(struct ledger *ledger, const char *name, const char *value);

#endif
