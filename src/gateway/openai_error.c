/*
 * One writer for what the gateway says and one for what endpoints say in their many ways.
 */
#include "openai_error.h"

#include "eke/base/json_writer.h"
#include "eke/upstream/wire.h"

#define STATUS_OF_ANY 502

void openai_error_put(struct strbuf *out, const char *type, const char *code, const char *message)
{
	struct json_writer w;

	json_writer_init(&w, out);
	json_begin_object(&w, NULL);
	json_begin_object(&w, "error");
	json_put_kstring(&w, "message", message);
	json_put_kstring(&w, "type", type);
	json_put_key(&w, "param");
	json_put_null(&w);
	json_put_kstring(&w, "code", code);
	json_end_object(&w);
	json_end_object(&w);
	json_writer_end(&w);
}

int openai_error_write(const struct json *value, struct strbuf *out)
{
	const struct json *error = wire_error_find(value);
	int64_t status = wire_code_number(json_get(error, "code"));
	struct json_writer w;

	if (status < 400 || status > 599)
		status = wire_code_number(json_get(error, "status"));
	json_writer_init(&w, out);
	json_begin_object(&w, NULL);
	json_put_key(&w, "error");
	if (json_is_string(error)) {
		json_begin_object(&w, NULL);
		json_put_kstring(&w, "message", json_string(error));
		json_put_kstring(&w, "type", "upstream_error");
		json_end_object(&w);
	} else {
		json_put_tree(&w, error ? error : value);
	}
	json_end_object(&w);
	json_writer_end(&w);
	return status >= 400 && status <= 599 ? (int)status : STATUS_OF_ANY;
}
