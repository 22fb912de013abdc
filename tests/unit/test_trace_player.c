/*
 * The instrument itself: simulated time, the typist and the typist's rhythm, the judge, the model, the provider, and
 * the policies of eke's peers on the measured problem, where their figures are known.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "eke/base/attrs.h"
#include "eke/base/clock.h"
#include "eke/base/strbuf.h"
#include "../bench/sim_net.h"
#include "../bench/trace_corpus.h"
#include "../bench/trace_judge.h"
#include "../bench/trace_problem.h"
#include "../bench/trace_rhythm.h"
#include "../bench/trace_tabby_delay.h"
#include "../bench/trace_typist.h"
#include "../bench/virtual_loop.h"

/* --- simulated time --- */

struct record {
	struct loop *loop;
	char what[64];
	size_t len;
	struct timer *again;
	int64_t mono;
};

static void note_a(void *ctx)
{
	struct record *r = ctx;

	r->what[r->len++] = 'a';
	r->mono = clock_mono_ms();
}

static void note_b(void *ctx)
{
	struct record *r = ctx;

	r->what[r->len++] = 'b';
	loop_defer(r->loop, note_a, r);
	if (r->again)
		timer_start(r->again, 10);
	r->again = NULL;
}

static void time_passes_as_told(void **state)
{
	struct record r = { .loop = loop_new() };
	struct timer *late = timer_new(r.loop, note_a, &r);
	struct timer *early = timer_new(r.loop, note_b, &r);
	struct timer *stopped = timer_new(r.loop, note_a, &r);
	int64_t start = virtual_loop_now(r.loop);
	int64_t wall = clock_wall_ms();

	(void)state;
	timer_start(late, 100);
	timer_start(early, 50);
	timer_start(stopped, 20);
	timer_stop(stopped);
	assert_false(timer_is_running(stopped));
	r.again = early;
	virtual_loop_advance(r.loop, start + 49);
	assert_int_equal(r.len, 0);
	virtual_loop_advance(r.loop, start + 100);
	assert_string_equal(r.what, "babaa");
	assert_int_equal(r.mono, start + 100);
	virtual_loop_advance(r.loop, start + 5000);
	assert_int_equal(clock_wall_ms(), wall + 5000);
	timer_free(late);
	timer_free(early);
	timer_free(stopped);
	loop_free(r.loop);
}

static void what_is_taken_back_does_not_come(void **state)
{
	struct record r = { .loop = loop_new() };

	(void)state;
	loop_defer(r.loop, note_b, &r);
	loop_undefer(r.loop, note_b, &r);
	virtual_loop_advance(r.loop, virtual_loop_now(r.loop));
	assert_int_equal(r.len, 0);
	loop_free(r.loop);
}

/* --- rhythm --- */

#define DRAWS 4001

static int compare(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a;
	int64_t y = *(const int64_t *)b;

	return (x > y) - (x < y);
}

/* Pauses before keys of a kind, in order of length. */
static void draw(enum rhythm_key key, uint64_t seed, int64_t pauses[DRAWS])
{
	struct rhythm rhythm;

	rhythm_init(&rhythm, seed, 0, 1.0);
	for (size_t i = 0; i < DRAWS; i++)
		pauses[i] = rhythm_pause(&rhythm, key);
	qsort(pauses, DRAWS, sizeof(pauses[0]), compare);
}

static void rhythm_is_human(void **state)
{
	static int64_t within[DRAWS], word[DRAWS], line[DRAWS], block[DRAWS];
	size_t middle = DRAWS / 2;

	(void)state;
	draw(RHYTHM_WITHIN, 1, within);
	draw(RHYTHM_WORD, 1, word);
	draw(RHYTHM_LINE, 1, line);
	draw(RHYTHM_BLOCK, 1, block);
	assert_in_range(within[middle], 90, 120);
	assert_true(within[0] >= 20);
	assert_true(word[middle] > within[middle]);
	assert_true(line[middle] > word[middle]);
	/* Before most blocks one thinks, a second at the least, twenty at the most, and the key comes after that. */
	assert_in_range(block[middle], 3000, 8000);
	assert_in_range(block[DRAWS - 1], 15000, 27000);
}

