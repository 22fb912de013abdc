/*
 * Is a right answer left alone, and a wrong habit mended? Random cuts in the files that this machine has
 * (cuts_corpus.h, cuts_make.h): what was cut is the model's answer, in the forms of cuts_forms.h, and the
 * post-processor must give it back. Counted are answers whose document is the original again, byte for byte; those in
 * which only blanks at line ends differ count as well and are told apart.
 *
 * Besides: an answer that grows line by line must never lose what it showed; of the text that follows up to a file's
 * end all lines must be kept; a wrong answer (the truth with a line left out, or broken off) must not give a document
 * with more faults (post_shape.h) than it has as it stands; and how long 100 lines take.
 *
 *     bench_cuts [--seed N] [--cuts N] [--kind KIND] [--form FORM] [--language ID] [--formatting HOW]
 *                [--failures N] [--brief]
 *
 * --formatting says which formattingOptions go along: "detected" in the file, as editors do; "spaces", 4; "tabs", 8.
 * --failures shows the first N that went wrong (of those that the other options leave); --form also takes "kept",
 * "mangled" and "time" for the other measures. --brief leaves the tables out.
 */
#include <stdlib.h>
#include <string.h>

#include "bench.h"
#include "cuts_corpus.h"
#include "cuts_forms.h"
#include "cuts_make.h"
#include "cuts_report.h"
#include "eke/base/attrs.h"
#include "eke/base/limits.h"
#include "eke/base/mem.h"
#include "post_case.h"
#include "post_shape.h"

#define FILE_TRIES 60  /* files that are looked at for one cut */
#define CUT_TRIES 30   /* places in one of these */
#define OPEN_EVERY 4   /* one in so many answers is also given line by line */
#define KEPT_EVERY 4   /* one in so many files is also written to its end */
#define KEPT_LINES 72  /* as many as are asked for where requests are counted */
#define TIMED_LINES 100
#define TIMED_ANSWERS 400

/* What is measured beside the forms. */
enum measure { MEASURE_KEPT = FORM_COUNT, MEASURE_MANGLED, MEASURE_TIME, MEASURE_COUNT };
enum formatting { FORMATTING_DETECTED, FORMATTING_SPACES, FORMATTING_TABS, FORMATTING_COUNT };

struct options {
	uint64_t seed;
	size_t cuts;
	int kind; /* -1: all */
	int form; /* or measure; -1: all */
	int formatting;
	const char *language; /* NULL: all */
	size_t failures;
	bool brief;
};

struct bench {
	struct options options;
	struct corpus corpus;
	struct rng rng;
	struct cuts_results results;
	size_t shown; /* failures */
	struct strbuf answer;
	struct strbuf out;
	struct strbuf before; /* of the growing answer */
};

/* --- one cut --- */

struct trial {
	const struct corpus_file *file;
	const struct cut_text *text;
	const struct cut *cut;
	struct post_case post;
	struct situation at;
};

static void trial_open(const struct bench *b, struct trial *t)
{
	const struct cut_text *text = t->text;
	const struct cut *cut = t->cut;
	size_t block;

	t->post = (struct post_case){ .before = text->s,
				      .before_len = cut->from,
				      .after = text->s + cut->to,
				      .after_len = text->len - cut->to,
				      .path = t->file->path,
				      .language = t->file->language,
				      .insert_spaces = text->insert_spaces,
				      .tab_size = text->tab_size };
	if (b->options.formatting != FORMATTING_DETECTED) {
		t->post.insert_spaces = b->options.formatting == FORMATTING_SPACES;
		t->post.tab_size = t->post.insert_spaces ? 4 : 8;
	}
	post_case_open(&t->post);
	t->at = (struct situation){ .prefix = t->post.input.prefix,
		.prefix_len = t->post.input.prefix_len,
		.suffix = t->post.input.suffix,
		.suffix_len = t->post.input.suffix_len,
		.truth = text->s + cut->from,
		.truth_len = cut->to - cut->from,
		.language = t->file->language,
		.block = NO_BLOCK,
		.tag_number = t->post.input.tag_number };
	if (cut_block_around(text, cut->from, &block) && cut->from - block <= t->at.prefix_len)
		t->at.block = t->at.prefix_len - (cut->from - block);
}

static enum post_verdict process(struct bench *b, struct trial *t, enum post_source source, enum post_finish finish)
{
	struct post_input *in = &t->post.input;

	in->answer = b->answer.data;
	in->answer_len = b->answer.len;
	in->source = source;
	in->finish = finish;
	return post_process(in, &b->out);
}

static bool may_show(struct bench *b)
{
	if (b->shown >= b->options.failures)
		return false;
	b->shown++;
	return true;
}

