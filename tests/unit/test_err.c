/*
 * Errors: what each call keeps and clears, and that a message is valid UTF-8 wherever it is cut.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "eke/base/err.h"
#include "eke/base/mem.h"
#include "eke/base/utf.h"

#define S(text) text, sizeof(text) - 1
#define R "\xEF\xBF\xBD"

static bool is_zero(const struct err *err)
{
	return !err->endpoint[0] && !err->http_status && !err->provider_message[0] && !err->retry_at &&
	       !err->blocked_scope[0];
}

static void test_set(void **state)
{
	struct err err;

	(void)state;
	memset(&err, 'x', sizeof(err));
	err_set(&err, ERR_BUDGET, "%d of %s", 5, "60");
	assert_int_equal(err.kind, ERR_BUDGET);
	assert_string_equal(err.message, "5 of 60");
	assert_true(is_zero(&err));
	/* From itself. */
	err_set(&err, ERR_CONFIG, "file: %s", err.message);
	assert_string_equal(err.message, "file: 5 of 60");
	err_set(&err, ERR_NONE, "%s", "");
	assert_string_equal(err.message, "");
	err_set(&err, ERR_NONE, "bad \xFF\xE4\xBD byte");
	assert_string_equal(err.message, "bad " R R " byte");
}

static void test_prefix(void **state)
{
	struct err err;

	(void)state;
	err_set(&err, ERR_AUTH, "the key is refused");
	err.http_status = 401;
	err.retry_at = 7;
	memcpy(err.endpoint, "free", 5);
	err_set_provider(&err, S("no"));
	err_prefix(&err, "asking %s", "free");
	assert_string_equal(err.message, "asking free: the key is refused");
	err_prefix(&err, "%s", err.endpoint);
	assert_string_equal(err.message, "free: asking free: the key is refused");
	assert_int_equal(err.kind, ERR_AUTH);
	assert_int_equal(err.http_status, 401);
	assert_int_equal(err.retry_at, 7);
	assert_string_equal(err.endpoint, "free");
	assert_string_equal(err.provider_message, "no");
}

/* "<pad>" and then characters of n bytes: the cut falls at each place in one of them. */
static void test_cut(void **state)
{
	static const char *const characters[] = { "x", "\xC3\xA4", "\xE4\xBD\xA0", "\xF0\x9F\x98\x80" };
	char text[3 * LIMIT_ERR_PROVIDER];

	(void)state;
	for (size_t c = 0; c < ARRAY_LEN(characters); c++) {
		size_t n = strlen(characters[c]);

		for (size_t pad = 0; pad < 4; pad++) {
			struct err err = ERR_INIT;
			size_t len = pad;
			size_t got;

			memset(text, 'p', pad);
			for (; len + n < sizeof(text); len += n)
				memcpy(text + len, characters[c], n);
			text[len] = '\0';

			err_set(&err, ERR_UPSTREAM, "%s", text);
			got = strlen(err.message);
			assert_true(got < LIMIT_ERR_MESSAGE && got + n >= LIMIT_ERR_MESSAGE);
			assert_memory_equal(err.message, text, got);
			assert_int_equal(utf8_valid_prefix(err.message, got), got);

			err_prefix(&err, "%.*s", 20, "a prefix");
			got = strlen(err.message);
			assert_true(got < LIMIT_ERR_MESSAGE && got + n >= LIMIT_ERR_MESSAGE);
			assert_int_equal(utf8_valid_prefix(err.message, got), got);
			assert_memory_equal(err.message, "a prefix: ", 10);
			assert_memory_equal(err.message + 10, text, got - 10);

			err_prefix(&err, "%s", text);
			got = strlen(err.message);
			assert_true(got < LIMIT_ERR_MESSAGE && got + n >= LIMIT_ERR_MESSAGE);
			assert_memory_equal(err.message, text, got - 3);
			assert_int_equal(utf8_valid_prefix(err.message, got), got);
			assert_null(strstr(err.message, R));

			err_set_provider(&err, text, len);
			got = strlen(err.provider_message);
			assert_true(got < LIMIT_ERR_PROVIDER && got + n >= LIMIT_ERR_PROVIDER);
			assert_memory_equal(err.provider_message, text, got);
			assert_int_equal(utf8_valid_prefix(err.provider_message, got), got);
		}
	}
}

static const struct {
	const char *in;
	size_t len;
	const char *out;
} provider[] = {
	{ S(""), "" },
	{ S("  \r\n\t "), "" },
	{ S(" a b \n"), "a b" },
	{ S("\xE4\xBD\xA0"), "\xE4\xBD\xA0" },
	{ S("a\xFF"), "a" R },
	{ S("\xE4"), R },
	{ S("a\0b"), "ab" },
	{ S(" \033[31m bad \xE2\x80\xAEx\033[0m \a"), "bad x" },
	{ S("\0a"), "a" },
};

static void test_provider(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(provider); i++) {
		struct err err = { .kind = ERR_UPSTREAM, .message = "kept", .http_status = 500 };
		char *text = xmalloc(provider[i].len);

		memcpy(text, provider[i].in, provider[i].len);
		err_set_provider(&err, text, provider[i].len);
		assert_string_equal(err.provider_message, provider[i].out);
		assert_string_equal(err.message, "kept");
		assert_int_equal(err.http_status, 500);
		free(text);
	}
}

/* All invalid: every byte grows to three. */
static void test_provider_of_garbage(void **state)
{
	struct err err = ERR_INIT;
	char text[2 * LIMIT_ERR_PROVIDER];
	size_t got;

	(void)state;
	memset(text, 0xFF, sizeof(text));
	err_set_provider(&err, text, sizeof(text));
	got = strlen(err.provider_message);
	assert_true(got < LIMIT_ERR_PROVIDER && got + 3 >= LIMIT_ERR_PROVIDER);
	assert_int_equal(utf8_valid_prefix(err.provider_message, got), got);
	memset(text, ' ', sizeof(text));
	err_set_provider(&err, text, sizeof(text));
	assert_string_equal(err.provider_message, "");
}

/* contract: data.kind */
static const struct {
	enum err_kind kind;
	const char *name;
} kinds[] = {
	{ ERR_NONE, NULL },
	{ ERR_INTERNAL, NULL },
	{ ERR_PARSE, NULL },
	{ ERR_INVALID_REQUEST, NULL },
	{ ERR_METHOD_NOT_FOUND, NULL },
	{ ERR_INVALID_PARAMS, NULL },
	{ ERR_NOT_INITIALIZED, NULL },
	{ ERR_CANCELLED, NULL },
	{ ERR_CONTENT_MODIFIED, NULL },
	{ ERR_BUDGET, "budget" },
	{ ERR_AUTH, "auth" },
	{ ERR_FORBIDDEN, "forbidden" },
	{ ERR_PROMPT_TOO_LONG, "promptTooLong" },
	{ ERR_UPSTREAM, "upstream" },
	{ ERR_NETWORK, "network" },
	{ ERR_TIMEOUT, "timeout" },
	{ ERR_PROTOCOL, "protocol" },
	{ ERR_CONFIG, "config" },
	{ ERR_NO_ENDPOINT, "noEndpoint" },
	{ ERR_IGNORED, "ignored" },
};

static void test_kinds(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
		const char *name = err_kind_name(kinds[i].kind);

		if (kinds[i].name)
			assert_string_equal(name, kinds[i].name);
		else
			assert_null(name);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_set),	 cmocka_unit_test(test_prefix),
		cmocka_unit_test(test_cut),	 cmocka_unit_test(test_provider),
		cmocka_unit_test(test_provider_of_garbage), cmocka_unit_test(test_kinds),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