static void rhythm_is_the_same_every_time(void **state)
{
	static int64_t one[DRAWS], same[DRAWS], other[DRAWS];

	(void)state;
	draw(RHYTHM_WORD, 7, one);
	draw(RHYTHM_WORD, 7, same);
	draw(RHYTHM_WORD, 8, other);
	assert_memory_equal(one, same, sizeof(one));
	assert_memory_not_equal(one, other, sizeof(one));
}

static void a_steady_rhythm_is_steady(void **state)
{
	struct rhythm rhythm;

	(void)state;
	rhythm_init(&rhythm, 1, 120, 1.0);
	for (enum rhythm_key key = 0; key < RHYTHM_KEYS; key++)
		assert_int_equal(rhythm_pause(&rhythm, key), 120);
}

/* --- the typist --- */

static const char program[] =
	"int sum(const int *values, size_t count)\n"
	"{\n"
	"\tint total = 0;\n"
	"\n"
	"\tfor (size_t i = 0; i < count; i++) {\n"
	"\t\tprintf(\"Größe: %d ≠ 0\\n\", values[i]);\n"
	"\t\ttotal += values[i];\n"
	"\t}\n"
	"\treturn total;\n"
	"}\n"
	"\n";

/* The document after a step; checks what the header says of it. */
static void apply(struct typist *t, struct strbuf *doc, const struct typist_step *step)
{
	const struct strbuf *plan = typist_plan(t);
	size_t at = typist_at(t);
	size_t gap_end = typist_gap_end(t);
	size_t cursor = step->action == TYPIST_MOVE ? step->at : step->at + step->len;
	size_t tail;

	assert_true(step->at + step->removed <= doc->len);
	assert_true(step->action != TYPIST_INSERT || (step->len && !step->removed));
	assert_true(step->action != TYPIST_DELETE || (step->removed && !step->len));
	strbuf_splice(doc, step->at, step->removed, step->text, step->len);
	tail = doc->len - cursor;
	assert_true(at <= cursor && at <= gap_end && tail <= plan->len - gap_end);
	assert_int_equal(typist_is_astray(t), cursor != at);
	assert_memory_equal(doc->data, plan->data, at);
	assert_memory_equal(doc->data + cursor, plan->data + gap_end, tail);
}

struct tally {
	size_t inserts, deletes, moves;
	int64_t ms;
};

static struct tally type_all(const char *text, size_t len, const struct typist_settings *settings)
{
	struct typist *t = typist_new(text, len, settings);
	struct tally tally = { 0 };
	struct typist_step step;
	struct strbuf doc;

	strbuf_init(&doc, SIZE_MAX / 2);
	while (!typist_is_done(t)) {
		tally.ms += typist_pause(t);
		typist_next(t, &step);
		apply(t, &doc, &step);
		tally.inserts += step.action == TYPIST_INSERT;
		tally.deletes += step.action == TYPIST_DELETE;
		tally.moves += step.action == TYPIST_MOVE;
	}
	assert_int_equal(doc.len, len);
	assert_memory_equal(doc.data, text, len);
	strbuf_release(&doc);
	typist_free(t);
	return tally;
}

static void the_file_is_typed(void **state)
{
	struct typist_settings settings = { .seed = 1, .steady_ms = 100 };
	struct tally tally = type_all(program, sizeof(program) - 1, &settings);
	size_t keys = 0;

	(void)state;
	/* A character a key, but the indentation after a line end, which comes with Enter. */
	for (const char *c = program; *c; c++)
		keys += ((unsigned char)*c & 0xC0) != 0x80 && *c != '\t';
	assert_int_equal(tally.inserts, keys);
	assert_int_equal(tally.deletes, 0);
	assert_int_equal(tally.moves, 0);
	assert_int_equal(tally.ms, 100 * (int64_t)keys);
}

