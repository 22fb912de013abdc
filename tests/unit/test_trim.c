/*
 * What of a conversation is left out: cases drawn as strings, and properties that hold for any conversation.
 *
 * In the drawings a letter is an item: S system, u a user's message, a an answer, x an attachment, Q the question; each
 * has ten tokens, with a digit behind it that many hundred.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "eke/base/attrs.h"
#include "eke/chat/trim.h"

#define ITEMS_MAX 64

static size_t draw(const char *drawing, struct trim_item *items)
{
	size_t n = 0;

	for (; *drawing; drawing++) {
		struct trim_item *item = &items[n++];

		*item = (struct trim_item){ .class = *drawing == 'S' ? TRIM_SYSTEM :
						     *drawing == 'Q' ? TRIM_QUESTION :
						     *drawing == 'x' ? TRIM_ATTACHMENT : TRIM_HISTORY,
					    .from_model = *drawing == 'a',
					    .tokens = 10 };
		if (drawing[1] >= '0' && drawing[1] <= '9')
			item->tokens = (size_t)(*++drawing - '0') * 100;
	}
	return n;
}

static void test_drawings(void **state)
{
	static const struct {
		const char *drawing;
		size_t max;
		const char *kept; /* a letter each, '-' for what is left out */
		struct trim_cut cut;
	} cases[] = {
		{ "Q", 10, "Q", { 0, 0, 0, 0 } },
		{ "SQ", 20, "SQ", { 0, 0, 0, 0 } },
		{ "SuauaQ", 60, "SuauaQ", { 0, 0, 0, 0 } },
		{ "SuauaQ", 59, "S--uaQ", { 2, 20, 0, 0 } },
		{ "SuauaQ", 40, "S--uaQ", { 2, 20, 0, 0 } },
		{ "SuauaQ", 39, "S----Q", { 4, 40, 0, 0 } },
		{ "SuauaQ", 20, "S----Q", { 4, 40, 0, 0 } },
		/* A turn is whole, and none older than one that is gone stays. */
		{ "ua5uaQ", 60, "--uaQ", { 2, 510, 0, 0 } },
		{ "uau5aQ", 60, "----Q", { 4, 530, 0, 0 } },
		/* Several messages to a turn; a greeting is one of its own. */
		{ "auuaauaQ", 70, "-uuaauaQ", { 1, 10, 0, 0 } },
		{ "auuaauaQ", 69, "-----uaQ", { 5, 50, 0, 0 } },
		{ "uauuQ", 30, "--uuQ", { 2, 20, 0, 0 } },
		{ "uauuQ", 29, "----Q", { 4, 40, 0, 0 } },
		/* System messages anywhere. */
		{ "uSauaSQ", 50, "-S-uaSQ", { 2, 20, 0, 0 } },
		{ "uSauaSQ", 30, "-S---SQ", { 4, 40, 0, 0 } },
		/* Attachments go with their turn; the question's own after all history, the last first. */
		{ "xuaxxQ", 60, "xuaxxQ", { 0, 0, 0, 0 } },
		{ "xuaxxQ", 59, "---xxQ", { 2, 20, 1, 10 } },
		{ "xuaxxQ", 29, "---x-Q", { 2, 20, 2, 20 } },
		{ "xuaxxQ", 10, "-----Q", { 2, 20, 3, 30 } },
		{ "x5xQ", 20, "--Q", { 0, 0, 2, 510 } },
		{ "xx5Q", 20, "x-Q", { 0, 0, 1, 500 } },
		/* An answer that is to be continued stands behind the question. */
		{ "uaQQ", 20, "--QQ", { 2, 20, 0, 0 } },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct trim_item items[ITEMS_MAX];
		size_t n = draw(cases[i].drawing, items);
		char kept[ITEMS_MAX + 1] = "";
		bool keep[ITEMS_MAX];
		struct trim_cut cut;
		size_t at = 0;

		trim_choose(items, n, cases[i].max, keep, &cut);
		for (const char *p = cases[i].drawing; *p; p++)
			if (*p < '0' || *p > '9') {
				kept[at] = keep[at] ? *p : '-';
				at++;
			}
		if (strcmp(kept, cases[i].kept))
			fail_msg("%s in %zu: %s", cases[i].drawing, cases[i].max, kept);
		assert_memory_equal(&cut, &cases[i].cut, sizeof(cut));
	}
}

static uint64_t seed = 42;

static size_t below(size_t n)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return (size_t)(seed % n);
}

