/*
 * Where did this stand before? Two ways to find out. The line above, as a whole, in all documents: a scan of their
 * lists of numbers, which costs 0.1 ms for 10 MB of text and needs no index. And the last words of the cursor's line,
 * in all lines that have them: the index has those. Where the cursor is in a word, the words of the document near it
 * come third. Nothing lives longer than a call.
 */
#include <string.h>

#include "offline_private.h"

#define PAIR_VISITS 400 /* entries of the index that are looked at, the latest ones */
#define WORD_VISITS 400
#define ABOVE_HITS 256 /* places of the line above that are looked at */
/* With this many candidates from a longer context the shorter one is not asked. */
#define ENOUGH 48
#define NEAR_LINES 4000 /* lines around the cursor whose words are candidates by themselves */
#define WORD_PARTIAL_MIN 2

uint32_t offline_candidate_next(const struct offline *offline, const struct offline_candidate *candidate)
{
	const struct offline_line *line = offline_line(&offline->lines, candidate->line);

	if (!line)
		return candidate->done ? TOKEN_STOP : candidate->at;
	return candidate->at < line->count ? line->tokens[candidate->at] : TOKEN_EOL;
}

bool offline_token_begins(const struct offline *offline, uint32_t token, const char *partial, size_t len)
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
	word = &offline->lines.words.words[token_word(token)];
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

static void add(const struct offline_place *place, struct offline_pool *pool, const struct offline_candidate *candidate)
{
	struct offline_candidate *c;
	uint32_t next = offline_candidate_next(place->offline, candidate);

	if (pool->count == CANDIDATES_MAX || !offline_token_begins(place->offline, next, place->partial, place->partial_len))
		return;
	c = &pool->list[pool->count++];
	*c = *candidate;
}

/* --- by the lines above --- */

/* How many lines above `at` agree with those above the cursor, itself the first. */
static uint32_t agreeing_above(const struct offline_place *place, const struct offline_doc *doc, size_t at)
{
	uint32_t n = 0;

	for (size_t i = at + 1; i > 0 && n < place->above_count; i--) {
		if (doc->lines[i - 1] == LINE_BLANK)
			continue;
		if (doc->lines[i - 1] != place->above[n])
			break;
		n++;
	}
	return n;
}

static bool head_agrees(const struct offline_place *place, const struct offline_line *line)
{
	return line->count >= place->head.count &&
	       !memcmp(line->tokens, place->head.tokens, place->head.count * sizeof(line->tokens[0]));
}

static unsigned columns(struct offline_blanks blanks, unsigned tab)
{
	return blanks.tabs * tab + blanks.spaces;
}