static void mistakes_and_second_thoughts_come_right(void **state)
{
	struct strbuf text;
	struct tally all = { 0 };

	(void)state;
	strbuf_init(&text, SIZE_MAX / 2);
	for (int i = 0; i < 40; i++)
		strbuf_adds(&text, program);
	for (uint64_t seed = 1; seed <= 8; seed++) {
		struct typist_settings settings = {
			.seed = seed, .pace = 1.0, .mistakes = true, .second_thoughts = true
		};
		struct tally one = type_all(text.data, text.len, &settings);

		all.deletes += one.deletes;
		all.moves += one.moves;
		assert_true(one.deletes);
		assert_int_equal(one.moves % 2, 0);
	}
	/* There and back, a few times a file; and not so many mistakes that they are all there is. */
	assert_in_range(all.moves, 8 * 2 * 2, 8 * 2 * 6);
	assert_in_range(all.deletes, 8 * 50, 8 * text.len / 10);
	strbuf_release(&text);
}

static void what_was_accepted_is_not_typed(void **state)
{
	struct typist_settings settings = { .seed = 1, .steady_ms = 100 };
	struct typist *t = typist_new(program, sizeof(program) - 1, &settings);
	struct typist_step step;

	(void)state;
	typist_next(t, &step);
	typist_accept(t, strlen("nt "));
	typist_next(t, &step);
	assert_int_equal(step.at, strlen("int "));
	assert_int_equal(step.text[0], 's');
	typist_free(t);
}

/* --- the judge --- */

static void suggestions_are_judged(void **state)
{
	static const struct {
		const char *shown, *next;
		enum judge_verdict verdict;
	} cases[] = {
		{ "", "foo", JUDGE_NONE },
		{ "foo(bar);", "foo(bar);\nnext", JUDGE_RIGHT },
		/* shorter than the line */
		{ "foo(", "foo(bar);\n", JUDGE_RIGHT },
		{ "foo(baz);", "foo(bar);\n", JUDGE_WRONG },
		/* only the first line counts … */
		{ "foo;\nwrong", "foo;\nright", JUDGE_RIGHT },
		/* … but it must end where it is said to */
		{ "foo\nbar", "foo;\nbar", JUDGE_WRONG },
		/* at a line's end it begins with the line end */
		{ "\n\tfoo;\n\tbar;", "\n\tfoo;\n\tother;", JUDGE_RIGHT },
		{ "\n\tbaz;", "\n\tfoo;", JUDGE_WRONG },
		{ "\n\n\tfoo;", "\n\tfoo;", JUDGE_WRONG },
		{ "\n", "\nfoo", JUDGE_RIGHT },
		/* what stands after the cursor would be there twice */
		{ "foo);", "foo", JUDGE_WRONG },
		{ "foo\nbar", "foo", JUDGE_WRONG },
		{ "foo", "", JUDGE_WRONG },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		enum judge_verdict verdict =
			judge(cases[i].shown, strlen(cases[i].shown), cases[i].next, strlen(cases[i].next));

		if (verdict != cases[i].verdict)
			fail_msg("case %zu: \"%s\" for \"%s\": %d", i, cases[i].shown, cases[i].next, (int)verdict);
	}
}

/* --- the model --- */

