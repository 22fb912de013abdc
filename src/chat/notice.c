/*
 * One place for the sentences about answers that are not what was asked for.
 */
#include "eke/chat/notice.h"

#include <string.h>

#include "eke/base/limits.h"

bool notice_has_text(const struct call_answer *answer)
{
	size_t blanks = 0;

	while (blanks < answer->text_len && strchr(" \t\r\n", answer->text[blanks]))
		blanks++;
	return blanks < answer->text_len;
}

static void describe_empty(const struct call_answer *answer, struct strbuf *out)
{
	strbuf_addf(out, "the model sent no text%s: send the message again, or use another model",
		answer->calls_tool      ? ", only a call of a tool, and eke offers none"
		: answer->reasoning_len ? ", only what it thought"
					: "");
}

bool notice_describe(const struct call_answer *answer, struct strbuf *out)
{
	switch (answer->finish) {
	case CALL_TRUNCATED:
		strbuf_adds(out, "the answer was cut off here: ");
		if (answer->trouble)
			err_describe(answer->trouble, out);
		else
			strbuf_adds(out, "the response ended before the answer did");
		return true;
	case CALL_LENGTH:
		strbuf_addf(out, "the answer reached its maximum length%s",
			notice_has_text(answer) ? "" : " before any text came");
		return true;
	case CALL_FILTER:
		strbuf_adds(out, "the provider's content filter stopped the answer");
		return true;
	case CALL_STOP:
		break;
	}
	if (notice_has_text(answer))
		return false;
	describe_empty(answer, out);
	return true;
}

void notice_write(const struct call_answer *answer, struct json_writer *w)
{
	struct strbuf notice;

	strbuf_init(&notice, KIB(8));
	if (notice_describe(answer, &notice))
		json_put_kstring(w, "notice", notice.data);
	strbuf_release(&notice);
}
