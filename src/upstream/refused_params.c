/*
 * A table of parameters, and the phrases that tell "does not take it" from "takes it, but not this value".
 */
#include "eke/upstream/refused_params.h"

#include <ctype.h>
#include <stdbool.h>
#include <string.h>
#include <strings.h>

#include "eke/base/limits.h"
#include "eke/upstream/error_body.h"
#include "eke/upstream/quirks.h"

static const struct param {
	const char *name;
	unsigned quirks;
	bool is_word;   /* an English word, too: it must be marked as a name */
	bool any_fault; /* whatever is wrong with it, without it the request is right */
} params[] = {
	{ "max_tokens", QUIRK_NO_LIMIT, false, true },
	{ "max_completion_tokens", QUIRK_NO_LIMIT, false, true },
	{ "max_output_tokens", QUIRK_NO_LIMIT, false, true },
	/* Who takes no temperature is a reasoning model, and the next thing it would refuse is stop. */
	{ "temperature", QUIRK_NO_TEMPERATURE | QUIRK_NO_STOP, false, false },
	{ "stop", QUIRK_NO_STOP, true, true },
	{ "stop_sequences", QUIRK_NO_STOP, false, true },
	{ "stream_options", QUIRK_NO_STREAM_OPTIONS, false, true },
	{ "include_usage", QUIRK_NO_STREAM_OPTIONS, false, true },
	{ "stream", QUIRK_NO_STREAM, true, false },
};

static bool has_refusal(const char *text)
{
	static const char *const phrases[] = {
		"unsupported", "not support", "n't support", "unknown", "unrecognized", "unrecognised", "unexpected",
		"not permitted", "not allowed", "extra_forbidden", "extra fields", "extra inputs", "incompatible",
		  "not compatible",
		"deprecated", "must be verified to stream", "only the default", "no longer", "cannot be used", "can't be used",
		"not available", "not accept", "not recognized", "不支持", "无法识别", "未知参数",
	};

	for (size_t i = 0; i < ARRAY_LEN(phrases); i++)
		if (strcasestr(text, phrases[i]))
			return true;
	return false;
}

static bool is_name_char(char c)
{
	return isalnum((unsigned char)c) || c == '_';
}

/* Do the words before a name say that names follow? "parameter stop", "arguments supplied: temperature, stop" */
static bool is_announced(const char *text, const char *hit)
{
	static const char *const nouns[] = { "parameter", "argument", "field", "option", "property", "参数" };
	enum { NEAR = 48 };
	size_t from = hit - text > NEAR ? (size_t)(hit - text) - NEAR : 0;
	char before[NEAR + 1];

	memcpy(before, text + from, (size_t)(hit - text) - from);
	before[(size_t)(hit - text) - from] = '\0';
	for (size_t i = 0; i < ARRAY_LEN(nouns); i++)
		if (strcasestr(before, nouns[i]))
			return true;
	return false;
}

static bool names(const char *text, const struct param *p)
{
	size_t len = strlen(p->name);

	for (const char *hit = text; (hit = strstr(hit, p->name)); hit += len) {
		if ((hit > text && is_name_char(hit[-1])) || is_name_char(hit[len]))
			continue;
		if (!p->is_word || (hit > text && strchr("'\"`", hit[-1])) || is_announced(text, hit) ||
		    !strncmp(hit + len, " parameter", strlen(" parameter")))
			return true;
	}
	return false;
}

/* Is it one of the names in "max_tokens body stop "? */
static bool is_listed(const char *list, const char *name)
{
	size_t len = strlen(name);

	for (const char *hit = list; (hit = strstr(hit, name)); hit += len)
		if ((hit == list || hit[-1] == ' ') && hit[len] == ' ')
			return true;
	return false;
}

static unsigned quirks_of_words(const struct error_body *b)
{
	const char *words = b->words.data;
	bool refuses = has_refusal(words) || has_refusal(b->labels.data);
	unsigned found = 0;

	for (size_t i = 0; i < ARRAY_LEN(params); i++) {
		bool listed = is_listed(b->params.data, params[i].name);

		if ((listed && (refuses || params[i].any_fault)) || (refuses && !b->params.len && names(words, &params[i])))
			found |= params[i].quirks;
	}
	/* The one that is named as the right one is not refused. */
	if ((found & QUIRK_NO_LIMIT) && strstr(words, "max_completion_tokens") && strstr(words, "max_tokens"))
		found = (found & ~(unsigned)QUIRK_NO_LIMIT) | QUIRKS_REASONING;
	return found;
}

unsigned refused_params(int status, char *body, size_t len)
{
	struct error_body b;
	unsigned found;

	if (status != 400 && status != 404 && status != 422 && status != 500 && status != 501 && status != 200)
		return 0;
	error_body_init(&b, body, len, NULL);
	found = b.is_page ? 0 : quirks_of_words(&b);
	error_body_release(&b);
	return found;
}

/* A word that begins so: "stream" is in "streaming", and not in "upstream" or "stream_options". */
static bool has_word(const char *text, const char *beginning)
{
	size_t len = strlen(beginning);

	for (const char *hit = text; (hit = strcasestr(hit, beginning)); hit += len)
		if ((hit == text || !is_name_char(hit[-1])) && hit[len] != '_')
			return true;
	return false;
}

/* Something is wanted, and not only spoken of. */
static bool has_demand(const char *text)
{
	static const char *const words[] = {
		"only", "must", "requir", "enable", "need", "true", "set ", "use ", "stream mode", "streaming mode",
		"必须", "仅支持", "只支持", "非流式",
	};

	for (size_t i = 0; i < ARRAY_LEN(words); i++)
		if (strcasestr(text, words[i]))
			return true;
	return false;
}

bool refused_whole_answer(int status, char *body, size_t len)
{
	struct error_body b;
	bool says;

	if (status != 400 && status != 404 && status != 405 && status != 422 && status != 501)
		return false;
	/* Who asked for no stream and hears of streams is to ask for one. */
	error_body_init(&b, body, len, NULL);
	says = !b.is_page && (has_word(b.params.data, "stream") || (has_demand(b.words.data) &&
		(has_word(b.words.data, "stream") || strstr(b.words.data, "流式"))));
	error_body_release(&b);
	return says;
}
