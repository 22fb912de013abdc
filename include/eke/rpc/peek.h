#ifndef EKE_RPC_PEEK_H
#define EKE_RPC_PEEK_H
/*
 * Finds a message's top-level "id" in bytes as they pass, without keeping them: for the raw text of an id (which is
 * echoed as it came, whatever its size as a number), and for the id of a message that is too large to be kept but
 * must be answered. Pure; accepts anything and finds the right id only in JSON, but what it calls valid is JSON always.
 */
#include <stdbool.h>
#include <stddef.h>

#include "eke/base/limits.h"

/* A name that can be looked for has at most so many characters, of ASCII. */
#define PEEK_NAME 9

enum peek_id {
	PEEK_ID_ABSENT,
	PEEK_ID_VALID,   /* null, a number or a string, at most LIMIT_ID bytes */
	PEEK_ID_INVALID, /* anything else */
};

struct peek {
	/* Results, once the message was fed. */
	enum peek_id id_kind;
	char id[LIMIT_ID + 1]; /* raw JSON text, without blanks around it */
	size_t id_len;

	/* The scanner's own. */
	unsigned level;
	unsigned depth;
	bool in_string;
	bool escaped;
	bool is_key;     /* the string under way, or the next, is a key at the level */
	bool capturing;  /* the id's value */
	bool want_value; /* behind the colon of "id" */
	const char *name; /* of the member that is looked for: "id", unless changed behind peek_init() */
	char key[PEEK_NAME * 6]; /* of six bytes each if in escapes */
	size_t key_len;
};

/*
 * Level 1 looks at the members of the message; 2 at those of the objects in it, for the params.id of a
 * $/cancelRequest (or requestId, by another name).
 */
void peek_init(struct peek *p, unsigned level);
void peek_feed(struct peek *p, const char *bytes, size_t len);
/* After the last byte. */
void peek_end(struct peek *p);

#endif
