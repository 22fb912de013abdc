/*
 * Answers of models are read by the reader of all of eke. Embeddings are collected and looked at in the end; those that
 * are too long for that are no error.
 */
#include "judge.h"

#include <stdlib.h>

#include "eke/base/json.h"
#include "eke/base/limits.h"
#include "eke/base/mem.h"
#include "eke/base/strbuf.h"
#include "eke/upstream/answer.h"

struct judge {
	struct answer *answer; /* NULL: embeddings, */
	struct strbuf body;    /* which are here */
	const char *name;
};

struct judge *judge_new(const char *name, bool is_embeddings)
{
	struct judge *judge = xcalloc(1, sizeof(*judge));

	judge->name = name;
	judge->answer = is_embeddings ? NULL : answer_new(name, false);
	strbuf_init(&judge->body, LIMIT_GATEWAY_KEPT);
	return judge;
}

void judge_free(struct judge *judge)
{
	if (!judge)
		return;
	answer_free(judge->answer);
	strbuf_release(&judge->body);
	free(judge);
}

void judge_feed(struct judge *judge, const char *bytes, size_t len, int64_t now)
{
	if (judge->answer)
		answer_feed(judge->answer, bytes, len, now);
	else
		strbuf_add(&judge->body, bytes, len);
}

static bool has_data(struct strbuf *body)
{
	struct json_pool *pool = json_pool_new();
	struct err ignored;
	const struct json *value = body->full ? NULL : json_parse(pool, body->data, body->len, JSON_LENIENT, &ignored);
	bool has = body->full || json_is_array(json_get(value, "data"));

	json_pool_free(pool);
	return has;
}

bool judge_end(struct judge *judge, int64_t now, struct err *err, struct stated_limit *stated)
{
	const struct answer *answer = judge->answer;

	if (!answer && has_data(&judge->body))
		return true;
	if (!answer) {
		err_set(err, ERR_PROTOCOL, "%s sent an answer that is not an embedding: check baseUrl and the model",
			judge->name);
		return false;
	}
	answer_end(judge->answer, true, now);
	/* Without a text it can be one all the same: a call of a tool, a sound. */
	if (!answer_error(answer) || answer_is_usable(answer) || answer_has_begun(answer))
		return true;
	*err = *answer_error(answer);
	*stated = *answer_stated_limit(answer);
	return false;
}
