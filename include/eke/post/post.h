#ifndef EKE_POST_POST_H
#define EKE_POST_POST_H
/*
 * From a model's raw answer to the text to insert at the cursor, or to the reason why there is none.
 * Pure.
 *
 * Two stages: unwrapping (unwrap.c: thinking, tags, fences, talk around them, the cursor mark) and fitting (echo.c,
 * reindent.c, overlap.c, talk.c, trim.c: echoes of the prefix, indentation, overlap with what follows, brackets and
 * blocks, repetition, length). Both only remove text, but for blanks at the start of lines, and a line end between the
 * cursor's line and what must stand below it.
 *
 * Promises, kept by tests/fuzz/fuzz_post.c: valid UTF-8 in, valid UTF-8 out; at most max_lines lines;
 * never a text with which what follows the cursor begins (blanks aside; on a blank line or below the
 * cursor's, from 4 letters and digits on); the result put in again (finish POST_STOP) comes out as it
 * is; and for a growing answer with POST_OPEN every result begins with the one before it, and the
 * result with POST_STOP or POST_CUT begins with all of them.
 *
 * Half of a call's time goes into the surroundings. Who has several questions about one cursor (a growing answer, what
 * of a text to show, which range it takes) works them out once, as a struct post_context.
 */
#include <stdbool.h>
#include <stddef.h>

#include "eke/base/strbuf.h"

/* How far the answer has come. */
enum post_finish {
	POST_OPEN, /* still streaming: only whole lines that nothing to come can change are returned */
	POST_STOP, /* the model ended it */
	POST_CUT, /* ended by length, filter or a broken stream: a half last line is dropped if there are whole ones */
};

/* Which kind of answer it is. */
enum post_source {
	POST_CHAT, /* of prompt_build(): wrapped, or bare by disobedience (then nothing is returned while open) */
	POST_FIM, /* of a FIM endpoint: bare */
};

struct post_input {
	const char *answer;
	size_t answer_len; /* at most LIMIT_COMPLETION is looked at */
	enum post_finish finish;
	enum post_source source;
	unsigned tag_number; /* struct prompt's; 0 for POST_FIM */
	const char *prefix; /* the excerpts, as sent */
	size_t prefix_len;
	const char *suffix;
	size_t suffix_len;
	const char *language; /* LSP language id or NULL */
	size_t max_lines; /* 0: LIMIT_COMPLETION_LINES */
	bool single_line;
	bool insert_spaces; /* the editor's setting; what the excerpts show goes before it */
	unsigned tab_size; /* 0: 4 */
	bool project_style; /* insert_spaces is the project's rule (.editorconfig), no setting */
};

enum post_verdict {
	POST_INSERT, /* out holds the text, never empty */
	POST_WAIT, /* POST_OPEN only: nothing more is final yet; what was shown stays */
	POST_EMPTY, /* the model has nothing to add, or only blanks */
	POST_PROSE, /* it talks instead of completing, or only leaves a placeholder comment */
	POST_DUPLICATE, /* everything it says is already there, before or after the cursor */
};

/* The surroundings of one cursor: what post_input says but of the answer. */
struct post_context;

/* Copies what it needs. The caller frees it. */
struct post_context *post_context_new(const struct post_input *in);
/* NULL is fine. */
void post_context_free(struct post_context *c);

/*
 * Replaces what out holds (its max should be LIMIT_COMPLETION_TEXT or more; what does not fit makes
 * POST_EMPTY). Line ends are the document's. out is empty for every verdict but POST_INSERT.
 */
enum post_verdict post_process(const struct post_input *in, struct strbuf *out);
/* The same for the cursor that `c` was made for, whose surroundings in `in` are not looked at again. */
enum post_verdict post_process_at(struct post_context *c, const struct post_input *in, struct strbuf *out);

/*
 * How many bytes right of the cursor, on its line, inserting `text` replaces: closing brackets and quotes, as editors
 * put them there, that the text has as well and goes on behind. All are ASCII. 0: none, as for most texts.
 */
size_t post_replaced(const struct post_context *c, const char *text, size_t len);

/*
 * For answering early: of `text`, a result of post_process() with POST_OPEN, how many bytes are worth
 * showing by themselves: up to the end of the first statement or block that is complete, without its
 * last line end; 0: wait for more.
 */
size_t post_first_useful(const struct post_context *c, const char *text, size_t len);

/*
 * For showing: of `text`, which may go on beyond what the user is at, how many bytes belong together: up to the end
 * of the block that the cursor is in, or of the paragraph, without the line end. At least the first line with text.
 * What is left is offered when the user gets there.
 */
size_t post_first_block(const struct post_context *c, const char *text, size_t len);

/* A word for logs and completion/explain. */
const char *post_verdict_name(enum post_verdict verdict);

#endif
