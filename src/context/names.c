/*
 * An open hash table of numbers into an array. The texts lie in blocks that never move.
 */
#include "eke/context/names.h"

#include <stdlib.h>
#include <string.h>

#include "eke/base/ascii.h"
#include "eke/base/hash.h"
#include "eke/base/limits.h"
#include "eke/base/mem.h"
#include "eke/code/words.h"

#define SLOTS_MIN 1024 /* a power of two */
#define BLOCK KIB(4)

struct block {
	struct block *next;
	size_t used;
	char text[BLOCK];
};

struct names {
	uint32_t *slots; /* of the number, 0: free */
	size_t slot_count;
	struct name *names; /* from number 1 on */
	uint32_t last;
	uint32_t room;
	struct block *blocks;
};

struct names *names_new(void)
{
	struct names *names = xcalloc(1, sizeof(*names));

	names->slot_count = SLOTS_MIN;
	names->slots = xcalloc(SLOTS_MIN, sizeof(*names->slots));
	return names;
}

void names_free(struct names *names)
{
	struct block *next;

	if (!names)
		return;
	for (struct block *b = names->blocks; b; b = next) {
		next = b->next;
		free(b);
	}
	free(names->slots);
	free(names->names);
	free(names);
}

uint32_t names_last(const struct names *names)
{
	return names->last;
}

const struct name *names_at(const struct names *names, uint32_t id)
{
	return &names->names[id - 1];
}

bool names_is_full(const struct names *names)
{
	return names->last == LIMIT_CONTEXT_NAMES;
}

static uint32_t hash_of(const char *text, size_t len)
{
	uint32_t h = hash_fnv32(HASH_FNV32, text, len);

	return h ^ h >> 15;
}

static void grow(struct names *names)
{
	size_t count = names->slot_count * 2;
	uint32_t *slots = xcalloc(count, sizeof(*slots));

	for (uint32_t id = 1; id <= names->last; id++) {
		const struct name *name = names_at(names, id);
		size_t at = hash_of(name->text, name->len) & (count - 1);

		while (slots[at])
			at = (at + 1) & (count - 1);
		slots[at] = id;
	}
	free(names->slots);
	names->slots = slots;
	names->slot_count = count;
}

static const char *keep_text(struct names *names, const char *text, size_t len)
{
	struct block *b = names->blocks;
	char *kept;

	if (!b || BLOCK - b->used < len) {
		b = xmalloc(sizeof(*b));
		b->used = 0;
		b->next = names->blocks;
		names->blocks = b;
	}
	kept = b->text + b->used;
	memcpy(kept, text, len);
	b->used += len;
	return kept;
}

static bool is_upper(char c)
{
	return c >= 'A' && c <= 'Z';
}

/* Where the word that begins at `at` ends: getHTTPName is get, HTTP, Name. */
static size_t part_end(const char *s, size_t len, size_t at)
{
	size_t end = at;

	while (end < len && is_upper(s[end]))
		end++;
	if (end > at + 1) {
		/* The last capital begins the next word, unless nothing small follows. */
		return end < len && s[end] >= 'a' && s[end] <= 'z' ? end - 1 : end;
	}
	while (end < len && s[end] != '_' && s[end] != '$' && !is_upper(s[end]))
		end++;
	return end;
}

static void split(struct name *name)
{
	size_t at = 0;

	while (at < name->len && name->part_count < NAME_PARTS) {
		size_t end;
		uint32_t h = HASH_FNV32;

		if (name->text[at] == '_' || name->text[at] == '$') {
			at++;
			continue;
		}
		end = part_end(name->text, name->len, at);
		for (size_t i = at; i < end; i++) {
			char c = is_upper(name->text[i]) ? (char)(name->text[i] | 0x20) : name->text[i];

			h = hash_fnv32(h, &c, 1);
		}
		if (end > at + 1)
			name->parts[name->part_count++] = (uint16_t)(h ^ h >> 16);
		at = end;
	}
}

uint32_t names_add(struct names *names, const char *text, size_t len)
{
	size_t at;
	struct name *name;

	if (len < NAME_LEN_MIN || len > NAME_LEN_MAX)
		return 0;
	at = hash_of(text, len) & (names->slot_count - 1);
	while (names->slots[at]) {
		const struct name *known = names_at(names, names->slots[at]);

		if (known->len == len && !memcmp(known->text, text, len))
			return names->slots[at];
		at = (at + 1) & (names->slot_count - 1);
	}
	if (names->last == LIMIT_CONTEXT_NAMES)
		return 0;
	if (names->last == names->room) {
		names->room = names->room ? 2 * names->room : 512;
		names->names = xreallocarray(names->names, names->room, sizeof(*names->names));
	}
	name = &names->names[names->last++];
	*name = (struct name){ .text = keep_text(names, text, len), .len = (uint8_t)len };
	split(name);
	names->slots[at] = names->last;
	if (2 * names->last > names->slot_count)
		grow(names);
	return names->last;
}

bool names_next(const char *text, size_t len, size_t *at, size_t *start, size_t *name_len)
{
	size_t i = *at;

	while (i < len) {
		size_t from;

		while (i < len && !is_word_char(text[i]))
			i++;
		from = i;
		while (i < len && is_word_char(text[i]))
			i++;
		if (i == from || ascii_is_digit(text[from]))
			continue;
		*start = from;
		*name_len = i - from;
		*at = i;
		return true;
	}
	*at = len;
	return false;
}
