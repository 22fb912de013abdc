/*
 * The simulated model. Its one object, struct sim_model, is in the caller's storage and owns a table of names, which is
 * made again whenever it is told another text.
 */
#include "sim_model.h"

#include <stdlib.h>
#include <string.h>

#include "eke/base/mem.h"
#include "trace_judge.h"
#include "trace_rng.h"

/* Shorter names are keywords and counters. */
#define NAME_MIN 3
/* How much of a prefix is looked for before all of it is compared. */
#define NEEDLE 64
/* No client cuts what it sends to less. */
#define WINDOW_MIN 1024
/* So many letters of a mistake at the most lie between the cursor and a text that is known. */
#define MISTAKE_MAX 24

struct sim_name {
	size_t at, len;
};

void sim_model_init(struct sim_model *model, uint64_t seed, double right, size_t lines)
{
	*model = (struct sim_model){ .seed = seed, .right = right, .lines = lines, .text = "" };
}

void sim_model_release(struct sim_model *model)
{
	free(model->names);
}

static bool is_word(char c)
{
	return c == '_' || (c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z');
}

/* Bytes of the name that begins at `at`; 0 if none does. */
static size_t name_at(const char *text, size_t len, size_t at)
{
	size_t end = at;

	if (!is_word(text[at]) || (text[at] >= '0' && text[at] <= '9') || (at && is_word(text[at - 1])))
		return 0;
	while (end < len && is_word(text[end]))
		end++;
	return end - at >= NAME_MIN ? end - at : 0;
}

void sim_model_know(struct sim_model *model, const char *text, size_t len)
{
	size_t cap = 0;

	free(model->names);
	model->names = NULL;
	model->name_count = 0;
	model->text = text;
	model->len = len;
	for (size_t at = 0; at < len; at++) {
		size_t n = name_at(text, len, at);

		if (!n)
			continue;
		if (model->name_count == cap) {
			cap = cap ? 2 * cap : 256;
			model->names = xreallocarray(model->names, cap, sizeof(model->names[0]));
		}
		model->names[model->name_count++] = (struct sim_name){ at, n };
		at += n - 1;
	}
}

/* --- lines and blocks --- */

static size_t line_start(const struct sim_model *m, size_t at)
{
	while (at && m->text[at - 1] != '\n')
		at--;
	return at;
}

static size_t line_end(const struct sim_model *m, size_t at)
{
	const char *end = memchr(m->text + at, '\n', m->len - at);

	return end ? (size_t)(end - m->text) : m->len;
}

/* Columns of a line's indentation; *blank: it has nothing else. */
static size_t indentation(const struct sim_model *m, size_t start, bool *blank, char *first)
{
	size_t columns = 0;
	size_t at = start;

	for (; at < m->len && (m->text[at] == ' ' || m->text[at] == '\t'); at++)
		columns += m->text[at] == '\t' ? 8 : 1;
	*blank = at == m->len || m->text[at] == '\n';
	*first = *blank ? '\0' : m->text[at];
	return columns;
}

static bool closes(char first)
{
	return first == '}' || first == ')' || first == ']';
}

/* What an answer has come through so far. */
struct block {
	size_t columns; /* of the line with the cursor, or of one further out that followed */
	bool opens;     /* that line is the head of a block: the next one is further in */
	bool any;       /* a line followed at all */
	bool after_blank;
	bool closed;    /* with this line it ends */
};

/* Does the line at `start` still belong to what the typist is in the middle of? Not the next function or paragraph. */
static bool belongs(const struct sim_model *m, size_t start, struct block *b)
{
	bool blank;
	char first;
	size_t columns = indentation(m, start, &blank, &first);
	bool divided = b->after_blank;

	b->after_blank = false;
	if (!b->any)
		b->opens = columns > b->columns;
	b->any = true;
	if (columns > b->columns)
		return true;
	if (closes(first)) {
		b->closed = !columns;
		return true;
	}
	if (divided && (b->opens || !columns || columns < b->columns))
		return false;
	if (!columns && b->columns)
		return false;
	b->columns = columns;
	return true;
}

/* By count of lines with text alone. */
static size_t end_of_lines(const struct sim_model *m, size_t at, size_t limit, size_t lines)
{
	size_t end = at;

	while (lines-- && end < limit)
		end += judge_first_line(m->text + end, limit - end);
	return end;
}

size_t sim_model_end(const struct sim_model *m, size_t at, size_t limit, size_t max_lines, bool go_on)
{
	size_t lines = max_lines ? max_lines : SIM_MODEL_LINES;
	size_t end = line_end(m, at);
	struct block b = { 0 };
	bool blank;
	char first;

	if (m->lines)
		return end_of_lines(m, at, limit, m->lines < lines ? m->lines : lines);
	if (go_on)
		return end_of_lines(m, at, limit, lines);
	b.columns = indentation(m, line_start(m, at), &blank, &first);
	/* On an empty line it is about what comes next. */
	while (blank && end < limit) {
		b.columns = indentation(m, end + 1, &blank, &first);
		end = line_end(m, end + 1);
	}
	for (size_t next = end; lines > 1 && next < limit && next + 1 < m->len && !b.closed; next = line_end(m, next + 1)) {
		indentation(m, next + 1, &blank, &first);
		if (blank) {
			b.after_blank = true;
			continue;
		}
		if (!belongs(m, next + 1, &b))
			break;
		end = line_end(m, next + 1);
		lines--;
	}
	return end < limit ? end : limit;
}

/* --- mistakes --- */

/* The same for the same line in the same state, wherever edits above have moved it. */
static uint64_t draw(const struct sim_model *m, size_t start, size_t end, size_t stage, uint64_t what)
{
	return rng_mix(rng_hash(RNG_HASH_START, m->text + start, end - start) ^ rng_mix(m->seed ^ (stage << 8) ^ what));
}

/* The names that begin in [from, to): the first one's index, and their number. */
static size_t names_in(const struct sim_model *m, size_t from, size_t to, size_t *count)
{
	size_t low = 0;
	size_t high = m->name_count;

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (m->names[mid].at < from)
			low = mid + 1;
		else
			high = mid;
	}
	for (high = low; high < m->name_count && m->names[high].at < to;)
		high++;
	*count = high - low;
	return low;
}

