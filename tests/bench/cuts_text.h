#ifndef EKE_TESTS_BENCH_CUTS_TEXT_H
#define EKE_TESTS_BENCH_CUTS_TEXT_H
/*
 * A file as a benchmark sees it: its lines, their indentation, and the formattingOptions that an editor would send.
 */
#include <stdbool.h>
#include <stddef.h>

struct cut_line {
	size_t start;
	size_t len;    /* without its end */
	size_t blanks; /* bytes of indentation */
	size_t column; /* where its text begins, with tabs of 8 */
	bool empty;    /* blanks only */
};

struct cut_text {
	const char *s;
	size_t len;
	const char *language;
	struct cut_line *lines;
	size_t count;
	/* What an editor finds out about the file, and sends as formattingOptions. */
	bool insert_spaces;
	unsigned tab_size;
};

/* text and language are borrowed. */
void cut_text_init(struct cut_text *t, const char *text, size_t len, const char *language);
void cut_text_release(struct cut_text *t);
/* Number of the line in which the byte is, from 0. */
size_t cut_text_line_of(const struct cut_text *t, size_t at);

#endif
