/*
 * The splitter of inline reasoning. A byte at a time while something is undecided, which is at the very
 * beginning and around the closing tag; runs between are copied whole.
 */
#include "eke/upstream/think.h"

#include <string.h>

void think_init(struct think *think)
{
	*think = (struct think){ .state = THINK_START };
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

/* Is s[0..len) the beginning of the tag (or all of it)? */
static bool begins(const char *tag, const char *s, size_t len)
{
	return len <= strlen(tag) && !memcmp(tag, s, len);
}

static bool equals(const char *tag, const char *s, size_t len)
{
	return len == strlen(tag) && !memcmp(tag, s, len);
}

static void start_byte(struct think *think, char c, struct strbuf *text)
{
	const char *tag = think->held;
	size_t len;

	if (!hold(think, c)) {
		think->state = THINK_THROUGH;
		release_held(think, text);
		strbuf_addch(text, c);
		return;
	}
	for (len = think->held_len; len && is_blank(*tag); len--)
		tag++;
	if (equals("<think>", tag, len) || equals("<thinking>", tag, len)) {
		think->long_tag = len > strlen("<think>");
		think->state = THINK_OPENED;
		think->held_len = 0;
	} else if (equals("</think>", tag, len) || equals("</thinking>", tag, len)) {
		think->state = THINK_CLOSED;
		think->held_len = 0;
	} else if (!begins("<think>", tag, len) && !begins("<thinking>", tag, len) && !begins("</think>", tag, len) &&
		   !begins("</thinking>", tag, len)) {
		think->state = THINK_THROUGH;
		release_held(think, text);
	}
}

static const char *closing_tag(const struct think *think)
{
	return think->long_tag ? "</thinking>" : "</think>";
}

/* Returns the bytes taken, at least one. */
static size_t inside_bytes(struct think *think, const char *s, size_t len, struct strbuf *reasoning)
{
	const char *tag = closing_tag(think);
	const char *lt;

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
	if (equals(tag, think->held, think->held_len)) {
		think->held_len = 0;
		think->state = THINK_CLOSED;
	} else if (!begins(tag, think->held, think->held_len)) {
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

void think_feed(struct think *think, const char *bytes, size_t len, struct strbuf *text, struct strbuf *reasoning)
{
	size_t i = 0;

	while (i < len) {
		switch (think->state) {
		case THINK_START:
			start_byte(think, bytes[i++], text);
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
	case THINK_OPENED:
	case THINK_INSIDE:
		release_held(think, reasoning);
		break;
	case THINK_CLOSED:
		think->held_len = 0;
		break;
	}
	think->state = THINK_THROUGH;
}
