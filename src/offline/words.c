/*
 * Words become numbers so that lines can be kept, compared and hashed as short arrays. struct offline_words owns every
 * word's text; a word lives as long as a line refers to it, then its number is used again.
 */
#include "words.h"

#include <stdlib.h>
#include <string.h>

#include "eke/base/mem.h"

#define BUCKETS_MIN 1024
/* Marks repeated this often are one token: rulers of comments. Fewer are operators. */
#define RULER_MIN 4

bool token_is_word(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
	       (unsigned char)c >= 0x80;
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}

static bool is_bracket(char c)
{
	return c && strchr("()[]{}", c);
}

void token_next(const char *s, size_t len, size_t *at, struct token *token)
{
	size_t i = *at;
	size_t same = 1;

	*token = (struct token){ .start = i, .text = i };
	if (s[i] == ' ' && i + 1 < len && !is_blank(s[i + 1])) {
		token->spaced = true;
		token->text = ++i;
	}
	if (is_blank(s[i])) {
		while (i < len && is_blank(s[i]))
			i++;
		token->kind = TOKEN_BLANKS;
		token->open_ended = true;
	} else if (token_is_word(s[i])) {
		while (i < len && token_is_word(s[i]))
			i++;
		token->kind = TOKEN_WORD;
		token->open_ended = true;
	} else {
		while (!is_bracket(s[i]) && i + same < len && s[i + same] == s[i])
			same++;
		token->kind = TOKEN_PUNCTUATION;
		token->open_ended = same >= RULER_MIN;
		i += same >= RULER_MIN ? same : 1;
	}
	token->end = i;
	*at = i;
}

void offline_words_init(struct offline_words *words)
{
	*words = (struct offline_words){ .count = 1, .cap = BUCKETS_MIN, .bucket_count = BUCKETS_MIN };
	words->words = xcalloc(words->cap, sizeof(words->words[0]));
	words->heads = xcalloc(words->cap, sizeof(words->heads[0]));
	words->buckets = xcalloc(words->bucket_count, sizeof(words->buckets[0]));
}

void offline_words_release(struct offline_words *words)
{
	for (uint32_t i = 1; i < words->count; i++) {
		free(words->words[i].text);
		if (words->words[i].list_cap)
			free(words->words[i].many);
	}
	free(words->words);
	free(words->heads);
	free(words->buckets);
}

static uint32_t find(const struct offline_words *words, const char *s, size_t len, uint32_t hash)
{
	uint32_t i = words->buckets[hash & (words->bucket_count - 1)];

	while (i && (words->words[i].hash != hash || words->words[i].len != len ||
		     memcmp(words->words[i].text, s, len) != 0))
		i = words->words[i].next;
	return i;
}

uint32_t offline_words_find(const struct offline_words *words, const char *s, size_t len)
{
	return find(words, s, len, offline_hash(s, len));
}

static void grow_buckets(struct offline_words *words)
{
	free(words->buckets);
	words->bucket_count *= 2;
	words->buckets = xcalloc(words->bucket_count, sizeof(words->buckets[0]));
	for (uint32_t i = 1; i < words->count; i++) {
		uint32_t *bucket = &words->buckets[words->words[i].hash & (words->bucket_count - 1)];

		if (!words->words[i].len)
			continue;
		words->words[i].next = *bucket;
		*bucket = i;
	}
}

static uint32_t take_number(struct offline_words *words)
{
	uint32_t i = words->free;

	if (i) {
		words->free = words->words[i].next;
		return i;
	}
	if (words->count == words->cap) {
		words->cap += words->cap / 2;
		words->words = xreallocarray(words->words, words->cap, sizeof(words->words[0]));
		words->heads = xreallocarray(words->heads, words->cap, sizeof(words->heads[0]));
	}
	return words->count++;
}

uint32_t offline_words_add(struct offline_words *words, const char *s, size_t len, enum token_kind kind)
{
	uint32_t hash = offline_hash(s, len);
	uint32_t i = find(words, s, len, hash);
	uint32_t *bucket;
	uint32_t mask;

	if (i) {
		words->words[i].refs++;
		return i;
	}
	if (words->live == words->bucket_count)
		grow_buckets(words);
	i = take_number(words);
	bucket = &words->buckets[hash & (words->bucket_count - 1)];
	words->words[i] = (struct offline_word){
		.text = xstrndup(s, len), .hash = hash, .next = *bucket, .refs = 1, .len = (uint16_t)len, .kind = (uint8_t)kind
	};
	*bucket = i;
	words->heads[i] = offline_head(s, len, &mask);
	words->live++;
	words->text_bytes += len + 1;
	return i;
}

void offline_words_unref(struct offline_words *words, uint32_t word)
{
	struct offline_word *w = &words->words[word];
	uint32_t *link;

	if (--w->refs)
		return;
	for (link = &words->buckets[w->hash & (words->bucket_count - 1)]; *link != word; link = &words->words[*link].next)
		;
	*link = w->next;
	words->text_bytes -= (size_t)w->len + 1;
	words->live--;
	free(w->text);
	*w = (struct offline_word){ .next = words->free };
	words->heads[word] = 0;
	words->free = word;
}

uint32_t offline_head(const char *s, size_t len, uint32_t *mask)
{
	uint32_t head = 0;

	*mask = 0;
	for (size_t i = 0; i < 4 && i < len; i++) {
		head |= (uint32_t)(unsigned char)s[i] << (8 * i);
		*mask |= UINT32_C(0xFF) << (8 * i);
	}
	return head;
}

/* --- the lines that have a word --- */

static uint32_t *entries_of(struct offline_word *word)
{
	return word->list_cap ? word->many : word->few;
}

const uint32_t *offline_word_list(const struct offline_word *word)
{
	return word->list_cap ? word->many : word->few;
}

void offline_words_list_add(struct offline_words *words, uint32_t number, uint32_t entry)
{
	struct offline_word *word = &words->words[number];

	if (!word->list_cap && word->list_len == 2) {
		uint32_t *many = xcalloc(6, sizeof(many[0])); /* a block of malloc's smallest size */

		memcpy(many, word->few, sizeof(word->few));
		word->many = many;
		word->list_cap = 6;
		words->list_bytes += mem_size(many) + 8;
	} else if (word->list_cap && word->list_len == word->list_cap) {
		words->list_bytes -= mem_size(word->many);
		word->list_cap += word->list_cap < 16 ? 8 : word->list_cap / 4;
		word->many = xreallocarray(word->many, word->list_cap, sizeof(word->many[0]));
		words->list_bytes += mem_size(word->many);
	}
	entries_of(word)[word->list_len++] = entry;
	words->entries++;
}

void offline_words_list_remove(struct offline_words *words, uint32_t number, uint32_t entry)
{
	struct offline_word *word = &words->words[number];
	uint32_t *entries = entries_of(word);
	uint32_t i = word->list_len;

	/* What goes is mostly what came last. */
	while (i && entries[i - 1] != entry)
		i--;
	if (!i)
		return;
	memmove(entries + i - 1, entries + i, (word->list_len - i) * sizeof(entries[0]));
	word->list_len--;
	words->entries--;
	if (word->list_cap && word->list_len <= 2) {
		words->list_bytes -= mem_size(entries) + 8;
		word->list_cap = 0;
		memcpy(word->few, entries, sizeof(word->few));
		free(entries);
	}
}
