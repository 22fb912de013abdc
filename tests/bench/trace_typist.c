/*
 * One object, struct typist, which owns the file and the plan. It is a small machine: either it goes through the file
 * to its end, or it is at an earlier place for a second thought (`visiting`), and in both cases it may be astray.
 */
#include "trace_typist.h"

#include <stdlib.h>
#include <string.h>

#include "eke/base/limits.h"
#include "eke/base/mem.h"
#include "trace_rhythm.h"

/* Of the letters inside words, so many are mistyped (Dhakal et al. 2018: about one keystroke in 16 is a correction). */
#define MISTAKE_SHARE 0.012
/* Letters typed after a mistake before it is noticed, at most. */
#define UNNOTICED_MAX 3
/* One second thought in so many bytes, and how many bytes later it comes. */
#define THOUGHT_EVERY 1500
#define TRIES 8
#define THOUGHT_AFTER_MIN 80
#define THOUGHT_AFTER_MAX 700
#define ASTRAY_MAX 96

/* In the file [at, at + len) stands; until the second thought `first` stands in its place. */
struct thought {
	size_t at, len;
	char first[ASTRAY_MAX];
	size_t first_len;
	size_t due; /* when the typist has come so far in the file */
};

struct typist {
	struct strbuf file;
	struct strbuf plan;
	struct typist_settings settings;
	struct rhythm rhythm;
	struct rng rng;
	struct thought *thoughts;
	size_t thought_count;
	size_t thoughts_had;
	size_t at, gap_end;
	size_t astray;     /* bytes */
	size_t unnoticed;  /* letters that follow before they are taken back */
	bool noticed;
	size_t astray_next; /* where in the plan those letters come from */
	bool visiting;
	size_t left_at;    /* in the plan: where the document ends, while visiting */
	bool moved;        /* the last step was to here */
	char letters[8];
};

static bool is_letter(char c)
{
	return (c | 0x20) >= 'a' && (c | 0x20) <= 'z';
}

static bool is_word(char c)
{
	return is_letter(c) || c == '_' || (c >= '0' && c <= '9');
}

/* --- second thoughts --- */

static size_t skip_to_line(const struct strbuf *text, size_t at)
{
	const char *end = at < text->len ? memchr(text->data + at, '\n', text->len - at) : NULL;

	return end ? (size_t)(end - text->data) : text->len;
}

/* A word near `at`, which another word of the file came in place of. */
static bool think_of_word(struct typist *t, size_t at, struct thought *thought)
{
	const struct strbuf *f = &t->file;
	size_t other = rng_below(&t->rng, f->len);
	size_t len = 0;
	size_t other_len = 0;

	while (at < f->len && !(is_letter(f->data[at]) && (!at || !is_word(f->data[at - 1]))))
		at++;
	while (at + len < f->len && is_word(f->data[at + len]))
		len++;
	while (other < f->len && !(is_letter(f->data[other]) && (!other || !is_word(f->data[other - 1]))))
		other++;
	while (other + other_len < f->len && is_word(f->data[other + other_len]))
		other_len++;
	if (len < 4 || len > 24 || other_len < 3 || other_len > 24 || f->data[at] == f->data[other])
		return false;
	thought->at = at;
	thought->len = len;
	thought->first_len = other_len;
	memcpy(thought->first, f->data + other, other_len);
	return true;
}

/* A whole line, with the line end before it, which was forgotten. */
static bool think_of_line(struct typist *t, size_t at, struct thought *thought)
{
	size_t start = skip_to_line(&t->file, at);
	size_t end = skip_to_line(&t->file, start + 1);

	if (end >= t->file.len || end - start < 8 || end - start > 80)
		return false;
	thought->at = start;
	thought->len = end - start;
	thought->first_len = 0;
	return true;
}

static bool think(struct typist *t, size_t from, struct thought *thought)
{
	for (int tries = 0; tries < TRIES; tries++) {
		size_t at = from + rng_below(&t->rng, THOUGHT_EVERY / 2);
		bool word = rng_unit(&t->rng) < 0.6;

		if (word ? think_of_word(t, at, thought) : think_of_line(t, at, thought))
			return true;
	}
	return false;
}

static void plan_thoughts(struct typist *t)
{
	size_t from = THOUGHT_EVERY / 2;

	t->thoughts = xcalloc(t->file.len / (THOUGHT_EVERY / 2) + 2, sizeof(t->thoughts[0]));
	while (t->settings.second_thoughts && from + THOUGHT_EVERY < t->file.len) {
		struct thought *thought = &t->thoughts[t->thought_count];
		size_t after = THOUGHT_AFTER_MIN + rng_below(&t->rng, THOUGHT_AFTER_MAX - THOUGHT_AFTER_MIN);

		if (think(t, from, thought)) {
			/* At the beginning of a line, when that is typed. */
			thought->due = skip_to_line(&t->file, thought->at + thought->len + after) + 1;
			t->thought_count++;
			from = thought->at + thought->len + after;
		}
		from += THOUGHT_EVERY / 2;
	}
}

