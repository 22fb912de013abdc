/*
 * Output of the commands. Everything that is formatted is made printable as a whole, so that neither the words nor what
 * stands in them can hold a control character. The state is one static struct: there is one standard output.
 */
#include "eke/front/terminal.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "eke/base/limits.h"
#include "eke/base/printable.h"
#include "eke/base/strbuf.h"
#include "eke/base/utf.h"

/* A single output; longer ones are cut. */
#define MOST MIB(16)

static struct {
	char partial[4]; /* of a character, terminal_write() */
	size_t partial_len;
	size_t waits;    /* bytes of the line of terminal_show_wait() that stands there; 0: none does */
	bool has_waited; /* … stood there */
} state;

static PRINTF_LIKE(2, 0) void format(struct strbuf *out, const char *fmt, va_list ap)
{
	struct strbuf words;

	strbuf_init(&words, MOST);
	strbuf_vaddf(&words, fmt, ap);
	strbuf_init(out, 3 * MOST);
	printable_add(out, words.data, words.len);
	strbuf_release(&words);
}

static void put(FILE *file, struct strbuf *out)
{
	terminal_hide_wait();
	fwrite(out->data, 1, out->len, file);
	strbuf_release(out);
}

void terminal_print(const char *fmt, ...)
{
	struct strbuf out;
	va_list ap;

	va_start(ap, fmt);
	format(&out, fmt, ap);
	va_end(ap);
	put(stdout, &out);
	fflush(stdout);
}

void terminal_note(const char *fmt, ...)
{
	struct strbuf out;
	va_list ap;

	va_start(ap, fmt);
	format(&out, fmt, ap);
	va_end(ap);
	put(stderr, &out);
}

void terminal_prompt(int fd, const char *fmt, ...)
{
	struct strbuf out;
	va_list ap;

	va_start(ap, fmt);
	format(&out, fmt, ap);
	va_end(ap);
	terminal_hide_wait();
	/* A prompt that nobody sees gets no reply. */
	if (write(fd, out.data, out.len) < 0)
		strbuf_reset(&out);
	strbuf_release(&out);
}

/* --- data --- */

static void write_printable(const char *text, size_t len)
{
	struct strbuf out;

	strbuf_init(&out, 3 * MOST);
	printable_add(&out, text, len);
	put(stdout, &out);
}

/* Ends the character that waits. Returns how many bytes of the text it took. */
static size_t complete(const char *text, size_t len)
{
	size_t n = 0;

	while (state.partial_len && n < len) {
		state.partial[state.partial_len++] = text[n++];
		if (utf8_incomplete_tail(state.partial, state.partial_len) < state.partial_len) {
			write_printable(state.partial, state.partial_len);
			state.partial_len = 0;
		}
	}
	return n;
}

void terminal_write(const char *text, size_t len)
{
	size_t tail;
	size_t n;

	terminal_hide_wait();
	if (!terminal_is_there()) {
		fwrite(text, 1, len, stdout);
		fflush(stdout);
		return;
	}
	n = complete(text, len);
	text += n;
	len -= n;
	tail = utf8_incomplete_tail(text, len);
	write_printable(text, len - tail);
	if (tail) {
		memcpy(state.partial, text + len - tail, tail);
		state.partial_len = tail;
	}
	fflush(stdout);
}

void terminal_write_json(const struct strbuf *json)
{
	struct strbuf out;

	strbuf_init(&out, 6 * json->max);
	printable_add_json(&out, json->data, json->len);
	put(stdout, &out);
	fflush(stdout);
}

void terminal_write_styled(const struct strbuf *text)
{
	terminal_hide_wait();
	fwrite(text->data, 1, text->len, stdout);
	fflush(stdout);
}

/* --- what is waited for --- */

static bool can_erase(void)
{
	const char *term = getenv("TERM");

	return term && *term && strcmp(term, "dumb") != 0;
}

void terminal_show_wait(const char *words)
{
	struct strbuf out;

	if (!isatty(STDERR_FILENO) || (!can_erase() && state.has_waited))
		return;
	terminal_hide_wait();
	strbuf_init(&out, KIB(4));
	printable_add(&out, words, strlen(words));
	if (can_erase())
		state.waits = out.len;
	else
		strbuf_addch(&out, '\n');
	fwrite(out.data, 1, out.len, stderr);
	strbuf_release(&out);
	state.has_waited = true;
}

void terminal_hide_wait(void)
{
	/* Blanks instead of a control sequence: whoever looks at all that a terminal got finds none of ours. */
	if (state.waits)
		fprintf(stderr, "\r%*s\r", (int)state.waits, "");
	state.waits = 0;
}

/* --- what the terminal can do --- */

bool terminal_is_there(void)
{
	static int known = -1;

	if (known < 0)
		known = isatty(STDOUT_FILENO);
	return known;
}

/* no-color.org: set and not empty. */
static bool has_colours(void)
{
	const char *term = getenv("TERM");
	const char *no_color = getenv("NO_COLOR");

	return terminal_is_there() && !(term && !strcmp(term, "dumb")) && !(no_color && *no_color);
}

bool terminal_has_styles(void)
{
	const char *term = getenv("TERM");

	return has_colours() && term && *term;
}

void terminal_sgr(const char *codes)
{
	if (!has_colours())
		return;
	fputs("\033[", stdout);
	fputs(codes, stdout);
	fputc('m', stdout);
}

unsigned terminal_columns(void)
{
	const char *wanted = getenv("COLUMNS");
	struct winsize size;
	long n;

	if (!ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) && size.ws_col)
		return size.ws_col;
	n = wanted ? strtol(wanted, NULL, 10) : 0;
	return n > 0 && n < 10000 ? (unsigned)n : 80;
}
