/*
 * A line that stands in a hundred places is kept and indexed once; a document is a list of such numbers. struct
 * offline_lines owns the lines and the words; a line lives as long as a document has it. Lists of the index are arrays
 * and not chains: they are read from the end, where the latest entries are, and an entry that goes is found by a scan
 * of memory that lies together.
 */
#include "lines.h"

#include <stdlib.h>
#include <string.h>

#include "eke/base/mem.h"

#define BUCKETS_MIN 1024
#define FIRST_LINE 2

void offline_lines_init(struct offline_lines *lines)
{
	*lines = (struct offline_lines){
		.count = FIRST_LINE, .cap = BUCKETS_MIN, .bucket_count = BUCKETS_MIN
	};
	offline_words_init(&lines->words);
	lines->lines = xcalloc(lines->cap, sizeof(lines->lines[0]));
	lines->buckets = xcalloc(lines->bucket_count, sizeof(lines->buckets[0]));
}

void offline_lines_release(struct offline_lines *lines)
{
	for (uint32_t i = 0; i < lines->count; i++)
		free(lines->lines[i]);
	free(lines->lines);
	free(lines->buckets);
	free(lines->free);
	offline_words_release(&lines->words);
}

const char *offline_strip(const char *s, size_t *len, struct offline_blanks *blanks)
{
	size_t n = *len;
	unsigned tabs = 0;
	unsigned spaces = 0;

	while (n && (s[n - 1] == ' ' || s[n - 1] == '\t'))
		n--;
	for (; n && (*s == ' ' || *s == '\t'); s++, n--) {
		tabs += *s == '\t';
		spaces += *s == ' ';
	}
	blanks->tabs = (uint8_t)(tabs < UINT8_MAX ? tabs : UINT8_MAX);
	blanks->spaces = (uint8_t)(spaces < UINT8_MAX ? spaces : UINT8_MAX);
	*len = n;
	return s;
}

void offline_cut(const struct offline_lines *lines, const char *s, size_t len, struct offline_cut *cut)
{
	size_t at = 0;

	cut->count = 0;
	cut->opaque = len > LINE_BYTES_MAX;
	while (at < len && !cut->opaque) {
		struct token token;

		token_next(s, len, &at, &token);
		if (token.end - token.text > WORD_MAX || cut->count == LINE_TOKENS_MAX) {
			cut->opaque = true;
			return;
		}
		cut->tokens[cut->count++] = offline_words_find(&lines->words, s + token.text, token.end - token.text) |
					    (token.spaced ? TOKEN_SPACED : 0);
	}
}

uint32_t offline_lines_find(const struct offline_lines *lines, const uint32_t *tokens, size_t count)
{
	uint32_t hash = offline_hash(tokens, count * sizeof(tokens[0]));
	uint32_t i = count ? lines->buckets[hash & (lines->bucket_count - 1)] : LINE_BLANK;

	if (!count)
		return LINE_BLANK;
	while (i && (lines->lines[i]->hash != hash || lines->lines[i]->count != count ||
		     memcmp(lines->lines[i]->tokens, tokens, count * sizeof(tokens[0])) != 0))
		i = lines->lines[i]->next;
	return i ? i : LINE_NONE;
}

/* --- the index --- */

/* Adds the line to its lists, or takes it off. */
static void index_line(struct offline_lines *lines, uint32_t number,
		       void (*change)(struct offline_words *, uint32_t word, uint32_t entry))
{
	const struct offline_line *line = lines->lines[number];
	uint32_t previous = LINE_START;

	for (uint32_t i = 0; i < line->count; i++) {
		uint32_t word = token_word(line->tokens[i]);

		/* A line that begins with punctuation is found by that. */
		if (i && lines->words.words[word].kind != TOKEN_WORD)
			continue;
		change(&lines->words, word, number << 8 | entry_previous(previous));
		if (lines->words.words[word].kind == TOKEN_WORD)
			previous = word;
	}
}

/* --- lines --- */

static void grow_buckets(struct offline_lines *lines)
{
	free(lines->buckets);
	lines->bucket_count *= 2;
	lines->buckets = xcalloc(lines->bucket_count, sizeof(lines->buckets[0]));
	for (uint32_t i = FIRST_LINE; i < lines->count; i++) {
		uint32_t *bucket;

		if (!lines->lines[i])
			continue;
		bucket = &lines->buckets[lines->lines[i]->hash & (lines->bucket_count - 1)];
		lines->lines[i]->next = *bucket;
		*bucket = i;
	}
}

static uint32_t take_number(struct offline_lines *lines)
{
	if (lines->free_count)
		return lines->free[--lines->free_count];
	if (lines->count == lines->cap) {
		lines->cap += lines->cap / 2;
		lines->lines = xreallocarray(lines->lines, lines->cap, sizeof(lines->lines[0]));
	}
	return lines->count++;
}

