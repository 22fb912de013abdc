#ifndef EKE_CODE_SYNTAX_H
#define EKE_CODE_SYNTAX_H
/*
 * As much of a language's lexical structure as post-processing needs: comments, strings, brackets, and
 * whether indentation makes the blocks. Pure. It is a guess: windows begin in the middle, answers end
 * there, and regular expression literals are not known; callers must be content with a wrong answer now
 * and then.
 */
#include <stdbool.h>
#include <stddef.h>

enum syntax_flag {
	SYNTAX_PROSE = 1,   /* text for people: nothing but blanks has structure */
	SYNTAX_INDENT = 2,  /* indentation makes blocks */
	SYNTAX_MARKUP = 4,  /* tags; entities like &lt; are text of the document */
	SYNTAX_CHAR = 8,    /* ' begins a character literal or nothing, never a string */
	SYNTAX_TRIPLE = 16, /* """ and ''' */
	SYNTAX_KEYS = 32,   /* "name: words" is data, not a sentence */
	SYNTAX_UNKNOWN = 64 /* the language was not given or is not in the table */
};

struct syntax {
	const char *ids;     /* LSP language ids, each between blanks */
	const char *line[2]; /* line comment marks, or NULL */
	const char *block_begin;
	const char *block_end;
	const char *quotes; /* characters that delimit strings; ` spans lines */
	unsigned flags;
};

/* Never NULL. `language` may be NULL. */
const struct syntax *syntax_of(const char *language);

enum syntax_where { SYNTAX_IN_CODE, SYNTAX_IN_LINE_COMMENT, SYNTAX_IN_BLOCK_COMMENT, SYNTAX_IN_STRING };

struct syntax_state {
	enum syntax_where where;
	char quote;
	bool triple;
};

enum syntax_event {
	SYNTAX_END,
	SYNTAX_NEWLINE, /* LF, wherever it is */
	SYNTAX_OPEN,    /* ( [ { in code */
	SYNTAX_CLOSE,   /* ) ] } in code */
	SYNTAX_PUNCT,   /* ; , : in code */
	SYNTAX_COMMENT, /* a line comment begins */
	SYNTAX_STRING_BEGIN,
	SYNTAX_STRING_END, /* its (last) closing quote */
};

/* A walk over text with LF line ends; `state` may start with what an earlier walk ended in. */
struct syntax_walk {
	const struct syntax *syntax;
	const char *s;
	size_t len;
	size_t at;
	struct syntax_state state;
};

/* The next event and where it is. */
enum syntax_event syntax_next(struct syntax_walk *w, size_t *pos);

/*
 * Openers that wait for their closer, the innermost last. When it is full the outermost are forgotten.
 */
#define SYNTAX_DEPTH_MAX 64

struct syntax_stack {
	char opener[SYNTAX_DEPTH_MAX];
	size_t pos[SYNTAX_DEPTH_MAX];
	size_t depth;
};

void syntax_push(struct syntax_stack *st, char opener, size_t pos);
/*
 * Takes the closer's opener off, with whatever was left open inside it; false if there is none: it
 * closes something outside.
 */
bool syntax_pop(struct syntax_stack *st, char closer);
/* The opener of a closer. */
char syntax_opener_of(char closer);

/*
 * True if the line, of which only the part before a cursor may be given, is a comment from its first
 * character on.
 */
bool syntax_line_is_comment(const struct syntax *syn, const char *line, size_t len);

#endif
