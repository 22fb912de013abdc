/*
 * Recorded answers of real models, and hand-written cases, through the post-processor.
 *
 *     bench_answers [--failures N] [--documents OUT] FILE…
 *     bench_answers --cases FILE
 *
 * FILE… are JSON lines, one recorded answer each; other members are ignored:
 *
 *     prefix, suffix   the document before and after the cursor
 *     raw              what the model gave
 *     id               any name, for messages
 *     language         LSP language id; "lang" means the same
 *     body             the code that is right here, not indented: what is inserted must be this code and no other
 *     verdict          "approved" or "rejected": what a person said of the document with raw put in as it stands
 *
 * An answer with a body is that of a chat, as it stands. Right is a text whose lines, blank ones and blanks at line
 * ends aside, are the body's, behind the indentation of the cursor's line.
 *
 * An answer with a verdict is a completion that some other program has unwrapped. It is given in the tags that eke asks
 * for, and bare as of a FIM endpoint. Faults are what post_shape.h counts in the whole document. Of those approved
 * whose document has none with raw as it stands, none may have some afterwards, and none may vanish; of those rejected
 * none may have more faults than with raw. --documents writes these documents as JSON lines (id, form, language,
 * verdict, verbatim, processed), for parsers: tests/bench/answers-parse.mjs.
 *
 * --cases: FILE is a JSON array of objects: "document" with the cursor at U+2021, "answer", "form" ("tagged": the
 * answer stands within the tags that eke asks for; "bare" and "raw": it is given as it stands), "file", "languageId",
 * "formattingOptions" (as in LSP, or null), and either "expected", the whole document afterwards, or "insert", the text
 * that goes in (null: none). Each that fails is shown. Exits 1 if one does.
 */
#include <stdlib.h>
#include <string.h>

#include "bench.h"
#include "cuts_text.h"
#include "eke/base/attrs.h"
#include "eke/base/json.h"
#include "eke/base/json_writer.h"
#include "eke/base/limits.h"
#include "eke/base/mem.h"
#include "post_case.h"
#include "post_shape.h"

#define CURSOR "\xE2\x80\xA1"
#define FILE_MAX ((size_t)64 * 1024 * 1024)

struct bench {
	size_t failures; /* to be shown */
	size_t shown;
	FILE *documents; /* or NULL */
	struct json_pool *pool;
	struct strbuf answer;
	struct strbuf out;
	size_t bodies;
	size_t bodies_right;
	size_t approved; /* that have no faults verbatim */
	size_t broken;
	size_t vanished;
	size_t verbatim;
	size_t rejected;
	size_t worse;
};

static char *read_file(const char *path, size_t *len)
{
	FILE *f = fopen(path, "r");
	char *text;

	if (!f)
		bench_die("cannot read %s", path);
	text = xmalloc(FILE_MAX);
	*len = fread(text, 1, FILE_MAX, f);
	fclose(f);
	return text;
}

static const char *text_of(const struct json *item, const char *key)
{
	return json_string(json_get(item, key));
}

static void write_answer(const char *text, bool tagged, unsigned tag_number, struct strbuf *answer)
{
	char number[16] = "";

	strbuf_reset(answer);
	if (tag_number)
		snprintf(number, sizeof(number), "%u", tag_number);
	if (tagged)
		strbuf_addf(answer, "<completion%s>", number);
	strbuf_adds(answer, text);
	if (tagged)
		strbuf_addf(answer, "</completion%s>", number);
}

static enum post_verdict process(struct bench *b, struct post_case *post, const char *text, bool tagged)
{
	write_answer(text, tagged, post->input.tag_number, &b->answer);
	post->input.answer = b->answer.data;
	post->input.answer_len = b->answer.len;
	post->input.finish = POST_STOP;
	return post_process(&post->input, &b->out);
}

/* --- hand-written cases --- */

static void open_case(const struct json *item, struct post_case *post)
{
	const char *document = text_of(item, "document");
	const char *cursor = document ? strstr(document, CURSOR) : NULL;
	const struct json *formatting = json_get_present(item, "formattingOptions");
	int64_t tab_size = 0;
	bool spaces = true;

	if (!cursor)
		bench_die("the case \"%s\" has no document with a cursor", text_of(item, "name"));
	json_int(json_get(formatting, "tabSize"), &tab_size);
	json_bool(json_get(formatting, "insertSpaces"), &spaces);
	*post = (struct post_case){ .before = document,
				    .before_len = (size_t)(cursor - document),
				    .after = cursor + strlen(CURSOR),
				    .after_len = strlen(cursor + strlen(CURSOR)),
				    .path = text_of(item, "file"),
				    .language = text_of(item, "languageId"),
				    .insert_spaces = spaces,
				    .tab_size = (unsigned)tab_size };
	post_case_open(post);
}

