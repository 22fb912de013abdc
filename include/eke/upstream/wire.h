#ifndef EKE_UPSTREAM_WIRE_H
#define EKE_UPSTREAM_WIRE_H
/*
 * What OpenAI-compatible endpoints say, decoded: one JSON value of a stream or a whole body in, facts out.
 * Pure: no I/O, no state. The answers of all dialects are told apart by shape, so that an
 * endpoint that answers a stream request with a whole object, or a FIM request with chat-shaped deltas, is
 * understood. Sources: OpenAI API reference (chat/completions streaming), Mistral FIM, DeepSeek beta
 * completions, llama.cpp server README.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "eke/base/err.h"
#include "eke/base/json.h"
#include "eke/base/strbuf.h"

/* Why an answer ended. WIRE_OPEN: it did not say so (yet). */
enum wire_finish {
	WIRE_OPEN,
	WIRE_STOP, /* also tool calls and reasons that we do not know: any of them is an end */
	WIRE_LENGTH,
	WIRE_FILTER,
	WIRE_ERROR, /* finish_reason "error" and the like: the text so far is kept, the answer is not complete */
};

struct wire_usage {
	bool present;
	int64_t prompt_tokens;
	int64_t completion_tokens;
	int64_t total_tokens;
};

/* What one JSON value of an answer says. Strings are borrowed from the tree. */
struct wire_chunk {
	const char *text;      /* of the first choice (index 0, or none given), also a refusal; NULL or "" for none */
	const char *reasoning; /* likewise */
	const struct json *parts; /* content in parts instead: for wire_parts_add(); NULL: it is not */
	const char *model;     /* as the endpoint names it, or NULL */
	enum wire_finish finish;
	struct wire_usage usage;
	bool is_error;         /* an error object; wire_error_decode has the details. There may be text too */
	bool is_answer;        /* it has the shape of an answer at all (choices, or llama.cpp's content), even if empty */
	bool calls_tool;       /* it has a call of a tool, or of a function as older services have it */
	bool is_whole;         /* it is a "message" and no "delta": perhaps all of the answer (message_stream.h) */
};

/*
 * Decodes one object of a stream or a whole answer (message instead of delta). Never fails: what is not
 * understood is just not there. An error object whose code is "200 OK" and whose message is empty is no error
 * (providers.md 1.6). Usage objects of zeros only count as absent. Reasoning in either field
 * (reasoning_content, reasoning).
 */
void wire_decode(const struct json *value, struct wire_chunk *out);

/*
 * Appends all that parts of a content say, to text or to reasoning: strings, {"type": "text", "text"}, {"type":
 * "thinking", "thinking": text or list of parts} (Mistral), {"type": "reasoning", "text" or "summary"}, {"type":
 * "refusal", "refusal"}. Other parts (references, images) are left out.
 */
void wire_parts_add(const struct json *parts, struct strbuf *text, struct strbuf *reasoning);

/*
 * The error inside an answer's object, or NULL: the value of "error" where it says anything, the first of
 * "errors", the "error" of the first choice (OpenRouter), "base_resp" with a status_code (MiniMax), or the object
 * itself where it is none of an answer and has "detail", "message", "msg" or "error_msg" (Baidu). An array counts as
 * its first element.
 */
const struct json *wire_error_find(const struct json *value);
/* The number a code begins with ("429 TOO_MANY_REQUESTS", 429, "429"), or 0. */
int64_t wire_code_number(const struct json *code);

/*
 * What a body is, by its first non-blank byte (content types are often wrong, providers.md 3.4): JSON, HTML, or else an
 * event stream. WIRE_BODY_UNKNOWN: only blanks (and perhaps a byte order mark) so far.
 */
enum wire_body { WIRE_BODY_UNKNOWN, WIRE_BODY_JSON, WIRE_BODY_HTML, WIRE_BODY_SSE };
enum wire_body wire_sniff(const char *bytes, size_t len);

/*
 * Model ids of GET /models in any of its shapes ({data:[{id}]}, {models:[{id|name|model}]}, [{id}], arrays of
 * strings); fn is called for each, at most LIMIT_MODELS times. False if the value has none of the shapes.
 */
bool wire_models_decode(const struct json *value, void (*fn)(void *ctx, const char *id), void *ctx);

#endif
