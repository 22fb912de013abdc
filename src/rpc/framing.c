/*
 * The decoder. Its states are below; `collected` holds the header line or the message under way, never more than its
 * limit. Bytes of a message that is refused go through a peek and are dropped.
 */
#include "eke/rpc/framing.h"

#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "eke/base/limits.h"
#include "eke/base/mem.h"

enum state {
	STATE_START,     /* nothing but blanks so far */
	STATE_HEADER,    /* in a header line, or between them */
	STATE_LOST,      /* after a broken header: looking for the next Content-Length */
	STATE_BODY,      /* `wanted` bytes of a message are to come */
	STATE_SKIP_BODY, /* the same, refused */
	STATE_LINE,
	STATE_SKIP_LINE, /* to the line's end, refused */
};

struct framing {
	struct framing_callbacks callbacks;
	enum framing_kind kind;
	enum state state;
	struct strbuf collected;
	size_t wanted;
	/* Of the header under way. */
	bool has_length;
	size_t length;
	bool bad_charset;
	size_t header_lines;
	struct peek peek;
	struct err refusal;
};

struct framing *framing_new(const struct framing_callbacks *callbacks)
{
	struct framing *f = xcalloc(1, sizeof(*f));

	f->callbacks = *callbacks;
	strbuf_init(&f->collected, LIMIT_MESSAGE);
	return f;
}

void framing_free(struct framing *f)
{
	if (!f)
		return;
	strbuf_release(&f->collected);
	free(f);
}

void framing_force_lines(struct framing *f)
{
	f->kind = FRAMING_LINES;
	f->state = STATE_LINE;
}

enum framing_kind framing_kind_of(const struct framing *f)
{
	return f->kind;
}

static void start_header(struct framing *f)
{
	f->state = STATE_HEADER;
	f->has_length = false;
	f->bad_charset = false;
	f->header_lines = 0;
	strbuf_reset(&f->collected);
}

static void lose(struct framing *f, const char *why)
{
	struct err err;

	err_set(&err, ERR_PARSE, "%s; expected \"Content-Length: N\", a blank line, and N bytes of JSON", why);
	f->state = STATE_LOST;
	f->callbacks.garbage(f->callbacks.ctx, &err);
}

static bool is_name(const char *line, size_t name_len, const char *name)
{
	return name_len == strlen(name) && !strncasecmp(line, name, name_len);
}

/* A decimal number that fills value; a larger one than fits is SIZE_MAX, which is over every limit. */
static bool parse_length(const char *value, size_t *out)
{
	size_t n = 0;

	if (!*value)
		return false;
	for (; *value; value++) {
		if (*value < '0' || *value > '9')
			return false;
		n = n > (SIZE_MAX - 9) / 10 ? SIZE_MAX : n * 10 + (size_t)(*value - '0');
	}
	*out = n;
	return true;
}

static bool is_utf8_charset(const char *content_type)
{
	const char *charset = strcasestr(content_type, "charset=");

	if (!charset)
		return true;
	charset += strlen("charset=");
	charset += *charset == '"';
	return !strncasecmp(charset, "utf-8", 5) || !strncasecmp(charset, "utf8", 4);
}

/* One header field; false if it is none. */
static bool take_field(struct framing *f, char *line)
{
	char *colon = strchr(line, ':');
	char *value;
	size_t name_len;

	if (!colon)
		return false;
	name_len = (size_t)(colon - line);
	while (name_len && (line[name_len - 1] == ' ' || line[name_len - 1] == '\t'))
		name_len--;
	value = colon + 1 + strspn(colon + 1, " \t");
	for (size_t n = strlen(value); n && (value[n - 1] == ' ' || value[n - 1] == '\t'); n--)
		value[n - 1] = '\0';
	if (is_name(line, name_len, "Content-Length")) {
		f->has_length = parse_length(value, &f->length);
		return f->has_length;
	}
	if (is_name(line, name_len, "Content-Type"))
		f->bad_charset = !is_utf8_charset(value);
	return true;
}

