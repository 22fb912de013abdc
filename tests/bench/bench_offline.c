/*
 * The offline engine (complete/offline.h) on real source files of this machine: each is typed from top to bottom, and
 * at every keystroke the engine is asked. What it offers is right if all of it is exactly what follows, up to the end
 * of a word; then it is accepted, else the next character is typed. The engine knows the typed file up to the cursor,
 * and the other files of its project or nothing else. Beside it two policies that need no engine:
 *   words: the word of the file used last that begins with the two letters or more that are typed;
 *   lines: the line of the file used last that begins as the present one.
 * Then what an answer and an edit cost in an index of 10 MB, and the memory that takes.
 *
 *     bench_offline [all|features]
 *
 * all: longer texts, and three files of each kind. features: what the weights of src/offline/model.h are
 * fitted to (tests/bench/offline-fit.mjs).
 */
#include <glob.h>
#include <malloc.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../src/offline/private.h"
#include "bench.h"
#include "eke/base/limits.h"
#include "eke/base/mem.h"
#include "eke/base/paths.h"
#include "eke/base/strbuf.h"
#include "eke/base/utf.h"
#include "eke/offline/offline.h"
#include "eke/offline/suggest.h"
#include "eke/text/lines.h"

#define FILES_MAX 4000
#define TYPED_MAX 3
#define FITTED_FILES 6 /* of each project, spread over it: the typed ones have no say unless by chance */

struct file {
	char *path;
	char *text;
	size_t len;
};

/* A language: patterns of a project's files, and of those that are typed. */
struct project {
	const char *name;
	const char *language;
	const char *patterns[6];
	const char *typed[TYPED_MAX];
};

static const struct project projects[] = {
	{ "C", "c", { "src/*/*.c", "src/*/*.h", "include/eke/*/*.h" },
	  { "src/upstream/http.c", "src/rpc/rpc.c", "src/config/config.c" } },
	{ "C headers", "c", { "/usr/include/*.h", "/usr/include/*-linux-gnu/*/*.h", "/usr/include/linux/*.h" },
	  { "/usr/include/stdlib.h", "/usr/include/linux/fuse.h", "/usr/include/linux/input.h" } },
	{ "Python", "python", { "/usr/lib/python3*/*.py", "/usr/lib/python3*/*/*.py" },
	  { "/usr/lib/python3*/argparse.py", "/usr/lib/python3*/zipfile.py", "/usr/lib/python3*/socket.py" } },
	{ "Perl", "perl", { "/usr/share/perl/5.*[0-9].*/*/*.pm", "/usr/share/perl/5.*[0-9].*/*.pm" },
	  { "/usr/share/perl/5.*.*/File/Copy.pm", "/usr/share/perl/5.*.*/CPAN/Shell.pm",
	    "/usr/share/perl/5.*.*/JSON/PP.pm" } },
	{ "JavaScript", "javascript",
	  { "tests/*/*.mjs", "/usr/*/node*/npm/lib/*.js", "/usr/*/node*/npm/lib/*/*.js",
	    "/usr/*/node*/npm/node_modules/*/lib/*.js", "/usr/*/node*/npm/node_modules/@npmcli/*/lib/*/*.js" },
	  { "/usr/*/node*/npm/lib/commands/view.js", "/usr/*/node*/npm/lib/commands/publish.js",
	    "tests/e2e/harness.mjs" } },
	{ "shell", "shellscript",
	  { "/usr/lib/git-core/git-*sh*", "/var/lib/dpkg/info/*.p*inst", "/usr/lib/git-core/*merge*tool*" },
	  { "/usr/lib/git-core/git-submodule", "/usr/bin/ucf", "/usr/sbin/invoke-rc.d" } },
};

static const struct file *read_files(const char *pattern, struct file *files, size_t *count)
{
	const struct file *first = NULL;
	glob_t found;

	if (glob(pattern, 0, NULL, &found) != 0)
		return NULL;
	for (size_t i = 0; i < found.gl_pathc && *count < FILES_MAX; i++) {
		struct strbuf bytes;
		struct strbuf text;
		struct err err = ERR_INIT;

		strbuf_init(&bytes, MIB(16));
		strbuf_init(&text, MIB(16));
		if (file_read(found.gl_pathv[i], MIB(16), &bytes, &err) && bytes.len && !memchr(bytes.data, 0, bytes.len)) {
			utf8_append_valid(&text, bytes.data, bytes.len);
			files[*count] = (struct file){ .path = xstrdup(found.gl_pathv[i]) };
			files[*count].text = strbuf_detach(&text, &files[*count].len);
			if (!first)
				first = &files[*count];
			++*count;
		}
		strbuf_release(&text);
		strbuf_release(&bytes);
	}
	globfree(&found);
	return first;
}