static struct offline_line *make_line(struct offline_lines *lines, const char *s, size_t len, size_t count)
{
	struct offline_line *line = xmalloc(sizeof(*line) + count * sizeof(line->tokens[0]));
	size_t at = 0;

	line->count = 0;
	while (at < len) {
		struct token token;
		uint32_t word;

		token_next(s, len, &at, &token);
		word = offline_words_add(&lines->words, s + token.text, token.end - token.text, token.kind);
		line->tokens[line->count++] = word | (token.spaced ? TOKEN_SPACED : 0);
	}
	line->hash = offline_hash(line->tokens, line->count * sizeof(line->tokens[0]));
	lines->line_bytes += mem_size(line);
	return line;
}

uint32_t offline_lines_add(struct offline_lines *lines, const char *s, size_t len, uint32_t document)
{
	struct offline_cut cut;
	uint32_t number = LINE_NONE;
	uint32_t *bucket;

	if (!len)
		return LINE_BLANK;
	offline_cut(lines, s, len, &cut);
	if (cut.opaque)
		return LINE_OPAQUE;
	number = offline_lines_find(lines, cut.tokens, cut.count);
	if (number == LINE_NONE) {
		if (lines->live == LINES_MAX - FIRST_LINE)
			return LINE_OPAQUE;
		if (lines->live == lines->bucket_count)
			grow_buckets(lines);
		number = take_number(lines);
		lines->lines[number] = make_line(lines, s, len, cut.count);
		lines->lines[number]->refs = 0;
		bucket = &lines->buckets[lines->lines[number]->hash & (lines->bucket_count - 1)];
		lines->lines[number]->next = *bucket;
		*bucket = number;
		lines->live++;
		index_line(lines, number, offline_words_list_add);
	}
	lines->lines[number]->refs++;
	lines->lines[number]->last = (uint16_t)document;
	return number;
}

void offline_lines_unref(struct offline_lines *lines, uint32_t number)
{
	struct offline_line *line = number < FIRST_LINE ? NULL : lines->lines[number];
	uint32_t *link;

	if (!line || --line->refs)
		return;
	index_line(lines, number, offline_words_list_remove);
	link = &lines->buckets[line->hash & (lines->bucket_count - 1)];
	while (*link != number)
		link = &lines->lines[*link]->next;
	*link = line->next;
	for (uint32_t i = 0; i < line->count; i++)
		offline_words_unref(&lines->words, token_word(line->tokens[i]));
	lines->line_bytes -= mem_size(line);
	lines->live--;
	free(line);
	lines->lines[number] = NULL;
	if (lines->free_count == lines->free_cap) {
		lines->free_cap = lines->free_cap ? 2 * lines->free_cap : 64;
		lines->free = xreallocarray(lines->free, lines->free_cap, sizeof(lines->free[0]));
	}
	lines->free[lines->free_count++] = number;
}

size_t offline_lines_memory(const struct offline_lines *lines)
{
	const struct offline_words *words = &lines->words;

	/* What malloc adds to each block is 8 bytes; words are blocks of 24 at least. */
	return lines->line_bytes + lines->live * 8 + words->list_bytes + lines->cap * sizeof(lines->lines[0]) +
	       lines->bucket_count * sizeof(uint32_t) + lines->free_cap * sizeof(uint32_t) + words->text_bytes +
	       words->live * 16 + words->cap * (sizeof(words->words[0]) + sizeof(words->heads[0])) +
	       words->bucket_count * sizeof(uint32_t);
}

static size_t times_in_list(const struct offline_word *word, uint32_t entry)
{
	const uint32_t *entries = offline_word_list(word);
	size_t n = 0;

	for (uint32_t i = 0; i < word->list_len; i++)
		n += entries[i] == entry;
	return n;
}

bool offline_lines_are_sound(const struct offline_lines *lines)
{
	const struct offline_words *words = &lines->words;
	uint32_t *refs = xcalloc(words->count, sizeof(refs[0]));
	size_t entries = 0;
	bool sound = true;

	for (uint32_t i = FIRST_LINE; i < lines->count; i++) {
		const struct offline_line *line = lines->lines[i];
		uint32_t previous = LINE_START;

		if (!line)
			continue;
		sound = sound && offline_lines_find(lines, line->tokens, line->count) == i;
		for (uint32_t t = 0; t < line->count; t++) {
			uint32_t word = token_word(line->tokens[t]);
			bool is_word = words->words[word].kind == TOKEN_WORD;

			refs[word]++;
			if (t && !is_word)
				continue;
			sound = sound && times_in_list(&words->words[word], i << 8 | entry_previous(previous));
			entries++;
			if (is_word)
				previous = word;
		}
	}
	for (uint32_t i = 1; i < words->count; i++) {
		uint32_t mask;

		sound = sound && refs[i] == words->words[i].refs;
		sound = sound && words->heads[i] == offline_head(words->words[i].text, words->words[i].len, &mask);
	}
	free(refs);
	return sound && entries == words->entries;
}
