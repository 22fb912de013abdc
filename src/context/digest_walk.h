#ifndef EKE_CONTEXT_DIGEST_WALK_H
#define EKE_CONTEXT_DIGEST_WALK_H
/*
 * A walk over the lines of a text, which adds its pieces to a digest. It stands between two lines, may rest there, and
 * may go on from where an earlier walk stood. For digest.c and its kin.
 */
#include "eke/code/syntax.h"
#include "eke/context/digest.h"

#define WALK_DEPTH_MAX 32

/* A declaration whose body is open. */
struct scope {
	uint32_t indent;
	uint16_t piece; /* plus one */
	uint8_t kind; /* enum declaration_kind */
};

/* The chunk that is growing. */
struct chunk {
	uint32_t start;
	uint32_t line;
	uint32_t lines; /* of code; 0: there is no chunk */
	uint32_t end; /* where the last of them ends ... */
	uint32_t last; /* ... and which one it is */
	uint32_t indent;
};

struct digest_walk {
	struct digest *digest;
	struct names *names;
	size_t piece_room;
	size_t name_room;
	/* Knows which lines begin inside of a comment or a string. */
	struct syntax_walk lexer;
	size_t at; /* the next line starts there ... */
	size_t line; /* ... and has this number */
	size_t seen; /* what was found so far depends on so many bytes of the text at most, the lexer's part aside */
	struct chunk chunk;
	struct scope scopes[WALK_DEPTH_MAX];
	size_t depth;
};

/* At the text's beginning. */
void digest_walk_begin(struct digest_walk *walk, struct digest *digest, struct names *names);
/* Takes the lexer to the next line, but hardly beyond `until`; false if it is not there yet. */
bool digest_walk_lex(struct digest_walk *walk, size_t until);
/* Takes the next line, to which the lexer was taken; or the lines of an import statement. */
void digest_walk_line(struct digest_walk *walk);
/* Behind the last line. */
void digest_walk_end(struct digest_walk *walk);

/* NULL: there are too many. */
struct piece *digest_walk_add(
	struct digest_walk *walk, enum piece_kind kind, size_t start, size_t end, size_t line, size_t lines);
/* Room for so many more. */
void digest_walk_reserve(struct digest_walk *walk, size_t pieces, size_t names);

#endif
