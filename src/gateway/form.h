#ifndef EKE_GATEWAY_FORM_H
#define EKE_GATEWAY_FORM_H
/*
 * The form in which a request goes out: its client's, but for what the model is known not to take.
 */
#include "response.h"

/* A request's body without a byte order mark, which is no part of the JSON (RFC 8259, 8.1). NULL: it was dropped. */
const char *form_body(const struct gateway_request *request, size_t *len);
/* What is known of the model (quirks.h); of one that we chose its name counts, too. */
unsigned form_quirks(const struct forward *f);
/* Appends the body as the model is known to take it now. False: that is none. */
bool form_write(struct forward *f, struct strbuf *out);
/* As exchange.h's mend(): another form of the same request may be taken; that is remembered for all of eke. */
bool form_mend(struct forward *f, int status, const char *text, size_t len, struct strbuf *request);

#endif
