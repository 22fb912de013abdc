/*
 * Two ways to print an answer. A struct screen lives as long as the answer comes; standard output is flushed after each
 * piece.
 */
#include "cli_screen.h"

#include <stdlib.h>

#include "eke/base/limits.h"
#include "eke/base/mem.h"
#include "eke/front/terminal.h"
#include "eke/text/markdown.h"

struct screen {
	struct markdown *answer; /* NULL: as it comes */
	struct markdown *thoughts;
	bool thinking; /* the last that came was a thought */
	bool in_line;  /* as it comes: the last was no line end */
};

struct screen *screen_new(bool plain)
{
	struct screen *screen = xcalloc(1, sizeof(*screen));

	if (!plain && terminal_has_styles()) {
		screen->answer = markdown_new(false);
		screen->thoughts = markdown_new(true);
	}
	return screen;
}

void screen_free(struct screen *screen)
{
	if (!screen)
		return;
	markdown_free(screen->answer);
	markdown_free(screen->thoughts);
	free(screen);
}

bool screen_shows_thoughts(const struct screen *screen)
{
	return screen->answer != NULL;
}

static void print(struct strbuf *out)
{
	terminal_write_styled(out);
	strbuf_release(out);
}

/* An empty line between what the model thought and what it says. */
static void stop_thinking(struct screen *screen, struct strbuf *out)
{
	if (!screen->thinking)
		return;
	markdown_end(screen->thoughts, out);
	strbuf_addch(out, '\n');
	screen->thinking = false;
}

void screen_add(struct screen *screen, bool reasoning, const char *text, size_t len)
{
	struct strbuf out;

	if (!len || (reasoning && !screen_shows_thoughts(screen)))
		return;
	if (!screen->answer) {
		terminal_write(text, len);
		screen->in_line = text[len - 1] != '\n';
		return;
	}
	/* Marks and blanks beside it. */
	strbuf_init(&out, 64 * LIMIT_ANSWER);
	if (!reasoning)
		stop_thinking(screen, &out);
	screen->thinking = reasoning;
	markdown_set_width(reasoning ? screen->thoughts : screen->answer, terminal_columns());
	markdown_feed(reasoning ? screen->thoughts : screen->answer, text, len, &out);
	print(&out);
}

void screen_end(struct screen *screen)
{
	struct strbuf out;

	if (!screen->answer) {
		terminal_write("\n", screen->in_line);
		screen->in_line = false;
		return;
	}
	strbuf_init(&out, 64 * LIMIT_ANSWER);
	stop_thinking(screen, &out);
	markdown_end(screen->answer, &out);
	print(&out);
}
