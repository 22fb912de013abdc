/*
 * Is a right answer left alone, and a wrong habit mended? Random cuts in the files that this machine has
 * (cuts_corpus.h, cuts_make.h): what was cut is the model's answer, in the forms of cuts_forms.h, and the
 * post-processor must give it back. Counted are answers whose document is the original again, byte for byte; those in
 * which only blanks at line ends differ count as well and are told apart.
 *
 *     bench_cuts [--seed N] [--cuts N] [--kind KIND] [--form FORM] [--language ID] [--failures N] [--brief]
 *
 * --failures shows the first N that went wrong (of those that the other options leave); --brief leaves the tables out.
 */
#include <stdlib.h>
#include <string.h>

#include "bench.h"
#include "cuts_corpus.h"
#include "cuts_forms.h"
#include "cuts_make.h"
#include "eke/base/attrs.h"
#include "eke/base/limits.h"
#include "eke/base/mem.h"
#include "post_case.h"

#define FILE_TRIES 60  /* files that are looked at for one cut */
#define CUT_TRIES 30   /* places in one of these */
#define OPEN_EVERY 4   /* one in so many answers is also given line by line */
#define TIMED_LINES 100
#define TIMED_ANSWERS 400

struct tally {
	size_t count;
	size_t exact;
	size_t blanks; /* of these only but for blanks at line ends */
};

struct options {
	uint64_t seed;
	size_t cuts;
	int kind; /* -1: all */
	int form;
	const char *language; /* NULL: all */
	size_t failures;
	bool brief;
};

struct bench {
	struct options options;
	struct corpus corpus;
	struct rng rng;
	struct tally tallies[CORPUS_GROUPS][CUT_KINDS][FORM_COUNT];
	size_t cuts[CORPUS_GROUPS];
	size_t opened;     /* answers given line by line */
	size_t violations; /* ... in which something was taken back */
	size_t shown;      /* failures */
	double *times;     /* milliseconds for answers of TIMED_LINES lines */
	size_t timed;
	struct strbuf answer;
	struct strbuf out;
	struct strbuf before; /* of the growing answer */
};

/* --- one answer --- */

struct trial {
	const struct corpus_file *file;
	const struct cut_text *text;
	const struct cut *cut;
	struct post_case post;
	struct situation at;
};

static bool may_show(struct bench *b)
{
	if (b->shown >= b->options.failures)
		return false;
	b->shown++;
	return true;
}

static void show(struct bench *b, const struct trial *t, enum form form, const char *what, const struct strbuf *got)
{
	const struct post_input *in = &t->post.input;

	printf("\n#%zu %s: %s, %s %s, %s, %s:%zu, %s %u\n", b->shown, what, form_name(form), cut_kind_name(t->cut->kind),
	       t->cut->variant, t->file->language, t->file->path, cut_text_line_of(t->text, t->cut->from) + 1,
	       in->insert_spaces ? "spaces" : "tabs", in->tab_size);
	post_case_show(stdout, "prefix", in->prefix, in->prefix_len, -6);
	post_case_show(stdout, "truth", t->at.truth, t->at.truth_len, 0);
	if (form != FORM_TAGGED && form != FORM_FIM)
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
		post_process(&in, &growing, NULL);
		well = growing.len >= b->before.len && !memcmp(growing.data, b->before.data, b->before.len);
		if (well && growing.len > b->before.len) {
			strbuf_reset(&b->before);
			strbuf_add(&b->before, growing.data, growing.len);
		} else if (!well && may_show(b)) {
			show(b, t, form, "taken back while it grew", &growing);
		}
	}
	if (well && (b->out.len < b->before.len || memcmp(b->out.data, b->before.data, b->before.len) != 0)) {
		well = false;
		if (may_show(b)) {
			show(b, t, form, "taken back at its end", &b->out);
			post_case_show(stdout, "open", b->before.data, b->before.len, 0);
		}
	}
	strbuf_release(&growing);
	return well;
}

