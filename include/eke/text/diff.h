#ifndef EKE_TEXT_DIFF_H
#define EKE_TEXT_DIFF_H
/*
 * The smallest replacements that make one text of another, for edits that editors apply (LSP 3.18, "TextEdit"): by
 * lines (E. Myers, "An O(ND) Difference Algorithm and Its Variations", 1986), and inside what changed without the
 * beginning and end that stay. Pure. Texts that differ in too much (LIMIT_DIFF_STEPS) become one replacement.
 */
#include <stddef.h>

struct diff_edit {
	size_t start; /* bytes of the old text that go: [start, end) */
	size_t end;
	size_t new_start; /* ... and those of the new text that come in their place */
	size_t new_end;
};

/*
 * Ascending, not touching each other; applied from the last to the first they make new_text of old_text. Offsets never
 * split a character or a \r\n. Owned by the caller (free()); NULL and *count 0 where the texts are the same.
 */
struct diff_edit *diff_texts(const char *old_text, size_t old_len, const char *new_text, size_t new_len, size_t *count);

/* How many bytes both begin with, of `most` that both have. */
size_t diff_same_head(const char *a, const char *b, size_t most);
/* How many bytes both end with; the pointers are to the ends. */
size_t diff_same_tail(const char *a_end, const char *b_end, size_t most);

#endif