/* `|` is the cursor, `^` where an answer from there ends. */
static void answers_end_with_the_block(void **state)
{
	static const char *const cases[] = {
		/* the rest of a function, with what it closes, not the next one */
		"void f(void)\n{\n\ta();|\n\tb();\n\n\tc();\n}^\n\nvoid g(void)\n{\n}\n",
		"|void f(void)\n{\n\ta();\n}^\n\nvoid g(void)\n{\n}\n",
		"void f(void)\n{\n\tif (x) {\n\t\ta(|);\n\t}\n\tb();\n}^\n\nint x;\n",
		/* a method, not its neighbour */
		"class A:\n    def f(self):|\n        a()\n\n        b()^\n\n    def g(self):\n        c()\n",
		"class A:\n    def f(self):\n        a()|\n        b()^\n\n    def g(self):\n        c()\n",
		/* a paragraph of what is not indented */
		"import |a\nimport b^\n\nimport c\n",
		/* an empty line is about what comes next */
		"import a\n|\nimport c\nimport d^\n\nx = 1\n",
		/* nothing is missing */
		"import a|^\n\nimport c\n",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct sim_model model;
		struct strbuf text;
		const char *cursor = strchr(cases[i], '|');
		const char *end = strchr(cases[i], '^');
		size_t at = (size_t)(cursor - cases[i]);
		size_t wanted = (size_t)(end - cases[i]) - 1;

		strbuf_init(&text, SIZE_MAX / 2);
		strbuf_add(&text, cases[i], at);
		strbuf_add(&text, cursor + 1, (size_t)(end - cursor) - 1);
		strbuf_adds(&text, end + 1);
		sim_model_init(&model, 1, 1.0, 0);
		sim_model_know(&model, text.data, text.len);
		if (sim_model_end(&model, at, text.len, 0, false) != wanted)
			fail_msg("case %zu: it ends at %zu, not %zu", i,
				 sim_model_end(&model, at, text.len, 0, false), wanted);
		assert_true(sim_model_end(&model, at, text.len, 1, false) <= wanted);
		assert_true(sim_model_end(&model, at, text.len, 0, true) >= wanted);
		sim_model_release(&model);
		strbuf_release(&text);
	}
}

static struct sim_question question_at(const struct strbuf *text, size_t at, size_t gap_end)
{
	return (struct sim_question){
		.prefix = text->data,
		.prefix_len = at,
		.suffix = text->data + gap_end,
		.suffix_len = text->len - gap_end,
	};
}

static void many_functions(struct strbuf *text)
{
	strbuf_init(text, SIZE_MAX / 2);
	for (int i = 0; i < 120; i++)
		strbuf_addf(text, "int function_%d(int first_%d)\n{\n\tint value_%d = compute(first_%d);\n\n"
			    "\treturn value_%d + other_%d;\n}\n\n", i, i, i, i, i, i);
}

static void answers_are_as_right_as_asked_for(void **state)
{
	struct strbuf text;

	(void)state;
	many_functions(&text);
	for (int percent = 0; percent <= 100; percent += 20) {
		struct sim_model model;
		struct strbuf answer;
		size_t asked = 0;
		size_t right = 0;

		sim_model_init(&model, 3, percent / 100.0, 0);
		sim_model_know(&model, text.data, text.len);
		strbuf_init(&answer, SIZE_MAX / 2);
		/* Asked at the beginning of every line that has text. */
		for (size_t at = 0; at < text.len; at = (size_t)(strchr(text.data + at, '\n') - text.data) + 1) {
			struct sim_question q = question_at(&text, at, text.len);
			size_t end = sim_model_end(&model, at, text.len, 0, false);
			bool is_right;

			if (text.data[at] == '\n' || text.data[at] == '{' || text.data[at] == '}')
				continue;
			strbuf_reset(&answer);
			sim_model_answer(&model, &q, &answer);
			is_right = answer.len == end - at && !memcmp(answer.data, text.data + at, answer.len);
			assert_int_equal(is_right, sim_model_fault(&model, at) == SIM_MODEL_NO_FAULT);
			/* Of these lines every one has a name that can be wrong. */
			assert_int_equal(is_right, sim_model_is_right(&model, at, text.len));
			asked++;
			right += is_right;
		}
		assert_in_range(100 * right / asked, percent > 8 ? percent - 8 : 0, percent + 8);
		strbuf_release(&answer);
		sim_model_release(&model);
	}
	strbuf_release(&text);
}

