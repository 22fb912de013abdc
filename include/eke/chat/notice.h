#ifndef EKE_CHAT_NOTICE_H
#define EKE_CHAT_NOTICE_H
/*
 * What the user should know of an answer besides its text: why it is not whole, or that there is none. Pure; said by
 * every front end.
 */
#include <stdbool.h>

#include "eke/base/json_writer.h"
#include "eke/base/strbuf.h"
#include "eke/upstream/call.h"

/* Has it any text that is more than blanks? */
bool notice_has_text(const struct call_answer *answer);
/*
 * Appends a sentence without a capital letter and a full stop: "the answer was cut off here: the connection broke".
 * False if there is nothing to say.
 */
bool notice_describe(const struct call_answer *answer, struct strbuf *out);
/* Writes it as the member "notice", if there is something to say. */
void notice_write(const struct call_answer *answer, struct json_writer *w);

#endif