/* What the text between before and after must be; false if the expected document has less after the cursor. */
static bool wanted_of(const struct json *item, const struct post_case *post, const char **wanted, size_t *len)
{
	const char *expected = text_of(item, "expected");
	size_t total;

	if (!expected) {
		*wanted = text_of(item, "insert") ? text_of(item, "insert") : "";
		*len = strlen(*wanted);
		return true;
	}
	total = strlen(expected);
	*wanted = expected;
	*len = total;
	if (total < post->before_len + post->after_len || memcmp(expected, post->before, post->before_len) != 0 ||
	    memcmp(expected + total - post->after_len, post->after, post->after_len) != 0)
		return false;
	*wanted = expected + post->before_len;
	*len = total - post->before_len - post->after_len;
	return true;
}

static void show(const struct bench *b, const struct post_case *post, const char *raw, const char *wanted, size_t len)
{
	post_case_show(stdout, "prefix", post->before, post->before_len, -6);
	post_case_show(stdout, "answer", raw, strlen(raw), 0);
	post_case_show(stdout, "wanted", wanted, len, 0);
	post_case_show(stdout, "got", b->out.data, b->out.len, 0);
	post_case_show(stdout, "suffix", post->after, post->after_len, 5);
}

/* The document with the text in it is `expected`. */
static bool is_document(const struct bench *b, const struct post_case *post, const char *expected)
{
	size_t replaced = post_case_replaced(&post->input, &b->out);
	const char *after = post->after + replaced;
	size_t after_len = post->after_len - replaced;

	return strlen(expected) == post->before_len + b->out.len + after_len &&
	       !memcmp(expected, post->before, post->before_len) &&
	       !memcmp(expected + post->before_len, b->out.data, b->out.len) &&
	       !memcmp(expected + post->before_len + b->out.len, after, after_len);
}

static bool run_case(struct bench *b, const struct json *item)
{
	const char *form = text_of(item, "form");
	struct post_case post;
	const char *wanted;
	size_t len;
	bool reachable;
	enum post_verdict verdict;

	open_case(item, &post);
	reachable = wanted_of(item, &post, &wanted, &len);
	verdict = process(b, &post, text_of(item, "answer"), form && !strcmp(form, "tagged"));
	if (reachable ? post_case_same(&post.input, &b->out, wanted, len) :
			is_document(b, &post, text_of(item, "expected")))
		return true;
	printf("\nFAIL %s: %s (%s, %s, %s%s)\n", text_of(item, "kind"), text_of(item, "name"),
	       text_of(item, "languageId"), form, post_verdict_name(verdict),
	       reachable ? "" : ", the document");
	show(b, &post, text_of(item, "answer"), wanted, len);
	return false;
}

static int run_cases(struct bench *b, const char *path)
{
	struct err err = { 0 };
	size_t len;
	char *text = read_file(path, &len);
	const struct json *root = json_parse(b->pool, text, len, JSON_STRICT, &err);
	size_t passed = 0;
	size_t count = 0;

	if (!root || !json_is_array(root))
		bench_die("%s is no JSON array: %s", path, err.message);
	for (const struct json *item = json_first(root); item; item = json_next(item), count++)
		passed += run_case(b, item);
	printf("\n%zu cases, %zu right, %zu wrong\n", count, passed, count - passed);
	free(text);
	return passed < count;
}

/* --- recorded answers --- */

static const char *language_of(const struct json *item)
{
	const char *language = text_of(item, "language");

	return language ? language : text_of(item, "lang");
}

static bool may_show(struct bench *b)
{
	if (b->shown >= b->failures)
		return false;
	b->shown++;
	return true;
}

/* What stands before the cursor in its line: the indentation of what is inserted. */
static void cursor_indentation(const struct post_case *post, const char **indentation, size_t *len)
{
	size_t at = post->before_len;

	while (at && post->before[at - 1] != '\n')
		at--;
	*indentation = post->before + at;
	*len = post->before_len - at;
}

/* The next line that is not blank, without blanks at its end; false at the end. */
static bool next_line(const char **s, const char *end, const char **line, size_t *len)
{
	while (*s < end) {
		const char *stop = memchr(*s, '\n', (size_t)(end - *s));

		*line = *s;
		*len = stop ? (size_t)(stop - *s) : (size_t)(end - *s);
		*s += *len + (stop != NULL);
		while (*len && strchr(" \t\r", (*line)[*len - 1]))
			--*len;
		if (*len)
			return true;
	}
	return false;
}

/* A comment of Python's. A recorded body is what the syntax tree has, and so begins behind comments. */
static bool is_comment(const char *line, size_t len)
{
	while (len && (*line == ' ' || *line == '\t')) {
		line++;
		len--;
	}
	return len && *line == '#';
}

