#ifndef EKE_CONTEXT_NAMES_H
#define EKE_CONTEXT_NAMES_H
/*
 * The identifiers of all texts that are known, each with a number, so that texts can be compared by numbers. Pure. A
 * number stays as long as the struct. LIMIT_CONTEXT_NAMES of them; what comes later has the number 0, which says
 * nothing: who sees names_is_full() begins again with a new struct.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define NAME_PARTS 5
/* Shorter ones say nothing, longer ones are data. */
#define NAME_LEN_MIN 2
#define NAME_LEN_MAX 64

struct name {
	const char *text; /* not terminated */
	uint8_t len;
	uint8_t part_count;
	/* Hashes of its words in lower case: get, user and name of getUserName and GET_USER_NAME. */
	uint16_t parts[NAME_PARTS];
};

struct names;

struct names *names_new(void);
void names_free(struct names *names);
/* The number of this name, from 1 on; 0: it is too short or too long, or there is no room for it. */
uint32_t names_add(struct names *names, const char *text, size_t len);
/* Numbers are not above this. */
uint32_t names_last(const struct names *names);
/* Of a number from 1 to names_last(). */
const struct name *names_at(const struct names *names, uint32_t id);
bool names_is_full(const struct names *names);

/* The next identifier of a text from *at on; false at the end. Numbers are none. */
bool names_next(const char *text, size_t len, size_t *at, size_t *start, size_t *name_len);

#endif