static void show(const struct bench *b, const struct trial *t, const char *form, const char *what,
		 const struct strbuf *got)
{
	const struct post_input *in = &t->post.input;

	printf("\n#%zu %s: %s, %s %s, %s, %s:%zu, %s %u\n", b->shown, what, form, cut_kind_name(t->cut->kind),
	       t->cut->variant, t->file->language, t->file->path, cut_text_line_of(t->text, t->cut->from) + 1,
	       in->insert_spaces ? "spaces" : "tabs", in->tab_size);
	post_case_show(stdout, "prefix", in->prefix, in->prefix_len, -6);
	post_case_show(stdout, "truth", t->at.truth, t->at.truth_len, 0);
	if (!memmem(b->answer.data, b->answer.len, t->at.truth, t->at.truth_len) || b->answer.len > t->at.truth_len + 30)
		post_case_show(stdout, "answer", b->answer.data, b->answer.len, 0);
	post_case_show(stdout, "got", got->data, got->len, 0);
	post_case_show(stdout, "suffix", in->suffix, in->suffix_len, 5);
}

/* What has been shown of a growing answer must stand; false if not. */
static bool grows_well(struct bench *b, const struct trial *t, enum form form)
{
	struct post_input in = t->post.input;
	struct strbuf growing;
	bool well = true;

	strbuf_init(&growing, LIMIT_COMPLETION_TEXT);
	strbuf_reset(&b->before);
	in.finish = POST_OPEN;
	for (size_t i = 0; i < b->answer.len && well; i++) {
		if (b->answer.data[i] != '\n')
			continue;
		in.answer_len = i + 1;
		if (post_process(&in, &growing) == POST_WAIT)
			continue;
		well = growing.len >= b->before.len && !memcmp(growing.data, b->before.data, b->before.len);
		if (well && growing.len > b->before.len) {
			strbuf_reset(&b->before);
			strbuf_add(&b->before, growing.data, growing.len);
		} else if (!well && may_show(b)) {
			show(b, t, form_name(form), "taken back while it grew", &growing);
			post_case_show(stdout, "open", b->before.data, b->before.len, 0);
		}
	}
	if (well && (b->out.len < b->before.len || memcmp(b->out.data, b->before.data, b->before.len) != 0)) {
		well = false;
		if (may_show(b)) {
			show(b, t, form_name(form), "taken back at its end", &b->out);
			post_case_show(stdout, "open", b->before.data, b->before.len, 0);
		}
	}
	strbuf_release(&growing);
	return well;
}

static void try_form(struct bench *b, struct trial *t, size_t group, enum form form, bool open)
{
	struct tally *tally = &b->results.tallies[group][t->cut->kind][form];
	enum post_verdict verdict;

	if (!form_answer(form, &t->at, &b->rng, &b->answer) || b->answer.len > LIMIT_COMPLETION)
		return;
	verdict = process(b, t, form == FORM_FIM ? POST_FIM : POST_CHAT, POST_STOP);
	tally->count++;
	if (post_case_same(&t->post.input, &b->out, t->at.truth, t->at.truth_len)) {
		tally->exact++;
	} else if (post_case_same_but_blanks(&t->post, b->out.data, b->out.len, t->at.truth, t->at.truth_len)) {
		tally->exact++;
		tally->blanks++;
	} else if (may_show(b)) {
		show(b, t, form_name(form), post_verdict_name(verdict), &b->out);
	}
	if (!open)
		return;
	b->results.opened++;
	if (!grows_well(b, t, form))
		b->results.violations++;
}

/* --- wrong answers --- */

static size_t faults_with(const struct trial *t, const char *s, size_t len)
{
	struct strbuf document;
	struct shape shape;

	strbuf_init(&document, SIZE_MAX / 2);
	strbuf_add(&document, t->post.before, t->post.before_len);
	strbuf_add(&document, s, len);
	strbuf_add(&document, t->post.after, t->post.after_len);
	shape = shape_of(document.data, document.len, t->file->language);
	strbuf_release(&document);
	return shape_faults(&shape);
}