static void try_form(struct bench *b, struct trial *t, size_t group, enum form form, bool open)
{
	struct tally *tally = &b->tallies[group][t->cut->kind][form];
	struct post_input *in = &t->post.input;
	struct post_replace replace;
	enum post_verdict verdict;

	if (!form_write(form, &t->at, &b->rng, &b->answer) || b->answer.len > LIMIT_COMPLETION)
		return;
	in->answer = b->answer.data;
	in->answer_len = b->answer.len;
	in->source = form == FORM_FIM ? POST_FIM : POST_CHAT;
	in->finish = POST_STOP;
	verdict = post_process(in, &b->out, &replace);
	tally->count++;
	if (post_case_same(in, &b->out, &replace, t->at.truth, t->at.truth_len)) {
		tally->exact++;
	} else if (post_case_same_but_blanks(&t->post, b->out.data, b->out.len, t->at.truth, t->at.truth_len)) {
		tally->exact++;
		tally->blanks++;
	} else if (may_show(b)) {
		show(b, t, form, post_verdict_name(verdict), &b->out);
	}
	if (!open)
		return;
	b->opened++;
	if (!grows_well(b, t, form))
		b->violations++;
}

static void try_cut(struct bench *b, const struct corpus_file *file, const struct cut_text *text, const struct cut *cut,
		    size_t group)
{
	struct trial t = { .file = file, .text = text, .cut = cut };
	bool open = rng_below(&b->rng, OPEN_EVERY) == 0;
	size_t block;

	t.post = (struct post_case){ .before = text->s,
				     .before_len = cut->from,
				     .after = text->s + cut->to,
				     .after_len = text->len - cut->to,
				     .path = file->path,
				     .language = file->language,
				     .insert_spaces = text->insert_spaces,
				     .tab_size = text->tab_size };
	post_case_open(&t.post);
	t.at = (struct situation){ .prefix = t.post.input.prefix,
				   .prefix_len = t.post.input.prefix_len,
				   .suffix = t.post.input.suffix,
				   .suffix_len = t.post.input.suffix_len,
				   .truth = text->s + cut->from,
				   .truth_len = cut->to - cut->from,
				   .language = file->language,
				   .block = NO_BLOCK,
				   .mark = t.post.input.mark };
	if (cut_text_block_around(text, cut->from, &block) && cut->from - block <= t.post.input.prefix_len)
		t.at.block = t.post.input.prefix_len - (cut->from - block);
	b->cuts[group]++;
	for (int form = 0; form < FORM_COUNT; form++) {
		if (b->options.form < 0 || b->options.form == form)
			try_form(b, &t, group, (enum form)form, open);
	}
}

/* --- time --- */

/* A hundred lines of the file as the answer, in tags. */
static void time_answer(struct bench *b, const struct corpus_file *file, const struct cut_text *text)
{
	size_t first = text->count - TIMED_LINES - 1 ? rng_below(&b->rng, text->count - TIMED_LINES - 1) : 0;
	struct cut cut = { .from = text->lines[first].start + text->lines[first].blanks,
			   .to = text->lines[first + TIMED_LINES - 1].start + text->lines[first + TIMED_LINES - 1].len };
	struct post_case post = { .before = text->s,
				  .before_len = cut.from,
				  .after = text->s + cut.to,
				  .after_len = text->len - cut.to,
				  .path = file->path,
				  .language = file->language,
				  .insert_spaces = text->insert_spaces,
				  .tab_size = text->tab_size };
	struct situation at = { .truth = text->s + cut.from, .truth_len = cut.to - cut.from };
	double best = 0;

	post_case_open(&post);
	at.mark = post.input.mark;
	form_write(FORM_TAGGED, &at, &b->rng, &b->answer);
	post.input.answer = b->answer.data;
	post.input.answer_len = b->answer.len;
	post.input.finish = POST_STOP;
	/* The quickest of a few, so that what other programs do does not count. */
	for (int i = 0; i < 3; i++) {
		int64_t start = bench_now();
		double took;

		post_process(&post.input, &b->out, NULL);
		took = (double)(bench_now() - start) / 1e6;
		best = !i || took < best ? took : best;
	}
	b->times[b->timed++] = best;
}

/* --- the run --- */

