#ifndef EKE_GATEWAY_OPENAI_ERROR_H
#define EKE_GATEWAY_OPENAI_ERROR_H
/*
 * Errors in OpenAI's form: {"error":{"message","type","param","code"}}. Pure.
 */
#include "eke/base/json.h"
#include "eke/base/strbuf.h"

/* Appends one of the gateway's own. */
void openai_error_put(struct strbuf *out, const char *type, const char *code, const char *message);
/*
 * Appends the error that an endpoint put into an answer of status 200, as it is if it has OpenAI's form. Returns the
 * HTTP status that its code names, else 502.
 */
int openai_error_write(const struct json *value, struct strbuf *out);

#endif