size_t sim_model_fault(const struct sim_model *m, size_t at)
{
	size_t start = line_start(m, at);
	size_t end = line_end(m, at);
	size_t stage = start;
	size_t count;
	size_t first;

	for (;;) {
		size_t fault;

		if (rng_unit_of(draw(m, start, end, stage - start, 'r')) < m->right)
			return SIM_MODEL_NO_FAULT;
		first = names_in(m, stage, end, &count);
		if (!count)
			break;
		fault = m->names[first + draw(m, start, end, stage - start, 'p') % count].at;
		if (fault >= at)
			return fault;
		stage = fault + 1;
	}
	/* The cursor's line has no name left: the first line below that has one. */
	first = names_in(m, end, m->len, &count);
	return count ? m->names[first].at : SIM_MODEL_NO_FAULT;
}

bool sim_model_is_right(const struct sim_model *m, size_t at, size_t limit)
{
	size_t end = sim_model_end(m, at, limit, 0, false);
	size_t line = at + judge_first_line(m->text + at, end - at);

	return end > at && sim_model_fault(m, at) >= line;
}

/* Appends another name than the one at `at`, which differs from its first letter on. Returns the bytes it replaces. */
static size_t add_wrong_name(const struct sim_model *m, size_t at, struct strbuf *out)
{
	size_t len = name_at(m->text, m->len, at);
	uint64_t from = rng_mix(m->seed ^ rng_hash(RNG_HASH_START, m->text + at, len));

	for (size_t i = 0; i < m->name_count; i++) {
		const struct sim_name *name = &m->names[(from + i) % m->name_count];

		if (m->text[name->at] == m->text[at])
			continue;
		strbuf_add(out, m->text + name->at, name->len);
		return len;
	}
	strbuf_adds(out, m->text[at] == 'x' ? "y" : "x");
	return len;
}

/* --- questions --- */

/* Does the prefix, less its last `skip` bytes, end at `at`? A short one is all there is before the cursor. */
static bool prefix_ends_at(const struct sim_model *m, const struct sim_question *q, size_t skip, size_t at)
{
	size_t len = q->prefix_len - skip;

	if (at > m->len || len > at || (len < at && len < WINDOW_MIN))
		return false;
	return !memcmp(m->text + at - len, q->prefix, len);
}

static bool find_prefix(const struct sim_model *m, const struct sim_question *q, size_t skip, size_t *at)
{
	size_t len = q->prefix_len - skip;
	size_t needle = len < NEEDLE ? len : NEEDLE;
	const char *from = m->text;
	bool found = false;
	const char *hit;

	if (prefix_ends_at(m, q, skip, m->at)) {
		*at = m->at;
		return true;
	}
	if (!needle) {
		*at = 0;
		return true;
	}
	while ((hit = memmem(from, (size_t)(m->text + m->len - from), q->prefix + len - needle, needle))) {
		size_t end = (size_t)(hit - m->text) + needle;

		/* The nearest to where the typist is. */
		if (prefix_ends_at(m, q, skip, end) &&
		    (!found || llabs((long long)end - (long long)m->at) < llabs((long long)*at - (long long)m->at))) {
			*at = end;
			found = true;
		}
		from = hit + 1;
	}
	return found;
}

static bool suffix_begins_at(const struct sim_model *m, const struct sim_question *q, size_t at)
{
	return at <= m->len && q->suffix_len <= m->len - at && !memcmp(m->text + at, q->suffix, q->suffix_len);
}

static size_t find_suffix(const struct sim_model *m, const struct sim_question *q, size_t at)
{
	if (!q->suffix_len)
		return m->len;
	if (at <= m->gap_end && suffix_begins_at(m, q, m->gap_end))
		return m->gap_end;
	for (size_t end = at; end < m->len; end++)
		if (m->text[end] == q->suffix[0] && suffix_begins_at(m, q, end))
			return end;
	return m->len;
}

bool sim_model_find(const struct sim_model *m, const struct sim_question *q, size_t *at, size_t *limit)
{
	if (!find_prefix(m, q, 0, at))
		return false;
	*limit = find_suffix(m, q, *at);
	return true;
}

void sim_model_answer(const struct sim_model *m, const struct sim_question *q, struct strbuf *out)
{
	size_t at = 0;
	size_t limit = m->len;
	size_t end;
	size_t fault;

	if (!sim_model_find(m, q, &at, &limit)) {
		size_t skip = 1;

		while (skip < q->prefix_len && skip < MISTAKE_MAX && !find_prefix(m, q, skip, &at))
			skip++;
		/* The letters of the mistake stand for as many right ones. */
		at = at + skip < m->len ? at + skip : m->len;
		while (at < m->len && ((unsigned char)m->text[at] & 0xC0) == 0x80)
			at++;
		limit = m->len;
	}
	end = sim_model_end(m, at, limit, q->max_lines, q->go_on);
	fault = sim_model_fault(m, at);
	if (fault >= end) {
		strbuf_add(out, m->text + at, end - at);
		return;
	}
	strbuf_add(out, m->text + at, fault - at);
	fault += add_wrong_name(m, fault, out);
	if (fault < end)
		strbuf_add(out, m->text + fault, end - fault);
}
