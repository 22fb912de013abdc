/*
 * Context[] (protocol/README.md, "Context"). The tables decode one element at a time.
 */
#include "lsp_context.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "eke/base/decode.h"
#include "eke/base/limits.h"
#include "eke/base/mem.h"
#include "lsp_positions.h"

struct fields {
	const char *kind;
	const char *uri;
	const struct json *range;
	const char *name;
	const char *text;
	const char *language;
	const struct json *items;
};

static const struct decode_field fields_table[] = {
	{ .name = "kind", .type = DECODE_STRING, .required = true, .offset = offsetof(struct fields, kind) },
	{ .name = "uri", .type = DECODE_STRING, .offset = offsetof(struct fields, uri) },
	{ .name = "range", .type = DECODE_OBJECT, .offset = offsetof(struct fields, range) },
	{ .name = "name", .type = DECODE_STRING, .offset = offsetof(struct fields, name) },
	{ .name = "text", .type = DECODE_STRING, .offset = offsetof(struct fields, text) },
	{ .name = "languageId", .type = DECODE_STRING, .offset = offsetof(struct fields, language) },
	{ .name = "items", .type = DECODE_ARRAY, .offset = offsetof(struct fields, items) },
	{ .name = NULL },
};

struct diagnostic_fields {
	const struct json *range;
	const char *message;
	int64_t severity;
	const char *source;
	const struct json *code;
};

static const struct decode_field diagnostic_table[] = {
	{ .name = "range", .type = DECODE_OBJECT, .required = true, .offset = offsetof(struct diagnostic_fields, range) },
	{ .name = "message", .type = DECODE_STRING, .required = true, .offset = offsetof(struct diagnostic_fields,
		message) },
	{ .name = "severity", .type = DECODE_INT, .offset = offsetof(struct diagnostic_fields, severity),
	  .min = CONTEXT_ERROR, .max = CONTEXT_HINT },
	{ .name = "source", .type = DECODE_STRING, .offset = offsetof(struct diagnostic_fields, source) },
	{ .name = "code", .type = DECODE_ANY, .offset = offsetof(struct diagnostic_fields, code) },
	{ .name = NULL },
};

static const char *const kinds[] = { "selection", "file", "text", "diagnostics", "changes" };

static bool decode_diagnostic(const struct json *value, const char *path, struct lsp_context *out, struct err *err)
{
	struct diagnostic_fields f = { 0 };
	struct context_diagnostic *d = &out->diagnostics[out->diagnostic_count];
	char **code = &out->codes[out->diagnostic_count];
	char range_path[128];
	int64_t number;

	snprintf(range_path, sizeof(range_path), "%s.range", path);
	if (!decode(value, diagnostic_table, path, &f, err) || !lsp_decode_range(f.range, range_path, &d->range, err))
		return false;
	d->message = f.message;
	d->severity = (int)f.severity;
	d->source = f.source;
	d->code = json_string(f.code);
	if (json_int(f.code, &number))
		d->code = *code = xasprintf("%lld", (long long)number);
	out->diagnostic_count++;
	return true;
}

static bool decode_item(const struct json *value, struct lsp_context *out, struct err *err)
{
	struct context_item *item = &out->items[out->count];
	struct fields f = { 0 };
	size_t kind = 0;

	if (!json_is_object(value)) {
		err_set(err, ERR_INVALID_PARAMS, "params.context[] must be an object, not %s", json_type_name(value));
		return false;
	}
	if (!decode(value, fields_table, "params.context[]", &f, err))
		return false;
	while (kind < ARRAY_LEN(kinds) && strcmp(kinds[kind], f.kind) != 0)
		kind++;
	if (kind == ARRAY_LEN(kinds)) {
		err_set(err, ERR_INVALID_PARAMS,
			"params.context[].kind must be \"selection\", \"file\", \"text\", \"diagnostics\" or "
			"\"changes\"");
		return false;
	}
	*item = (struct context_item){
		.kind = (enum context_kind)kind, .uri = f.uri, .name = f.name, .language = f.language
	};
	if (item->kind == CONTEXT_TEXT ? !f.text : !f.uri) {
		err_set(err, ERR_INVALID_PARAMS, "params.context[].%s must be a string: of kind %s",
			item->kind == CONTEXT_TEXT ? "text" : "uri", f.kind);
		return false;
	}
	if (item->kind == CONTEXT_TEXT) {
		item->text = f.text;
		item->len = strlen(f.text);
	}
	item->has_range = f.range != NULL;
	if (f.range && !lsp_decode_range(f.range, "params.context[].range", &item->range, err))
		return false;
	item->diagnostics = &out->diagnostics[out->diagnostic_count];
	for (const struct json *d = json_first(f.items); d; d = json_next(d), item->diagnostic_count++)
		if (!decode_diagnostic(d, "params.context[].items[]", out, err))
			return false;
	out->count++;
	return true;
}

bool lsp_context_decode(const struct json *list, struct lsp_context *out, struct err *err)
{
	size_t count = json_count(list);
	size_t diagnostics = 0;

	*out = (struct lsp_context){ .count = 0 };
	if (count > LIMIT_CONTEXT_ITEMS) {
		err_set(err, ERR_INVALID_PARAMS, "at most %d attachments are allowed in params.context", LIMIT_CONTEXT_ITEMS);
		return false;
	}
	for (const struct json *j = json_first(list); j; j = json_next(j))
		diagnostics += json_count(json_get(j, "items"));
	out->items = xcalloc(count, sizeof(*out->items));
	out->diagnostics = xcalloc(diagnostics, sizeof(*out->diagnostics));
	out->codes = xcalloc(diagnostics, sizeof(*out->codes));
	for (const struct json *j = json_first(list); j; j = json_next(j))
		if (!decode_item(j, out, err))
			return false;
	return true;
}

void lsp_context_release(struct lsp_context *context)
{
	for (size_t i = 0; i < context->diagnostic_count; i++)
		free(context->codes[i]);
	free(context->codes);
	free(context->diagnostics);
	free(context->items);
}

bool lsp_diagnostics_decode(const struct json *list, const char *path, struct lsp_context *out, struct err *err)
{
	size_t count = json_count(list);

	*out = (struct lsp_context){ .count = 0 };
	out->diagnostics = xcalloc(count, sizeof(*out->diagnostics));
	out->codes = xcalloc(count, sizeof(*out->codes));
	for (const struct json *d = json_first(list); d; d = json_next(d))
		if (!decode_diagnostic(d, path, out, err))
			return false;
	return true;
}
