#ifndef EKE_COMPLETE_PROMPT_H
#define EKE_COMPLETE_PROMPT_H
/*
 * The chat emulation of fill-in-the-middle: a system and a user message for models that only have
 * chat/completions. Pure: excerpts in, text out.
 *
 * The system message is constant, and so are the worked examples behind it, turns of a user and an assistant in the
 * form of the question (so that provider-side prompt caches keep them). The last user message is, exactly, with N
 * standing for the decimal `tag_number` or nothing if that is 0; everything before "File:" is there only if context
 * goes along, for each of its snippets one pair of tags:
 *
 *	<what the following is>
 *	<contextN path="<path>">
 *	<text of the snippet>
 *	</contextN>
 *
 *	File: <path>
 *	Language: <language>
 *	Indentation: <tabs|N spaces>
 *
 *	<documentN>
 *	<prefix><CURSORN/><suffix>
 *	</documentN>
 *
 *	<what to do: the line with the cursor, the number of lines, the form of the answer>
 *
 * The bytes of prefix and suffix stand there unchanged: one LF follows the opening tag and one LF
 * precedes the closing one, and these two belong to neither. A program finds them again with this
 * (JavaScript) expression, groups 2 and 3; its first match is the right one whatever the source text
 * contains:
 *
 *	/^<document(\d*)>\n([\s\S]*?)<CURSOR\1\/>([\s\S]*?)\n<\/document\1>$/m
 *
 * Nothing is escaped, because the model would have to escape its answer, too. Instead `tag_number` is the
 * smallest number for which none of "<documentN", "</documentN", "<CURSORN", "<completionN",
 * "</completionN", "<contextN", "</contextN" occurs in the path, the language, the text or the context (in any case of
 * letters). It is 0 but for files about these tags, such as this one.
 *
 * The answer is expected as <completionN>text</completionN>, of several candidates one after the other
 * (candidates.h); post/post.h takes `tag_number` and everything else that models make of it.
 */
#include <stdbool.h>
#include <stddef.h>

#include "eke/base/strbuf.h"
#include "eke/context/snippets.h"
#include "eke/upstream/tokens.h"

struct prompt_input {
	const char *path;     /* relative path or basename; NULL or "": "untitled" */
	const char *language; /* LSP language id; NULL or "": not said */
	const char *prefix;   /* the excerpts before and after the cursor, valid UTF-8 */
	size_t prefix_len;
	const char *suffix;
	size_t suffix_len;
	size_t max_lines;     /* 0: LIMIT_COMPLETION_LINES */
	size_t candidates;    /* different answers that are asked for at once; 0: 1 */
	bool single_line;     /* ask for the rest of the line only */
	/*
	 * Requests are scarce: ask for what follows the statement or block at the cursor, too, up to where the suffix goes
	 * on. It is not shown before the user gets there, and costs no request then.
	 */
	bool write_on;
	bool from_start; /* the prefix is all that precedes the cursor */
	/* The model repeats the cursor's line anyway: ask it to, where that can be told from what is meant. */
	bool repeats_line;
	bool insert_spaces;   /* the editor's setting; what the excerpts show goes before it */
	unsigned tab_size;    /* 0: 4 */
	size_t max_tokens;    /* of the whole prompt, by prompt_tokens(); 0: no cap */
	/* What goes along from other places; NULL: nothing. prompt_build() halves it until it fits. */
	const struct snippets *context;
};

#define PROMPT_STOPS 1
#define PROMPT_EXAMPLES 4
#define PROMPT_MESSAGES (2 + 2 * PROMPT_EXAMPLES)

/* Init before, release after; may be built again. */
struct prompt {
	struct strbuf system;
	struct strbuf questions[PROMPT_EXAMPLES], answers[PROMPT_EXAMPLES];
	size_t example_count; /* as many as a low cap has room for beside the text */
	struct strbuf user;
	/* Borrowed from this struct: do not copy it by value. None where several candidates are to come. */
	const char *stop[PROMPT_STOPS];
	size_t stop_count;
	char stop_text[32];
	unsigned tag_number;
	size_t tokens;     /* estimate of all messages */
	size_t prefix_len; /* what is left of the excerpts after cutting to max_tokens: the prefix's last ... */
	size_t suffix_len; /* ... and the suffix's first so many bytes */
};

void prompt_init(struct prompt *p);
void prompt_release(struct prompt *p);
/*
 * Fills p. If the estimate exceeds max_tokens the suffix is cut first, down to a quarter of the room there is,
 * then the prefix's beginning; always at characters. False if not even the bare frame fits (p then holds the
 * frame with no text, and must not be sent).
 */
bool prompt_build(const struct prompt_input *in, struct prompt *p);
/* Its messages, in their order; they borrow from p. Returns how many there are. */
size_t prompt_messages(const struct prompt *p, struct request_message messages[PROMPT_MESSAGES]);
/*
 * For fill-in-the-middle APIs, where the excerpts are the prompt: cuts them in the same way to in->max_tokens, and sets
 * *tokens to the estimate of what is left. False if there is no room for any text.
 */
bool prompt_cut_excerpt(struct prompt_input *in, size_t *tokens);

/* What the lines around a snippet take, beside its text, about. */
#define PROMPT_TOKENS_PER_SNIPPET 22

/* Does this model repeat the cursor's line, whatever it is told? By its name; NULL: unknown. */
bool prompt_model_repeats_line(const char *model);

/* The guess of upstream/tokens.h, of a text that goes into a prompt. */
static inline size_t prompt_tokens(const char *text, size_t len)
{
	return tokens_estimate(text, len);
}

#endif
