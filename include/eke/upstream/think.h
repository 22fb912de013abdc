#ifndef EKE_UPSTREAM_THINK_H
#define EKE_UPSTREAM_THINK_H
/*
 * Splits an answer that begins with its reasoning in tags ("<think>…</think>", also "<thinking>", "<thought>" and
 * "<reasoning>") into reasoning and text, as a stream, the tags cut anywhere. Servers that do not know a model's tags
 * leave them in the content (providers.md 3.2).
 *
 * An opening tag counts at the very beginning of an answer only, behind blanks: later ones are what the user asked
 * about. A closing tag without an opening one counts anywhere, once: the opening one was in the prompt (DeepSeek-R1
 * and QwQ behind vLLM or llama.cpp without their parsers), and all text before it was reasoning. It does not count in
 * code, in quotes, behind an opening tag, or with blanks on both sides, as in sentences about it. If nothing follows
 * it, it is dropped, and the text is what stood before.
 *
 * Lost: the blanks before a tag, line ends behind the opening one, and the blank lines behind the closing one; the
 * indentation of the text's first line stays. Pure; plain storage without ownership.
 */
#include <stdbool.h>
#include <stddef.h>

#include "eke/base/strbuf.h"

/* More blanks than this at the beginning are text. */
#define THINK_HELD_MAX 64

enum think_state {
	THINK_START,   /* only blanks and perhaps part of a tag so far */
	THINK_OPENED,  /* inside, only line ends so far */
	THINK_INSIDE,  /* in the reasoning */
	THINK_CLOSED,  /* behind the closing tag, only blanks so far */
	THINK_WATCH,   /* in the text, and a closing tag may come */
	THINK_THROUGH, /* in the text: everything goes through */
};

struct think {
	enum think_state state;
	const char *closing; /* of the tag that is open, behind its "<"; a literal */
	bool implied;     /* the opening tag was in the prompt: think_init_inside() */
	bool orphan;      /* a closing tag came without an opening one */
	size_t moved;     /* then: where in the reasoning the text went that stood before it */
	size_t held_len;
	char held[THINK_HELD_MAX]; /* bytes that may still be part of a tag, or blanks whose fate is open */
};

void think_init(struct think *think);
/*
 * For a model whose answers are known to begin in their reasoning: it is reasoning until the closing tag. If that never
 * comes, think_end() appends all of it to the text, too.
 */
void think_init_inside(struct think *think);
/* Appends what is decided to text and reasoning. A buffer that is full loses bytes (strbuf.h). */
void think_feed(struct think *think, const char *bytes, size_t len, struct strbuf *text, struct strbuf *reasoning);
/* The answer is over: appends what was held back. Nothing may be fed afterwards. */
void think_end(struct think *think, struct strbuf *text, struct strbuf *reasoning);

/* Whether all further bytes are text: a caller may stop feeding and use them as they are. */
static inline bool think_is_through(const struct think *think)
{
	return think->state == THINK_THROUGH;
}

#endif
