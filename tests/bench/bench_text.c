/*
 * What one edit costs: a position becomes an offset, text is replaced there. struct text_buffer against the two
 * plainest ways to hold a document, measured in the same run so that the figures are ratios and not properties of a
 * machine:
 *   flat: one string that moves its tail, positions by reading from the start;
 *   gap:  a gap buffer with a table of line starts, which an edit shifts behind itself, as most editors keep one.
 * Prints one line a figure: what, CPU nanoseconds an edit, and how many times as long the baselines take.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "eke/base/mem.h"
#include "eke/base/strbuf.h"
#include "eke/text/buffer.h"
#include "eke/text/lines.h"
#include "text.h"

/* --- the gap buffer --- */

struct gap_buffer {
	char *data;
	size_t size;
	size_t gap;     /* where the gap begins */
	size_t gap_len;
	size_t *starts; /* of lines, as offsets without the gap */
	size_t lines;
	size_t room;
};

static void gap_init(struct gap_buffer *g, const char *text, size_t len)
{
	*g = (struct gap_buffer){ .data = xmalloc(len + 65536), .size = len + 65536, .gap = len, .gap_len = 65536 };
	memcpy(g->data, text, len);
	g->lines = lines_count(text, len) + 1;
	g->room = 2 * g->lines;
	g->starts = xcalloc(g->room, sizeof(*g->starts));
	for (size_t i = 0, line = 1; i < len; i++) {
		if (text[i] == '\n')
			g->starts[line++] = i + 1;
	}
}

static void gap_release(struct gap_buffer *g)
{
	free(g->data);
	free(g->starts);
}

static void gap_move(struct gap_buffer *g, size_t at)
{
	if (at < g->gap)
		memmove(g->data + at + g->gap_len, g->data + at, g->gap - at);
	else
		memmove(g->data + g->gap, g->data + g->gap + g->gap_len, at - g->gap);
	g->gap = at;
}

static void gap_edit(void *object, struct position pos, size_t removed, const char *text, size_t len)
{
	struct gap_buffer *g = object;
	size_t line = (size_t)pos.line;
	size_t text_len = g->size - g->gap_len;
	size_t at = g->starts[line];
	size_t gone;
	size_t fresh;

	gap_move(g, at); /* the line behind the gap is one piece */
	at += column_offset(g->data + g->gap + g->gap_len, text_len - at, (size_t)pos.character);
	gap_move(g, at);
	if (removed > text_len - at)
		removed = text_len - at;
	gone = lines_count(g->data + g->gap + g->gap_len, removed);
	fresh = lines_count(text, len);
	g->gap_len += removed;
	if (g->gap_len <= len)
		abort(); /* the benchmark removes as much as it adds */
	memcpy(g->data + g->gap, text, len);
	g->gap += len;
	g->gap_len -= len;
	if (g->lines + fresh - gone > g->room) {
		g->room *= 2;
		g->starts = xreallocarray(g->starts, g->room, sizeof(*g->starts));
	}
	memmove(g->starts + line + 1 + fresh, g->starts + line + 1 + gone,
		(g->lines - line - 1 - gone) * sizeof(*g->starts));
	g->lines = g->lines + fresh - gone;
	for (size_t i = line + 1 + fresh; i < g->lines; i++)
		g->starts[i] = g->starts[i] + len - removed;
	for (size_t i = 0, n = line + 1; i < len; i++) {
		if (text[i] == '\n')
			g->starts[n++] = at + i + 1;
	}
}

static void chunks_edit(void *object, struct position pos, size_t removed, const char *text, size_t len)
{
	struct text_buffer *b = object;
	size_t at = text_buffer_offset(b, pos, POSITION_UTF16);

	text_buffer_replace(b, at, at + removed, text, len);
}

/* --- the run --- */

typedef void edit_fn(void *object, struct position pos, size_t removed, const char *text, size_t len);

static uint64_t cpu_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (uint64_t)t.tv_sec * UINT64_C(1000000000) + (uint64_t)t.tv_nsec;
}

/* Edits that keep length and lines about equal: a character typed, a character deleted, a line added, a line joined. */
static double run(edit_fn *edit, void *object, size_t lines, int count, bool one_place)
{
	static const struct {
		size_t removed;
		const char *text;
	} edits[] = { { 0, "x" }, { 1, "" }, { 0, "\n\tif" }, { 4, "" } };
	uint32_t seed = 42;
	uint64_t start = cpu_ns();

	for (int i = 0; i < count; i++) {
		size_t line = one_place ? lines / 2 : next_random(&seed) % lines;
		struct position pos = { (int64_t)line, one_place ? 10 : next_random(&seed) % 10 };

		edit(object, pos, edits[i & 3].removed, edits[i & 3].text, strlen(edits[i & 3].text));
	}
	return (double)(cpu_ns() - start) / count;
}

static double bench(size_t size, bool one_place)
{
	struct text_buffer *b = text_buffer_new();
	struct gap_buffer gap;
	struct strbuf flat;
	size_t lines;
	double chunks_ns;
	double gap_ns;
	double flat_ns;

	strbuf_init(&flat, SIZE_MAX / 2);
	make_text(&flat, size);
	text_buffer_set(b, flat.data, flat.len);
	gap_init(&gap, flat.data, flat.len);
	lines = lines_count(flat.data, flat.len) * 9 / 10;

	chunks_ns = run(chunks_edit, b, lines, 200000, one_place);
	gap_ns = run(gap_edit, &gap, lines, 2000, one_place);
	flat_ns = run(flat_edit, &flat, lines, 1000, one_place);
	printf("text: edit in %zu KiB, %s: %.0f ns; gap buffer takes %.1f times as long, flat string %.1f times\n",
	       size / 1024, one_place ? "at one place" : "anywhere", chunks_ns, gap_ns / chunks_ns, flat_ns / chunks_ns);

	gap_release(&gap);
	strbuf_release(&flat);
	text_buffer_free(b);
	return chunks_ns;
}

static void bench_set(size_t size)
{
	struct text_buffer *b = text_buffer_new();
	struct strbuf text;
	uint64_t start;
	uint64_t set;
	uint64_t copy = 0;

	strbuf_init(&text, SIZE_MAX / 2);
	make_text(&text, size);
	start = cpu_ns();
	for (int i = 0; i < 50; i++)
		text_buffer_set(b, text.data, text.len);
	set = cpu_ns() - start;
	for (int i = 0; i < 50; i++) {
		struct strbuf again;

		start = cpu_ns();
		strbuf_init(&again, SIZE_MAX / 2);
		strbuf_add(&again, text.data, text.len);
		copy += cpu_ns() - start;
		strbuf_release(&again);
	}
	printf("text: open %zu KiB: %.1f times a plain copy; footprint %.2f times the text\n", size / 1024,
	       (double)set / (double)copy, (double)text_buffer_footprint(b) / (double)text.len);
	strbuf_release(&text);
	text_buffer_free(b);
}

int main(void)
{
	bench(64 * 1024, true);
	bench(64 * 1024, false);
	bench(1024 * 1024, true);
	bench(1024 * 1024, false);
	bench(8 * 1024 * 1024, true);
	bench(8 * 1024 * 1024, false);
	bench_set(1024 * 1024);
	return 0;
}
