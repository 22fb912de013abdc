/*
 * Positions and ranges. Out-of-range values are no errors: LSP has columns past a line's end mean the line's
 * end, and clients send -1 and huge numbers for "first" and "last".
 */
#include "lsp_positions.h"

const struct decode_field lsp_position_fields[] = {
	{ .name = "line", .type = DECODE_INT, .required = true, .offset = offsetof(struct position, line) },
	{ .name = "character", .type = DECODE_INT, .required = true, .offset = offsetof(struct position, character) },
	{ .name = NULL },
};

static const struct decode_field range_fields[] = {
	{ .name = "start", .type = DECODE_OBJECT, .required = true, .offset = offsetof(struct range, start),
	  .sub = lsp_position_fields },
	{ .name = "end", .type = DECODE_OBJECT, .required = true, .offset = offsetof(struct range, end),
	  .sub = lsp_position_fields },
	{ .name = NULL },
};

bool lsp_decode_range(const struct json *value, const char *path, struct range *out, struct err *err)
{
	return decode(value, range_fields, path, out, err);
}

static void write_position(struct json_writer *w, const char *key, struct position position)
{
	json_begin_object(w, key);
	json_put_kint(w, "line", position.line);
	json_put_kint(w, "character", position.character);
	json_end_object(w);
}

void lsp_write_range(struct json_writer *w, struct range range)
{
	json_begin_object(w, NULL);
	write_position(w, "start", range.start);
	write_position(w, "end", range.end);
	json_end_object(w);
}
