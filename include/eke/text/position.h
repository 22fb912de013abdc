#ifndef EKE_TEXT_POSITION_H
#define EKE_TEXT_POSITION_H
/*
 * A place in a document as editors name it (LSP 3.18, "Position" and "Range"): line and column, both from 0. A column
 * counts code units of the encoding that `initialize` settled: UTF-16 units (the default) or bytes of UTF-8. Wide
 * enough for every uinteger of LSP and for what clients send beyond it (Neovim's -1, MAX_SAFE_INTEGER as "line's end").
 */
#include <stdbool.h>
#include <stdint.h>

enum position_encoding {
	POSITION_UTF16,
	POSITION_UTF8,
};

struct position {
	int64_t line;
	int64_t character;
};

/* From start to before end. start may lie behind end in what clients send; who uses a range puts it in order. */
struct range {
	struct position start;
	struct position end;
};

static inline bool position_equal(struct position a, struct position b)
{
	return a.line == b.line && a.character == b.character;
}

#endif