static void a_wrong_answer_is_wrong_in_one_name(void **state)
{
	struct strbuf text;
	struct sim_model model;
	struct strbuf answer;
	struct sim_question q;
	size_t fault;
	size_t rest;

	(void)state;
	many_functions(&text);
	strbuf_init(&answer, SIZE_MAX / 2);
	sim_model_init(&model, 3, 0.0, 0);
	sim_model_know(&model, text.data, text.len);
	q = question_at(&text, 0, text.len);
	fault = sim_model_fault(&model, 0);
	assert_in_range(fault, 0, strlen("int function_0(int first_0)"));
	sim_model_answer(&model, &q, &answer);
	assert_memory_equal(answer.data, text.data, fault);
	assert_int_not_equal(answer.data[fault], text.data[fault]);
	rest = strlen("\treturn value_0 + other_0;\n}");
	assert_memory_equal(answer.data + answer.len - rest, "\treturn value_0 + other_0;\n}", rest);
	/* Told better, it draws again; asked again at the next key, it does not. */
	assert_true(sim_model_fault(&model, fault) == fault);
	assert_true(sim_model_fault(&model, fault + 1) > fault);
	sim_model_release(&model);
	strbuf_release(&answer);
	strbuf_release(&text);
}

static void the_model_minds_what_stands_after_the_cursor(void **state)
{
	static const char all[] = "alpha = make(beta, gamma)\nprint(alpha)\n";
	struct strbuf text;
	struct sim_model model;
	struct strbuf answer;
	struct sim_question q;

	(void)state;
	strbuf_init(&text, SIZE_MAX / 2);
	strbuf_init(&answer, SIZE_MAX / 2);
	strbuf_adds(&text, all);
	sim_model_init(&model, 1, 1.0, 0);
	sim_model_know(&model, text.data, text.len);
	q = question_at(&text, strlen("alpha = make("), strlen("alpha = make(beta, gamma"));
	sim_model_answer(&model, &q, &answer);
	assert_string_equal(answer.data, "beta, gamma");
	/* A text that it does not know: no way to be right. */
	q = (struct sim_question){ .prefix = "alpha = mb", .prefix_len = 10, .suffix = "", .suffix_len = 0 };
	strbuf_reset(&answer);
	sim_model_answer(&model, &q, &answer);
	assert_int_equal(judge(answer.data, answer.len, text.data + 9, text.len - 9), JUDGE_WRONG);
	sim_model_release(&model);
	strbuf_release(&answer);
	strbuf_release(&text);
}

/* --- the provider --- */

struct got {
	size_t pieces, len;
	int status;
	int64_t first_ms, last_ms;
};

static void on_grown(void *ctx, const char *text, size_t len)
{
	struct got *got = ctx;

	(void)text;
	assert_true(len > got->len);
	if (!got->pieces++)
		got->first_ms = clock_mono_ms();
	got->len = len;
}

static void on_done(void *ctx, int status, const char *text, size_t len)
{
	struct got *got = ctx;

	(void)text;
	got->status = status;
	got->len = len;
	got->last_ms = clock_mono_ms();
}

static void answers_come_token_by_token(void **state)
{
	struct loop *loop = loop_new();
	struct sim_model model;
	struct sim_net_settings settings = { .latency_ms = 300, .tokens_per_second = 50 };
	struct sim_net *net;
	struct sim_question q = { .prefix = "", .suffix = "" };
	struct got got = { 0 };
	struct sim_callbacks callbacks = { on_grown, on_done, &got };

	(void)state;
	sim_model_init(&model, 1, 1.0, 0);
	sim_model_know(&model, "0123456789abcdefghij\n", 21);
	net = sim_net_new(loop, &settings, &model);
	sim_net_ask(net, &q, &callbacks);
	virtual_loop_advance(loop, VIRTUAL_START_MS + 299);
	assert_int_equal(got.pieces, 0);
	virtual_loop_advance(loop, VIRTUAL_START_MS + 10000);
	assert_int_equal(got.status, 200);
	assert_int_equal(got.first_ms, VIRTUAL_START_MS + 300);
	assert_int_equal(got.len, 20);
	/* Five tokens of four bytes, 20 ms apart. */
	assert_int_equal(got.last_ms, VIRTUAL_START_MS + 380);
	sim_net_free(net);
	sim_model_release(&model);
	loop_free(loop);
}

