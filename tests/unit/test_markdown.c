/*
 * Markdown for a terminal: each text of the table is fed whole, cut in two at every place, and byte by byte. Styles are
 * written as {1;36} here, their end as {}, and {up} erases the line above;
 * bars, lines and where they cross are ! - + here.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "eke/base/limits.h"
#include "eke/text/markdown.h"

static const struct {
	unsigned width;
	const char *in;
	const char *out;
} cases[] = {
	/* Nothing, and plain lines. */
	{ 80, "", "" },
	{ 80, "plain", "plain\n" },
	{ 80, "plain\n", "plain\n" },
	{ 80, "one\ntwo\r\nthree\n\n\nfour", "one\ntwo\nthree\n\n\nfour\n" },
	{ 80, "\n\n", "\n\n" },
	{ 80, "trailing blanks  \n", "trailing blanks\n" },
	{ 80, "two  blanks", "two  blanks\n" },
	/* Control characters do nothing. */
	{ 80, "a\033[31mb\a\177\302\233c\rd\t.",
	  "a\357\277\275[31mb\357\277\275\357\277\275\357\277\275c\357\277\275d .\n" },
	{ 80, "```\n\033]0;x\a\n```", "    \357\277\275]0;x\357\277\275\n" },
	{ 80, "| \033[2J", "| \357\277\275[2J\n" },
	{ 80, "# \033[2J", "{1;4}\357\277\275[2J{}\n" },
	{ 80, "\xff\xc3(\xe4\xbd", "\357\277\275\357\277\275(\357\277\275\n" },
	{ 80, "x\342\200\256y `\342\201\246`", "x\357\277\275y {36}\357\277\275{}\n" },
	{ 80, "```\n\342\200\217\330\234\n```", "    \357\277\275\357\277\275\n" },
	{ 80, "last\r", "last\357\277\275\n" },
	/* Emphasis. */
	{ 80, "a **bold** b", "a {1}bold{} b\n" },
	{ 80, "a *it* _it_ b", "a {3}it{} {3}it{} b\n" },
	{ 80, "***both*** ~~gone~~", "{1;3}both{} {9}gone{}\n" },
	{ 80, "**a *b* c**", "{1}a {1;3}b{1} c{}\n" },
	{ 80, "*a **b** c*", "{3}a {1;3}b{3} c{}\n" },
	{ 80, "**a *b***", "{1}a {1;3}b{}\n" },
	{ 80, "**bold**, __bold__.", "{1}bold{}, {1}bold{}.\n" },
	{ 80, "**\346\227\245\346\234\254**\350\252\236", "{1}\346\227\245\346\234\254{}\350\252\236\n" },
	/* No emphasis. */
	{ 80, "2 * 3 * 4, 2*3*4, x**y", "2 * 3 * 4, 2*3*4, x**y\n" },
	{ 80, "snake_case_name _ a", "snake_case_name _ a\n" },
	{ 80, "**open and *open", "**open and *open\n" },
	{ 80, "**not over\nlines**", "**not over\nlines**\n" },
	{ 80, "**** ~one~ a ~ b", "**** ~one~ a ~ b\n" },
	{ 80, "a ****b**** c", "a ****b**** c\n" },
	{ 80, "\\*no\\* \\a \\\\", "*no* \\a \\\n" },
	{ 80, "end\\", "end\\\n" },
	/* Code spans. */
	{ 80, "`code` ``a`b`` `` ` ``", "{36}code{} {36}a`b{} {36}`{}\n" },
	{ 80, "`**x**` **`y`**", "{36}**x**{} {1;36}y{}\n" },
	{ 80, "*a `b*` c*", "{3}a {3;36}b*{3} c{}\n" },
	{ 80, "`open **b**", "`open {1}b{}\n" },
	{ 80, "`a\\` b", "{36}a\\{} b\n" },
	/* Links. */
	{ 80, "[the **docs**](https://x.org/a_b_c) end", "{4}the {1;4}docs{} ({2}https://x.org/a_b_c{}) end\n" },
	{ 80, "[a](b \"title\") [c](<d>) [e](f(g))", "{4}a{} ({2}b{}) {4}c{} ({2}d{}) {4}e{} ({2}f(g){})\n" },
	{ 80, "![alt](i.png) [https://x.org](https://x.org) [up](#up)",
	  "{4}alt{} ({2}i.png{}) {4}https://x.org{} {4}up{}\n" },
	{ 80, "a[1] and [x] and [y](z w) and [open", "a[1] and [x] and [y](z w) and [open\n" },
	{ 80, "[a\\]b](c) [`]`](d) [e [f] g](h)", "{4}a]b{} ({2}c{}) {4;36}]{} ({2}d{}) {4}e [f] g{} ({2}h{})\n" },
	{ 80, "https://x.org/_a_/*b* *c*", "https://x.org/_a_/*b* {3}c{}\n" },
	{ 80, "Hello! Hi!", "Hello! Hi!\n" },
	/* Headings. */
	{ 80, "# One\n## Two ##\n### C#\n#### a `b`", "{1;4}One{}\n{1}Two{}\n{1}C#{}\n{1}a {1;36}b{}\n" },
	{ 80, "#no\n####### no\n#\n# #", "#no\n####### no\n#\n\n" },
	/* Lists. */
	{ 80, "- a\n* b\n+ c\n  - d\n1. e\n10) f",
	  "\342\200\242 a\n\342\200\242 b\n\342\200\242 c\n  \342\200\242 d\n1. e\n10) f\n" },
	{ 80, "- [ ] a\n- [x] b\n- [y] c\n- [",
	  "\342\200\242 \342\230\220 a\n\342\200\242 \342\230\221 b\n\342\200\242 [y] c\n\342\200\242 [\n" },
	{ 80, "-a\n1.5\n1\n+\n-", "-a\n1.5\n1\n+\n\342\200\242 \n" },
	{ 80, "- a\n\n      more\n    - b", "\342\200\242 a\n\n      more\n    \342\200\242 b\n" },
	{ 80, "-   a\n- # b\n- > c", "\342\200\242 a\n\342\200\242 {1;4}b{}\n\342\200\242 {2}\342\224\202{} c\n" },
	{ 80, "- - a", "\342\200\242 \342\200\242 a\n" },
	{ 80, "**a** b", "{1}a{} b\n" },
	/* Rules. */
	{ 24, "---\n* * *\n___",
	  "{2}" "\342\224\200\342\224\200\342\224\200\342\224\200\342\224\200\342\224\200\342\224\200\342\224\200"
	  "\342\224\200\342\224\200\342\224\200\342\224\200\342\224\200\342\224\200\342\224\200\342\224\200"
	  "\342\224\200\342\224\200\342\224\200\342\224\200\342\224\200\342\224\200\342\224\200\342\224\200{}\n"
	  "{2}" "\342\224\200\342\224\200\342\224\200\342\224\200\342\224\200\342\224\200\342\224\200\342\224\200"
	  "\342\224\200\342\224\200\342\224\200\342\224\200\342\224\200\342\224\200\342\224\200\342\224\200"
	  "\342\224\200\342\224\200\342\224\200\342\224\200\342\224\200\342\224\200\342\224\200\342\224\200{}\n"
	  "{2}" "\342\224\200\342\224\200\342\224\200\342\224\200\342\224\200\342\224\200\342\224\200\342\224\200"
	  "\342\224\200\342\224\200\342\224\200\342\224\200\342\224\200\342\224\200\342\224\200\342\224\200"
	  "\342\224\200\342\224\200\342\224\200\342\224\200\342\224\200\342\224\200\342\224\200\342\224\200{}\n" },
	{ 80, "--\n__\n-- -x", "--\n__\n-- -x\n" },
	/* Quotes. */
	{ 80, "> a\n>b\n>\n> > c\nd",
	  "{2}\342\224\202{} a\n{2}\342\224\202{} b\n{2}\342\224\202{} \n{2}\342\224\202{} {2}\342\224\202{} c\nd\n" },
	{ 80, "> - a\n> ```\n> x\n> ```\n> b",
	  "{2}\342\224\202{} \342\200\242 a\n{2}\342\224\202{}     x\n{2}\342\224\202{} b\n" },
	{ 80, "> ```\n> x\nout", "{2}\342\224\202{}     x\nout\n" },
	/* Code. */
	{ 80, "```c\nint a; /* **b** */\n\n\tx\n```\nend", "    {2}c{}\n    int a; /* **b** */\n\n            x\nend\n" },
	{ 80, "~~~\n```\n~~~", "    ```\n" },
	{ 80, "````md\n```\n````\n", "    {2}md{}\n    ```\n" },
	{ 80, "```\n``\n ```x\n```", "    ``\n     ```x\n" },
	{ 80, "```\nopen", "    open\n" },
	{ 80, "```\nopen\n\n", "    open\n\n" },
	{ 80, "```a`b", "```a`b\n" },
	{ 80, "- a\n  ```sh\n  ls\n    x\n  ```\n  b", "\342\200\242 a\n      {2}sh{}\n      ls\n        x\n  b\n" },
	{ 80, "- ```\n  x\n  ```", "\342\200\242 \n      x\n" },
	{ 80, "    indented **x**\n\n    more\ntext", "    indented **x**\n\n    more\ntext\n" },
	{ 80, "text\n    no code **x**", "text\n    no code {1}x{}\n" },
	/* Setext headings: the line above is erased and written again. */
	{ 80, "Title\n=====\ntext", "Title\n{up}{1;4}Title{}\ntext\n" },
	{ 80, "A **b** c\n---\n", "A {1}b{} c\n{up}{1}A b c{}\n" },
	{ 80, "> Title\n> ==\n", "{2}!{} Title\n{up}{2}!{} {1;4}Title{}\n" },
	{ 80, "one\n\nTitle\n--\n", "one\n\nTitle\n{up}{1}Title{}\n" },
	{ 80, "a\n= b\n-- c\n", "a\n= b\n-- c\n" },
	{ 80, "====\n\n===", "====\n\n===\n" },
	{ 20, "longer than one row is\n====", "longer than one row\nis\n====\n" },
	{ 0, "Title\n=====", "Title\n=====\n" },
	{ 80, "two\nlines\n=====", "two\nlines\n=====\n" },
	{ 80, "- a\n=====", "\342\200\242 a\n=====\n" },
	/* Line breaks. */
	{ 80, "one\\\ntwo  \nthree", "one\ntwo\nthree\n" },
	{ 80, "C:\\\\dir\\\n\nb\\", "C:\\dir\\\n\nb\\\n" },
	{ 80, "**b**\\\r\nc", "{1}b{}\nc\n" },
	{ 80, "# a\\\n", "{1;4}a\\{}\n" },
	{ 80, "- a<br>b<BR/>c<br />d", "\342\200\242 a\n  b\n  c\n  d\n" },
	{ 80, "<b> <brx> a<b", "<b> <brx> a<b\n" },
	/* Character references. */
	{ 80, "&lt;a&gt; AT&amp;T &copy; &#8364;&#x20AC; &nbsp;.",
	  "<a> AT&T \302\251 \342\202\254\342\202\254 \302\240.\n" },
	{ 80, "a & b &bogus; &; &#; &#xg; &lt", "a & b &bogus; &; &#; &#xg; &lt\n" },
	{ 80, "&ast;no&ast; &#42;no&#42; **&quot;**", "*no* *no* {1}\"{}\n" },
	{ 80, "`&lt;` https://x.org/?a=1&lt=2", "{36}&lt;{} https://x.org/?a=1&lt=2\n" },
	{ 80, "&#27;[31m &#x9b;J &#x202e; &#0; &#xD800; &#99999999;",
	  "\357\277\275[31m \357\277\275J \357\277\275 \357\277\275 \357\277\275 \357\277\275\n" },
	/* Quotes in lists. */
	{ 80, "- a\n  > b\n  > c\n- d", "\342\200\242 a\n  {2}!{} b\n  {2}!{} c\n\342\200\242 d\n" },
	{ 20, "1. a\n   > b c d e f g h i j k", "1. a\n   {2}!{} b c d e f g h i\n   {2}!{} j k\n" },
	{ 20, "- > one two three four five", "\342\200\242 {2}!{} one two three\n  {2}!{} four five\n" },
	{ 80, "- a\n  > - b\n  >   c", "\342\200\242 a\n  {2}!{} \342\200\242 b\n  {2}!{}   c\n" },
	{ 80, "- a\n  > ```\n  > x\n  >\n  > ```\n  b", "\342\200\242 a\n  {2}!{}     x\n  {2}!{} \n  b\n" },
	/* Tables. */
	{ 80, "| a | b |\n|---|---|\n| 1 | 2 |\nend", "{1}a{} {2}!{} {1}b{}\n{2}--+--{}\n1 {2}!{} 2\nend\n" },
	{ 80, "a | b\n--|--\n1 | 2\nend", "a | b\n{up}{1}a{} {2}!{} {1}b{}\n{2}--+--{}\n1 {2}!{} 2\nend\n" },
	{ 80, "> | a | b |\n> |---|---|\n> | 1 | 2 |\n\nend",
	  "{2}!{} {1}a{} {2}!{} {1}b{}\n{2}!{} {2}--+--{}\n{2}!{} 1 {2}!{} 2\n\nend\n" },
	{ 80, "- x\n  | a | b |\n  |---|---|\n  | 1 | 2 |",
	  "\342\200\242 x\n  {1}a{} {2}!{} {1}b{}\n  {2}--+--{}\n  1 {2}!{} 2\n" },
	{ 80, "|l|r|c|\n|:-|-:|:-:|\n|1|2|3|\n|long|long|long|",
	  "{1}l{}    {2}!{}    {1}r{} {2}!{}  {1}c{}\n{2}-----+------+-----{}\n1    {2}!{}    2 {2}!{}  3\n"
	  "long {2}!{} long {2}!{} long\n" },
	{ 80, "|a\\|b|`c`|\n|-|-|\n|**d**|[e](f)|",
	  "{1}a|b{} {2}!{} {1;36}c{}\n{2}----+------{}\n{1}d{}   {2}!{} {4}e{} ({2}f{})\n" },
	{ 80, "|a|b|\n|-|-|\n|1|\n|1|2|3|", "{1}a{} {2}!{} {1}b{}\n{2}--+----{}\n1 {2}!{}\n1 {2}!{} 2|3\n" },
	/* Wide characters, an emoji of two, one joined of three. */
	{ 80, "|\344\275\240\345\245\275|b|\n|-|-|\n|\342\235\244\357\270\217|2|\n"
	      "|\360\237\221\250\342\200\215\360\237\221\251\342\200\215\360\237\221\247|3|",
	  "{1}\344\275\240\345\245\275{} {2}!{} {1}b{}\n{2}-----+--{}\n\342\235\244\357\270\217   {2}!{} 2\n"
	  "\360\237\221\250\342\200\215\360\237\221\251\342\200\215\360\237\221\247   {2}!{} 3\n" },
	/* Wrapped where it must be, also within words; each row apart then. */
	{ 24, "|a|b|\n|-|-|\n|one|two three four five six|\n|x|abcdefghijklmnopqrstuvw|",
	  "{1}a{}   {2}!{} {1}b{}\n{2}----+-------------------{}\none {2}!{} two three four\n    {2}!{} five six\n"
	  "{2}----+-------------------{}\nx   {2}!{} abcdefghijklmnopqr\n    {2}!{} stuvw\n" },
	/* Too many columns: as a list. */
	{ 20, "|a|b|c|\n|-|-|-|\n|one two|three four|five six|\n|1|2|3|",
	  "{1}a:{} one two\n{1}b:{} three four\n{1}c:{} five six\n\n{1}a:{} 1\n{1}b:{} 2\n{1}c:{} 3\n" },
	/* No tables. */
	{ 80, "| \033[2J", "| \357\277\275[2J\n" },
	{ 80, "|a|b|\n|-|\ntext", "|a|b|\n|-|\ntext\n" },
	{ 80, "a | b\n--|--|--", "a | b\n--|--|--\n" },
	{ 80, "|a|\033[2J|\n|-|-|", "{1}a{} {2}!{} {1}\357\277\275[2J{}\n{2}--+-----{}\n" },
	{ 20, "| a | **b** | and a long cell |\n|---|---|", "| a | **b** | and a long cell |\n|---|---|\n" },
	/* Wrapping. */
	{ 20, "one two three four five six", "one two three four\nfive six\n" },
	{ 20, "exactly twenty chars", "exactly twenty chars\n" },
	{ 20, "exactly twenty chars.", "exactly twenty\nchars.\n" },
	{ 20, "- one two three four five", "\342\200\242 one two three four\n  five\n" },
	{ 20, "> one two three four five", "{2}\342\224\202{} one two three four\n{2}\342\224\202{} five\n" },
	{ 20, "one two three **four five six**", "one two three {1}four{}\n{1}five six{}\n" },
	{ 20, "see https://x.org/a/very/long/address/that/stays end",
	  "see\nhttps://x.org/a/very/long/address/that/stays end\n" },
	{ 20, "```\na line of code that is longer than the terminal\n```",
	  "    a line of code that is longer than the terminal\n" },
	{ 0, "one two three four five six", "one two three four five six\n" },
	{ 19, "one two three four five six", "one two three four five six\n" },
	/* Wide characters: ten in twenty columns, a full stop not at the beginning of a line, marks without a width. */
	{ 20, "\344\270\200\344\270\200\344\270\200\344\270\200\344\270\200"
	      "\344\270\200\344\270\200\344\270\200\344\270\200\344\270\200"
	      "\344\272\214\344\272\214",
	  "\344\270\200\344\270\200\344\270\200\344\270\200\344\270\200"
	      "\344\270\200\344\270\200\344\270\200\344\270\200\344\270\200\n"
	  "\344\272\214\344\272\214\n" },
	{ 20, "\344\270\200\344\270\200\344\270\200\344\270\200\344\270\200"
	      "\344\270\200\344\270\200\344\270\200\344\270\200\344\270\200"
	      "\343\200\202\344\272\214",
	  "\344\270\200\344\270\200\344\270\200\344\270\200\344\270\200\344\270\200\344\270\200\344\270\200\344\270\200\n"
	  "\344\270\200\343\200\202\344\272\214\n" },
	{ 20, "exactly twent\314\210y chars", "exactly twent\314\210y chars\n" },
	{ 20, "eighteen columns. \360\237\230\200", "eighteen columns. \360\237\230\200\n" },
	{ 20, "nineteen columns .. \360\237\230\200", "nineteen columns ..\n\360\237\230\200\n" },
};

