#ifndef EKE_CONTEXT_DIGEST_H
#define EKE_CONTEXT_DIGEST_H
/*
 * What is known of one file's text: a copy of it, cut into pieces that a prompt may show (its declarations, members of
 * its types, its import statements, and chunks of a few lines), with the names that occur in each. Pure. Made again
 * when the text changes, in steps, and by the one before, so that a small change costs little.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "eke/code/syntax.h"
#include "eke/context/imports.h"
#include "eke/context/names.h"

enum piece_kind {
	PIECE_IMPORT, /* an import statement */
	PIECE_DECLARATION, /* the first lines of a function or type, up to its body; a constant */
	PIECE_MEMBER, /* a field, a method's first lines, an enumerator */
	PIECE_CHUNK, /* lines that stand together */
	PIECE_EDIT, /* a change, as a diff has it */
};

/* Small: whoever chooses looks at thousands of them, and not at their texts. */
struct piece {
	uint32_t start; /* bytes of the text: whole lines, the last line end included */
	uint32_t end;
	uint32_t line; /* the first one, from 0 */
	uint32_t tokens; /* tokens_estimate() */
	uint32_t first_name; /* in names[] */
	uint32_t declares; /* the name of a declaration or member; 0: none */
	uint32_t hash; /* of its text */
	uint16_t parent; /* of a member: its type's piece, plus one; 0: none */
	uint16_t lines;
	uint8_t name_count;
	uint8_t kind; /* enum piece_kind */
	bool file_local; /* in C and its kin: only its own file can name what it declares */
	bool underscored; /* the name that it declares begins with an underscore */
};

/* In how many chunks a name occurs. */
struct name_use {
	uint32_t name;
	uint32_t chunks;
};

struct waypoint;

struct digest {
	char *text;
	size_t len;
	size_t whole; /* bytes of the text before it was cut */
	const struct syntax *syntax;
	const struct import_style *style; /* or NULL */
	struct piece *pieces; /* by start; of the same start the chunk is the last */
	size_t count;
	uint32_t *names; /* of all pieces, each name once a piece */
	size_t name_count;
	struct name_use *uses; /* of each name in chunks */
	size_t use_count;
	size_t chunk_count;
	struct waypoint *waypoints; /* for the digest after it */
	size_t waypoint_count;
	size_t bytes; /* what it takes in memory */
};

/*
 * Of a text of at most LIMIT_CONTEXT_FILE bytes with LF or CR LF line ends; longer ones are cut at a line's end. The
 * language is an LSP id, or NULL.
 */
struct digest *digest_new(struct names *names, const char *language, const char *text, size_t len);

/* One in the making. */
struct digester;

/*
 * As digest_new(). `text` is from malloc() and taken over: the first `len` of `whole` bytes, all or more than
 * LIMIT_CONTEXT_FILE. `before`, of the text as it was, with the same names, makes it cheaper and changes nothing; or
 * NULL. It is borrowed until the digester ends.
 */
struct digester *digester_new(
	struct names *names, const char *language, char *text, size_t len, size_t whole, const struct digest *before);
/* Works for about a millisecond; true when all is done but digester_finish(). */
bool digester_step(struct digester *digester);
/* Does what is left, ends the digester and hands over the digest. */
struct digest *digester_finish(struct digester *digester);
/* Ends it without. */
void digester_free(struct digester *digester);

/* Of a diff's hunks, each of which begins with "@@": pieces of the kind PIECE_EDIT. */
struct digest *digest_of_diff(struct names *names, const char *text, size_t len);
/* How many lines end before this byte; behind the end: how many there are. */
size_t digest_line_at(const struct digest *digest, size_t at);
void digest_free(struct digest *digest);

#endif