static void start_body(struct framing *f)
{
	f->wanted = f->length;
	strbuf_reset(&f->collected);
	if (f->length <= LIMIT_MESSAGE && !f->bad_charset) {
		f->state = STATE_BODY;
		/* A large body at once; a small one or an empty promise does not cost. */
		strbuf_reserve(&f->collected, f->length < KIB(64) ? f->length : KIB(64));
		return;
	}
	f->state = STATE_SKIP_BODY;
	peek_init(&f->peek, 1);
	if (f->bad_charset)
		err_set(&f->refusal, ERR_INVALID_REQUEST, "the message's charset must be utf-8");
	else
		err_set(&f->refusal, ERR_INVALID_REQUEST, "the message has %zu bytes; the limit is %zu",
			f->length, LIMIT_MESSAGE);
}

/* A header line is complete, without its line end. */
static void take_header_line(struct framing *f)
{
	char *line = f->collected.data;

	if (f->collected.len == 0) {
		if (f->has_length)
			start_body(f);
		else if (f->header_lines)
			lose(f, "a header without Content-Length");
		return;
	}
	if (++f->header_lines > LIMIT_HEADER_LINES || memchr(line, '\0', f->collected.len) || !take_field(f, line))
		lose(f, "a malformed header line");
	strbuf_reset(&f->collected);
}

/* A line of garbage is complete: a header may begin within it. */
static void take_lost_line(struct framing *f)
{
	char *again;
	char *line;

	for (size_t i = 0; i < f->collected.len; i++)
		if (!f->collected.data[i])
			f->collected.data[i] = ' ';
	again = strcasestr(f->collected.data, "Content-Length:");
	if (!again) {
		strbuf_reset(&f->collected);
		return;
	}
	line = xstrdup(again);
	start_header(f);
	strbuf_adds(&f->collected, line);
	free(line);
	take_header_line(f);
}

/* Takes bytes up to a line end; returns the number used. */
static size_t feed_header(struct framing *f, const char *bytes, size_t len)
{
	const char *nl = memchr(bytes, '\n', len);
	size_t n = nl ? (size_t)(nl - bytes) : len;

	if (f->collected.len + n > LIMIT_HEADER_LINE) {
		if (f->state == STATE_HEADER) {
			/* What is there already stays: see below. */
			lose(f, "a header line that is too long");
			return 0;
		}
		/* Garbage: keep a tail in which the beginning of a header may stand. */
		strbuf_add(&f->collected, bytes, n);
		if (f->collected.len > LIMIT_HEADER_LINE)
			strbuf_consume(&f->collected, f->collected.len - LIMIT_HEADER_LINE);
	} else {
		strbuf_add(&f->collected, bytes, n);
	}
	if (!nl)
		return n;
	if (f->collected.len && f->collected.data[f->collected.len - 1] == '\r')
		strbuf_truncate(&f->collected, f->collected.len - 1);
	if (f->state == STATE_HEADER)
		take_header_line(f);
	else
		take_lost_line(f);
	return n + 1;
}

static void deliver(struct framing *f)
{
	f->callbacks.message(f->callbacks.ctx, f->collected.data, f->collected.len);
	/* What a large message took is not kept for the small ones behind it. */
	if (f->collected.cap > KIB(16))
		strbuf_release(&f->collected);
	else
		strbuf_reset(&f->collected);
}

static void deliver_refusal(struct framing *f)
{
	peek_end(&f->peek);
	f->callbacks.refused(f->callbacks.ctx, &f->peek, &f->refusal);
}

static size_t feed_body(struct framing *f, const char *bytes, size_t len)
{
	size_t n = len < f->wanted ? len : f->wanted;
	bool skip = f->state == STATE_SKIP_BODY;

	if (skip)
		peek_feed(&f->peek, bytes, n);
	else
		strbuf_add(&f->collected, bytes, n);
	f->wanted -= n;
	if (f->wanted)
		return n;
	if (skip)
		deliver_refusal(f);
	else
		deliver(f);
	start_header(f);
	return n;
}

static bool is_blank_line(const struct strbuf *line)
{
	return strspn(line->data, " \t\r") == line->len;
}

