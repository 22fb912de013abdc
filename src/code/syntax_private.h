#ifndef EKE_CODE_SYNTAX_PRIVATE_H
#define EKE_CODE_SYNTAX_PRIVATE_H
/*
 * What the files of the lexer share: syntax.c walks, syntax_quote.c knows strings and what is like them,
 * syntax_element.c JSX. All work on a walk: at w->at something begins.
 */
#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#include "eke/code/syntax.h"

static inline bool has(const struct syntax_walk *w, enum syntax_flag flag)
{
	return (w->syntax->flags & flag) != 0;
}

static inline bool is_word(char c)
{
	return (c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z') || c == '_' || c == '$' || (c & 0x80);
}

static inline bool begins_at(const struct syntax_walk *w, size_t at, const char *mark)
{
	size_t n;

	/* Most texts differ in the first byte. */
	if (!mark || at >= w->len || w->s[at] != *mark)
		return false;
	n = strlen(mark);
	return w->len - at >= n && !memcmp(w->s + at, mark, n);
}

static inline bool begins(const struct syntax_walk *w, const char *mark)
{
	return begins_at(w, w->at, mark);
}

/* At the quote `c`, in code: enters a string, or passes over a character literal. True if there is an event. */
bool syntax_step_quote(struct syntax_walk *w, char c, enum syntax_event *event);
/* One step in a string; *pos is where the event is. True if there is one. */
bool syntax_step_string(struct syntax_walk *w, size_t *pos, enum syntax_event *event);
/* Back in code, behind a value. */
void syntax_end_string(struct syntax_state *st);
/* <<WORD, <<-WORD, <<~'WORD', <<<WORD: the text begins behind this line. */
bool syntax_heredoc_begins(struct syntax_walk *w);
/* The delimiter of a heredoc stands at w->at, the beginning of a line, blanks aside. */
size_t syntax_heredoc_end(const struct syntax_walk *w);
/* Behind the delimited text that begins with the delimiter at `at`; 0: it does not end. */
size_t syntax_skip_delimited(const struct syntax_walk *w, size_t at, size_t most);
/* Perl's quoting words: behind the whole, 0 if the word that ends at `end` is none. */
size_t syntax_perl_quoted(const struct syntax_walk *w, size_t from, size_t end);
/* Enters code in braces; `back`, with `quote`, is where their end leads. */
void syntax_nest(struct syntax_state *st, enum syntax_where back, char quote);
/* A tag at w->at, "<" and a name, "</" or "<>". */
bool syntax_is_tag(const struct syntax_walk *w);
/* Enters a tag; of a closing one all is passed over. */
void syntax_enter_tag(struct syntax_walk *w);
/* One step in a tag, and in the text between tags. True if there is an event. */
bool syntax_step_tag(struct syntax_walk *w, enum syntax_event *event);
bool syntax_step_text(struct syntax_walk *w, enum syntax_event *event);

#endif