/* {1;4} for the sequence that sets styles, {} for the one that ends them. */
static void add_readable(struct strbuf *out, const char *s)
{
	static const char *const boxes[] = { "\342\224\202", "\342\224\200", "\342\224\274" };

	for (; *s; s++) {
		for (size_t i = 0; i < 3; i++) {
			if (!strncmp(s, boxes[i], 3)) {
				strbuf_addch(out, "!-+"[i]);
				s += 3;
				i = (size_t)-1;
			}
		}
		if (!*s)
			break;
		if (!strncmp(s, "\033[A\033[2K", 7)) {
			strbuf_adds(out, "{up}");
			s += 6;
			continue;
		}
		if (strncmp(s, "\033[0", 3)) {
			strbuf_addch(out, *s);
			continue;
		}
		strbuf_addch(out, '{');
		for (s += s[3] == ';' ? 4 : 3; *s != 'm'; s++)
			strbuf_addch(out, *s);
		strbuf_addch(out, '}');
	}
}

static void check(size_t i, size_t first, size_t rest)
{
	const char *in = cases[i].in;
	size_t len = strlen(in);
	size_t n = first;
	struct markdown *m = markdown_new(false);
	struct strbuf out;
	struct strbuf readable;

	struct strbuf expected;

	strbuf_init(&out, KIB(64));
	strbuf_init(&readable, KIB(64));
	strbuf_init(&expected, KIB(64));
	markdown_set_width(m, cases[i].width);
	for (size_t at = 0; at < len;) {
		markdown_feed(m, in + at, n, &out);
		at += n;
		n = rest < len - at ? rest : len - at;
	}
	markdown_end(m, &out);
	add_readable(&readable, out.data);
	add_readable(&expected, cases[i].out);
	if (strcmp(readable.data, expected.data))
		print_message("\"%s\", cut at %zu\n", in, first);
	assert_string_equal(readable.data, expected.data);
	strbuf_release(&expected);
	strbuf_release(&out);
	strbuf_release(&readable);
	markdown_free(m);
}

