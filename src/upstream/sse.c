/*
 * The event stream parser. A line that is complete in the bytes fed is looked at where it lies; only one cut
 * by the end of the bytes is collected in `line`. Data lines are copied once, into `data`, which the callee
 * gets and may parse in place. Both buffers live as long as the parser and keep their memory between events.
 */
#include "eke/upstream/sse.h"

#include <stdlib.h>
#include <string.h>

#include "eke/base/limits.h"
#include "eke/base/mem.h"
#include "eke/base/strbuf.h"

struct sse {
	sse_event_fn *fn;
	void *ctx;           /* the caller's */
	struct strbuf line;  /* the beginning of a line whose end has not come */
	struct strbuf data;  /* of the event under way */
	char type[LIMIT_SSE_TYPE + 1];
	bool has_data;       /* the event has a data line, so the next one is joined with a newline */
	bool is_error_field;
	bool first_line_seen;
	bool skip_lf;        /* the last byte was a CR that ended a line: an LF now belongs to it */
	bool stopped;
	bool overflowed;
};

struct sse *sse_new(sse_event_fn *fn, void *ctx)
{
	struct sse *sse = xcalloc(1, sizeof(*sse));

	sse->fn = fn;
	sse->ctx = ctx;
	strbuf_init(&sse->line, LIMIT_SSE_LINE);
	strbuf_init(&sse->data, LIMIT_SSE_EVENT);
	return sse;
}

void sse_free(struct sse *sse)
{
	if (!sse)
		return;
	strbuf_release(&sse->line);
	strbuf_release(&sse->data);
	free(sse);
}

bool sse_overflowed(const struct sse *sse)
{
	return sse->overflowed;
}

static void overflow(struct sse *sse)
{
	sse->overflowed = true;
	sse->stopped = true;
}

static void dispatch(struct sse *sse)
{
	struct sse_event event = {
		.type = sse->type, .data = sse->data.data, .len = sse->data.len, .is_error_field = sse->is_error_field,
	};

	if (event.len && !sse->fn(sse->ctx, &event))
		sse->stopped = true;
	strbuf_reset(&sse->data);
	sse->type[0] = '\0';
	sse->has_data = false;
	sse->is_error_field = false;
}

static void add_data(struct sse *sse, const char *value, size_t len, bool is_error_field)
{
	/* An error is no continuation of the data before it. */
	if (sse->has_data && sse->is_error_field != is_error_field)
		dispatch(sse);
	if (sse->stopped)
		return;
	if ((sse->has_data && !strbuf_addch(&sse->data, '\n')) || !strbuf_add(&sse->data, value, len)) {
		overflow(sse);
		return;
	}
	sse->has_data = true;
	sse->is_error_field = is_error_field;
}

static void set_type(struct sse *sse, const char *value, size_t len)
{
	if (len > LIMIT_SSE_TYPE)
		len = 0;
	if (len)
		memcpy(sse->type, value, len);
	sse->type[len] = '\0';
}

static bool name_is(const char *line, size_t len, const char *name, size_t name_len)
{
	return len >= name_len && !memcmp(line, name, name_len) && (len == name_len || line[name_len] == ':');
}

/* What follows the field's name: the colon and one blank are no part of the value. */
static const char *value_of(const char *line, size_t *len, size_t name_len)
{
	size_t skip = name_len;

	if (skip < *len)
		skip++;
	if (skip < *len && line[skip] == ' ')
		skip++;
	*len -= skip;
	return line + skip;
}

static void take_line(struct sse *sse, const char *line, size_t len)
{
	const char *value;

	if (!sse->first_line_seen) {
		sse->first_line_seen = true;
		if (len >= 3 && !memcmp(line, "\xEF\xBB\xBF", 3)) {
			line += 3;
			len -= 3;
		}
	}
	if (!len) {
		dispatch(sse);
	} else if (name_is(line, len, "data", 4)) {
		value = value_of(line, &len, 4);
		add_data(sse, value, len, false);
	} else if (name_is(line, len, "error", 5)) {
		value = value_of(line, &len, 5);
		add_data(sse, value, len, true);
	} else if (name_is(line, len, "event", 5)) {
		value = value_of(line, &len, 5);
		set_type(sse, value, len);
	}
}

/* A line's last bytes: alone, or behind what was kept of it. */
static void end_line(struct sse *sse, const char *bytes, size_t len)
{
	if (!sse->line.len) {
		if (len > LIMIT_SSE_LINE)
			overflow(sse);
		else
			take_line(sse, bytes, len);
		return;
	}
	if (!strbuf_add(&sse->line, bytes, len)) {
		overflow(sse);
		return;
	}
	take_line(sse, sse->line.data, sse->line.len);
	strbuf_reset(&sse->line);
}

static const char *find(const char *from, const char *end, char c)
{
	const char *at = memchr(from, c, (size_t)(end - from));

	return at ? at : end;
}

bool sse_feed(struct sse *sse, const char *bytes, size_t len)
{
	const char *p = bytes;
	const char *end = bytes + len;
	const char *lf;
	const char *cr;

	if (sse->stopped || !len)
		return !sse->stopped;
	if (sse->skip_lf && *p == '\n')
		p++;
	sse->skip_lf = false;
	/* Each is searched again only when it was passed, so that a stream of CRs alone costs one pass too. */
	lf = find(p, end, '\n');
	cr = find(p, end, '\r');
	while (!sse->stopped && p < end) {
		const char *eol = lf < cr ? lf : cr;

		if (eol == end) {
			if (!strbuf_add(&sse->line, p, (size_t)(end - p)))
				overflow(sse);
			break;
		}
		end_line(sse, p, (size_t)(eol - p));
		p = eol + 1;
		if (eol == cr) {
			cr = find(p, end, '\r');
			sse->skip_lf = p == end;
			if (p < end && lf == p)
				p++;
		}
		if (lf < p)
			lf = find(p, end, '\n');
	}
	return !sse->stopped;
}

void sse_end(struct sse *sse)
{
	if (sse->stopped)
		return;
	if (sse->line.len)
		end_line(sse, "", 0);
	if (!sse->stopped)
		dispatch(sse);
	sse->stopped = true;
}
