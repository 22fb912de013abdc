#ifndef EKE_FRONT_TERMINAL_H
#define EKE_FRONT_TERMINAL_H
/*
 * The one way of the commands to standard output, standard error and the terminal. No text can drive a terminal:
 * control characters (base/printable.h) are shown as U+FFFD. Styles go through terminal_sgr() alone.
 * tests/tools/check-source refuses other output functions in the program.
 */
#include <stdbool.h>
#include <stddef.h>

#include "eke/base/attrs.h"

struct strbuf;

/* Words for people, to standard output at once. */
void terminal_print(const char *fmt, ...) PRINTF_LIKE(1, 2);
/* The same to standard error: "eke: <sentence>\n". */
void terminal_note(const char *fmt, ...) PRINTF_LIKE(1, 2);
/* The same to a terminal that a program opened. */
void terminal_prompt(int fd, const char *fmt, ...) PRINTF_LIKE(2, 3);
/*
 * Data, to standard output at once: into a pipe or a file byte for byte. May be cut anywhere; a character that is cut
 * waits for its end.
 */
void terminal_write(const char *text, size_t len);
/* JSON, to standard output at once; control characters are escaped, so that the value is the same. */
void terminal_write_json(const struct strbuf *json);
/* Text that was made for a terminal and holds no control characters but its own, at once. */
void terminal_write_styled(const struct strbuf *text);

/*
 * A line on standard error for as long as nothing else is printed: what is waited for. Nothing unless that is a
 * terminal; where it cannot erase (TERM=dumb), only the first such line is shown, and stays.
 */
void terminal_show_wait(const char *words);
void terminal_hide_wait(void);

/* Is standard output a terminal? */
bool terminal_is_there(void);
/* Is it one that knows styles, whose user wants them (NO_COLOR, TERM)? */
bool terminal_has_styles(void);
/* Sets a style from here on, "1;31", or ends it, "0", on standard output; nothing where there are no styles. */
void terminal_sgr(const char *codes);
/* Columns of standard output: its terminal's, else those that COLUMNS names, else 80. */
unsigned terminal_columns(void);

#endif
