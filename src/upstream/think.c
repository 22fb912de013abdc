/*
 * The splitter of inline reasoning. A byte at a time while something is undecided, which is at the very
 * beginning and around tags; runs between are copied whole.
 */
#include "eke/upstream/think.h"

#include <string.h>

#include "eke/base/limits.h"

/*
 * Closing tags behind their "<"; behind the "/", too, they are the opening ones. "thought" is Gemini's, "reasoning"
 * that of models that were told so.
 */
static const char *const closings[] = { "/think>", "/thinking>", "/thought>", "/reasoning>" };

void think_init(struct think *think)
{
	*think = (struct think){ .state = THINK_START };
}

void think_init_inside(struct think *think)
{
	*think = (struct think){ .state = THINK_START, .implied = true };
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static void release_held(struct think *think, struct strbuf *out)
{
	strbuf_add(out, think->held, think->held_len);
	think->held_len = 0;
}

/* Tries to hold one more byte. */
static bool hold(struct think *think, char c)
{
	if (think->held_len == sizeof(think->held))
		return false;
	think->held[think->held_len++] = c;
	return true;
}

/* --- tags --- */

enum tag_match { TAG_NONE, TAG_BEGINS, TAG_WHOLE };

/* Is s[0..len) the tag with this behind its "<", or the beginning of it? */
static enum tag_match match_one(const char *rest, const char *s, size_t len)
{
	size_t n = strlen(rest) + 1;

	if (!len)
		return TAG_BEGINS;
	if (*s != '<' || len > n || memcmp(rest, s + 1, len - 1))
		return TAG_NONE;
	return len == n ? TAG_WHOLE : TAG_BEGINS;
}

static enum tag_match match_any(size_t skip, const char *s, size_t len, const char **closing)
{
	enum tag_match best = TAG_NONE;

	for (size_t i = 0; i < ARRAY_LEN(closings) && best != TAG_WHOLE; i++) {
		enum tag_match m = match_one(closings[i] + skip, s, len);

		if (m == TAG_WHOLE)
			*closing = closings[i];
		if (m > best)
			best = m;
	}
	return best;
}

/* *closing becomes what ends it. */
static enum tag_match match_opening(const char *s, size_t len, const char **closing)
{
	return match_any(strlen("/"), s, len, closing);
}

static enum tag_match match_closing(const char *s, size_t len, const char **closing)
{
	return match_any(0, s, len, closing);
}

static void settle_start(struct think *think, struct strbuf *text, struct strbuf *reasoning)
{
	think->state = think->implied ? THINK_INSIDE : THINK_WATCH;
	release_held(think, think->implied ? reasoning : text);
}

static void start_byte(struct think *think, char c, struct strbuf *text, struct strbuf *reasoning)
{
	const char *tag = think->held;
	enum tag_match opening;
	enum tag_match closing;
	size_t len;

	if (!hold(think, c)) {
		settle_start(think, text, reasoning);
		strbuf_addch(think->implied ? reasoning : text, c);
		return;
	}
	for (len = think->held_len; len && is_blank(*tag); len--)
		tag++;
	opening = match_opening(tag, len, &think->closing);
	closing = match_closing(tag, len, &think->closing);
	if (opening == TAG_WHOLE) {
		think->state = THINK_OPENED;
		think->implied = false;
		think->held_len = 0;
	} else if (closing == TAG_WHOLE) {
		think->state = THINK_CLOSED;
		think->held_len = 0;
	} else if (opening == TAG_NONE && closing == TAG_NONE) {
		settle_start(think, text, reasoning);
	}
}

/* Returns the bytes taken, at least one. */
static size_t inside_bytes(struct think *think, const char *s, size_t len, struct strbuf *reasoning)
{
	const char *lt;
	enum tag_match m;

	if (!think->held_len) {
		lt = memchr(s, '<', len);
		if (lt != s) {
			len = lt ? (size_t)(lt - s) : len;
			strbuf_add(reasoning, s, len);
			return len;
		}
	} else if (*s == '<') {
		/* A tag has one '<', its first byte: this one begins anew. */
		release_held(think, reasoning);
	}
	hold(think, *s);
	m = think->implied ? match_closing(think->held, think->held_len, &think->closing) :
			     match_one(think->closing, think->held, think->held_len);
	if (m == TAG_WHOLE) {
		think->held_len = 0;
		think->implied = false;
		think->state = THINK_CLOSED;
	} else if (m == TAG_NONE) {
		release_held(think, reasoning);
	}
	return 1;
}

static void closed_byte(struct think *think, char c, struct strbuf *text)
{
	if (c == '\n') {
		think->held_len = 0;
		return;
	}
	if (is_blank(c) && hold(think, c))
		return;
	think->state = THINK_THROUGH;
	release_held(think, text);
	strbuf_addch(text, c);
}

/* --- a closing tag in the text --- */

/* Is the end of the text within a fence, or within backticks on its line? */
static bool is_in_code(const struct strbuf *text)
{
	const char *line = text->data;
	bool fenced = false;
	bool quoted = false;

	while (line) {
		const char *s = line + strspn(line, " \t");
		const char *next = strchr(line, '\n');

		fenced ^= !strncmp(s, "```", 3) || !strncmp(s, "~~~", 3);
		if (!next)
			for (s = line; *s; s++)
				quoted ^= *s == '`';
		line = next ? next + 1 : NULL;
	}
	return fenced || quoted;
}

/* Does the tag behind the text, which `next` follows, close a reasoning? '\n': the answer ends. */
static bool is_orphan(const struct strbuf *text, char next)
{
	char before = text->len ? text->data[text->len - 1] : '\n';

	if (strchr("\"'`", before) || strchr("\"'`", next))
		return false;
	if ((before == ' ' || before == '\t') && (next == ' ' || next == '\t'))
		return false;
	return !is_in_code(text);
}

/* The text was reasoning. */
static void take_orphan(struct think *think, struct strbuf *text, struct strbuf *reasoning)
{
	think->orphan = true;
	think->moved = reasoning->len;
	strbuf_add(reasoning, text->data, text->len);
	strbuf_reset(text);
	think->held_len = 0;
	think->state = THINK_CLOSED;
}

/* What is held is a whole tag, and `next` follows. */
static void settle_tag(struct think *think, char next, struct strbuf *text, struct strbuf *reasoning)
{
	if (think->held[1] == '/' && is_orphan(text, next)) {
		take_orphan(think, text, reasoning);
		return;
	}
	/* Whoever writes about an opening tag writes about the closing one, too. */
	if (think->held[1] != '/')
		think->state = THINK_THROUGH;
	release_held(think, text);
}

/* Returns the bytes taken; 0: s[0] is to be looked at again. */
static size_t watch_bytes(struct think *think, const char *s, size_t len, struct strbuf *text, struct strbuf *reasoning)
{
	enum tag_match opening;
	enum tag_match closing;
	const char *lt;

	if (!think->held_len) {
		lt = memchr(s, '<', len);
		if (lt != s) {
			len = lt ? (size_t)(lt - s) : len;
			strbuf_add(text, s, len);
			return len;
		}
	} else if (think->held[think->held_len - 1] == '>') {
		settle_tag(think, *s, text, reasoning);
		return 0;
	} else if (*s == '<') {
		release_held(think, text);
	}
	hold(think, *s);
	opening = match_opening(think->held, think->held_len, &think->closing);
	closing = match_closing(think->held, think->held_len, &think->closing);
	if (opening == TAG_NONE && closing == TAG_NONE)
		release_held(think, text);
	return 1;
}

void think_feed(struct think *think, const char *bytes, size_t len, struct strbuf *text, struct strbuf *reasoning)
{
	size_t i = 0;

	while (i < len) {
		switch (think->state) {
		case THINK_START:
			start_byte(think, bytes[i++], text, reasoning);
			break;
		case THINK_OPENED:
			if (bytes[i] == '\n' || bytes[i] == '\r')
				i++;
			else
				think->state = THINK_INSIDE;
			break;
		case THINK_INSIDE:
			i += inside_bytes(think, bytes + i, len - i, reasoning);
			break;
		case THINK_CLOSED:
			closed_byte(think, bytes[i++], text);
			break;
		case THINK_WATCH:
			i += watch_bytes(think, bytes + i, len - i, text, reasoning);
			break;
		case THINK_THROUGH:
			strbuf_add(text, bytes + i, len - i);
			return;
		}
	}
}

void think_end(struct think *think, struct strbuf *text, struct strbuf *reasoning)
{
	switch (think->state) {
	case THINK_START:
	case THINK_THROUGH:
		release_held(think, text);
		break;
	case THINK_WATCH:
		if (think->held_len && think->held[think->held_len - 1] == '>')
			settle_tag(think, '\n', text, reasoning);
		else
			release_held(think, text);
		break;
	case THINK_OPENED:
	case THINK_INSIDE:
		release_held(think, reasoning);
		break;
	case THINK_CLOSED:
		think->held_len = 0;
		break;
	}
	/* The tag was a stray one, or there is none: nothing is lost. */
	if (think->orphan && !text->len)
		strbuf_add(text, reasoning->data + think->moved, reasoning->len - think->moved);
	else if (think->implied && !text->len)
		strbuf_add(text, reasoning->data, reasoning->len);
	think->held_len = 0;
	think->state = THINK_THROUGH;
}
