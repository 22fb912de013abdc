/*
 * Lexical structure: brackets, strings and comments as events, by language.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "eke/base/attrs.h"
#include "eke/code/syntax.h"

/* A letter an event: the character itself for brackets and punctuation, n, c, s and e for the others. */
static size_t events(const char *language, const char *text, char *out, size_t size, struct syntax_state *end)
{
	struct syntax_walk w = { .syntax = syntax_of(language), .s = text, .len = strlen(text) };
	enum syntax_event event;
	size_t pos;
	size_t n = 0;

	while ((event = syntax_next(&w, &pos)) != SYNTAX_END && n + 1 < size) {
		assert_true(pos < w.len);
		switch (event) {
		case SYNTAX_END:
			break;
		case SYNTAX_NEWLINE:
			out[n++] = 'n';
			break;
		case SYNTAX_OPEN:
		case SYNTAX_CLOSE:
		case SYNTAX_PUNCT:
			out[n++] = text[pos];
			break;
		case SYNTAX_COMMENT:
			out[n++] = 'c';
			break;
		case SYNTAX_STRING_BEGIN:
			out[n++] = 's';
			break;
		case SYNTAX_STRING_END:
			out[n++] = 'e';
			break;
		}
	}
	out[n] = '\0';
	*end = w.state;
	return n;
}

static void test_events(void **state)
{
	static const struct {
		const char *language;
		const char *text;
		const char *events;
		enum syntax_where where;
	} table[] = {
		{ "c", "f(a[1], {2});", "([],{});", SYNTAX_IN_CODE },
		{ "c", "f(\"(\\\"[\"); // )\n}", "(se);cn}", SYNTAX_IN_CODE },
		{ "c", "/* ( \n */ ( /* [", "n(", SYNTAX_IN_BLOCK_COMMENT },
		{ "c", "c = '('; d = '\\''; e = 'ab", ";;", SYNTAX_IN_CODE },
		{ "c", "\"open\n(", "sn(", SYNTAX_IN_CODE },
		{ "rust", "fn f<'a>(x: &'a str) { '}' }", "(:){}", SYNTAX_IN_CODE },
		{ "javascript", "`a\n(${b})` + '('", "sn{}ese", SYNTAX_IN_CODE },
		{ "javascript", "x // it's", "c", SYNTAX_IN_LINE_COMMENT },
		{ "python", "\"\"\"a\n\"b\" (\n\"\"\"(", "snne(", SYNTAX_IN_CODE },
		{ "python", "x = 'a", "s", SYNTAX_IN_STRING },
		{ "python", "# (\nd[1:2]", "cn[:]", SYNTAX_IN_CODE },
		{ "shellscript", "echo $# ${x#y} # (", "{}c", SYNTAX_IN_LINE_COMMENT },
		{ "html", "<a href=\"(\"> it's // [ <!-- { -->", "([", SYNTAX_IN_CODE },
		{ "markdown", "# it's \"a\" (b)", "()", SYNTAX_IN_CODE },
		{ "lua", "-- (\n(", "cn(", SYNTAX_IN_CODE },
		{ "no-such-language", "// (\n# (\n(", "cncn(", SYNTAX_IN_CODE },
		{ NULL, "(", "(", SYNTAX_IN_CODE },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(table); i++) {
		char out[64];
		struct syntax_state end;

		events(table[i].language, table[i].text, out, sizeof(out), &end);
		assert_string_equal(out, table[i].events);
		assert_int_equal(end.where, table[i].where);
	}
}

static void test_languages(void **state)
{
	(void)state;
	assert_ptr_equal(syntax_of("c"), syntax_of("cpp"));
	assert_ptr_not_equal(syntax_of("c"), syntax_of("python"));
	assert_true(syntax_of("markdown")->flags & SYNTAX_PROSE);
	assert_true(syntax_of("yaml")->flags & SYNTAX_INDENT);
	/* Part of an id, several ids and none are no id. */
	assert_true(syntax_of("pyth")->flags & SYNTAX_UNKNOWN);
	assert_true(syntax_of("c cpp")->flags & SYNTAX_UNKNOWN);
	assert_true(syntax_of("")->flags & SYNTAX_UNKNOWN);
	assert_true(syntax_of(NULL)->flags & SYNTAX_UNKNOWN);
}

static void test_stack(void **state)
{
	struct syntax_stack st = { .depth = 0 };

	(void)state;
	assert_false(syntax_pop(&st, ')'));
	syntax_push(&st, '(', 1);
	syntax_push(&st, '[', 2);
	/* A missing closer inside is forgiven, a foreign one takes nothing away. */
	assert_false(syntax_pop(&st, '}'));
	assert_int_equal(st.depth, 2);
	assert_true(syntax_pop(&st, ')'));
	assert_int_equal(st.depth, 0);
	for (size_t i = 0; i < SYNTAX_DEPTH_MAX + 3; i++)
		syntax_push(&st, '{', i);
	assert_int_equal(st.depth, SYNTAX_DEPTH_MAX);
	assert_int_equal(st.pos[0], 3);
	assert_int_equal(st.pos[SYNTAX_DEPTH_MAX - 1], SYNTAX_DEPTH_MAX + 2);
}

static void test_comment_lines(void **state)
{
	static const struct {
		const char *language;
		const char *line;
		bool comment;
	} table[] = {
		{ "c", "  // x", true },      { "c", "/* x */", true },	{ "c", " * x", true },
		{ "c", " *p = 1;", false },   { "c", "x; // y", false },	{ "python", "# x", true },
		{ "python", "// x", false },  { "html", "<!-- x -->", true },	{ "sql", "-- x", true },
		{ "css", "#id {", false },    { "markdown", "# Title", false }, { "c", "", false },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(table); i++)
		assert_int_equal(syntax_line_is_comment(syntax_of(table[i].language), table[i].line, strlen(table[i].line)),
				 table[i].comment);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_events),
		cmocka_unit_test(test_languages),
		cmocka_unit_test(test_stack),
		cmocka_unit_test(test_comment_lines),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