static void free_files(struct file *files, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		free(files[i].path);
		free(files[i].text);
	}
}

/* --- typing --- */

struct result {
	size_t typed;    /* characters of the files */
	size_t accepted; /* of these, by suggestions */
	size_t shown;
	size_t right;
};

static void add_result(struct result *to, const struct result *from)
{
	to->typed += from->typed;
	to->accepted += from->accepted;
	to->shown += from->shown;
	to->right += from->right;
}

static double coverage(const struct result *r)
{
	return r->typed ? 100.0 * (double)r->accepted / (double)r->typed : 0;
}

static double precision(const struct result *r)
{
	return r->shown ? 100.0 * (double)r->right / (double)r->shown : 0;
}

/* What a policy offers at text[at]; only text[0..at) may be looked at. Returns its length, 0: nothing. */
typedef size_t offer_fn(void *ctx, const char *text, size_t at, const char **offered);
/* text[from..to) was typed. */
typedef void typed_fn(void *ctx, const char *text, size_t from, size_t to);

static bool is_right(const char *text, size_t len, size_t at, const char *offered, size_t n)
{
	return n <= len - at && !memcmp(text + at, offered, n) &&
	       (at + n == len || !token_is_word(offered[n - 1]) || !token_is_word(text[at + n]));
}

static size_t next_char(const char *text, size_t len, size_t at)
{
	uint32_t cp;

	return at + utf8_decode(text + at, len - at, &cp);
}

static void type_text(const char *text, size_t len, offer_fn *offer, typed_fn *typed, void *ctx, struct result *result)
{
	size_t at = 0;

	result->typed += len;
	while (at < len) {
		const char *offered;
		size_t n = offer(ctx, text, at, &offered);
		size_t to = next_char(text, len, at);

		if (n) {
			result->shown++;
			if (is_right(text, len, at, offered, n)) {
				result->right++;
				result->accepted += n;
				to = at + n;
			}
		}
		typed(ctx, text, at, to);
		at = to;
	}
}

/* --- the engine as a policy --- */

/* Of this process alone: what others do on the machine is not the engine's time. */
static double cpu_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

struct typist {
	struct offline *offline;
	const char *language;
	enum offline_level level;
	size_t line;
	size_t line_start;
	struct strbuf out;
	double *ask_us; /* of each answer, or NULL */
	double *edit_us;
	size_t asks;
	size_t edits;
	size_t samples_max;
	bool features;
	const char *text; /* for the features' label */
	size_t len;
};

#define TYPED_URI "file:///typed"

/* What was to be predicted: the tokens of the typed text, one by one. */
struct truth {
	const struct typist *typist;
	size_t at;    /* behind what is known to be right */
	bool started; /* a token of the line was right */
};

static bool token_is_right(const struct truth *truth, const struct offline_step *step, const char *line,
			   const struct token *token)
{
	return (step->token & TOKEN_SPACED) == (token->spaced ? TOKEN_SPACED : 0) &&
	       offline_words_find(&truth->typist->offline->lines.words, line + token->text, token->end - token->text) ==
		       token_word(step->token);
}

/* Moves on behind the step if it is right. */
static bool truth_follows(struct truth *truth, const struct offline_step *step)
{
	const char *text = truth->typist->text;
	size_t start = lines_last_start(text, truth->at);
	size_t len = truth->at + lines_first_end(text + truth->at, truth->typist->len - truth->at) - start;
	size_t end = start + len;
	struct offline_blanks blanks;
	const char *line = offline_strip(text + start, &len, &blanks);
	size_t head = truth->at > (size_t)(line - text) ? truth->at - (size_t)(line - text) : 0;
	struct token token = { 0 };
	size_t i = 0;

	if (step->token == TOKEN_EOL) {
		if (head < len || end == truth->typist->len)
			return false;
		truth->at = end + 1;
		truth->started = false;
		return true;
	}
	if (!head && !truth->started && truth->at == start &&
	    (blanks.tabs != step->blanks.tabs || blanks.spaces != step->blanks.spaces))
		return false;
	/* The token that the cursor is in or before; one that ends at it may go on, unless it was predicted. */
	while (i < len) {
		token_next(line, len, &i, &token);
		if (i > head || (i == head && token.open_ended && !truth->started))
			break;
	}
	if (token.end < head || (token.end == head && (truth->started || !token.open_ended)) || !len ||
	    !token_is_right(truth, step, line, &token))
		return false;
	truth->at = (size_t)(line - text) + token.end;
	truth->started = true;
	return true;
}

