#ifndef EKE_BASE_JSON_WRITER_H
#define EKE_BASE_JSON_WRITER_H
/*
 * JSON out, straight into a strbuf: compact, valid UTF-8 always (what is invalid goes out as U+FFFD), no
 * newline, so that the text can be a line of its own. Commas are the writer's business; the caller balances
 * begin and end (checked by json_writer_end).
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "eke/base/strbuf.h"

/* Nesting; deeper is a bug of the caller. */
#define JSON_WRITER_DEPTH 32

struct json_writer {
	struct strbuf *out; /* borrowed */
	unsigned depth;
	uint32_t has_member; /* bit d: something was written at depth d */
	bool after_key;
};

void json_writer_init(struct json_writer *w, struct strbuf *out);
/* Asserts that everything begun was ended. */
void json_writer_end(struct json_writer *w);

/* `key` is the member's name within an object; NULL within an array, at the top level, and after json_put_key(). */
void json_begin_object(struct json_writer *w, const char *key);
void json_end_object(struct json_writer *w);
void json_begin_array(struct json_writer *w, const char *key);
void json_end_array(struct json_writer *w);
void json_put_key(struct json_writer *w, const char *key);
/* NULL is written as null. */
void json_put_string(struct json_writer *w, const char *s);
void json_put_stringn(struct json_writer *w, const char *s, size_t len);
void json_put_int(struct json_writer *w, int64_t n);
/* Not finite: null. */
void json_put_double(struct json_writer *w, double d);
void json_put_bool(struct json_writer *w, bool b);
void json_put_null(struct json_writer *w);
/* text is one valid JSON value and is written as it is. */
void json_put_raw(struct json_writer *w, const char *text, size_t len);

/* Key and value in one; the values as above. */
void json_put_kstring(struct json_writer *w, const char *key, const char *s);
void json_put_kstringn(struct json_writer *w, const char *key, const char *s, size_t len);
void json_put_kdouble(struct json_writer *w, const char *key, double d);
void json_put_kint(struct json_writer *w, const char *key, int64_t n);
void json_put_kbool(struct json_writer *w, const char *key, bool b);

#endif
