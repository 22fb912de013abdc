#ifndef EKE_FRONT_CLI_SCREEN_H
#define EKE_FRONT_CLI_SCREEN_H
/*
 * A model's answer on standard output. On a terminal that knows styles its Markdown is made readable and what the model
 * thinks is shown faint; a pipe, a terminal that is dumb, and one whose user wants no colours (NO_COLOR) get the text
 * as it came. No text can drive the terminal.
 */
#include <stdbool.h>
#include <stddef.h>

struct screen;

/* `plain`: in any case as it came, without what the model thinks. */
struct screen *screen_new(bool plain);
void screen_free(struct screen *screen);
/* Does screen_add() show what the model thinks? */
bool screen_shows_thoughts(const struct screen *screen);
void screen_add(struct screen *screen, bool reasoning, const char *text, size_t len);
/* Ends the last line. */
void screen_end(struct screen *screen);

#endif
