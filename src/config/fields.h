#ifndef EKE_CONFIG_FIELDS_H
#define EKE_CONFIG_FIELDS_H
/*
 * The configuration's fields, as data: the tables by which they are decoded, checked for unknown members, and printed.
 * tests/unit/test_config_schema.c compares names, types, limits, choices and defaults with
 * protocol/config.schema.json.
 *
 * Offsets of nested objects count in the outer struct.
 */
#include "eke/base/decode.h"
#include "eke/base/json_writer.h"

/* What the user's file may hold, and what an editor may send. */
extern const struct decode_field config_file_fields[];
extern const struct decode_field config_settings_fields[];

/* endpoints.c, plan.c: of an endpoint, a plan and its windows; decoded and printed by the functions of those files. */
extern const struct decode_field config_endpoint_fields[];
extern const struct decode_field config_plan_fields[];
extern const struct decode_field config_window_fields[];

/* print.c: the lists, for the tables. `object` is a struct config … */
void config_put_endpoints(struct json_writer *w, const char *key, const void *object);
void config_put_plans(struct json_writer *w, const char *key, const void *object);
void config_put_redis(struct json_writer *w, const char *key, const void *object);
/* … a struct config_endpoint … */
void config_put_base_url(struct json_writer *w, const char *key, const void *object);
void config_put_fallback_urls(struct json_writer *w, const char *key, const void *object);
void config_put_key(struct json_writer *w, const char *key, const void *object);
void config_put_plan_name(struct json_writer *w, const char *key, const void *object);
void config_put_headers(struct json_writer *w, const char *key, const void *object);
void config_put_proxy(struct json_writer *w, const char *key, const void *object);
void config_put_key_header(struct json_writer *w, const char *key, const void *object);
void config_put_ca_file(struct json_writer *w, const char *key, const void *object);
/* … a struct plan, and a struct plan_window. */
void config_put_windows(struct json_writer *w, const char *key, const void *object);
void config_put_models(struct json_writer *w, const char *key, const void *object);
void config_put_period(struct json_writer *w, const char *key, const void *object);

#endif