/* Every step of the last answer up to the first that is wrong. */
static void tell_features(const struct typist *t, size_t at)
{
	struct truth truth = { .typist = t, .at = at };
	bool right = true;

	for (size_t s = 0; s < t->offline->step_count && right; s++) {
		const struct offline_step *step = &t->offline->steps[s];

		right = truth_follows(&truth, step);
		printf("%d %d", step->evidence, right);
		for (size_t i = 0; i < FEATURES; i++)
			printf(" %.4g", step->features[i]);
		putchar('\n');
	}
}

static size_t engine_offers(void *ctx, const char *text, size_t at, const char **offered)
{
	struct typist *t = ctx;
	struct offline_verdict verdict;
	struct offline_request request = { .uri = TYPED_URI,
					   .language = t->language,
					   .line = t->line,
					   .before = text,
					   .before_len = at,
					   .after = "",
					   .level = t->level,
					   .insert_spaces = true };
	double start = t->ask_us ? cpu_us() : 0;

	offline_complete(t->offline, &request, &t->out, &verdict);
	if (t->ask_us && t->asks < t->samples_max)
		t->ask_us[t->asks++] = cpu_us() - start;
	if (t->features)
		tell_features(t, at);
	*offered = t->out.data;
	return t->out.len;
}

static void engine_typed(void *ctx, const char *text, size_t from, size_t to)
{
	struct typist *t = ctx;
	size_t breaks = lines_count(text + from, to - from);
	double start = t->ask_us ? cpu_us() : 0;

	if (!offline_edited(t->offline, TYPED_URI, t->line, 1, text + t->line_start, to - t->line_start))
		bench_die("the typed document was lost");
	if (t->edit_us && t->edits < t->samples_max)
		t->edit_us[t->edits++] = cpu_us() - start;
	t->line += breaks;
	if (breaks)
		t->line_start = from + lines_last_start(text + from, to - from);
}

static void type_with_engine(struct typist *t, const struct file *file, size_t len, struct result *result)
{
	t->line = 0;
	t->line_start = 0;
	t->text = file->text;
	t->len = len;
	strbuf_init(&t->out, LIMIT_COMPLETION_TEXT);
	offline_seen(t->offline, TYPED_URI, t->language, "", 0);
	type_text(file->text, len, engine_offers, engine_typed, t, result);
	if (!offline_holds(t->offline, TYPED_URI, file->text, len))
		bench_die("%s: the engine does not hold what was typed", file->path);
	strbuf_release(&t->out);
}

static void learn(struct offline *offline, const struct project *project, const struct file *files, size_t count,
		  const struct file *but)
{
	for (size_t i = 0; i < count; i++) {
		bool same = but && (!strcmp(files[i].path, but->path) ||
				    (files[i].len == but->len && !memcmp(files[i].text, but->text, but->len)));

		if (same)
			continue;
		offline_seen(offline, files[i].path, project->language, files[i].text, files[i].len);
		offline_closed(offline, files[i].path);
	}
}

/* --- the plain policies --- */

static void nothing_typed(void *ctx, const char *text, size_t from, size_t to)
{
	(void)ctx;
	(void)text;
	(void)from;
	(void)to;
}

static size_t words_offer(void *ctx, const char *text, size_t at, const char **offered)
{
	size_t start = at;

	(void)ctx;
	while (start && token_is_word(text[start - 1]))
		start--;
	if (at - start < 2)
		return 0;
	for (size_t i = start; i > 0; i--) {
		size_t n = 0;

		if (text[i - 1] == text[start] && (i < 2 || !token_is_word(text[i - 2])) &&
		    !memcmp(text + i - 1, text + start, at - start)) {
			*offered = text + i - 1 + (at - start);
			while (*offered + n < text + start && token_is_word((*offered)[n]))
				n++;
			if (n)
				return n;
		}
	}
	return 0;
}