/* One after the other, of those that have files. */
static size_t next_group(const struct bench *b, size_t group)
{
	do
		group = (group + 1) % CORPUS_GROUPS;
	while (b->corpus.begin[group + 1] == b->corpus.begin[group]);
	return group;
}

/* True if a cut was found in the file and tried. */
static bool cut_file(struct bench *b, const struct corpus_file *file, size_t group, enum cut_kind kind)
{
	struct cut_text text;
	struct cut cut;
	size_t len;
	char *s = corpus_read(file, &len);
	bool made = false;

	if (!s)
		return false;
	cut_text_init(&text, s, len, file->language);
	for (int i = 0; i < CUT_TRIES && !made; i++)
		made = cut_make(&text, kind, &b->rng, &cut);
	if (made)
		try_cut(b, file, &text, &cut, group);
	if (b->timed < TIMED_ANSWERS && text.count > TIMED_LINES)
		time_answer(b, file, &text);
	cut_text_release(&text);
	free(s);
	return made;
}

static void run(struct bench *b)
{
	size_t missing = 0;
	size_t group = 0;

	corpus_find(&b->corpus, b->options.language);
	if (!b->corpus.count)
		bench_die("no files of the language %s on this machine", b->options.language);
	for (size_t made = 0; made < b->options.cuts;) {
		enum cut_kind kind = b->options.kind >= 0 ? (enum cut_kind)b->options.kind :
							    (enum cut_kind)rng_below(&b->rng, CUT_KINDS);
		bool found = false;

		group = next_group(b, group);
		for (int i = 0; i < FILE_TRIES && !found; i++)
			found = cut_file(b, corpus_pick(&b->corpus, group, &b->rng), group, kind);
		made += found;
		missing += !found;
		if (missing > b->options.cuts + 1000)
			break;
	}
}

/* --- the result --- */

static void add_tally(struct tally *sum, const struct tally *t)
{
	sum->count += t->count;
	sum->exact += t->exact;
	sum->blanks += t->blanks;
}

/* Negative: all. */
static struct tally sum_of(const struct bench *b, int group, int kind, int form)
{
	struct tally sum = { .count = 0 };

	for (int g = 0; g < CORPUS_GROUPS; g++) {
		for (int k = 0; k < CUT_KINDS; k++) {
			for (int f = 0; f < FORM_COUNT; f++) {
				if ((group < 0 || group == g) && (kind < 0 || kind == k) && (form < 0 || form == f))
					add_tally(&sum, &b->tallies[g][k][f]);
			}
		}
	}
	return sum;
}

static double share(const struct tally *t)
{
	return t->count ? 100.0 * (double)t->exact / (double)t->count : 100.0;
}

static void print_cell(const struct tally *t)
{
	if (t->count)
		printf(" %5.1f%% %4zu/%-5zu", share(t), t->count - t->exact, t->count);
	else
		printf(" %17s", "-");
}

static void print_row(const struct bench *b, const char *name, int group, int kind, int form)
{
	printf("%-12s", name);
	if (form >= 0) {
		for (int k = 0; k < CUT_KINDS; k++) {
			struct tally t = sum_of(b, group, k, form);

			print_cell(&t);
		}
	} else {
		for (int f = 0; f < FORM_COUNT; f++) {
			struct tally t = sum_of(b, group, kind, f);

			print_cell(&t);
		}
	}
	printf("\n");
}

static void print_tables(const struct bench *b)
{
	int form = b->options.form < 0 ? FORM_TAGGED : b->options.form;

	printf("exact, of the form %s, by language and kind of cut: share, failed/all\n%-12s",
	       form_name((enum form)form), "");
	for (int k = 0; k < CUT_KINDS; k++)
		printf(" %-17s", cut_kind_name((enum cut_kind)k));
	printf("\n");
	for (int g = 0; g < CORPUS_GROUPS; g++) {
		if (b->cuts[g])
			print_row(b, corpus_group_name((size_t)g), g, -1, form);
	}
	print_row(b, "all", -1, -1, form);
	printf("\nexact, by language and form\n%-12s", "");
	for (int f = 0; f < FORM_COUNT; f++)
		printf(" %-17s", form_name((enum form)f));
	printf("\n");
	for (int g = 0; g < CORPUS_GROUPS; g++) {
		if (b->cuts[g])
			print_row(b, corpus_group_name((size_t)g), g, -1, -1);
	}
	for (int k = 0; k < CUT_KINDS; k++)
		print_row(b, cut_kind_name((enum cut_kind)k), -1, k, -1);
	print_row(b, "all", -1, -1, -1);
	printf("\n");
}

