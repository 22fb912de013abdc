#ifndef EKE_UPSTREAM_ERROR_BODY_H
#define EKE_UPSTREAM_ERROR_BODY_H
/*
 * What the body of an error says, whatever its shape: {"error": object, string or list}, {"errors"}, {"detail"},
 * {"message"}, {"msg"}, {"base_resp"}, the error of a choice, a list of these, any of them framed as an event, a web
 * page, plain text, or nothing. What it means is wire_error.c's matter. Pure, but for the keys that the log knows
 * (log_mask): they are masked here too.
 */
#include <stdbool.h>
#include <stddef.h>

#include "eke/base/strbuf.h"
#include "eke/upstream/error_details.h"

struct error_body {
	struct strbuf words;  /* what the provider says, for the user: messages, a page's title, the text; keys masked */
	struct strbuf labels; /* its types and codes, blanks between */
	struct strbuf params; /* the parts of the request that it names, a blank behind each */
	int code;             /* the HTTP status that its code names, or 0 */
	bool is_page;         /* it is HTML */
	struct error_details details;
};

/* Fills b, which is to be released. The body may be modified; content_type may be NULL. */
void error_body_init(struct error_body *b, char *body, size_t len, const char *content_type);
void error_body_release(struct error_body *b);

#endif