static void the_hour_has_a_limit(void **state)
{
	struct loop *loop = loop_new();
	struct sim_model model;
	struct sim_net_settings settings = { .latency_ms = 200, .limit = 3 };
	struct sim_net *net;
	struct sim_question q = { .prefix = "", .suffix = "" };
	struct got got[5] = { { 0 } };

	(void)state;
	sim_model_init(&model, 1, 1.0, 0);
	sim_model_know(&model, "text\n", 5);
	net = sim_net_new(loop, &settings, &model);
	for (size_t i = 0; i < 5; i++) {
		struct sim_callbacks callbacks = { on_grown, on_done, &got[i] };
		uint64_t id;

		if (i == 4) /* an hour after the second, not after the third */
			virtual_loop_advance(loop, VIRTUAL_START_MS + 1000 + 3600000);
		id = sim_net_ask(net, &q, &callbacks);
		if (i == 1)
			sim_net_abort(net, id);
		virtual_loop_advance(loop, virtual_loop_now(loop) + 1000);
	}
	assert_int_equal(got[0].status, 200);
	assert_int_equal(got[1].status, 0); /* taken back, and counted */
	assert_int_equal(got[2].status, 200);
	assert_int_equal(got[3].status, 429);
	assert_int_equal(got[4].status, 200);
	assert_int_equal(sim_net_counts(net).sent, 5);
	assert_int_equal(sim_net_counts(net).refused, 1);
	assert_int_equal(sim_net_counts(net).aborted, 1);
	sim_net_free(net);
	sim_model_release(&model);
	loop_free(loop);
}

/* --- files --- */

static void files_are_made_typeable(void **state)
{
	char text[] = "/* Licence\n * of it */\n\nint x;  \r\n\t\r\nint y; \n\n\n";
	size_t len = trace_corpus_tidy(text, sizeof(text) - 1);
	size_t skip = trace_corpus_skip_head(text, len);

	(void)state;
	assert_int_equal(len - skip, strlen("int x;\n\nint y;\n"));
	assert_memory_equal(text + skip, "int x;\n\nint y;\n", len - skip);
}

static void files_are_found(void **state)
{
	struct trace_corpus corpus;

	(void)state;
	/* This repository's own are always there. */
	trace_corpus_load(&corpus);
	assert_in_range(corpus.count, 2, TRACE_CORPUS_FILES);
	for (size_t i = 0; i < corpus.count; i++) {
		const struct trace_file *file = &corpus.files[i];
		struct typist_settings settings = { .seed = i, .pace = 1.0, .mistakes = true, .second_thoughts = true };

		assert_in_range(file->len, 1, TRACE_CORPUS_BYTES);
		assert_null(strchr(file->name, '/'));
		type_all(file->text, file->len, &settings);
	}
	trace_corpus_release(&corpus);
}

/* --- the peers --- */

