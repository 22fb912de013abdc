/*
 * Rhythm and outcomes. struct habits owns a fixed array of habits, one a document; the least recently used one makes
 * room for a new document.
 */
#include "habit.h"

#include <stdlib.h>
#include <string.h>

#include "eke/base/limits.h"
#include "eke/base/mem.h"

/* Longer gaps are pauses, shorter ones are the editor's own doing. */
#define GAP_MOST_MS 1000
#define GAP_LEAST_MS 15
/* A new gap counts by this share. */
#define GAP_WEIGHT 0.15
/* Bytes of a suggestion that, once typed, prove it useful, whatever comes then. */
#define FOLLOWED 24
/* Bytes behind the place where the typing left a suggestion; farther on it is meant. */
#define ASTRAY_MOST 12

struct habits {
	struct habit slots[LIMIT_HABITS];
	uint64_t used[LIMIT_HABITS]; /* by use_count; 0: free */
	uint64_t use_count;
	int64_t last_tick_ms;
	double gap_ms;
};

struct habits *habits_new(void)
{
	return xcalloc(1, sizeof(struct habits));
}

static void habit_release(struct habit *habit)
{
	free(habit->uri);
	strbuf_release(&habit->offered);
}

void habits_free(struct habits *habits)
{
	if (!habits)
		return;
	for (size_t i = 0; i < LIMIT_HABITS; i++)
		if (habits->used[i])
			habit_release(&habits->slots[i]);
	free(habits);
}

void habits_tick(struct habits *habits, int64_t now_ms)
{
	int64_t gap = now_ms - habits->last_tick_ms;

	habits->last_tick_ms = now_ms;
	if (gap < GAP_LEAST_MS || gap > GAP_MOST_MS)
		return;
	habits->gap_ms = habits->gap_ms > 0 ? habits->gap_ms + GAP_WEIGHT * ((double)gap - habits->gap_ms) : (double)gap;
}

int64_t habits_gap_ms(const struct habits *habits)
{
	return (int64_t)habits->gap_ms;
}

struct habit *habits_of(struct habits *habits, const char *uri)
{
	size_t oldest = 0;
	struct habit *habit;

	for (size_t i = 0; i < LIMIT_HABITS; i++) {
		if (habits->used[i] && !strcmp(habits->slots[i].uri, uri)) {
			habits->used[i] = ++habits->use_count;
			return &habits->slots[i];
		}
		if (habits->used[i] < habits->used[oldest])
			oldest = i;
	}
	habit = &habits->slots[oldest];
	if (habits->used[oldest])
		habit_release(habit);
	*habit = (struct habit){ .uri = xstrdup(uri) };
	strbuf_init(&habit->offered, LIMIT_COMPLETION_TEXT);
	habits->used[oldest] = ++habits->use_count;
	return habit;
}

struct habit *habits_latest(struct habits *habits)
{
	size_t latest = 0;

	for (size_t i = 1; i < LIMIT_HABITS; i++)
		if (habits->used[i] > habits->used[latest])
			latest = i;
	return habits->used[latest] ? &habits->slots[latest] : NULL;
}

void habit_offer(struct habit *habit, size_t offset, const char *text, size_t len)
{
	habit->offset = offset;
	strbuf_reset(&habit->offered);
	strbuf_add(&habit->offered, text, len);
}

static size_t common_prefix(const char *a, const char *b, size_t len)
{
	size_t n = 0;

	while (n < len && a[n] == b[n])
		n++;
	return n;
}

void habit_observe(struct habit *habit, size_t offset, const char *before, size_t before_len)
{
	size_t typed = offset - habit->offset;
	size_t compared = typed < habit->offered.len ? typed : habit->offered.len;
	size_t followed;

	if (!habit->offered.len || offset == habit->offset)
		return;
	/* The cursor went back, or far away: that says nothing. */
	if (offset < habit->offset || typed > before_len) {
		strbuf_reset(&habit->offered);
		return;
	}
	followed = common_prefix(before + before_len - typed, habit->offered.data, compared);
	if (followed < compared)
		habit->strayed_at = habit->offset + followed;
	if (followed < compared && followed < FOLLOWED && 2 * followed < habit->offered.len)
		habit_rejected(habit);
	else if (followed < compared || typed >= habit->offered.len)
		habit_accepted(habit);
}

size_t habit_remaining(const struct habit *habit, size_t offset, const char *text, size_t len)
{
	size_t typed = offset - habit->offset;
	size_t left;

	if (offset < habit->offset || typed >= habit->offered.len)
		return 0;
	left = habit->offered.len - typed;
	return left <= len && !memcmp(text, habit->offered.data + typed, left) ? left : 0;
}

bool habit_is_astray(const struct habit *habit, size_t offset, const char *before, size_t before_len)
{
	size_t since = offset - habit->strayed_at;

	if (!habit->strayed_at || offset <= habit->strayed_at || since > before_len || since > ASTRAY_MOST)
		return false;
	for (size_t i = before_len - since; i < before_len; i++)
		if (strchr(" \t\r\n", before[i]))
			return false;
	return true;
}

void habit_accepted(struct habit *habit)
{
	habit->rejected = 0;
	strbuf_reset(&habit->offered);
}

void habit_rejected(struct habit *habit)
{
	habit->rejected++;
	strbuf_reset(&habit->offered);
}

void habit_asked(struct habit *habit, size_t line)
{
	habit->asked = habit_asked_on(habit, line) + 1;
	habit->line = line;
}

unsigned habit_asked_on(const struct habit *habit, size_t line)
{
	return line == habit->line ? habit->asked : 0;
}