static size_t feed_line(struct framing *f, const char *bytes, size_t len)
{
	const char *nl = memchr(bytes, '\n', len);
	size_t n = nl ? (size_t)(nl - bytes) : len;

	if (f->state == STATE_LINE && !strbuf_add(&f->collected, bytes, n)) {
		err_set(&f->refusal, ERR_INVALID_REQUEST, "the message is longer than the limit of %zu bytes",
			LIMIT_MESSAGE);
		peek_init(&f->peek, 1);
		peek_feed(&f->peek, f->collected.data, f->collected.len);
		strbuf_release(&f->collected);
		f->state = STATE_SKIP_LINE;
	}
	if (f->state == STATE_SKIP_LINE)
		peek_feed(&f->peek, bytes, n);
	if (!nl)
		return n;
	if (f->state == STATE_SKIP_LINE)
		deliver_refusal(f);
	else if (!is_blank_line(&f->collected))
		deliver(f);
	f->state = STATE_LINE;
	strbuf_reset(&f->collected);
	return n + 1;
}

static size_t feed_start(struct framing *f, const char *bytes, size_t len)
{
	size_t n = 0;

	while (n < len && strchr(" \t\r\n", bytes[n]) && bytes[n])
		n++;
	if (n == len)
		return n;
	if (bytes[n] == '{' || bytes[n] == '[') {
		f->kind = FRAMING_LINES;
		f->state = STATE_LINE;
	} else {
		f->kind = FRAMING_HEADERS;
		start_header(f);
	}
	return n;
}

void framing_feed(struct framing *f, const char *bytes, size_t len)
{
	while (len) {
		size_t n = 0;

		switch (f->state) {
		case STATE_START:
			n = feed_start(f, bytes, len);
			break;
		case STATE_HEADER:
		case STATE_LOST:
			n = feed_header(f, bytes, len);
			break;
		case STATE_BODY:
		case STATE_SKIP_BODY:
			n = feed_body(f, bytes, len);
			break;
		case STATE_LINE:
		case STATE_SKIP_LINE:
			n = feed_line(f, bytes, len);
			break;
		}
		bytes += n;
		len -= n;
		/* A body of no bytes is complete without one. */
		if ((f->state == STATE_BODY || f->state == STATE_SKIP_BODY) && !f->wanted)
			feed_body(f, "", 0);
	}
}

void framing_end(struct framing *f)
{
	struct err err;

	if (f->kind == FRAMING_LINES) {
		if (f->state == STATE_SKIP_LINE || f->collected.len)
			feed_line(f, "\n", 1);
		return;
	}
	if (f->state == STATE_BODY || f->state == STATE_SKIP_BODY) {
		err_set(&err, ERR_PARSE, "the input ended %zu bytes before the end of a message", f->wanted);
		f->callbacks.garbage(f->callbacks.ctx, &err);
	} else if (f->state == STATE_HEADER && (f->header_lines || f->collected.len)) {
		err_set(&err, ERR_PARSE, "the input ended within a message's header");
		f->callbacks.garbage(f->callbacks.ctx, &err);
	}
}

void framing_begin(struct strbuf *out)
{
	static const char room[FRAMING_ROOM];

	assert(out->len == 0);
	strbuf_add(out, room, sizeof(room));
}

void framing_finish(struct strbuf *out, enum framing_kind kind, size_t *start)
{
	static const char name[] = "Content-Length: ";
	static const char end[] = "\r\n\r\n";
	char *at = out->data + FRAMING_ROOM;
	size_t len = out->len - FRAMING_ROOM;

	if (kind == FRAMING_LINES) {
		strbuf_addch(out, '\n');
		*start = FRAMING_ROOM;
		return;
	}
	/* From its end to its beginning, as the number of digits is not known before. */
	at -= strlen(end);
	memcpy(at, end, strlen(end));
	do
		*--at = (char)('0' + len % 10);
	while (len /= 10);
	at -= strlen(name);
	memcpy(at, name, strlen(name));
	*start = (size_t)(at - out->data);
}
