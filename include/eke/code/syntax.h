#ifndef EKE_CODE_SYNTAX_H
#define EKE_CODE_SYNTAX_H
/*
 * As much of a language's lexical structure as completion needs: comments, strings, brackets, and whether
 * indentation makes the blocks. Pure. It is a guess: texts begin and end anywhere, and each language is known by a
 * few facts only. Callers must be content with a wrong answer now and then.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum syntax_flag {
	SYNTAX_PROSE = 1 << 0, /* text for people: nothing but blanks has structure */
	SYNTAX_INDENT = 1 << 1, /* indentation makes blocks */
	SYNTAX_MARKUP = 1 << 2, /* tags; entities like &lt; are text of the document */
	SYNTAX_CHAR = 1 << 3, /* ' begins a character literal or nothing, never a string */
	SYNTAX_TRIPLE = 1 << 4, /* """ and, unless SYNTAX_CHAR, ''' */
	SYNTAX_KEYS = 1 << 5, /* "name: words" is data, not a sentence */
	SYNTAX_UNKNOWN = 1 << 6, /* the language was not given or is not in the table */
	SYNTAX_REGEX = 1 << 7, /* /x/ where a value is expected */
	SYNTAX_TEMPLATE = 1 << 8, /* `x ${code} x`, over lines */
	SYNTAX_BACKTICK = 1 << 9, /* `x` over lines, without escapes */
	SYNTAX_HEREDOC = 1 << 10, /* <<WORD, <<~WORD, <<<WORD */
	SYNTAX_RAW = 1 << 11, /* R"x(text)x" and r#"text"# */
	SYNTAX_SHELL = 1 << 12, /* a backslash outside of strings; "x)" in a case is no bracket */
	SYNTAX_ELEMENTS = 1 << 13, /* JSX: <tag>text {code}</tag> */
	SYNTAX_FREE_QUOTE = 1 << 14, /* a quote behind a letter or digit is an apostrophe */
	SYNTAX_PERL = 1 << 15, /* q(x), s/x/y/, documentation from "=word" to "=cut" */
	SYNTAX_END_WORDS = 1 << 16, /* blocks end with a word: end, fi, done */
	SYNTAX_LITERAL = 1 << 17, /* 'x' has no escapes */
	SYNTAX_INTERPOLATE = 1 << 19, /* "x #{code} x" */
	SYNTAX_LEVEL = 1 << 20, /* what is in a namespace or extern "C" { } is not indented, or need not be */
	SYNTAX_TABS = 1 << 18, /* indentation is a tab by the language's rules or its one formatter */
};

struct syntax {
	const char *ids; /* LSP language ids, each between blanks */
	const char *line[2]; /* line comment marks, or NULL */
	const char *block_begin;
	const char *block_end;
	const char *quotes; /* characters that delimit strings */
	unsigned flags;
};

/* Never NULL. `language` may be NULL. */
const struct syntax *syntax_of(const char *language);

enum syntax_where {
	SYNTAX_IN_CODE,
	SYNTAX_IN_LINE_COMMENT,
	SYNTAX_IN_BLOCK_COMMENT,
	SYNTAX_IN_STRING,
	SYNTAX_IN_TAG, /* JSX: between < and > */
	SYNTAX_IN_TEXT, /* JSX: between tags */
};

#define SYNTAX_NESTED_MAX 6
#define SYNTAX_DELIMITER_MAX 24

/* What a walk knows of the text behind it. Zeroed: in code, at the beginning of a line. */
struct syntax_state {
	enum syntax_where where;
	char quote;
	bool triple; /* the string or quotation goes on over lines */
	bool ends_here; /* the line began with the delimiter of a heredoc, which must stand where it is */
	bool no_value; /* an operand has just ended: what comes is an operator */
	char delimiter[SYNTAX_DELIMITER_MAX]; /* of a heredoc or raw string, that is open or begins at the line end */
	uint8_t elements; /* JSX elements that are open here */
	uint8_t nested; /* code in a template string or JSX that is in code */
	struct {
		enum syntax_where where; /* to go on in, behind the } */
		char quote;
		uint8_t elements;
		uint16_t braces; /* opened in the nested code */
	} outer[SYNTAX_NESTED_MAX];
};

enum syntax_event {
	SYNTAX_END,
	SYNTAX_NEWLINE, /* LF, wherever it is */
	SYNTAX_OPEN, /* ( [ { in code */
	SYNTAX_CLOSE, /* ) ] } in code */
	SYNTAX_PUNCT, /* ; , : in code */
	SYNTAX_COMMENT, /* a line comment begins */
	SYNTAX_STRING_BEGIN,
	SYNTAX_STRING_END, /* its (last) closing quote */
};

/* Lines that begin in this state are not to be moved: what a string says, and what ends it. */
bool syntax_is_fixed(const struct syntax_state *state);

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
