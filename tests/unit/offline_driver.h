#ifndef EKE_TESTS_OFFLINE_DRIVER_H
#define EKE_TESTS_OFFLINE_DRIVER_H
/*
 * A driver for the offline engine: bytes steer edits of documents through struct docs, which the engine follows, and
 * questions. Checks after each what must always hold, and now and then that the engine is as one that was just told
 * the same text. Shared by the unit test (bytes from a fixed seed) and the fuzz target (bytes from the fuzzer).
 */
#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "eke/base/attrs.h"
#include "eke/base/limits.h"
#include "eke/base/strbuf.h"
#include "eke/base/utf.h"
#include "eke/offline/offline.h"
#include "eke/offline/suggest.h"
#include "eke/text/buffer.h"
#include "eke/text/docs.h"
#include "eke/text/lines.h"

#define DRIVEN_MAX ((size_t)3000)

#define DRIVE_CHECK(cond)                                                                  \
	do {                                                                               \
		if (!(cond)) {                                                             \
			fprintf(stderr, "%s:%d: broken: %s\n", __FILE__, __LINE__, #cond); \
			abort();                                                           \
		}                                                                          \
	} while (0)

static const char *const driven_pieces[] = {
	"a", "x", " ", "\n", "\t", "\r", "\r\n", "(", ")", ";", "\n\t", "\n    ", "if (", ") {", "\n}", "foo", "foobar",
	"return value;\n", "\tcall(first, second);\n", "    call(first, second);\n", "\xC3\xB6", "\xF0\x9F\x98\x80", "\"",
	"/* ", " */", "# ", "_", "==", "------", "first", "\n\n", "\t\tif (first)\n\t\t\treturn second;\n", "  ", "value",
	"}", "{",
};

struct driver {
	struct docs *docs;
	struct offline *offline;
	const uint8_t *data;
	size_t size;
	size_t at;
	size_t documents;
};

static const char *const driven_uris[] = { "file:///one.c", "file:///two.py" };
static const char *const driven_languages[] = { "c", "python" };

static inline uint8_t drive_byte(struct driver *d)
{
	return d->at < d->size ? d->data[d->at++] : 0;
}

static inline bool drive_blank(const char *s, size_t len)
{
	size_t i = 0;

	while (i < len && strchr(" \t\r\n", s[i]))
		i++;
	return i == len;
}

/* What an answer promises. */
static inline void drive_check_answer(const struct offline_request *r, const struct strbuf *out)
{
	size_t rest = lines_first_end(r->after, r->after_len);
	const char *s = out->data;
	size_t len = out->len;
	size_t skipped = 0;

	DRIVE_CHECK(utf8_valid_prefix(s, len) == len);
	DRIVE_CHECK(!drive_blank(s, len));
	DRIVE_CHECK(lines_count(s, len) < (r->max_lines ? r->max_lines : LIMIT_COMPLETION_LINES));
	DRIVE_CHECK(!strchr(" \t\r\n", s[len - 1]));
	while (skipped < rest && strchr(" \t", r->after[skipped]))
		skipped++;
	for (; len && strchr(" \t", *s); s++, len--)
		;
	DRIVE_CHECK(!len || len > rest - skipped || memcmp(s, r->after + skipped, len) != 0);
}

static inline bool drive_ask_one(struct offline *offline, const struct offline_request *r, struct strbuf *out,
				 struct offline_verdict *verdict)
{
	bool offered = offline_complete(offline, r, out, verdict);

	DRIVE_CHECK(offered == (verdict->reason == OFFLINE_OFFERED));
	DRIVE_CHECK(offered == (out->len > 0));
	DRIVE_CHECK(verdict->probability >= 0 && verdict->probability <= 1);
	if (offered)
		drive_check_answer(r, out);
	return offered;
}

/* Asks the engine, and one that was just told the same text. */
static inline void drive_ask(struct driver *d, bool compare)
{
	size_t which = drive_byte(d) % d->documents;
	const struct doc *doc = docs_find(d->docs, driven_uris[which]);
	size_t offset = (size_t)drive_byte(d) << 8 | drive_byte(d);
	uint8_t how = drive_byte(d);
	struct offline_request r = { .uri = driven_uris[which],
				     .language = driven_languages[which],
				     .max_lines = how & 3,
				     .level = how & 4 ? OFFLINE_SURE : OFFLINE_LIKELY,
				     .insert_spaces = how & 8 };
	struct offline_verdict verdict;
	struct strbuf text;
	struct strbuf out;

	strbuf_init(&text, KIB(64));
	strbuf_init(&out, LIMIT_COMPLETION_TEXT);
	text_buffer_copy(doc_text(doc), 0, text_buffer_len(doc_text(doc)), &text);
	offset = text.len ? offset % (text.len + 1) : 0;
	while (!utf8_is_boundary(text.data, text.len, offset))
		offset--;
	/* No position is there. */
	if (offset && offset < text.len && text.data[offset - 1] == '\r' && text.data[offset] == '\n')
		offset--;
	r.before = text.data;
	r.before_len = offset;
	r.after = text.data + offset;
	r.after_len = text.len - offset;
	r.line = (size_t)text_buffer_position(doc_text(doc), offset, POSITION_UTF8).line;
	drive_ask_one(d->offline, &r, &out, &verdict);
	if (compare) {
		struct offline *fresh = offline_new();
		struct offline_verdict fresh_verdict;
		struct strbuf fresh_out;

		strbuf_init(&fresh_out, LIMIT_COMPLETION_TEXT);
		offline_seen(fresh, r.uri, r.language, text.data, text.len);
		drive_ask_one(fresh, &r, &fresh_out, &fresh_verdict);
		DRIVE_CHECK(out.len == fresh_out.len && !memcmp(out.data, fresh_out.data, out.len));
		DRIVE_CHECK(fabs(verdict.probability - fresh_verdict.probability) < 1e-6);
		DRIVE_CHECK(verdict.reason == fresh_verdict.reason);
		strbuf_release(&fresh_out);
		offline_free(fresh);
	}
	strbuf_release(&text);
	strbuf_release(&out);
}

static inline void drive_edit(struct driver *d)
{
	size_t which = drive_byte(d) % d->documents;
	struct doc *doc = docs_find(d->docs, driven_uris[which]);
	size_t len = text_buffer_len(doc_text(doc));
	size_t start = ((size_t)drive_byte(d) << 8 | drive_byte(d)) % (len + 1);
	size_t removed = drive_byte(d);
	struct strbuf text;
	struct doc_edit edit = { .has_range = true };

	/* Most edits are small. */
	removed = removed & 0x80 ? removed & 0x7F : removed % 3;
	strbuf_init(&text, KIB(4));
	if (len < DRIVEN_MAX) {
		for (unsigned n = drive_byte(d) % 4; n > 0; n--)
			strbuf_adds(&text, driven_pieces[drive_byte(d) % ARRAY_LEN(driven_pieces)]);
		/* A line too long to be looked at, now and then. */
		for (unsigned n = drive_byte(d) == 1 ? 50 : 0; n > 0; n--)
			strbuf_adds(&text, "long line ");
	}
	edit.text = text.data;
	edit.len = text.len;
	edit.range.start = text_buffer_position(doc_text(doc), start, POSITION_UTF16);
	edit.range.end = text_buffer_position(doc_text(doc), start + removed, POSITION_UTF16);
	docs_change(d->docs, driven_uris[which], DOC_NO_VERSION, &edit, 1);
	strbuf_release(&text);
}

static inline void drive_check(struct driver *d)
{
	for (size_t i = 0; i < d->documents; i++) {
		const struct doc *doc = docs_find(d->docs, driven_uris[i]);
		struct strbuf text;

		strbuf_init(&text, KIB(64));
		text_buffer_copy(doc_text(doc), 0, text_buffer_len(doc_text(doc)), &text);
		DRIVE_CHECK(offline_holds(d->offline, driven_uris[i], text.data, text.len));
		strbuf_release(&text);
	}
	DRIVE_CHECK(offline_is_sound(d->offline));
}

static inline void drive_follow(void *ctx, const struct docs_event *event)
{
	offline_follow(ctx, event);
}

static inline void drive(const uint8_t *data, size_t size)
{
	struct driver d = { .docs = docs_new(), .offline = offline_new(), .data = data, .size = size };

	/* Compared only where it is alone: of several documents the last to get a line counts as its home. */
	d.documents = 1 + (drive_byte(&d) & 1);
	docs_observe(d.docs, drive_follow, d.offline);
	for (size_t i = 0; i < d.documents; i++)
		docs_open(d.docs, driven_uris[i], driven_languages[i], 1, "if (first) {\n\tcall(first, second);\n}\n", 36);
	while (d.at < d.size) {
		uint8_t what = drive_byte(&d);

		if (what < 170)
			drive_edit(&d);
		else if (what < 240)
			drive_ask(&d, false);
		else if (what < 248)
			drive_ask(&d, d.documents == 1);
		else
			drive_check(&d);
	}
	drive_check(&d);
	docs_close(d.docs, driven_uris[0]);
	DRIVE_CHECK(offline_is_sound(d.offline));
	docs_free(d.docs);
	offline_free(d.offline);
}

#endif