static size_t lines_offer(void *ctx, const char *text, size_t at, const char **offered)
{
	size_t start = lines_last_start(text, at);
	size_t end = start;
	size_t head = start;

	(void)ctx;
	while (head < at && (text[head] == ' ' || text[head] == '\t'))
		head++;
	if (head == at)
		return 0;
	while (end) {
		size_t line = lines_last_start(text, end - 1);
		size_t from = line;

		while (from < end - 1 && (text[from] == ' ' || text[from] == '\t'))
			from++;
		if (end - 1 - from > at - head && !memcmp(text + from, text + head, at - head)) {
			*offered = text + from + (at - head);
			return end - 1 - from - (at - head);
		}
		end = line;
	}
	return 0;
}

/* --- runs --- */

struct row {
	struct result likely;
	struct result sure;
	struct result alone;
	struct result alone_sure;
	struct result words;
	struct result lines;
};

static void run_file(const struct project *project, const struct file *files, size_t count, const struct file *file,
		     size_t max, bool features, struct row *row)
{
	size_t len = file->len;

	if (len > max)
		len = lines_last_start(file->text, max);
	for (int alone = 0; alone < 2; alone++) {
		for (int sure = 0; sure < (features ? 1 : 2); sure++) {
			struct typist t = { .offline = offline_new(),
					    .language = project->language,
					    .level = sure ? OFFLINE_SURE : OFFLINE_LIKELY,
					    .features = features };

			if (!alone)
				learn(t.offline, project, files, count, file);
			type_with_engine(&t, file, len,
					 alone ? sure ? &row->alone_sure : &row->alone : sure ? &row->sure : &row->likely);
			offline_free(t.offline);
		}
	}
	if (features)
		return;
	type_text(file->text, len, words_offer, nothing_typed, NULL, &row->words);
	type_text(file->text, len, lines_offer, nothing_typed, NULL, &row->lines);
}

static void tell_row(const char *name, const char *files, const struct row *row)
{
	const struct result *cells[] = { &row->likely,	   &row->sure,	&row->alone,
					 &row->alone_sure, &row->words, &row->lines };

	printf("  %-11s", name);
	for (size_t i = 0; i < 6; i++)
		printf("  %5.1f%% %5.1f%%", coverage(cells[i]), precision(cells[i]));
	printf("   %s\n", files);
}

static void run_project(const struct project *project, size_t max, size_t typed_max, bool features, struct row *total)
{
	struct file *files = xcalloc(FILES_MAX, sizeof(files[0]));
	struct file *typed = xcalloc(FILES_MAX, sizeof(typed[0]));
	struct row row = { 0 };
	struct strbuf names;
	size_t count = 0;
	size_t typed_count = 0;

	strbuf_init(&names, KIB(4));
	for (size_t i = 0; i < 6 && project->patterns[i]; i++)
		read_files(project->patterns[i], files, &count);
	for (size_t i = 0; features && i < FITTED_FILES; i++)
		run_file(project, files, count, &files[(2 * i + 1) * count / (2 * FITTED_FILES)], max, true, &row);
	for (size_t i = 0; !features && i < typed_max && project->typed[i]; i++) {
		const struct file *file = read_files(project->typed[i], typed, &typed_count);

		if (!file)
			continue;
		run_file(project, files, count, file, max, features, &row);
		strbuf_addf(&names, "%s%s", names.len ? " " : "", strrchr(file->path, '/') + 1);
	}
	if (!features) {
		if (row.likely.typed)
			tell_row(project->name, names.data, &row);
		else
			printf("note\toffline: no %s files here\n", project->name);
	}
	add_result(&total->likely, &row.likely);
	add_result(&total->sure, &row.sure);
	add_result(&total->alone, &row.alone);
	add_result(&total->alone_sure, &row.alone_sure);
	add_result(&total->words, &row.words);
	add_result(&total->lines, &row.lines);
	strbuf_release(&names);
	free_files(files, count);
	free_files(typed, typed_count);
	free(files);
	free(typed);
}

