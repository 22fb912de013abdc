#ifndef EKE_OFFLINE_LINES_H
#define EKE_OFFLINE_LINES_H
/*
 * Every different line of all documents once: its tokens without indentation and without blanks at the end, counted by
 * how many places have it. And the index from words to the lines they stand in: each word has a list of entries, a line
 * and 8 bits of the word before it (LINE_START before the first), which find the places for a longer context among very
 * many without a look at the lines.
 *
 * Lines with more than LINE_BYTES_MAX, LINE_TOKENS_MAX or WORD_MAX are all the same opaque line: nobody types them.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "words.h"

#define LINE_BLANK 0u
#define LINE_OPAQUE 1u
#define LINE_NONE UINT32_MAX
#define LINE_BYTES_MAX 400
#define LINE_START WORD_NONE
#define LINES_MAX 0xFFFFFFu /* an entry of the index has 24 bits for the line */

struct offline_line {
	uint32_t hash;
	uint32_t next; /* in its bucket */
	uint32_t refs;
	uint16_t last; /* number of the document it was last added to */
	uint16_t count;
	uint32_t tokens[];
};

struct offline_lines {
	struct offline_words words;
	struct offline_line **lines; /* owned; LINE_BLANK and LINE_OPAQUE are NULL, as free numbers are */
	uint32_t *buckets;           /* owned; 0 ends a chain */
	uint32_t *free;              /* owned; free numbers */
	uint32_t count;
	uint32_t cap;
	uint32_t bucket_count;
	uint32_t free_count;
	uint32_t free_cap;
	uint32_t live;
	size_t line_bytes; /* of lines, their tables aside */
};

/* Indentation as it is written. */
struct offline_blanks {
	uint8_t tabs;
	uint8_t spaces; /* after the tabs; mixed otherwise, they are counted all the same */
};

/* A line cut up; for asking, its last token may be left over. */
struct offline_cut {
	uint32_t tokens[LINE_TOKENS_MAX];
	size_t count;
	bool opaque;
};

void offline_lines_init(struct offline_lines *lines);
void offline_lines_release(struct offline_lines *lines);

/* Takes indentation and blanks at the end off; returns where the text begins. */
const char *offline_strip(const char *s, size_t *len, struct offline_blanks *blanks);
/* Tokens of a stripped line; words that are not known are WORD_NONE. */
void offline_cut(const struct offline_lines *lines, const char *s, size_t len, struct offline_cut *cut);
/* The line of these tokens, LINE_NONE if it is not known. */
uint32_t offline_lines_find(const struct offline_lines *lines, const uint32_t *tokens, size_t count);
/* A stripped line with one reference more, for the document of this number. */
uint32_t offline_lines_add(struct offline_lines *lines, const char *s, size_t len, uint32_t document);
void offline_lines_unref(struct offline_lines *lines, uint32_t line);
static inline uint32_t entry_line(uint32_t entry)
{
	return entry >> 8;
}

/* The word before, as entries have it. */
static inline uint32_t entry_previous(uint32_t previous)
{
	return offline_mix(previous, 1) & 0xFF;
}

/* NULL for LINE_BLANK, LINE_OPAQUE and LINE_NONE. */
static inline const struct offline_line *offline_line(const struct offline_lines *lines, uint32_t line)
{
	return line < lines->count ? lines->lines[line] : NULL;
}

size_t offline_lines_memory(const struct offline_lines *lines);
/* Rebuilds what the index should be and compares. For tests. */
bool offline_lines_are_sound(const struct offline_lines *lines);

#endif