static void test_cases(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		size_t len = strlen(cases[i].in);

		check(i, len, len);
		for (size_t cut = 1; cut < len; cut++)
			check(i, cut, len);
		if (len)
			check(i, 1, 1);
	}
}

/* What is on the screen when only so much has come. */
static const struct {
	const char *in;
	const char *shown;
} beginnings[] = {
	/* A word waits for its end. */
	{ "one tw", "one" },
	{ "one two ", "one two" },
	{ "a **bold** ", "a {1}bold{}" },
	/* No half mark. */
	{ "a *", "a" },
	{ "a **bo", "a" },
	{ "a **bold words in a row", "a" },
	{ "a **bold*", "a" },
	{ "a `co", "a" },
	{ "see [the docs](http", "see" },
	{ "# Head", "" },
	{ "-", "" },
	{ "- ", "" }, /* or a rule */
	{ "- a b", "\342\200\242 a" },
	{ "1", "" },
	{ "``", "" },
	{ "```py", "" },
	{ "```py\n", "    {2}py{}\n" },
	{ "```py\nx =", "    {2}py{}\n    x =" },
	{ "```py\nx\n``", "    {2}py{}\n    x\n" },
	/* At most to the end of the line. */
	{ "a **bold\n", "a **bold\n" },
	{ "a `co\n", "a `co\n" },
	/* A table until the line below it, a break until the next line. */
	{ "x\n\n| a | b |\n|---|---|\n| 1 | 2 |\n", "x\n\n" },
	{ "a &am", "a" },
	{ "a\\\n", "" },
};