/* What is still to come shifts the plan against the file. */
static size_t in_plan(const struct typist *t, size_t at)
{
	size_t shifted = at;

	for (size_t i = t->thoughts_had; i < t->thought_count && t->thoughts[i].at < at; i++)
		shifted = shifted - t->thoughts[i].len + t->thoughts[i].first_len;
	return shifted;
}

static void make_plan(struct typist *t)
{
	strbuf_add(&t->plan, t->file.data, t->file.len);
	for (size_t i = t->thought_count; i-- > 0;)
		strbuf_splice(&t->plan, t->thoughts[i].at, t->thoughts[i].len, t->thoughts[i].first,
			      t->thoughts[i].first_len);
	t->gap_end = t->plan.len;
}

struct typist *typist_new(const char *text, size_t len, const struct typist_settings *settings)
{
	struct typist *t = xcalloc(1, sizeof(*t));

	t->settings = *settings;
	t->rng.state = settings->seed ^ UINT64_C(0x7479706973740000);
	rhythm_init(&t->rhythm, settings->seed, settings->steady_ms, settings->pace);
	strbuf_init(&t->file, LIMIT_DOCUMENT);
	strbuf_init(&t->plan, LIMIT_DOCUMENT);
	strbuf_add(&t->file, text, len);
	plan_thoughts(t);
	make_plan(t);
	return t;
}

void typist_free(struct typist *t)
{
	if (!t)
		return;
	strbuf_release(&t->file);
	strbuf_release(&t->plan);
	free(t->thoughts);
	free(t);
}

/* --- rhythm --- */

static bool is_line_start(const struct typist *t)
{
	size_t at = t->at;

	while (at && (t->plan.data[at - 1] == ' ' || t->plan.data[at - 1] == '\t'))
		at--;
	return !at || t->plan.data[at - 1] == '\n';
}

/* Columns of the line's indentation that ends at `at`. */
static size_t indentation(const struct typist *t, size_t at)
{
	size_t columns = 0;

	while (at && t->plan.data[at - 1] != '\n')
		columns += t->plan.data[--at] == '\t' ? 8 : 1;
	return columns;
}

/* After an empty line, or deeper in than the line before. */
static bool is_block_start(const struct typist *t)
{
	size_t columns = indentation(t, t->at);
	size_t at = t->at;
	size_t ends = 0;

	while (at && memchr(" \t\n", t->plan.data[at - 1], 3))
		ends += t->plan.data[--at] == '\n';
	if (!at || ends > 1)
		return true;
	while (at && t->plan.data[at - 1] != '\n')
		at--;
	while (t->plan.data[at] == ' ' || t->plan.data[at] == '\t')
		at++;
	return columns > indentation(t, at);
}

static enum rhythm_key key_kind(const struct typist *t)
{
	const char *c = t->plan.data + t->at;

	if (t->moved)
		return RHYTHM_MOVE;
	if (*c == '\n')
		return RHYTHM_ENTER;
	if (is_line_start(t))
		return is_block_start(t) ? RHYTHM_BLOCK : RHYTHM_LINE;
	if (is_word(*c))
		return is_word(c[-1]) ? RHYTHM_WITHIN : RHYTHM_WORD;
	return *c == ' ' ? RHYTHM_WITHIN : RHYTHM_MARK;
}

/* --- steps --- */

/* Where the cursor is in the document. */
static size_t cursor(const struct typist *t)
{
	return t->at + t->astray;
}

static void insert(struct typist *t, const char *text, size_t len, struct typist_step *step)
{
	step->action = TYPIST_INSERT;
	step->at = cursor(t);
	step->removed = 0;
	step->text = text;
	step->len = len;
	t->moved = false;
}

static void take_back(struct typist *t, struct typist_step *step)
{
	t->noticed = true;
	t->moved = false;
	step->action = TYPIST_DELETE;
	step->at = cursor(t) - 1;
	step->removed = 1;
	step->text = "";
	step->len = 0;
	t->astray--;
}

/* Another letter than the one that belongs here: its neighbour in the alphabet. */
static void mistype(struct typist *t, struct typist_step *step)
{
	char c = t->plan.data[t->at];

	t->letters[0] = (char)((c | 0x20) == 'z' ? c - 1 : c + 1);
	insert(t, t->letters, 1, step);
	t->astray = 1;
	t->astray_next = t->at + 1;
	t->unnoticed = rng_below(&t->rng, UNNOTICED_MAX + 1);
	t->noticed = false;
}

