/*
 * Copies of answers.
 */
#include "answer_copy.h"

#include <stdlib.h>

#include "eke/base/mem.h"
#include "eke/upstream/endpoint.h"

void answer_copy_copy(struct answer_copy *copy, const struct chat_answer *answer)
{
	const struct call_answer *call = answer->answer;

	copy->text = xstrndup(call->text, call->text_len);
	copy->reasoning = xstrndup(call->reasoning, call->reasoning_len);
	copy->model = xstrdup(call->model);
	copy->trimmed = xcalloc(answer->trimmed_count, sizeof(*copy->trimmed));
	for (size_t i = 0; i < answer->trimmed_count; i++)
		copy->trimmed[i] = xstrdup(answer->trimmed[i]);
	copy->call = *call;
	copy->call.text = copy->text;
	copy->call.reasoning = copy->reasoning;
	copy->call.model = copy->model;
	if (call->trouble) {
		copy->trouble = *call->trouble;
		copy->call.trouble = &copy->trouble;
	}
	copy->answer = *answer;
	copy->answer.source = endpoint_ref(answer->source);
	copy->answer.answer = &copy->call;
	copy->answer.trimmed = (const char *const *)copy->trimmed;
}

void answer_copy_release(struct answer_copy *copy)
{
	for (size_t i = 0; i < copy->answer.trimmed_count; i++)
		free(copy->trimmed[i]);
	free(copy->trimmed);
	free(copy->text);
	free(copy->reasoning);
	free(copy->model);
	endpoint_unref(copy->answer.source);
	*copy = (struct answer_copy){ .text = NULL };
}

struct history_end answer_copy_end(const struct answer_copy *copy)
{
	const struct chat_answer *answer = &copy->answer;

	return (struct history_end){ .state = HISTORY_DONE,
				     .text = copy->text,
				     .len = copy->call.text_len,
				     .reasoning = copy->reasoning,
				     .reasoning_len = copy->call.reasoning_len,
				     .finish = copy->call.finish,
				     .model = copy->model,
				     .endpoint = answer->endpoint,
				     .usage = { answer->usage.prompt_tokens, answer->usage.completion_tokens,
						answer->usage_estimated } };
}