static void tell(const struct bench *b)
{
	static const struct {
		const char *key;
		const char *what;
		double goal;
	} forms[FORM_COUNT] = {
		{ "post_identity", "true text in tags: document exact", 99.9 },
		{ "post_fim", "true text of a FIM endpoint: exact", 99.9 },
		{ "post_fenced", "true text in a fence: exact", 99 },
		{ "post_sentence", "... with a sentence around it: exact", 99 },
		{ "post_line_echo", "... behind the cursor's line again: exact", 99 },
		{ "post_block_echo", "... behind its block again: exact", 99 },
		{ "post_run_on", "... running on into what follows: exact", 99 },
	};
	struct tally all = sum_of(b, -1, -1, b->options.form);

	for (int f = 0; f < FORM_COUNT; f++) {
		struct tally t = sum_of(b, -1, -1, f);
		struct figure figure = { .key = forms[f].key,
					 .what = forms[f].what,
					 .unit = "%",
					 .measured = share(&t),
					 .kind = GOAL_MIN,
					 .goal = forms[f].goal };

		if (t.count)
			figure_tell(&figure);
	}
	figure_tell(&(struct figure){ .key = "post_open",
				      .what = "growing answers of which text was taken back",
				      .unit = "",
				      .measured = (double)b->violations,
				      .kind = GOAL_MAX,
				      .goal = 0 });
	if (b->timed) {
		figure_tell(&(struct figure){ .key = "post_time",
					      .what = "post-processing 100 lines (median)",
					      .unit = "ms",
					      .measured = bench_median(b->times, b->timed),
					      .kind = GOAL_MAX,
					      .goal = 1 });
		figure_tell(&(struct figure){ .key = "post_time_99",
					      .what = "post-processing 100 lines (99th percentile)",
					      .unit = "ms",
					      .measured = b->times[b->timed * 99 / 100],
					      .kind = GOAL_MAX,
					      .goal = 1 });
	}
	printf("note\tpost: %zu answers, %zu given line by line; in %zu only blanks at line ends differ; seed %llu\n",
	       all.count, b->opened, all.blanks, (unsigned long long)b->options.seed);
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

static const char *kind_name(int i)
{
	return cut_kind_name((enum cut_kind)i);
}

static const char *name_of_form(int i)
{
	return form_name((enum form)i);
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
				  "[--failures N] [--brief]");
		if (!strcmp(*args, "--seed"))
			o->seed = strtoull(value, NULL, 10);
		else if (!strcmp(*args, "--cuts"))
			o->cuts = strtoul(value, NULL, 10);
		else if (!strcmp(*args, "--failures"))
			o->failures = strtoul(value, NULL, 10);
		else if (!strcmp(*args, "--language"))
			o->language = value;
		else if (!strcmp(*args, "--kind"))
			o->kind = number_of(value, kind_name, CUT_KINDS, "kind");
		else if (!strcmp(*args, "--form"))
			o->form = number_of(value, name_of_form, FORM_COUNT, "form");
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
	b->rng.state = b->options.seed;
	b->times = xcalloc(TIMED_ANSWERS, sizeof(*b->times));
	strbuf_init(&b->answer, SIZE_MAX / 2);
	strbuf_init(&b->out, LIMIT_COMPLETION_TEXT);
	strbuf_init(&b->before, LIMIT_COMPLETION_TEXT);
	run(b);
	if (!b->options.brief)
		print_tables(b);
	tell(b);
	strbuf_release(&b->answer);
	strbuf_release(&b->out);
	strbuf_release(&b->before);
	corpus_release(&b->corpus);
	free(b->times);
	free(b);
	return 0;
}