/* Triple quotes on the line. */
static size_t quotes_of(const char *line, size_t len)
{
	size_t n = 0;

	for (size_t i = 0; i + 3 <= len; i++) {
		if (!memcmp(line + i, "\"\"\"", 3)) {
			n++;
			i += 2;
		}
	}
	return n;
}

static void drop_blanks(const char **line, size_t *len)
{
	while (*len && (**line == ' ' || **line == '\t')) {
		++*line;
		--*len;
	}
}

static bool is_body(const struct post_case *post, const struct strbuf *out, const char *body)
{
	const char *s = out->data;
	const char *b = body;
	const char *end = out->data + out->len;
	const char *body_end = body + strlen(body);
	const char *line;
	const char *wanted;
	size_t len;
	size_t wanted_len;
	const char *indentation;
	size_t indented;
	bool first = *s != '\n';
	bool in_string = false;

	cursor_indentation(post, &indentation, &indented);
	for (bool begun = false;;) {
		bool more = next_line(&s, end, &line, &len);

		if (more && !begun && is_comment(line, len)) {
			first = false;
			continue;
		}
		begun = true;
		if (next_line(&b, body_end, &wanted, &wanted_len) != more)
			return false;
		if (!more)
			return true;
		/* What a string over lines says may stay where it is. */
		if (in_string) {
			drop_blanks(&line, &len);
			drop_blanks(&wanted, &wanted_len);
		} else if (!first) {
			if (len < indented || memcmp(line, indentation, indented) != 0)
				return false;
			line += indented;
			len -= indented;
		}
		in_string ^= quotes_of(line, len) % 2;
		first = false;
		if (len != wanted_len || memcmp(line, wanted, len) != 0)
			return false;
	}
}

static void try_body(struct bench *b, const struct json *item, struct post_case *post, const char *raw)
{
	const char *body = text_of(item, "body");
	enum post_verdict verdict = process(b, post, raw, false);

	b->bodies++;
	if (is_body(post, &b->out, body)) {
		b->bodies_right++;
	} else if (may_show(b)) {
		printf("\n#%zu not the body: %s (%s)\n", b->shown, text_of(item, "id"), post_verdict_name(verdict));
		show(b, post, raw, body, strlen(body));
	}
}

static void join(const struct post_case *post, const char *text, size_t len, struct strbuf *document)
{
	strbuf_init(document, SIZE_MAX / 2);
	strbuf_add(document, post->before, post->before_len);
	strbuf_add(document, text, len);
	strbuf_add(document, post->after, post->after_len);
}

static void write_documents(const struct bench *b, const struct json *item, const char *form,
			    const struct strbuf *verbatim, const struct strbuf *processed)
{
	struct strbuf line;
	struct json_writer w;

	strbuf_init(&line, SIZE_MAX / 2);
	json_writer_init(&w, &line);
	json_begin_object(&w, NULL);
	json_put_kstring(&w, "id", text_of(item, "id"));
	json_put_kstring(&w, "form", form);
	json_put_kstring(&w, "language", language_of(item));
	json_put_kstring(&w, "verdict", text_of(item, "verdict"));
	json_put_kstring(&w, "verbatim", verbatim->data);
	json_put_kstring(&w, "processed", processed->data);
	json_end_object(&w);
	json_writer_end(&w);
	fprintf(b->documents, "%s\n", line.data);
	strbuf_release(&line);
}

/* Counts what came of it; its name if it is a failure. */
static const char *judge(struct bench *b, const char *verdict, const char *raw, size_t before, size_t after)
{
	if (strcmp(verdict, "approved")) {
		b->rejected++;
		b->worse += after > before;
		return after > before ? "worse" : NULL;
	}
	if (before)
		return NULL;
	b->approved++;
	if (after) {
		b->broken++;
		return "broken";
	}
	if (!b->out.len) {
		b->vanished++;
		return "vanished";
	}
	b->verbatim += b->out.len == strlen(raw) && !memcmp(b->out.data, raw, b->out.len);
	return NULL;
}

static void try_verdict(struct bench *b, const struct json *item, struct post_case *post, const char *raw, bool tagged)
{
	const char *language = language_of(item);
	const char *form = tagged ? "tagged" : "fim";
	struct strbuf verbatim;
	struct strbuf processed;
	struct shape before;
	struct shape after;
	const char *failure;
	enum post_verdict verdict;

	post->input.source = tagged ? POST_CHAT : POST_FIM;
	verdict = process(b, post, raw, tagged);
	join(post, raw, strlen(raw), &verbatim);
	join(post, b->out.data, b->out.len, &processed);
	before = shape_of(verbatim.data, verbatim.len, language);
	after = shape_of(processed.data, processed.len, language);
	failure = judge(b, text_of(item, "verdict"), raw, shape_faults(&before), shape_faults(&after));
	if (b->documents)
		write_documents(b, item, form, &verbatim, &processed);
	if (failure && may_show(b)) {
		printf("\n#%zu %s: %s, %s (%s): faults %zu before, %zu after\n", b->shown, failure,
		       text_of(item, "id"), form, post_verdict_name(verdict), shape_faults(&before),
		       shape_faults(&after));
		show(b, post, raw, raw, strlen(raw));
	}
	strbuf_release(&verbatim);
	strbuf_release(&processed);
}

