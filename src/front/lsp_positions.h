#ifndef EKE_FRONT_LSP_POSITIONS_H
#define EKE_FRONT_LSP_POSITIONS_H
/*
 * Positions and ranges on the wire (LSP 3.18, "Position", "Range").
 */
#include <stdbool.h>

#include "eke/base/decode.h"
#include "eke/base/json_writer.h"
#include "eke/text/position.h"

/* A field table for a struct position, to be used as .sub. */
extern const struct decode_field lsp_position_fields[];

bool lsp_decode_range(const struct json *value, const char *path, struct range *out, struct err *err);
void lsp_write_range(struct json_writer *w, struct range range);

#endif