static void test_beginnings(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(beginnings) / sizeof(beginnings[0]); i++) {
		struct markdown *m = markdown_new(false);
		struct strbuf out;
		struct strbuf readable;

		strbuf_init(&out, KIB(64));
		strbuf_init(&readable, KIB(64));
		markdown_set_width(m, 80);
		markdown_feed(m, beginnings[i].in, strlen(beginnings[i].in), &out);
		add_readable(&readable, out.data);
		assert_string_equal(readable.data, beginnings[i].shown);
		strbuf_release(&out);
		strbuf_release(&readable);
		markdown_free(m);
	}
}

/* A mark without a partner holds back no more than it may, and its text comes out whole. */
static void test_reach(void **state)
{
	struct markdown *m = markdown_new(false);
	struct strbuf out;
	struct strbuf expected;

	(void)state;
	strbuf_init(&out, KIB(64));
	strbuf_init(&expected, KIB(64));
	markdown_feed(m, "**", 2, &out);
	strbuf_adds(&expected, "**");
	for (int i = 0; i < 2000; i++) {
		markdown_feed(m, "ab ", 3, &out);
		strbuf_adds(&expected, i == 1999 ? "ab" : "ab ");
		assert_true(expected.len - out.len <= MARKDOWN_REACH + 8);
	}
	markdown_end(m, &out);
	strbuf_addch(&expected, '\n');
	assert_string_equal(out.data, expected.data);
	/* One word of any length. */
	strbuf_reset(&out);
	for (int i = 0; i < 10000; i++)
		markdown_feed(m, "x", 1, &out);
	assert_true(out.len > 8000);
	markdown_end(m, &out);
	assert_int_equal(out.len, 10001);
	strbuf_release(&out);
	strbuf_release(&expected);
	markdown_free(m);
}

static void test_dim(void **state)
{
	struct markdown *m = markdown_new(true);
	struct strbuf out;
	struct strbuf readable;

	(void)state;
	strbuf_init(&out, KIB(4));
	strbuf_init(&readable, KIB(4));
	markdown_feed(m, "I **think**\n```\nx\n```\n", 22, &out);
	markdown_end(m, &out);
	add_readable(&readable, out.data);
	assert_string_equal(readable.data, "{2}I {1;2}think{}\n    {2}x{}\n");
	strbuf_release(&out);
	strbuf_release(&readable);
	markdown_free(m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cases),
		cmocka_unit_test(test_beginnings),
		cmocka_unit_test(test_reach),
		cmocka_unit_test(test_dim),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
