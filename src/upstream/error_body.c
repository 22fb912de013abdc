/*
 * From the bytes of an error to words and labels. Everything is copied into the two buffers of struct
 * error_body; the parsed tree lives for the call.
 */
#include "eke/upstream/error_body.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "eke/base/json.h"
#include "eke/base/log.h"
#include "eke/upstream/wire.h"

/* What a provider says goes through buffers of this size; what is shown is cut further (LIMIT_ERR_PROVIDER). */
#define WORDS_MAX KIB(16)

static void add_words(struct error_body *b, const char *s, size_t len)
{
	if (!len)
		return;
	if (b->words.len)
		strbuf_adds(&b->words, ": ");
	strbuf_add(&b->words, s, len < WORDS_MAX / 2 ? len : WORDS_MAX / 2);
}

static void add_string(struct error_body *b, const struct json *j)
{
	const char *s = json_string(j);

	if (s)
		add_words(b, s, strlen(s));
}

static void add_label(struct error_body *b, const struct json *j)
{
	const char *s = json_string(j);
	int64_t n;

	if (s)
		strbuf_addf(&b->labels, "%s ", s);
	else if (json_int(j, &n))
		strbuf_addf(&b->labels, "%" PRId64 " ", n);
}

static int http_status_of(const struct json *code)
{
	int64_t n = wire_code_number(code);

	return n >= 400 && n <= 599 ? (int)n : 0;
}

static void add_param(struct error_body *b, const struct json *j)
{
	if (json_string(j) && *json_string(j))
		strbuf_addf(&b->params, "%s ", json_string(j));
}

/* FastAPI's list of what is wrong with a request: the msg of each, and what it is about. */
static void add_details(struct error_body *b, const struct json *detail)
{
	add_string(b, detail);
	if (json_is_object(detail)) {
		add_string(b, json_get(detail, "message"));
		add_string(b, json_get(detail, "msg"));
	}
	for (const struct json *e = json_is_array(detail) ? json_first(detail) : NULL; e; e = json_next(e)) {
		add_string(b, e);
		add_string(b, json_get(e, "msg"));
		add_label(b, json_get(e, "type"));
		for (const struct json *l = json_is_array(json_get(e, "loc")) ? json_first(json_get(e, "loc")) : NULL; l;
		     l = json_next(l))
			add_param(b, l);
	}
}

/*
 * MiniMax says in base_resp what is wrong, by numbers of its own (platform.minimaxi.com, "Error Codes"): as statuses of
 * HTTP.
 */
static int status_of_minimax(const struct json *error)
{
	static const struct {
		int64_t code;
		int status;
	} codes[] = {
		{ 1001, 504 }, { 1002, 429 }, { 1004, 401 }, { 1008, 402 }, { 1013, 500 }, { 1024, 500 }, { 1026, 400 },
		{ 1027, 400 }, { 1033, 500 }, { 1039, 413 }, { 1041, 429 }, { 2013, 400 }, { 2045, 429 }, { 2049, 401 },
		{ 2056, 429 },
	};
	int64_t code = json_get(error, "status_msg") ? wire_code_number(json_get(error, "status_code")) : 0;

	for (size_t i = 0; i < ARRAY_LEN(codes); i++)
		if (codes[i].code == code)
			return codes[i].status;
	return 0;
}

/* The object that describes the error, or its text. */
static void gather_error(struct error_body *b, const struct json *error)
{
	static const char *const status_keys[] = { "code", "status", "status_code", "http_status" };
	static const char *const label_keys[] = { "type", "code", "status", "error_type" };

	if (json_is_array(error))
		error = json_first(error);
	add_string(b, error);
	add_string(b, json_get(error, "message"));
	if (json_is_object(json_get(error, "message")))
		add_details(b, json_get(error, "message"));
	add_string(b, json_get(error, "msg"));
	add_string(b, json_get(error, "status_msg"));
	add_string(b, json_get(error, "error_msg"));
	add_details(b, json_get(error, "detail"));
	add_param(b, json_get(error, "param"));
	error_details_read(json_get(error, "details"), &b->details, &b->labels);
	/* OpenRouter: the words of the provider behind it. */
	add_string(b, json_get(json_get(error, "metadata"), "raw"));
	for (size_t i = 0; i < ARRAY_LEN(label_keys); i++)
		add_label(b, json_get(error, label_keys[i]));
	for (size_t i = 0; i < ARRAY_LEN(status_keys) && !b->code; i++)
		b->code = http_status_of(json_get(error, status_keys[i]));
	if (!b->code)
		b->code = status_of_minimax(error);
}

