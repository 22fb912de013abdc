/*
 * Where did this stand before? Two ways to find out. The line above, as a whole, in all documents: a scan of their
 * lists of numbers, which costs 0.1 ms for 10 MB of text and needs no index. And the last words of the cursor's line,
 * in all lines that have them: the index has those. Where the cursor is in a word, the words of the document near it
 * come third, those of other documents last. Nothing lives longer than a call.
 */
#include "match.h"

#include <string.h>

#define PAIR_VISITS 400 /* entries of the index that are looked at, the latest ones */
#define WORD_VISITS 400
#define ABOVE_HITS 256 /* places of the line above that are looked at */
/* With this many candidates from a longer context the shorter one is not asked. */
#define ENOUGH 48
#define NEAR_LINES 1500 /* lines around the cursor whose words are candidates by themselves */
#define FAR_PARTIAL_MIN 2
#define FAR_WORDS 32

uint32_t offline_candidate_next(const struct offline *offline, const struct offline_candidate *candidate)
{
	const struct offline_line *line = offline_line(&offline->lines, candidate->line);

	if (!line)
		return candidate->done ? TOKEN_STOP : candidate->at;
	return candidate->at < line->count ? line->tokens[candidate->at] : TOKEN_EOL;
}

/* True if the token begins with what is typed of it. */
static bool token_begins(const struct offline *offline, uint32_t token, const char *partial, size_t len)
{
	const struct offline_word *word;

	if (token >= TOKEN_STOP)
		return !len;
	if (len && (token & TOKEN_SPACED)) {
		if (*partial != ' ')
			return false;
		partial++;
		len--;
	}
	word = offline_token_word(offline, token);
	return len <= word->len && !memcmp(word->text, partial, len);
}

/* False: it was there already. */
static bool note(struct offline_pool *pool, uint32_t line, uint32_t at)
{
	uint32_t key = (line << 8 | at) + 1;
	uint32_t mask = 4 * CANDIDATES_MAX - 1;
	uint32_t i = offline_mix(line, at) & mask;

	for (; pool->seen[i]; i = (i + 1) & mask) {
		if (pool->seen[i] == key)
			return false;
	}
	pool->seen[i] = key;
	return true;
}

static void add(
	const struct offline_context *context, struct offline_pool *pool, const struct offline_candidate *candidate)
{
	struct offline_candidate *c;
	uint32_t next = offline_candidate_next(context->offline, candidate);

	if (pool->count == CANDIDATES_MAX || !token_begins(context->offline, next, context->partial, context->partial_len))
		return;
	c = &pool->list[pool->count++];
	*c = *candidate;
}

/* --- by the lines above --- */

/* How many lines above `at` agree with those above the cursor, itself the first. */
static uint32_t agreeing_above(const struct offline_context *context, const struct offline_doc *doc, size_t at)
{
	uint32_t n = 0;

	for (size_t i = at + 1; i > 0 && n < context->above_count; i--) {
		if (doc->lines[i - 1] == LINE_BLANK)
			continue;
		/* Opaque lines may be anything. */
		if (doc->lines[i - 1] != context->above[n] || doc->lines[i - 1] == LINE_OPAQUE)
			break;
		n++;
	}
	return n;
}

static bool head_agrees(const struct offline_context *context, const struct offline_line *line)
{
	return line->count >= context->head.count &&
		!memcmp(line->tokens, context->head.tokens, context->head.count * sizeof(line->tokens[0]));
}

static unsigned columns(struct offline_blanks blanks, unsigned tab)
{
	return blanks.tabs * tab + blanks.spaces;
}

/* What the line would be indented with here if it is so much deeper than the one above as there. */
static struct offline_blanks indent_like(const struct offline_context *context, struct offline_doc *doc,
	struct offline_blanks above, struct offline_blanks line)
{
	struct offline_style from = offline_doc_style(doc);
	struct offline_style to = context->style;
	int delta = (int)columns(line, from.unit) - (int)columns(above, from.unit);
	int levels = delta / (int)from.unit;
	int rest = delta % (int)from.unit;
	int tabs = context->above_blanks.tabs + (to.tabs ? levels : 0);
	int spaces = context->above_blanks.spaces + rest + (to.tabs ? 0 : levels * (int)to.unit);

	return (struct offline_blanks){ (uint8_t)(tabs < 0 ? 0 : tabs > UINT8_MAX ? UINT8_MAX : tabs),
					(uint8_t)(spaces < 0 ? 0 : spaces > UINT8_MAX ? UINT8_MAX : spaces) };
}

