#ifndef EKE_OFFLINE_WORDS_H
#define EKE_OFFLINE_WORDS_H
/*
 * The words of all lines that the offline engine knows, each once, with a number, and counted; and how a line is cut
 * into tokens. A token is a word (letters, digits, _, everything beyond ASCII), a run of blanks, or a punctuation
 * character; one blank before a word or punctuation belongs to it, as TOKEN_SPACED. So tokens say all of a line, and a
 * space costs nothing.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define WORD_NONE 0u /* no word has this number */
#define TOKEN_SPACED 0x80000000u

#define WORD_MAX 96        /* bytes; lines with longer ones are opaque */
#define LINE_TOKENS_MAX 200 /* likewise */

enum token_kind { TOKEN_WORD, TOKEN_BLANKS, TOKEN_PUNCTUATION };

struct token {
	size_t start; /* of its blank, if it has one */
	size_t text;  /* behind that blank */
	size_t end;
	bool spaced;
	enum token_kind kind;
	bool open_ended; /* more characters could belong to it if the line went on */
};

/* The token at s[*at], *at < len; moves *at behind it. */
void token_next(const char *s, size_t len, size_t *at, struct token *token);
bool token_is_word(char c);

struct offline_word {
	char *text; /* owned */
	/* The lines that have it (lines.h), the latest added last. */
	union {
		uint32_t few[2];
		uint32_t *many; /* owned */
	};
	uint32_t list_len;
	uint32_t list_cap; /* 0: in few */
	uint32_t hash;
	uint32_t next; /* in its bucket, or in the list of free numbers */
	uint32_t refs;
	/* For one call: if stamp is the present one, the word is used `uses` times near the cursor, `near` lines away. */
	uint32_t stamp;
	uint16_t uses;
	uint16_t near;
	uint16_t len; /* 0: the number is free */
	uint8_t kind;
};

struct offline_words {
	struct offline_word *words; /* owned; from 1 on */
	uint32_t *heads;            /* owned; the first four bytes of each, for finding beginnings; 0: no word */
	uint32_t *buckets;          /* owned */
	uint32_t count;             /* numbers in use or free, 0 included */
	uint32_t cap;
	uint32_t bucket_count; /* a power of two */
	uint32_t free;
	uint32_t live;
	size_t text_bytes;
	size_t list_bytes; /* of lists that are not in few */
	size_t entries;    /* of all lists */
};

void offline_words_init(struct offline_words *words);
void offline_words_release(struct offline_words *words);
/* WORD_NONE if it is not known. */
uint32_t offline_words_find(const struct offline_words *words, const char *s, size_t len);
/* With one reference more; a word not longer than WORD_MAX. */
uint32_t offline_words_add(struct offline_words *words, const char *s, size_t len, enum token_kind kind);
void offline_words_unref(struct offline_words *words, uint32_t word);

const uint32_t *offline_word_list(const struct offline_word *word);
void offline_words_list_add(struct offline_words *words, uint32_t word, uint32_t entry);
/* One that is there. */
void offline_words_list_remove(struct offline_words *words, uint32_t word, uint32_t entry);
/* The first bytes of a word as `heads` has them, and which of their bits count. */
uint32_t offline_head(const char *s, size_t len, uint32_t *mask);

static inline uint32_t token_word(uint32_t token)
{
	return token & ~TOKEN_SPACED;
}

/* FNV-1a. */
static inline uint32_t offline_hash(const void *data, size_t len)
{
	const unsigned char *p = data;
	uint32_t hash = 0x811C9DC5u;

	for (size_t i = 0; i < len; i++)
		hash = (hash ^ p[i]) * 0x01000193u;
	return hash;
}

/* Spreads bits, for keys made of numbers. */
static inline uint32_t offline_mix(uint32_t a, uint32_t b)
{
	uint64_t x = ((uint64_t)a << 32 | b) * UINT64_C(0x9E3779B97F4A7C15);

	x ^= x >> 29;
	x *= UINT64_C(0xBF58476D1CE4E5B9);
	return (uint32_t)(x >> 32);
}

#endif