/* Goes on after a mistake that nobody has seen yet. */
static void go_on_astray(struct typist *t, struct typist_step *step)
{
	t->unnoticed--;
	insert(t, t->plan.data + t->astray_next, 1, step);
	t->astray_next++;
	t->astray++;
}

/* One key's worth of the plan at `at`. */
static size_t key_length(const struct typist *t)
{
	const char *text = t->plan.data;
	size_t end = t->at + 1;

	if (text[t->at] == '\n') {
		while (end < t->gap_end && (text[end] == ' ' || text[end] == '\t'))
			end++;
	} else {
		while (end < t->gap_end && ((unsigned char)text[end] & 0xC0) == 0x80)
			end++;
	}
	return end - t->at;
}

static void type_on(struct typist *t, struct typist_step *step)
{
	size_t len = key_length(t);

	insert(t, t->plan.data + t->at, len, step);
	t->at += len;
}

static bool may_mistype(struct typist *t)
{
	return t->settings.mistakes && !t->visiting && t->at && is_letter(t->plan.data[t->at]) &&
	       is_letter(t->plan.data[t->at - 1]) && rng_unit(&t->rng) < MISTAKE_SHARE;
}

/* Is it time to go back to an earlier place? */
static bool has_thought(const struct typist *t)
{
	return !t->visiting && t->thoughts_had < t->thought_count &&
	       t->at >= in_plan(t, t->thoughts[t->thoughts_had].due);
}

static void move(struct typist *t, struct typist_step *step)
{
	step->action = TYPIST_MOVE;
	step->at = cursor(t);
	step->removed = 0;
	step->text = "";
	step->len = 0;
	t->moved = true;
}

static void visit(struct typist *t, struct typist_step *step)
{
	const struct thought *thought = &t->thoughts[t->thoughts_had];
	size_t at = in_plan(t, thought->at);

	t->left_at = t->at + thought->len - thought->first_len;
	strbuf_splice(&t->plan, at, thought->first_len, t->file.data + thought->at, thought->len);
	t->thoughts_had++;
	t->visiting = true;
	t->at = at;
	t->astray = thought->first_len;
	t->noticed = true;
	t->unnoticed = 0;
	t->gap_end = at + thought->len;
	move(t, step);
}

static void leave(struct typist *t, struct typist_step *step)
{
	t->visiting = false;
	t->at = t->left_at;
	t->gap_end = t->plan.len;
	move(t, step);
}

/* What comes next, by the state alone. */
enum coming { COMING_ASTRAY, COMING_BACK, COMING_RETURN, COMING_VISIT, COMING_KEY, COMING_NOTHING };

static enum coming coming(const struct typist *t)
{
	if (t->astray && t->unnoticed && t->astray_next < t->gap_end && is_word(t->plan.data[t->astray_next]))
		return COMING_ASTRAY;
	if (t->astray)
		return COMING_BACK;
	if (t->visiting && t->at == t->gap_end)
		return COMING_RETURN;
	if (has_thought(t))
		return COMING_VISIT;
	return t->at == t->gap_end ? COMING_NOTHING : COMING_KEY;
}

bool typist_is_done(const struct typist *t)
{
	return coming(t) == COMING_NOTHING;
}

int64_t typist_pause(struct typist *t)
{
	switch (coming(t)) {
	case COMING_ASTRAY:
		return rhythm_pause(&t->rhythm, RHYTHM_WITHIN);
	case COMING_BACK:
		return rhythm_pause(&t->rhythm, t->noticed ? RHYTHM_BACKSPACE : RHYTHM_NOTICE);
	case COMING_RETURN:
	case COMING_VISIT:
		return rhythm_pause(&t->rhythm, RHYTHM_MOVE);
	case COMING_KEY:
		return rhythm_pause(&t->rhythm, key_kind(t));
	case COMING_NOTHING:
		return 0;
	}
	return 0;
}

void typist_next(struct typist *t, struct typist_step *step)
{
	switch (coming(t)) {
	case COMING_ASTRAY:
		go_on_astray(t, step);
		break;
	case COMING_BACK:
		take_back(t, step);
		break;
	case COMING_RETURN:
		leave(t, step);
		break;
	case COMING_VISIT:
		visit(t, step);
		break;
	case COMING_KEY:
		if (may_mistype(t))
			mistype(t, step);
		else
			type_on(t, step);
		break;
	case COMING_NOTHING:
		break;
	}
}

void typist_accept(struct typist *t, size_t bytes)
{
	t->at += bytes;
	t->moved = false;
}

const struct strbuf *typist_plan(const struct typist *t)
{
	return &t->plan;
}

size_t typist_at(const struct typist *t)
{
	return t->at;
}

size_t typist_gap_end(const struct typist *t)
{
	return t->gap_end;
}

bool typist_is_astray(const struct typist *t)
{
	return t->astray != 0;
}
