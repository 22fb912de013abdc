#ifndef EKE_CHAT_TITLE_H
#define EKE_CHAT_TITLE_H
/*
 * A conversation's title, made from its first question without asking anybody. Pure. For conversation_turn.c.
 */

/*
 * The question's first line that says something, without the marks of Markdown, cut at a word to some 60 characters.
 * `command` (a title, or NULL) goes before it; `about` (a path, or NULL) stands in where the question says nothing.
 * free().
 */
char *title_make(const char *question, const char *command, const char *about);
/*
 * A title that a client gives: one line, without blanks around it, cut to LIMIT_TITLE; NULL if nothing is left.
 * free().
 */
char *title_clean(const char *title);

#endif
