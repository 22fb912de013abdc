#ifndef EKE_CONFIG_FIELDS_H
#define EKE_CONFIG_FIELDS_H
/*
 * The configuration's fields, as data: one table for decoding, for warnings about unknown members, and for printing.
 * tests/unit/test_config_schema.c compares names, types, limits, choices and defaults with
 * protocol/config.schema.json.
 *
 * Offsets count in struct config, those of nested objects too.
 */
#include "eke/base/decode.h"
#include "eke/base/json_writer.h"

/* What the user's file may hold, and what an editor may send. */
extern const struct decode_field config_file_fields[];
extern const struct decode_field config_settings_fields[];

/* print.c: the lists, for the table. `object` is a struct config. */
void config_put_endpoints(struct json_writer *w, const char *key, const void *object);
void config_put_plans(struct json_writer *w, const char *key, const void *object);

#endif