/* True if what is typed of the indentation is its beginning. */
static bool blanks_begin(struct offline_blanks typed, struct offline_blanks whole)
{
	if (typed.spaces)
		return typed.tabs == whole.tabs && typed.spaces <= whole.spaces;
	return typed.tabs <= whole.tabs;
}

/* The line above stands at `at`. */
static void add_below(
	const struct offline_context *context, struct offline_pool *pool, struct offline_doc *doc, size_t at)
{
	size_t below = at + 1;
	const struct offline_line *line;
	struct offline_candidate c = { .at = (uint32_t)context->head.count,
		.tokens = (uint32_t)context->head.count,
		.whole = true,
		.same_doc = doc == context->doc,
		.same_language = doc->syntax == context->syntax };

	while (below < doc->count && doc->lines[below] == LINE_BLANK)
		below++;
	if (below == doc->count || (doc == context->doc && below == context->line))
		return;
	line = offline_line(&context->offline->lines, doc->lines[below]);
	/* Blank lines are no text, but whether there are any is structure. */
	if (!line || !head_agrees(context, line) || (below > at + 1) != (context->gap > 0))
		return;
	c.line = doc->lines[below];
	c.above = agreeing_above(context, doc, at);
	if (!context->head.count && !context->partial_len) {
		c.blanks = indent_like(context, doc, doc->slots[at].blanks, doc->slots[below].blanks);
		if (!blanks_begin(context->blanks, c.blanks))
			return;
	}
	note(pool, c.line, c.at);
	add(context, pool, &c);
}

static void match_above(const struct offline_context *context, struct offline_pool *pool)
{
	const struct offline *offline = context->offline;
	size_t hits = 0;

	if (!context->above_count || !offline_line(&offline->lines, context->above[0]))
		return;
	for (size_t d = 0; d < offline->count && hits < ABOVE_HITS; d++) {
		struct offline_doc *doc = offline->docs[d];
		const uint32_t *lines = doc->lines;
		uint32_t wanted = context->above[0];

		for (size_t i = 0; i < doc->count && hits < ABOVE_HITS; i++) {
			if (lines[i] != wanted)
				continue;
			hits++;
			add_below(context, pool, doc, i);
		}
	}
}

/* --- by the words before the cursor --- */

/* Line `number` has the word of head.tokens[word], perhaps more than once. */
static void add_line(const struct offline_context *context, struct offline_pool *pool, uint32_t number, size_t word)
{
	const struct offline_line *line = offline_line(&context->offline->lines, number);
	const uint32_t *head = context->head.tokens;
	size_t count = context->head.count;
	const struct offline_doc *last = offline_line_doc(context->offline, line);
	struct offline_candidate c = { .line = number,
		.same_doc = context->doc && last == context->doc,
		.same_language = last && last->syntax == context->syntax };

	/* From the end of what must agree back to the word. */
	for (uint32_t at = (uint32_t)(count - word); at <= line->count; at++) {
		uint32_t n = 0;

		while (n < at && n < count && line->tokens[at - 1 - n] == head[count - 1 - n])
			n++;
		if (n < count - word || !note(pool, number, at))
			continue;
		c.at = at;
		c.tokens = n;
		c.whole = n == at && n == count;
		add(context, pool, &c);
	}
}

/* Visits the lines of a word, the latest first; those with `previous` before it only, unless that is LINE_NONE. */
static void visit(
	const struct offline_context *context, struct offline_pool *pool, uint32_t previous, size_t word, uint32_t visits)
{
	const struct offline_word *w = offline_token_word(context->offline, context->head.tokens[word]);
	const uint32_t *entries = offline_word_list(w);
	uint32_t wanted = entry_previous(previous);

	for (uint32_t i = w->list_len; i > 0 && visits; i--) {
		if (previous != LINE_NONE && (entries[i - 1] & 0xFF) != wanted)
			continue;
		visits--;
		add_line(context, pool, entry_line(entries[i - 1]), word);
	}
}

static bool is_word(const struct offline_context *context, size_t i)
{
	uint32_t token = context->head.tokens[i];

	return token_word(token) != WORD_NONE && offline_token_word(context->offline, token)->kind == TOKEN_WORD;
}