/* Any items that end in a question, and perhaps more behind it. */
static size_t any_items(struct trim_item *items)
{
	size_t n = 1 + below(ITEMS_MAX);
	size_t question = n - 1 - below(n < 3 ? n : 3);

	for (size_t i = 0; i < n; i++) {
		static const enum trim_class before[] = { TRIM_SYSTEM, TRIM_HISTORY, TRIM_HISTORY, TRIM_HISTORY,
							  TRIM_ATTACHMENT };

		items[i].class = i >= question ? TRIM_QUESTION : before[below(ARRAY_LEN(before))];
		items[i].from_model = items[i].class == TRIM_HISTORY && below(2);
		items[i].tokens = below(4) ? below(50) : below(3000);
	}
	return n;
}

static size_t sum(const struct trim_item *items, size_t count, const bool *keep)
{
	size_t tokens = 0;

	for (size_t i = 0; i < count; i++)
		tokens += keep[i] ? items[i].tokens : 0;
	return tokens;
}

static void check_properties(const struct trim_item *items, size_t n, size_t max)
{
	bool keep[ITEMS_MAX];
	bool looser[ITEMS_MAX];
	struct trim_cut cut;
	struct trim_cut looser_cut;
	size_t cut_tokens;
	bool history_kept = false;

	trim_choose(items, n, max, keep, &cut);
	cut_tokens = cut.message_tokens + cut.attachment_tokens;
	assert_true(sum(items, n, keep) <= max);
	for (size_t i = 0; i < n; i++) {
		bool dropped_history = items[i].class == TRIM_HISTORY && !keep[i];

		/* What must stay stays. */
		assert_true(keep[i] || (items[i].class != TRIM_SYSTEM && items[i].class != TRIM_QUESTION));
		/* Of the history, a newest part stays. */
		assert_false(history_kept && dropped_history);
		history_kept = history_kept || (items[i].class == TRIM_HISTORY && keep[i]);
	}
	/* The numbers are those of what is gone. */
	for (size_t i = 0; i < n; i++)
		if (!keep[i]) {
			cut_tokens -= items[i].tokens;
			if (items[i].class == TRIM_ATTACHMENT)
				cut.attachments--;
			else
				cut.messages--;
		}
	assert_int_equal(cut_tokens, 0);
	assert_int_equal(cut.messages, 0);
	assert_int_equal(cut.attachments, 0);
	/* More room never means that something else goes. */
	trim_choose(items, n, max + 1 + below(500), looser, &looser_cut);
	for (size_t i = 0; i < n; i++)
		assert_true(looser[i] || !keep[i]);
}

static void test_properties(void **state)
{
	(void)state;
	for (int round = 0; round < 20000; round++) {
		struct trim_item items[ITEMS_MAX];
		size_t n = any_items(items);
		size_t least = trim_least(items, n);
		bool all[ITEMS_MAX];
		size_t total;

		memset(all, true, sizeof(all));
		total = sum(items, n, all);
		check_properties(items, n, least);
		check_properties(items, n, least + below(total - least + 1));
		check_properties(items, n, total + below(100));
	}
}

static void test_words(void **state)
{
	static const struct {
		struct trim_cut cut;
		const char *lines[TRIM_LINES];
	} cases[] = {
		{ { 0, 0, 0, 0 }, { NULL, NULL } },
		{ { 2, 1800, 0, 0 }, { "2 messages from the beginning of the conversation (about 1800 tokens)", NULL } },
		{ { 1, 9, 1, 12 }, { "1 message from the beginning of the conversation (about 9 tokens)",
				      "1 attachment (about 12 tokens)" } },
		{ { 0, 0, 3, 4000 }, { "3 attachments (about 4000 tokens)", NULL } },
	};
	const struct trim_cut most = { SIZE_MAX, SIZE_MAX, SIZE_MAX, SIZE_MAX };
	char lines[TRIM_LINES][TRIM_LINE_SIZE];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		size_t n = trim_describe(&cases[i].cut, lines);

		assert_int_equal(n, (cases[i].lines[0] != NULL) + (cases[i].lines[1] != NULL));
		for (size_t line = 0; line < n; line++)
			assert_string_equal(lines[line], cases[i].lines[line]);
	}
	assert_int_equal(trim_describe(&most, lines), 2);
	assert_non_null(strstr(lines[0], "tokens)"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_drawings),
		cmocka_unit_test(test_properties),
		cmocka_unit_test(test_words),
	};

	return cmocka_run_group_tests_name("trim", tests, NULL, NULL);
}
