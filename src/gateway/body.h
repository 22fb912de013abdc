#ifndef EKE_GATEWAY_BODY_H
#define EKE_GATEWAY_BODY_H
/*
 * The body of a request, of which the gateway changes single members and leaves every other byte as it is. Pure.
 */
#include <stdbool.h>
#include <stddef.h>

#include "eke/base/strbuf.h"

/*
 * Where the value of the member `name` stands in json[0..len), a JSON object that a strict parser took. False if there
 * is none, or if there are two, so that nobody can tell which one counts.
 */
bool gateway_body_find(const char *json, size_t len, const char *name, size_t *from, size_t *to);
bool gateway_body_has(const char *json, size_t len, const char *name);
/*
 * Appends the object with `value`, which is JSON, as the value of `name`, in the place of the present value or as the
 * first member. False, and nothing appended, if the member is there twice.
 */
bool gateway_body_set(const char *json, size_t len, const char *name, const char *value, struct strbuf *out);
/* The same with a string. */
bool gateway_body_set_string(const char *json, size_t len, const char *name, const char *value, struct strbuf *out);
/* Appends the object without the member. False, and nothing appended, if it is there twice. */
bool gateway_body_remove(const char *json, size_t len, const char *name, struct strbuf *out);

#endif
