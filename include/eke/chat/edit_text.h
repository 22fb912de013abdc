#ifndef EKE_CHAT_EDIT_TEXT_H
#define EKE_CHAT_EDIT_TEXT_H
/*
 * The words of edit/propose: the prompt, and what of a model's answer is the replacement. Pure.
 *
 * The model is shown the document around the range, the range between <editN> and </editN>, N being the smallest number
 * that makes the tags unlike anything in the text (or nothing), and answers with the new text between the same tags.
 */
#include <stdbool.h>
#include <stddef.h>

#include "eke/base/strbuf.h"

struct edit_prompt_input {
	const char *path; /* short; NULL: untitled */
	const char *language;
	const char *before; /* the document around the range, as much as is to be shown */
	size_t before_len;
	const char *selected; /* the range's text */
	size_t selected_len;
	const char *after;
	size_t after_len;
	const char *instruction;
	const char *context; /* blocks of other places of the project, or NULL */
	const char *answer_language; /* for comments and texts; NULL: the document's */
};

/* Appends to system and user; the number in the tags (0: none). */
unsigned edit_prompt(const struct edit_prompt_input *in, struct strbuf *system, struct strbuf *user);

/*
 * The replacement out of an answer: between the tags; else the first fence's content; else, where the answer has no
 * talk around it that could be told, all of it. `whole`: the answer has ended; else what is returned is a beginning of
 * what will be, and nothing until the opening tag was seen. Line ends become the document's, and the last one is there
 * if and only if the selected text ends with one. False if the answer holds no replacement (talk).
 */
struct edit_answer_input {
	const char *answer;
	size_t answer_len;
	bool whole;
	unsigned tag_number;
	const char *selected;
	size_t selected_len;
	bool crlf; /* the document's line ends */
};
bool edit_extract(const struct edit_answer_input *in, struct strbuf *out);

#endif
