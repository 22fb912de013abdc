/*
 * Recorded answers of real models, and hand-written cases, through the post-processor.
 *
 *     bench_answers --cases FILE
 *
 * FILE is a JSON array of objects: "document" with the cursor at U+2021, "answer", "form" ("tagged": the answer stands
 * within the tags that eke asks for; "bare" and "raw": it is given as it stands), "file", "languageId",
 * "formattingOptions" (as in LSP, or null), and either "expected", the whole document afterwards, or "insert", the text
 * that goes in (null: none). Each that fails is shown. Exits 1 if one does.
 */
#include <stdlib.h>
#include <string.h>

#include "bench.h"
#include "eke/base/attrs.h"
#include "eke/base/json.h"
#include "eke/base/limits.h"
#include "eke/base/mem.h"
#include "post_case.h"

#define CURSOR "\xE2\x80\xA1"
#define FILE_MAX ((size_t)64 * 1024 * 1024)

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

static void write_answer(const struct json *item, unsigned mark, struct strbuf *answer)
{
	const char *form = text_of(item, "form");
	char number[16] = "";

	strbuf_reset(answer);
	if (mark)
		snprintf(number, sizeof(number), "%u", mark);
	if (form && !strcmp(form, "tagged"))
		strbuf_addf(answer, "<completion%s>%s</completion%s>", number, text_of(item, "answer"), number);
	else
		strbuf_adds(answer, text_of(item, "answer"));
}

/* What the text between before and after must be; false if the expected document cannot be reached by an insertion. */
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

static bool run_case(const struct json *item, struct strbuf *answer, struct strbuf *out)
{
	struct post_case post;
	const char *wanted;
	size_t len;
	bool reachable;
	enum post_verdict verdict;

	open_case(item, &post);
	write_answer(item, post.input.mark, answer);
	reachable = wanted_of(item, &post, &wanted, &len);
	post.input.answer = answer->data;
	post.input.answer_len = answer->len;
	post.input.finish = POST_STOP;
	verdict = post_process(&post.input, out);
	if (reachable && out->len == len && !memcmp(out->data, wanted, len))
		return true;
	printf("\nFAIL %s: %s (%s, %s, %s%s)\n", text_of(item, "kind"), text_of(item, "name"),
	       text_of(item, "languageId"), text_of(item, "form"), post_verdict_name(verdict),
	       reachable ? "" : ", wanted changes more than the cursor's place");
	post_case_show(stdout, "prefix", post.before, post.before_len, -6);
	post_case_show(stdout, "answer", text_of(item, "answer"), strlen(text_of(item, "answer")), 0);
	post_case_show(stdout, reachable ? "wanted" : "doc", wanted, len, 0);
	post_case_show(stdout, "got", out->data, out->len, 0);
	post_case_show(stdout, "suffix", post.after, post.after_len, 5);
	return false;
}

static int run_cases(const char *path)
{
	struct json_pool *pool = json_pool_new();
	struct err err = { 0 };
	size_t len;
	char *text = read_file(path, &len);
	const struct json *root = json_parse(pool, text, len, JSON_STRICT, &err);
	struct strbuf answer;
	struct strbuf out;
	size_t passed = 0;
	size_t count = 0;

	if (!root || !json_is_array(root))
		bench_die("%s is no JSON array: %s", path, err.message);
	strbuf_init(&answer, SIZE_MAX / 2);
	strbuf_init(&out, LIMIT_COMPLETION_TEXT);
	for (const struct json *item = json_first(root); item; item = json_next(item), count++)
		passed += run_case(item, &answer, &out);
	printf("\n%zu cases, %zu right, %zu wrong\n", count, passed, count - passed);
	strbuf_release(&answer);
	strbuf_release(&out);
	json_pool_free(pool);
	free(text);
	return passed < count;
}

int main(int argc, char **argv)
{
	if (argc == 3 && !strcmp(argv[1], "--cases"))
		return run_cases(argv[2]);
	fprintf(stderr, "usage: bench_answers --cases FILE\n");
	return 2;
}