/* What the line would be indented with here if it is so much deeper than the one above as there. */
static struct offline_blanks indent_like(const struct offline_place *place, struct offline_doc *doc,
					 struct offline_blanks above, struct offline_blanks line)
{
	struct offline_style from = offline_doc_style(doc);
	struct offline_style to = place->style;
	int delta = (int)columns(line, from.unit) - (int)columns(above, from.unit);
	int levels = delta / (int)from.unit;
	int rest = delta % (int)from.unit;
	int tabs = place->above_blanks.tabs + (to.tabs ? levels : 0);
	int spaces = place->above_blanks.spaces + rest + (to.tabs ? 0 : levels * (int)to.unit);

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
static void add_below(const struct offline_place *place, struct offline_pool *pool, struct offline_doc *doc, size_t at)
{
	size_t below = at + 1;
	const struct offline_line *line;
	struct offline_candidate c = { .at = (uint32_t)place->head.count,
				       .tokens = (uint32_t)place->head.count,
				       .whole = true,
				       .same_doc = doc == place->doc,
				       .same_language = doc->syntax == place->syntax };

	while (below < doc->count && doc->lines[below] == LINE_BLANK)
		below++;
	if (below == doc->count || (doc == place->doc && below == place->line))
		return;
	line = offline_line(&place->offline->lines, doc->lines[below]);
	/* Blank lines are no text, but whether there are any is structure. */
	if (!line || !head_agrees(place, line) || (below > at + 1) != (place->gap > 0))
		return;
	c.line = doc->lines[below];
	c.above = agreeing_above(place, doc, at);
	if (!place->head.count && !place->partial_len) {
		c.blanks = indent_like(place, doc, doc->slots[at].blanks, doc->slots[below].blanks);
		if (!blanks_begin(place->blanks, c.blanks))
			return;
	}
	note(pool, c.line, c.at);
	add(place, pool, &c);
}

static void match_above(const struct offline_place *place, struct offline_pool *pool)
{
	const struct offline *offline = place->offline;
	size_t hits = 0;

	if (!place->above_count || !offline_line(&offline->lines, place->above[0]))
		return;
	for (size_t d = 0; d < offline->count && hits < ABOVE_HITS; d++) {
		struct offline_doc *doc = offline->docs[d];
		const uint32_t *lines = doc->lines;
		uint32_t wanted = place->above[0];

		for (size_t i = 0; i < doc->count && hits < ABOVE_HITS; i++) {
			if (lines[i] != wanted)
				continue;
			hits++;
			add_below(place, pool, doc, i);
		}
	}
}

/* --- by the words before the cursor --- */

/* `entry` is where the word at head.tokens[word] stands. */
static void add_entry(const struct offline_place *place, struct offline_pool *pool, uint32_t entry, size_t word)
{
	const struct offline_line *line = offline_line(&place->offline->lines, entry_line(entry));
	uint32_t at = (uint32_t)(entry_token(entry) + place->head.count - word);
	uint32_t tokens = 0;
	struct offline_candidate c = { .line = entry_line(entry), .at = at };
	uint32_t own = place->doc ? place->doc->number : UINT32_MAX;

	if (at > line->count)
		return;
	while (tokens < at && tokens < place->head.count &&
	       line->tokens[at - 1 - tokens] == place->head.tokens[place->head.count - 1 - tokens])
		tokens++;
	if (tokens < place->head.count - word || !note(pool, c.line, at))
		return;
	c.tokens = tokens;
	c.whole = tokens == at && tokens == place->head.count;
	c.same_doc = line->last == own;
	c.same_language = c.same_doc || (place->offline->by_number[line->last] &&
					 place->offline->by_number[line->last]->syntax == place->syntax);
	add(place, pool, &c);
}

static void visit(const struct offline_place *place, struct offline_pool *pool, uint32_t previous, size_t word,
		  uint32_t visits)
{
	uint32_t count;
	const uint32_t *entries = offline_lines_list(&place->offline->lines, previous,
						     token_word(place->head.tokens[word]), &count);

	for (uint32_t i = count; i > 0 && count - i < visits; i--)
		add_entry(place, pool, entries[i - 1], word);
}

static bool is_word(const struct offline_place *place, size_t i)
{
	uint32_t word = token_word(place->head.tokens[i]);

	return word != WORD_NONE && place->offline->lines.words.words[word].kind == TOKEN_WORD;
}

static void match_words(const struct offline_place *place, struct offline_pool *pool)
{
	size_t last = place->head.count;
	size_t previous;

	while (last && !is_word(place, last - 1)) {
		if (token_word(place->head.tokens[last - 1]) == WORD_NONE)
			return;
		last--;
	}
	if (!last) {
		if (place->head.count)
			visit(place, pool, LINE_START, 0, PAIR_VISITS);
		return;
	}
	for (previous = last - 1; previous && !is_word(place, previous - 1); previous--) {
		if (token_word(place->head.tokens[previous - 1]) == WORD_NONE)
			break;
	}
	if (!previous)
		visit(place, pool, LINE_START, last - 1, PAIR_VISITS);
	else if (is_word(place, previous - 1))
		visit(place, pool, token_word(place->head.tokens[previous - 1]), last - 1, PAIR_VISITS);
	if (pool->count < ENOUGH)
		visit(place, pool, LINE_NONE, last - 1, WORD_VISITS);
}

/* --- words by themselves --- */

static void add_word(const struct offline_place *place, struct offline_pool *pool, uint32_t token, size_t distance)
{
	struct offline *offline = place->offline;
	struct offline_word *word = &offline->lines.words.words[token_word(token)];
	bool spaced = place->partial[0] == ' ';
	struct offline_candidate c = { .line = LINE_NONE, .same_doc = true, .same_language = true };

	if (word->kind != TOKEN_WORD)
		return;
	if (word->mark == offline->mark) {
		word->count++;
		return;
	}
	if (word->len < place->partial_len - spaced ||
	    memcmp(word->text, place->partial + spaced, place->partial_len - spaced) != 0)
		return;
	word->mark = offline->mark;
	word->count = 1;
	c.at = token_word(token) | (spaced ? TOKEN_SPACED : 0);
	c.weight = (double)distance;
	add(place, pool, &c);
}

/* Words of the document's lines, from the cursor outward. Their distance goes into `weight`, their number is counted. */
static void match_near(const struct offline_place *place, struct offline_pool *pool)
{
	const struct offline_doc *doc = place->doc;
	size_t first = pool->count;

	place->offline->mark++;
	for (size_t d = 1; d < NEAR_LINES && (d <= place->line || place->line + d < doc->count); d++) {
		for (int side = 0; side < 2; side++) {
			size_t at = side ? place->line + d : place->line - d;
			const struct offline_line *line;

			if (at >= doc->count)
				continue;
			line = offline_line(&place->offline->lines, doc->lines[at]);
			for (uint32_t i = 0; line && i < line->count; i++)
				add_word(place, pool, line->tokens[i], d);
		}
	}
	for (size_t i = first; i < pool->count; i++)
		pool->list[i].tokens = place->offline->lines.words.words[token_word(pool->list[i].at)].count;
}

void offline_match(const struct offline_place *place, struct offline_pool *pool)
{
	size_t typed = place->partial_len - (place->partial_len && place->partial[0] == ' ');

	pool->count = 0;
	memset(pool->seen, 0, sizeof(pool->seen));
	match_above(place, pool);
	match_words(place, pool);
	if (place->doc && typed >= WORD_PARTIAL_MIN && token_is_word(place->partial[place->partial_len - 1]))
		match_near(place, pool);
}