static bool gather_json(struct error_body *b, char *body, size_t len)
{
	struct json_pool *pool = json_pool_new();
	struct err ignored;
	const struct json *value = json_parse(pool, body, len, JSON_LENIENT, &ignored);
	const struct json *error = wire_error_find(value);

	if (error) {
		gather_error(b, error);
		/* Beside {"error": "words"} the code is a level up. */
		if (json_is_string(error)) {
			add_label(b, json_get(value, "code"));
			add_label(b, json_get(value, "type"));
			b->code = http_status_of(json_get(value, "code"));
			add_string(b, json_get(value, "message"));
			add_string(b, json_get(value, "error_description"));
		}
	}
	json_pool_free(pool);
	return error && (b->words.len || b->labels.len);
}

/* Adds the text of the first <name>…</name>, its blanks folded. */
static bool gather_element(struct error_body *b, const char *html, const char *name)
{
	char open[16];
	const char *from;
	const char *to;
	struct strbuf text;

	snprintf(open, sizeof(open), "<%s", name);
	from = strcasestr(html, open);
	from = from ? strchr(from, '>') : NULL;
	to = from ? strchr(from, '<') : NULL;
	if (!to)
		return false;
	strbuf_init(&text, LIMIT_ERR_PROVIDER);
	for (from++; from < to; from++) {
		bool blank = isspace((unsigned char)*from);

		if (!blank)
			strbuf_addch(&text, *from);
		else if (text.len && text.data[text.len - 1] != ' ')
			strbuf_addch(&text, ' ');
	}
	add_words(b, text.data, text.len);
	strbuf_release(&text);
	return b->words.len > 0;
}

static void gather_page(struct error_body *b, const char *body, size_t len)
{
	struct strbuf html; /* terminated, for the searches */

	strbuf_init(&html, WORDS_MAX);
	strbuf_add(&html, body, len < WORDS_MAX ? len : WORDS_MAX);
	b->is_page = true;
	if (!gather_element(b, html.data, "title"))
		(void)gather_element(b, html.data, "h1");
	strbuf_release(&html);
}

/* A body framed as an event although it is none of a stream: the first data or error line. */
static void unframe(char **body, size_t *len)
{
	static const char *const fields[] = { "data:", "error:" };
	char *end;

	for (size_t i = 0; i < ARRAY_LEN(fields); i++) {
		size_t n = strlen(fields[i]);

		if (*len < n || memcmp(*body, fields[i], n))
			continue;
		*body += n;
		*len -= n;
		end = memchr(*body, '\n', *len);
		if (end)
			*len = (size_t)(end - *body);
		return;
	}
}

static void gather(struct error_body *b, char *body, size_t len, const char *content_type)
{
	if (!len)
		return;
	unframe(&body, &len);
	switch (wire_sniff(body, len)) {
	case WIRE_BODY_UNKNOWN:
		return;
	case WIRE_BODY_HTML:
		gather_page(b, body, len);
		return;
	case WIRE_BODY_JSON:
		if (gather_json(b, body, len))
			return;
		break;
	case WIRE_BODY_SSE:
		if (content_type && strcasestr(content_type, "html") && memmem(body, len, "<html", 5)) {
			gather_page(b, body, len);
			return;
		}
		break;
	}
	add_words(b, body, len);
}

static bool is_key_char(char c)
{
	return isalnum((unsigned char)c) || c == '-' || c == '_' || c == '*';
}

/*
 * Masks what looks like a key: "sk-" and what follows it, where more than eight characters in a row are not
 * masked by the provider already. Keys that we hold are masked whatever they look like.
 */
static void mask_keys(char *text, size_t len)
{
	log_mask(text, len);
	for (char *p = text; (p = strstr(p, "sk-"));) {
		char *from = p + 3;
		char *end = from;
		size_t run = 0;
		size_t longest = 0;

		while (is_key_char(*end)) {
			run = *end == '*' ? 0 : run + 1;
			if (run > longest)
				longest = run;
			end++;
		}
		if ((p == text || !is_key_char(p[-1])) && longest > 8)
			memset(from, '*', (size_t)(end - from));
		p = end;
	}
}

void error_body_init(struct error_body *b, char *body, size_t len, const char *content_type)
{
	*b = (struct error_body){ 0 };
	strbuf_init(&b->words, WORDS_MAX);
	strbuf_init(&b->labels, WORDS_MAX);
	strbuf_init(&b->params, WORDS_MAX);
	gather(b, body, len, content_type);
	mask_keys(b->words.data, b->words.len);
	mask_keys(b->labels.data, b->labels.len);
}

void error_body_release(struct error_body *b)
{
	strbuf_release(&b->words);
	strbuf_release(&b->labels);
	strbuf_release(&b->params);
}