static void match_words(const struct offline_context *context, struct offline_pool *pool)
{
	size_t last = context->head.count;
	size_t previous;

	while (last && !is_word(context, last - 1)) {
		if (token_word(context->head.tokens[last - 1]) == WORD_NONE)
			return;
		last--;
	}
	if (!last) {
		if (context->head.count)
			visit(context, pool, LINE_START, 0, PAIR_VISITS);
		return;
	}
	for (previous = last - 1; previous && !is_word(context, previous - 1); previous--) {
		if (token_word(context->head.tokens[previous - 1]) == WORD_NONE)
			break;
	}
	if (!previous)
		visit(context, pool, LINE_START, last - 1, PAIR_VISITS);
	else if (is_word(context, previous - 1))
		visit(context, pool, token_word(context->head.tokens[previous - 1]), last - 1, PAIR_VISITS);
	if (pool->count < ENOUGH)
		visit(context, pool, LINE_NONE, last - 1, WORD_VISITS);
}

/* --- words by themselves --- */

static bool begins_word(const struct offline_context *context, const struct offline_word *word)
{
	bool spaced = context->partial_len && context->partial[0] == ' ';
	size_t typed = context->partial_len - spaced;

	return word->kind == TOKEN_WORD && word->len >= typed && !memcmp(word->text, context->partial + spaced, typed);
}

static void add_word(const struct offline_context *context, struct offline_pool *pool, uint32_t word)
{
	bool spaced = context->partial_len && context->partial[0] == ' ';
	struct offline_candidate c = { .line = LINE_NONE, .at = word | (spaced ? TOKEN_SPACED : 0), .same_language = true };

	add(context, pool, &c);
}

static void mark_line(
	const struct offline_context *context, struct offline_pool *pool, size_t at, size_t distance, bool typed)
{
	struct offline *offline = context->offline;
	const struct offline_line *line = offline_line(&offline->lines, context->doc->lines[at]);

	for (uint32_t i = 0; line && i < line->count; i++) {
		struct offline_word *word = offline_token_word(offline, line->tokens[i]);

		if (word->stamp == offline->stamp) {
			word->uses += word->uses < UINT16_MAX;
			continue;
		}
		word->stamp = offline->stamp;
		word->uses = 1;
		word->near = (uint16_t)distance;
		if (typed && begins_word(context, word))
			add_word(context, pool, token_word(line->tokens[i]));
	}
}

/* Marks the words of the document's lines, from the cursor outward; those that go on as typed become candidates. */
static void match_near(const struct offline_context *context, struct offline_pool *pool, bool typed)
{
	const struct offline_doc *doc = context->doc;

	for (size_t d = 1; d < NEAR_LINES && (d <= context->line || context->line + d < doc->count); d++) {
		if (d <= context->line && context->line - d < doc->count)
			mark_line(context, pool, context->line - d, d, typed);
		if (context->line + d < doc->count)
			mark_line(context, pool, context->line + d, d, typed);
	}
}

static bool is_of_language(const struct offline_context *context, const struct offline_word *word)
{
	const struct offline_line *line;
	const struct offline_doc *doc;

	if (!word->list_len)
		return false;
	line = offline_line(&context->offline->lines, entry_line(offline_word_list(word)[word->list_len - 1]));
	doc = offline_line_doc(context->offline, line);
	return doc && doc->syntax == context->syntax;
}

/* Words that are not near, but in other documents: the most frequent ones that go on as typed. */
static void match_far(const struct offline_context *context, struct offline_pool *pool)
{
	const struct offline_words *words = &context->offline->lines.words;
	bool spaced = context->partial[0] == ' ';
	uint32_t mask;
	uint32_t head = offline_head(context->partial + spaced, context->partial_len - spaced, &mask);
	uint32_t best[FAR_WORDS];
	size_t count = 0;

	for (uint32_t i = 1; i < words->count; i++) {
		const struct offline_word *word = &words->words[i];
		size_t at;

		if ((words->heads[i] & mask) != head || word->stamp == context->offline->stamp || !begins_word(context, word) ||
			(count == FAR_WORDS && word->refs <= words->words[best[count - 1]].refs) || !is_of_language(context, word))
			continue;
		at = count < FAR_WORDS ? count++ : count - 1;
		for (; at && words->words[best[at - 1]].refs < word->refs; at--)
			best[at] = best[at - 1];
		best[at] = i;
	}
	for (size_t i = 0; i < count; i++)
		add_word(context, pool, best[i]);
}

void offline_match(const struct offline_context *context, struct offline_pool *pool)
{
	size_t typed = context->partial_len - (context->partial_len && context->partial[0] == ' ');
	bool in_word = typed && token_is_word(context->partial[context->partial_len - 1]);

	pool->count = 0;
	memset(pool->seen, 0, sizeof(pool->seen));
	match_above(context, pool);
	match_words(context, pool);
	context->offline->stamp++;
	if (context->doc)
		match_near(context, pool, in_word);
	if (in_word && typed >= FAR_PARTIAL_MIN)
		match_far(context, pool);
}
