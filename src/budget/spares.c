/*
 * The table `spare`: a list of ids for each account and model. A list stays when it is empty, for its time, by which an
 * older answer of the shared ledger is known that another process writes down later.
 */
#include "spares.h"

#include <string.h>

#include "ledger_private.h"
#include "outbox.h"

/* The clocks of two machines need not run alike. */
#define MARGIN_MS INT64_C(10000)

struct list {
	uint64_t ids[LIMIT_SPARES];
	size_t count;
	int64_t until;
	int64_t version; /* 0: there is no list */
};

static void put_account(struct ledger *ledger, const struct account *account, const char *model)
{
	struct key_hash hash;

	ledger_key_hash(ledger, &account->key, &hash);
	store_put_text(ledger->open, account->service);
	store_put_text(ledger->open, account->plan);
	store_put_blob(ledger->open, hash.bytes, sizeof(hash.bytes));
	store_put_text(ledger->open, model);
}

/* Takes in a column of ids. */
static size_t read_ids(struct ledger *ledger, int column, uint64_t ids[LIMIT_SPARES])
{
	size_t len;
	const void *data = store_blob(ledger->open, column, &len);

	if (len > LIMIT_SPARES * sizeof(ids[0]))
		len = LIMIT_SPARES * sizeof(ids[0]);
	if (len)
		memcpy(ids, data, len);
	return len / sizeof(ids[0]);
}

static void read_list(struct ledger *ledger, const struct account *account, const char *model, struct list *out)
{
	out->count = 0;
	out->until = 0;
	out->version = 0;
	store_start(ledger->open, SQL_SPARES);
	put_account(ledger, account, model);
	while (store_next(ledger->open)) {
		out->until = store_int(ledger->open, 0) + ledger->shift;
		out->count = read_ids(ledger, 1, out->ids);
		out->version = store_int(ledger->open, 2);
	}
}

static void write_list(struct ledger *ledger, const struct account *account, const char *model, const struct list *list)
{
	store_start(ledger->open, SQL_PUT_SPARES);
	put_account(ledger, account, model);
	store_put_int(ledger->open, list->until);
	store_put_blob(ledger->open, list->ids, list->count * sizeof(list->ids[0]));
	store_put_int(ledger->open, list->version);
	store_run(ledger->open);
}

size_t spares_count(struct ledger *ledger, const struct account *account, const char *model)
{
	struct list list;

	read_list(ledger, account, model, &list);
	return list.until > ledger->now + MARGIN_MS ? list.count : 0;
}

int64_t spares_version(struct ledger *ledger, const struct account *account, const char *model)
{
	struct list list;

	read_list(ledger, account, model, &list);
	return list.version;
}

static bool is_among(uint64_t id, const uint64_t *ids, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (ids[i] == id)
			return true;
	return false;
}

void spares_put(struct ledger *ledger, const struct account *account, const char *model, const uint64_t *ids,
	size_t count, int64_t until, int64_t version)
{
	struct list list;

	read_list(ledger, account, model, &list);
	if (version <= list.version)
		return;
	for (size_t i = 0; i < list.count; i++)
		if (!is_among(list.ids[i], ids, count))
			outbox_add_removal(ledger, list.ids[i]);
	list.until = until;
	list.version = version;
	list.count = 0;
	/* One that was sent meanwhile, and is still to be told, is none any more. */
	for (size_t i = 0; i < count; i++)
		if (!outbox_has_removal(ledger, ids[i]))
			list.ids[list.count++] = ids[i];
	write_list(ledger, account, model, &list);
}

uint64_t spares_take(struct ledger *ledger, const struct account *account, const char *model)
{
	struct list list;
	uint64_t id;

	read_list(ledger, account, model, &list);
	if (!list.count || list.until <= ledger->now + MARGIN_MS)
		return 0;
	id = list.ids[--list.count];
	write_list(ledger, account, model, &list);
	return id;
}

void spares_give_back(struct ledger *ledger)
{
	uint64_t ids[4 * LIMIT_SPARES];
	size_t n = 0;

	store_start(ledger->open, SQL_ALL_SPARES);
	while (store_next(ledger->open))
		if (n + LIMIT_SPARES <= ARRAY_LEN(ids))
			n += read_ids(ledger, 0, ids + n);
	for (size_t i = 0; i < n; i++)
		outbox_add_removal(ledger, ids[i]);
	store_start(ledger->open, SQL_EMPTY_SPARES);
	store_run(ledger->open);
}

void spares_forget(struct ledger *ledger)
{
	store_start(ledger->open, SQL_DROP_SPARES);
	store_run(ledger->open);
}