static void try_mangled(struct bench *b, struct trial *t)
{
	struct strbuf wrong;
	enum post_verdict verdict;
	bool broken_off;
	size_t verbatim;
	size_t processed;

	if (!shape_is_known(t->file->language))
		return;
	strbuf_init(&wrong, SIZE_MAX / 2);
	if (form_mangle(&t->at, &b->rng, &wrong, &broken_off)) {
		struct situation at = t->at;

		at.truth = wrong.data;
		at.truth_len = wrong.len;
		form_answer(FORM_TAGGED, &at, &b->rng, &b->answer);
		verdict = process(b, t, POST_CHAT, broken_off ? POST_CUT : POST_STOP);
		verbatim = faults_with(t, wrong.data, wrong.len);
		processed = b->out.len ? faults_with(t, b->out.data, b->out.len) : 0;
		b->results.mangled++;
		if (processed > verbatim) {
			b->results.worse++;
			if (may_show(b)) {
				show(b, t, broken_off ? "broken off" : "mangled", post_verdict_name(verdict), &b->out);
				printf("  faults: %zu verbatim, %zu processed\n", verbatim, processed);
			}
		}
	}
	strbuf_release(&wrong);
}

static bool is_asked(const struct bench *b, int form)
{
	return b->options.form < 0 || b->options.form == form;
}

static void try_cut(struct bench *b, struct trial *t, size_t group)
{
	bool open = rng_below(&b->rng, OPEN_EVERY) == 0;

	trial_open(b, t);
	b->results.cuts[group]++;
	for (int form = 0; form < FORM_COUNT; form++) {
		if (is_asked(b, form))
			try_form(b, t, group, (enum form)form, open);
	}
	if (is_asked(b, MEASURE_MANGLED))
		try_mangled(b, t);
}

/* --- whole texts --- */

static size_t end_of(const struct cut_text *text, size_t line)
{
	return text->lines[line].start + text->lines[line].len;
}

/* The file ends at the cursor, and the answer goes on with what stood there. */
static void try_kept(struct bench *b, struct trial t, size_t group)
{
	size_t first = 1 + rng_below(&b->rng, t.text->count - 1);
	size_t last = first + KEPT_LINES <= t.text->count ? first + KEPT_LINES - 1 : t.text->count - 1;
	struct cut cut = { .kind = CUT_STATEMENTS, .variant = "to the file's end" };
	struct tally *tally = &b->results.kept[group];
	struct cut_text text = *t.text;
	enum post_verdict verdict;
	size_t lines;
	size_t same;

	while (last > first && text.lines[last].empty)
		last--;
	if (text.lines[first].empty || last == first)
		return;
	cut.from = text.lines[first].start + text.lines[first].blanks;
	cut.to = text.len = end_of(&text, last);
	t.cut = &cut;
	t.text = &text;
	trial_open(b, &t);
	form_answer(FORM_TAGGED, &t.at, &b->rng, &b->answer);
	verdict = process(b, &t, POST_CHAT, POST_STOP);
	lines = last - first + 1;
	same = post_case_same_lines(b->out.data, b->out.len, t.at.truth, t.at.truth_len);
	tally->count += lines;
	tally->exact += same;
	if (same < lines && b->options.form == MEASURE_KEPT && may_show(b)) {
		show(b, &t, "kept", post_verdict_name(verdict), &b->out);
		printf("  kept: %zu of %zu lines\n", same, lines);
	}
}

/* A hundred lines of the file as the answer, in tags. */
static void time_answer(struct bench *b, struct trial t)
{
	size_t first = rng_below(&b->rng, t.text->count - TIMED_LINES);
	struct cut cut = { .from = t.text->lines[first].start + t.text->lines[first].blanks,
			   .to = end_of(t.text, first + TIMED_LINES - 1) };
	double best = 0;

	if (cut.to <= cut.from)
		return;
	t.cut = &cut;
	trial_open(b, &t);
	form_answer(FORM_TAGGED, &t.at, &b->rng, &b->answer);
	/* The quickest of a few, so that what other programs do does not count. */
	for (int i = 0; i < 3; i++) {
		int64_t start = bench_now();
		double took;

		process(b, &t, POST_CHAT, POST_STOP);
		took = (double)(bench_now() - start) / 1e6;
		best = !i || took < best ? took : best;
	}
	b->results.times[b->results.timed++] = best;
}

/* --- the run --- */

/* True if a cut was found in the file and tried. */
static bool try_file(struct bench *b, const struct corpus_file *file, size_t group, enum cut_kind kind)
{
	struct cut cut;
	struct cut_text text;
	struct trial t = { .file = file, .text = &text, .cut = &cut };
	size_t len;
	char *s = corpus_read(file, &len);
	bool made = false;

	if (!s)
		return false;
	cut_text_init(&text, s, len, file->language);
	for (int i = 0; i < CUT_TRIES && !made; i++)
		made = cut_make(&text, kind, &b->rng, &cut);
	if (made)
		try_cut(b, &t, group);
	if (is_asked(b, MEASURE_KEPT) && rng_below(&b->rng, KEPT_EVERY) == 0)
		try_kept(b, t, group);
	if (is_asked(b, MEASURE_TIME) && b->results.timed < TIMED_ANSWERS && text.count > TIMED_LINES)
		time_answer(b, t);
	cut_text_release(&text);
	free(s);
	return made;
}

