/*
 * Filling in errors. Messages are cut on a character's end, so that a long path or provider text can never make
 * invalid UTF-8 of a message that goes to an editor.
 */
#include "eke/base/err.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "eke/base/printable.h"
#include "eke/base/strbuf.h"
#include "eke/base/utf.h"

static void store(char *out, size_t size, const char *text, size_t len)
{
	struct strbuf valid;
	size_t n;

	strbuf_init(&valid, 4 * size);
	utf8_append_valid(&valid, text, len < size ? len : size);
	n = utf8_cut(valid.data, valid.len, size - 1);
	memcpy(out, valid.data, n);
	out[n] = '\0';
	strbuf_release(&valid);
}

/* Formats into out, cut on a character's end; returns the length. */
static PRINTF_LIKE(3, 0) size_t format(char *out, size_t size, const char *fmt, va_list ap)
{
	int n = vsnprintf(out, size, fmt, ap);
	size_t len = n < 0 ? 0 : (size_t)n;

	if (len >= size) {
		len = size - 1;
		len -= utf8_incomplete_tail(out, len);
	}
	out[len] = '\0';
	return len;
}

void err_set(struct err *err, enum err_kind kind, const char *fmt, ...)
{
	char text[LIMIT_ERR_MESSAGE];
	va_list ap;
	size_t n;

	va_start(ap, fmt);
	n = format(text, sizeof(text), fmt, ap);
	va_end(ap);
	memset(err, 0, sizeof(*err));
	err->kind = kind;
	store(err->message, sizeof(err->message), text, n);
}

void err_prefix(struct err *err, const char *fmt, ...)
{
	char text[2 * LIMIT_ERR_MESSAGE];
	va_list ap;
	size_t n;

	va_start(ap, fmt);
	n = format(text, LIMIT_ERR_MESSAGE, fmt, ap);
	va_end(ap);
	snprintf(text + n, sizeof(text) - n, ": %s", err->message);
	store(err->message, sizeof(err->message), text, strlen(text));
}

void err_set_provider(struct err *err, const char *text, size_t len)
{
	struct strbuf plain;
	size_t from = 0;

	strbuf_init(&plain, 4 * sizeof(err->provider_message));
	printable_add_stripped(&plain, text, len < plain.max / 3 ? len : plain.max / 3);
	len = plain.len;
	while (from < len && (unsigned char)plain.data[from] <= ' ')
		from++;
	while (len > from && (unsigned char)plain.data[len - 1] <= ' ')
		len--;
	store(err->provider_message, sizeof(err->provider_message), plain.data + from, len - from);
	strbuf_release(&plain);
}

static void trim_stop(struct strbuf *out)
{
	while (out->len && strchr(". \n\t", out->data[out->len - 1]))
		strbuf_truncate(out, out->len - 1);
}

static void add_line(struct strbuf *out, const char *text)
{
	for (; *text; text++) {
		bool blank = strchr(" \n\t", *text) != NULL;

		if (!blank || (out->len && out->data[out->len - 1] != ' '))
			strbuf_addch(out, blank ? ' ' : *text);
	}
	trim_stop(out);
}

void err_describe(const struct err *err, struct strbuf *out)
{
	add_line(out, err->message);
	if (!err->provider_message[0] || strstr(err->message, err->provider_message))
		return;
	strbuf_addf(out, ". %s says: ", err->endpoint[0] ? err->endpoint : "The provider");
	add_line(out, err->provider_message);
}

void err_describe_short(const struct err *err, char *out, size_t size)
{
	static const char cut[] = "…";
	struct strbuf text;
	size_t n;

	strbuf_init(&text, LIMIT_ERR_MESSAGE + LIMIT_ERR_PROVIDER + KIB(1));
	err_describe(err, &text);
	n = text.len < size ? text.len : utf8_cut(text.data, text.len, size - sizeof(cut));
	snprintf(out, size, "%.*s%s", (int)n, text.data, n < text.len ? cut : "");
	strbuf_release(&text);
}

const char *err_kind_name(enum err_kind kind)
{
	switch (kind) {
	case ERR_NONE:
	case ERR_INTERNAL:
	case ERR_PARSE:
	case ERR_INVALID_REQUEST:
	case ERR_METHOD_NOT_FOUND:
	case ERR_INVALID_PARAMS:
	case ERR_NOT_FOUND:
	case ERR_NOT_INITIALIZED:
	case ERR_CANCELLED:
	case ERR_CONTENT_MODIFIED:
		return NULL;
	case ERR_BUDGET:
		return "budget";
	case ERR_AUTH:
		return "auth";
	case ERR_FORBIDDEN:
		return "forbidden";
	case ERR_PROMPT_TOO_LONG:
		return "promptTooLong";
	case ERR_UPSTREAM:
		return "upstream";
	case ERR_NETWORK:
		return "network";
	case ERR_TIMEOUT:
		return "timeout";
	case ERR_PROTOCOL:
		return "protocol";
	case ERR_CONFIG:
		return "config";
	case ERR_NO_ENDPOINT:
		return "noEndpoint";
	case ERR_IGNORED:
		return "ignored";
	}
	return NULL;
}
