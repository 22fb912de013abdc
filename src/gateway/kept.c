/*
 * A list, the newest first: it is short, and what is too much or too old is dropped from its end.
 */
#include "kept.h"

#include <stdlib.h>
#include <string.h>

#include "eke/base/clock.h"
#include "eke/base/limits.h"
#include "eke/base/list.h"
#include "eke/base/mem.h"

/* How long the second refusal in a row is repeated; each further one for twice as long. */
#define REFUSAL_MS 60000
#define REFUSAL_MOST_MS 900000
/* Refusals further apart than this are not in a row. */
#define REFUSAL_FORGET_MS 1800000

struct entry {
	struct gateway_digest key;
	bool is_refusal;
	bool once;
	int status;
	char *headers;
	size_t headers_len;
	char *body;
	size_t len;
	int64_t until_ms; /* it is given out until then */
	int64_t forget_ms; /* it is there until then */
	unsigned refusals; /* in a row */
	struct entry *next;
};

struct kept {
	struct entry *entries;
	size_t bytes;
	size_t count;
};

/* --- the list --- */

struct kept *kept_new(void)
{
	return xcalloc(1, sizeof(struct kept));
}

static size_t weight(const struct entry *e)
{
	return sizeof(*e) + e->headers_len + e->len;
}

static void drop(struct kept *kept, struct entry *e)
{
	list_unlink(kept->entries, e);
	kept->bytes -= weight(e);
	kept->count--;
	free(e->headers);
	free(e->body);
	free(e);
}

void kept_reset(struct kept *kept)
{
	while (kept->entries)
		drop(kept, kept->entries);
}

void kept_free(struct kept *kept)
{
	if (kept)
		kept_reset(kept);
	free(kept);
}

static void drop_old(struct kept *kept)
{
	int64_t now = clock_mono_ms();
	struct entry *e = kept->entries;

	while (e) {
		struct entry *next = e->next;

		if (e->forget_ms <= now)
			drop(kept, e);
		e = next;
	}
}

static void make_room(struct kept *kept)
{
	while (kept->bytes > LIMIT_GATEWAY_KEPT_BYTES || kept->count > LIMIT_GATEWAY_KEPT_COUNT) {
		struct entry *last = kept->entries;

		while (last->next)
			last = last->next;
		drop(kept, last);
	}
}

static struct entry *find(struct kept *kept, const struct gateway_digest *key)
{
	struct entry *e;

	drop_old(kept);
	e = kept->entries;
	while (e && !gateway_digest_same(&e->key, key))
		e = e->next;
	return e;
}

static size_t headers_len(const char *headers)
{
	const char *at = headers;

	while (*at)
		at += strlen(at) + 1;
	return (size_t)(at - headers) + 1;
}

static struct entry *add(struct kept *kept, const struct gateway_digest *key, const struct kept_response *response)
{
	struct entry *e = xcalloc(1, sizeof(*e));

	e->key = *key;
	e->status = response->status;
	e->headers_len = headers_len(response->headers);
	e->headers = xmalloc(e->headers_len);
	memcpy(e->headers, response->headers, e->headers_len);
	e->len = response->len;
	e->body = xmalloc(response->len + 1);
	memcpy(e->body, response->body, response->len);
	e->next = kept->entries;
	kept->entries = e;
	kept->bytes += weight(e);
	kept->count++;
	return e;
}

/* --- what is kept --- */

void kept_put(
	struct kept *kept, const struct gateway_digest *key, const struct kept_response *response, int64_t ms, bool once)
{
	struct entry *e = find(kept, key);

	if (e)
		drop(kept, e);
	if (response->len > LIMIT_GATEWAY_KEPT)
		return;
	e = add(kept, key, response);
	e->once = once;
	e->until_ms = e->forget_ms = clock_mono_ms() + ms;
	make_room(kept);
}

bool kept_find(struct kept *kept, const struct gateway_digest *key, struct kept_response *out)
{
	const struct entry *e = find(kept, key);
	int64_t now = clock_mono_ms();

	if (!e || e->until_ms <= now)
		return false;
	*out = (struct kept_response){ .status = e->status,
		.headers = e->headers,
		.body = e->body,
		.len = e->len,
		.again_ms = e->is_refusal ? e->until_ms - now : 0 };
	return true;
}

void kept_delivered(struct kept *kept, const struct gateway_digest *key)
{
	struct entry *e = find(kept, key);

	if (e && e->once)
		drop(kept, e);
}

void kept_refused(struct kept *kept, const struct gateway_digest *key, const struct kept_response *response)
{
	struct entry *e = find(kept, key);
	int64_t hold = REFUSAL_MS;
	unsigned refusals = 1;

	/* The same one? Ids within it differ, its length rarely. */
	if (e && e->is_refusal && e->status == response->status && e->len == response->len)
		refusals += e->refusals;
	if (e)
		drop(kept, e);
	if (response->len > LIMIT_GATEWAY_KEPT)
		return;
	for (unsigned i = 2; i < refusals && hold < REFUSAL_MOST_MS; i++)
		hold *= 2;
	e = add(kept, key, response);
	e->is_refusal = true;
	e->refusals = refusals;
	e->until_ms = refusals > 1 ? clock_mono_ms() + (hold < REFUSAL_MOST_MS ? hold : REFUSAL_MOST_MS) : 0;
	e->forget_ms = clock_mono_ms() + REFUSAL_FORGET_MS;
	make_room(kept);
}

void kept_answered(struct kept *kept, const struct gateway_digest *key)
{
	struct entry *e = find(kept, key);

	if (e && e->is_refusal)
		drop(kept, e);
}
