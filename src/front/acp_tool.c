/*
 * The tool call of a prompt, by which the client shows what is going on beside the answer: one at a time. Its id
 * belongs to the prompt.
 */
#include "acp_private.h"

#include <stdlib.h>

#include "eke/base/json_writer.h"
#include "eke/base/mem.h"

static void write_tool(const struct acp_prompt *prompt, const char *kind, const char *status, acp_tool_fn *write)
{
	struct json_writer *w = acp_update_begin(prompt->session, kind);

	json_put_kstring(w, "toolCallId", prompt->tool);
	json_put_kstring(w, "status", status);
	if (write)
		write(prompt, w);
	acp_update_end(prompt->session, w);
}

void acp_tool_begin(struct acp_prompt *prompt, const char *what, acp_tool_fn *write)
{
	prompt->tool = xasprintf("%s-%llu", what, (unsigned long long)++prompt->acp->last_tool);
	write_tool(prompt, "tool_call", "pending", write);
}

void acp_tool_progress(const struct acp_prompt *prompt)
{
	write_tool(prompt, "tool_call_update", "in_progress", NULL);
}

void acp_tool_end(struct acp_prompt *prompt, bool completed, const char *reason)
{
	struct json_writer *w;

	if (!prompt->tool)
		return;
	w = acp_update_begin(prompt->session, "tool_call_update");
	json_put_kstring(w, "toolCallId", prompt->tool);
	json_put_kstring(w, "status", completed ? "completed" : "failed");
	if (reason) {
		json_begin_object(w, "rawOutput");
		json_put_kstring(w, "message", reason);
		json_end_object(w);
	}
	acp_update_end(prompt->session, w);
	free(prompt->tool);
	prompt->tool = NULL;
}