/* One after the other, of those that have files. */
static size_t next_group(const struct bench *b, size_t group)
{
	do
		group = (group + 1) % CORPUS_GROUPS;
	while (b->corpus.begin[group + 1] == b->corpus.begin[group]);
	return group;
}

static void run(struct bench *b)
{
	size_t missing = 0;
	size_t group = 0;

	corpus_find(&b->corpus, b->options.language);
	if (!b->corpus.count)
		bench_die("no files of the language %s on this machine", b->options.language);
	for (size_t made = 0; made < b->options.cuts && missing <= b->options.cuts + 1000;) {
		enum cut_kind kind;
		bool found = false;

		/* Of its own for each cut, so that what one takes of it does not change the others. */
		b->rng.state = rng_mix(b->options.seed * 1000003 + made + missing);
		kind = (enum cut_kind)rng_below(&b->rng, CUT_KINDS);
		if (b->options.kind >= 0)
			kind = (enum cut_kind)b->options.kind;
		group = next_group(b, group);
		for (int i = 0; i < FILE_TRIES && !found; i++)
			found = try_file(b, corpus_pick(&b->corpus, group, &b->rng), group, kind);
		made += found;
		missing += !found;
	}
}

/* --- options --- */

static int number_of(const char *word, const char *(*name)(int), int count, const char *what)
{
	for (int i = 0; i < count; i++) {
		if (!strcmp(word, name(i)))
			return i;
	}
	fprintf(stderr, "bench_cuts: no such %s: %s; there are:", what, word);
	for (int i = 0; i < count; i++)
		fprintf(stderr, " %s", name(i));
	fputc('\n', stderr);
	exit(2);
}

static const char *name_of_kind(int i)
{
	return cut_kind_name((enum cut_kind)i);
}

static const char *name_of_form(int i)
{
	static const char *const measures[] = { "kept", "mangled", "time" };

	return i < FORM_COUNT ? form_name((enum form)i) : measures[i - FORM_COUNT];
}

static const char *name_of_formatting(int i)
{
	static const char *const names[FORMATTING_COUNT] = { "detected", "spaces", "tabs" };

	return names[i];
}

static void read_options(struct options *o, char **args)
{
	*o = (struct options){ .seed = 11, .cuts = 6000, .kind = -1, .form = -1 };
	for (; *args; args++) {
		const char *value = args[1];

		if (!strcmp(*args, "--brief")) {
			o->brief = true;
			continue;
		}
		if (!value)
			bench_die("usage: bench_cuts [--seed N] [--cuts N] [--kind KIND] [--form FORM] [--language ID] "
				  "[--formatting HOW] [--failures N] [--brief]");
		if (!strcmp(*args, "--seed"))
			o->seed = strtoull(value, NULL, 10);
		else if (!strcmp(*args, "--cuts"))
			o->cuts = strtoul(value, NULL, 10);
		else if (!strcmp(*args, "--failures"))
			o->failures = strtoul(value, NULL, 10);
		else if (!strcmp(*args, "--language"))
			o->language = value;
		else if (!strcmp(*args, "--kind"))
			o->kind = number_of(value, name_of_kind, CUT_KINDS, "kind");
		else if (!strcmp(*args, "--form"))
			o->form = number_of(value, name_of_form, MEASURE_COUNT, "form");
		else if (!strcmp(*args, "--formatting"))
			o->formatting = number_of(value, name_of_formatting, FORMATTING_COUNT, "formatting");
		else
			bench_die("no such option: %s", *args);
		args++;
	}
}

int main(int argc, char **argv)
{
	struct bench *b = xcalloc(1, sizeof(*b));

	(void)argc;
	read_options(&b->options, argv + 1);
	b->results.times = xcalloc(TIMED_ANSWERS, sizeof(*b->results.times));
	strbuf_init(&b->answer, SIZE_MAX / 2);
	strbuf_init(&b->out, LIMIT_COMPLETION_TEXT);
	strbuf_init(&b->before, LIMIT_COMPLETION_TEXT);
	run(b);
	if (!b->options.brief)
		cuts_report_tables(&b->results, b->options.form < 0 || b->options.form >= FORM_COUNT ?
							FORM_TAGGED :
							(enum form)b->options.form);
	cuts_report_figures(&b->results);
	strbuf_release(&b->answer);
	strbuf_release(&b->out);
	strbuf_release(&b->before);
	corpus_release(&b->corpus);
	free(b->results.times);
	free(b);
	return 0;
}