static void run_record(struct bench *b, const struct json *item)
{
	const char *prefix = text_of(item, "prefix");
	const char *suffix = text_of(item, "suffix");
	const char *raw = text_of(item, "raw");
	const char *language = language_of(item);
	struct post_case post = { .before = prefix, .after = suffix, .language = language };
	struct strbuf all;
	struct cut_text text;

	if (!prefix || !suffix || !raw || !language)
		bench_die("the record %s lacks prefix, suffix, raw or language", text_of(item, "id"));
	post.before_len = strlen(prefix);
	post.after_len = strlen(suffix);
	join(&post, "", 0, &all);
	cut_text_init(&text, all.data, all.len, language);
	post.insert_spaces = text.insert_spaces;
	post.tab_size = text.tab_size;
	post_case_open(&post);
	if (text_of(item, "body"))
		try_body(b, item, &post, raw);
	if (text_of(item, "verdict")) {
		try_verdict(b, item, &post, raw, true);
		try_verdict(b, item, &post, raw, false);
	}
	cut_text_release(&text);
	strbuf_release(&all);
}

static void run_file(struct bench *b, const char *path)
{
	size_t len;
	char *text = read_file(path, &len);

	for (size_t at = 0, n; at < len; at += n + 1) {
		char *end = memchr(text + at, '\n', len - at);
		struct err err = { 0 };
		const struct json *item;

		n = end ? (size_t)(end - text) - at : len - at;
		if (!n)
			continue;
		item = json_parse(b->pool, text + at, n, JSON_STRICT, &err);
		if (!item)
			bench_die("%s: %s", path, err.message);
		run_record(b, item);
		json_pool_reset(b->pool);
	}
	free(text);
}

static void tell(const char *key, const char *what, const char *unit, double measured, enum goal kind, double goal)
{
	figure_tell(&(struct figure){
		.key = key, .what = what, .unit = unit, .measured = measured, .kind = kind, .goal = goal });
}

static void tell_all(const struct bench *b)
{
	if (b->bodies)
		tell("answers_body", "recorded chat answers: the right body goes in", "%",
		     100.0 * (double)b->bodies_right / (double)b->bodies, GOAL_MIN, 97);
	if (b->approved) {
		tell("answers_broken", "approved completions that are broken", "", (double)b->broken, GOAL_MAX, 0);
		tell("answers_vanished", "approved completions that vanish", "", (double)b->vanished, GOAL_MAX, 0);
		tell("answers_verbatim", "approved completions left as they are", "%",
		     100.0 * (double)b->verbatim / (double)b->approved, GOAL_NONE, 0);
	}
	if (b->rejected)
		tell("answers_worse", "rejected completions that get worse", "", (double)b->worse, GOAL_MAX, 0);
	printf("note\tanswers: %zu with a body, %zu approved without faults, %zu rejected; verdicts in both forms\n",
	       b->bodies, b->approved, b->rejected);
}

/* --- options --- */

static void usage(void)
{
	fprintf(stderr, "usage: bench_answers [--failures N] [--documents OUT] FILE...\n"
			"       bench_answers --cases FILE\n");
	exit(2);
}

static int run(struct bench *b, char **args)
{
	if (!*args)
		usage();
	for (; *args; args++) {
		if (**args != '-') {
			run_file(b, *args);
			continue;
		}
		if (!args[1])
			usage();
		if (!strcmp(*args, "--cases"))
			return run_cases(b, args[1]);
		if (!strcmp(*args, "--failures"))
			b->failures = strtoul(args[1], NULL, 10);
		else if (!strcmp(*args, "--documents"))
			b->documents = fopen(args[1], "w");
		else
			usage();
		args++;
	}
	tell_all(b);
	return 0;
}

int main(int argc, char **argv)
{
	struct bench b = { .pool = json_pool_new() };
	int code;

	(void)argc;
	strbuf_init(&b.answer, SIZE_MAX / 2);
	strbuf_init(&b.out, LIMIT_COMPLETION_TEXT);
	code = run(&b, argv + 1);
	if (b.documents)
		fclose(b.documents);
	strbuf_release(&b.answer);
	strbuf_release(&b.out);
	json_pool_free(b.pool);
	return code;
}