static void tabby_waits_as_it_does(void **state)
{
	static const struct {
		const char *text;
		size_t cursor;
		int64_t gap;      /* of all keys */
		int64_t response; /* 0: none yet */
		bool to_ask;
		int64_t delay;
	} cases[] = {
		/* 3.0 - 1.5 * 0: in a word, with text on its right */
		{ "foo bar", 2, 120, 0, false, 360 },
		/* 0.5: behind a blank */
		{ "foo bar", 4, 120, 0, false, 270 },
		/* 1.0: behind a mark at the end of the document */
		{ "foo(", 4, 120, 0, false, 180 },
		/* shorter by the mean response time, but 100 at the least */
		{ "foo bar", 2, 120, 200, true, 160 },
		{ "foo(", 4, 120, 200, true, 100 },
		/* a slow typist counts as one of 400 ms, and more than a second nobody waits */
		{ "foo bar", 2, 390, 0, false, 1000 },
		/* no response yet: no number, no delay */
		{ "foo bar", 2, 120, 0, true, 1 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct tabby_delay d;
		int64_t now = 1000000;
		int64_t delay = 0;

		tabby_delay_init(&d);
		if (cases[i].response)
			tabby_delay_responded(&d, cases[i].response);
		for (int key = 0; key < 40; key++, now += cases[i].gap)
			delay = tabby_delay_next(&d, now, cases[i].text, strlen(cases[i].text), cases[i].cursor,
						 cases[i].to_ask);
		if (delay != cases[i].delay)
			fail_msg("case %zu: %lld ms", i, (long long)delay);
	}
}

static void peers_do_what_they_are_known_for(void **state)
{
	static const struct {
		const struct trace_client_kind *kind;
		size_t steady_sent, steady_right;
		size_t human_sent[2], human_right[2]; /* from, to */
	} cases[] = {
		{ &trace_every_key, 300, 1, { 300, 300 }, { 30, 90 } },
		{ &trace_fixed_75, 300, 1, { 200, 270 }, { 20, 60 } },
		{ &trace_fixed_150, 1, 1, { 60, 120 }, { 15, 50 } },
		{ &trace_tabby, 300, 1, { 5, 100 }, { 20, 80 } },
		{ &trace_continue, 1, 1, { 2, 15 }, { 10, 50 } },
		/* asks ahead of the typing, all the time */
		{ &trace_llama_vim, 151, 299, { 120, 220 }, { 280, 300 } },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct trace_result steady = trace_problem(cases[i].kind, TRACE_PROBLEM_STEADY_MS, 1);
		struct trace_result human = trace_problem(cases[i].kind, 0, 1);

		assert_int_equal(steady.keys, 300);
		assert_int_equal(steady.model_right, 300);
		assert_int_equal(steady.wrong + human.wrong, 0);
		assert_int_equal(steady.net.sent, cases[i].steady_sent);
		assert_int_equal(steady.right, cases[i].steady_right);
		assert_in_range(human.net.sent, cases[i].human_sent[0], cases[i].human_sent[1]);
		assert_in_range(human.right, cases[i].human_right[0], cases[i].human_right[1]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(time_passes_as_told),
		cmocka_unit_test(what_is_taken_back_does_not_come),
		cmocka_unit_test(rhythm_is_human),
		cmocka_unit_test(rhythm_is_the_same_every_time),
		cmocka_unit_test(a_steady_rhythm_is_steady),
		cmocka_unit_test(the_file_is_typed),
		cmocka_unit_test(mistakes_and_second_thoughts_come_right),
		cmocka_unit_test(what_was_accepted_is_not_typed),
		cmocka_unit_test(suggestions_are_judged),
		cmocka_unit_test(answers_end_with_the_block),
		cmocka_unit_test(answers_are_as_right_as_asked_for),
		cmocka_unit_test(a_wrong_answer_is_wrong_in_one_name),
		cmocka_unit_test(the_model_minds_what_stands_after_the_cursor),
		cmocka_unit_test(answers_come_token_by_token),
		cmocka_unit_test(the_hour_has_a_limit),
		cmocka_unit_test(files_are_made_typeable),
		cmocka_unit_test(files_are_found),
		cmocka_unit_test(tabby_waits_as_it_does),
		cmocka_unit_test(peers_do_what_they_are_known_for),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