static void run_large(void)
{
	static const char *const patterns[] = { "/usr/share/perl/5.*[0-9].*/*.pm", "/usr/share/perl/5.*[0-9].*/*/*.pm",
						"/usr/include/*.h", "/usr/include/*/*.h", "/usr/lib/python3*/*.py",
						"/usr/lib/python3*/*/*.py", "/usr/*/node*/npm/node_modules/*/lib/*.js" };
	struct file *files = xcalloc(FILES_MAX, sizeof(files[0]));
	const struct project c = { .language = "c" };
	struct result result = { 0 };
	size_t count = 0;
	size_t bytes = 0;
	size_t before = mallinfo2().uordblks;
	size_t heap = 0;
	struct typist t = { .language = "c", .samples_max = 20000 };
	struct offline_stats stats;
	const struct file *typed;

	for (size_t i = 0; i < ARRAY_LEN(patterns) && bytes < MIB(10); i++)
		read_files(patterns[i], files, &count);
	before = mallinfo2().uordblks + mallinfo2().hblkhd;
	t.offline = offline_new();
	for (size_t i = 0; i < count && bytes < MIB(10); i++) {
		learn(t.offline, &c, files + i, 1, NULL);
		bytes += files[i].len < LIMIT_OFFLINE_DOCUMENT ? files[i].len : 0;
	}
	heap = mallinfo2().uordblks + mallinfo2().hblkhd - before;
	stats = offline_stats(t.offline);
	t.ask_us = xcalloc(t.samples_max, sizeof(double));
	t.edit_us = xcalloc(t.samples_max, sizeof(double));
	typed = read_files("src/rpc/rpc.c", files, &count);
	if (typed)
		type_with_engine(&t, typed, typed->len < 8000 ? typed->len : 8000, &result);
	if (t.asks) {
		double ask = bench_median(t.ask_us, t.asks);
		double edit = bench_median(t.edit_us, t.edits);

		figure_tell(&(struct figure){ "offline-ask", "offline: an answer in 10 MB, median", "us", ask, NULL, 0,
					      GOAL_MAX, 2000 });
		figure_tell(&(struct figure){ "offline-ask-max", "offline: an answer in 10 MB, 99 of 100", "us",
					      t.ask_us[t.asks * 99 / 100], NULL, 0, GOAL_MAX, 2000 });
		figure_tell(&(struct figure){ "offline-edit", "offline: an edit in 10 MB, median", "us", edit, NULL, 0,
					      GOAL_MAX, 100 });
		figure_tell(&(struct figure){ "offline-memory", "offline: memory for a byte of text", "bytes",
					      (double)heap / (double)stats.text, NULL, 0, GOAL_MAX, 3 });
		printf("note\toffline: %.1f MB of text in %zu files, %zu lines, %zu of them different, %zu words; memory by "
		       "its own account %.2f bytes a byte; slowest answer %.0f us, slowest edit %.0f us\n",
		       (double)stats.text / 1e6, stats.documents, stats.lines, stats.different_lines, stats.words,
		       (double)stats.memory / (double)stats.text, t.ask_us[t.asks - 1], t.edit_us[t.edits - 1]);
	}
	free(t.ask_us);
	free(t.edit_us);
	offline_free(t.offline);
	free_files(files, count);
	free(files);
}

int main(int argc, char **argv)
{
	bool all = argc > 1 && !strcmp(argv[1], "all");
	bool features = argc > 1 && !strcmp(argv[1], "features");
	size_t max = all || features ? 40000 : 9000;
	size_t typed_max = all || features ? TYPED_MAX : 1;
	struct row total = { 0 };

	if (!features) {
		printf("offline engine, typed files: characters accepted and precision of what was shown\n");
		printf("  %-11s  %-13s  %-13s  %-13s  %-13s  %-13s  %-13s\n", "", "project known", "only if sure",
		       "file alone", "only if sure", "words", "lines");
	}
	for (size_t i = 0; i < ARRAY_LEN(projects); i++)
		run_project(&projects[i], max, typed_max, features, &total);
	if (features)
		return 0;
	tell_row("all", "", &total);
	figure_tell(&(struct figure){ "offline-accepted", "offline: characters accepted", "%", coverage(&total.likely),
				      "words", coverage(&total.words), GOAL_MIN, 20 });
	figure_tell(&(struct figure){ "offline-precision", "offline: precision", "%", precision(&total.likely), "words",
				      precision(&total.words), GOAL_MIN, 60 });
	figure_tell(&(struct figure){ "offline-alone", "offline: accepted, the file alone", "%", coverage(&total.alone),
				      "lines", coverage(&total.lines), GOAL_NONE, 0 });
	figure_tell(&(struct figure){ "offline-alone-precision", "offline: precision, the file alone", "%",
				      precision(&total.alone), "lines", precision(&total.lines), GOAL_MIN, 60 });
	figure_tell(&(struct figure){ "offline-sure", "offline: precision when sure", "%", precision(&total.sure), NULL, 0,
				      GOAL_MIN, 90 });
	figure_tell(&(struct figure){ "offline-sure-accepted", "offline: accepted when sure", "%", coverage(&total.sure),
				      NULL, 0, GOAL_NONE, 0 });
	run_large();
	return 0;
}
