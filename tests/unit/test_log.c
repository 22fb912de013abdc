/*
 * The log: into a file that only the test knows, read back line by line.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "eke/base/limits.h"
#include "eke/base/log.h"
#include "eke/base/mem.h"
#include "eke/base/paths.h"
#include "eke/base/strbuf.h"
#include "eke/base/utf.h"

struct heard {
	struct strbuf text; /* "level:line\n" each */
};

struct fixture {
	int fd;
	char path[64];
	struct strbuf text;
	struct heard heard;
};

static int setup(void **state)
{
	struct fixture *f = xcalloc(1, sizeof(*f));

	f->fd = memfd_create("log", MFD_CLOEXEC);
	snprintf(f->path, sizeof(f->path), "/proc/self/fd/%d", f->fd);
	strbuf_init(&f->text, MIB(1));
	strbuf_init(&f->heard.text, MIB(1));
	log_set_level(LOG_INFO);
	*state = f;
	return f->fd >= 0 && log_set_file(f->path) ? 0 : -1;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	log_shutdown();
	log_set_level(LOG_INFO);
	close(f->fd);
	strbuf_release(&f->text);
	strbuf_release(&f->heard.text);
	free(f);
	return 0;
}

/* The file's lines since the last call, each without its time and process: "level: text\n". */
static const char *written(struct fixture *f)
{
	struct strbuf raw;
	struct err err = ERR_INIT;
	char *line;
	char *next;

	strbuf_init(&raw, MIB(1));
	assert_true(file_read(f->path, MIB(1), &raw, &err));
	assert_int_equal(ftruncate(f->fd, 0), 0);
	strbuf_reset(&f->text);
	for (line = raw.data; *line; line = next) {
		char *end = strchr(line, '\n');
		char *behind;

		assert_non_null(end);
		next = end + 1;
		*end = '\0';
		/* 2026-11-24T03:00:00.123Z eke[42] level: text */
		assert_int_equal(line[10], 'T');
		assert_int_equal(line[19], '.');
		assert_memory_equal(line + 23, "Z eke[", 6);
		behind = strstr(line, "] ");
		assert_non_null(behind);
		strbuf_addf(&f->text, "%s\n", behind + 2);
	}
	strbuf_release(&raw);
	return f->text.data;
}

static void listen(void *ctx, enum log_level level, const char *line)
{
	struct heard *heard = ctx;

	strbuf_addf(&heard->text, "%d:%s\n", (int)level, line);
}

static void log_one_of_each(void)
{
	log_broken("bb");
	log_warn("ww");
	log_info("ii %d", 5);
	log_debug("dd");
	log_io("in", "io", 2);
}

static const struct {
	enum log_level level;
	const char *name;
	const char *lines;
} levels[] = {
	{ LOG_BROKEN, "broken", "broken: bb\n" },
	{ LOG_WARN, "warn", "broken: bb\nwarn: ww\n" },
	{ LOG_INFO, "info", "broken: bb\nwarn: ww\ninfo: ii 5\n" },
	{ LOG_DEBUG, "debug", "broken: bb\nwarn: ww\ninfo: ii 5\ndebug: dd\n" },
	{ LOG_IO, "io", "broken: bb\nwarn: ww\ninfo: ii 5\ndebug: dd\nio: in 2 bytes: io\n" },
};

static void test_levels(void **state)
{
	for (size_t i = 0; i < ARRAY_LEN(levels); i++) {
		enum log_level parsed = LOG_BROKEN;

		assert_true(log_level_parse(levels[i].name, &parsed));
		assert_int_equal(parsed, levels[i].level);
		log_set_level(parsed);
		log_one_of_each();
		assert_string_equal(written(*state), levels[i].lines);
		for (int l = LOG_BROKEN; l <= LOG_IO; l++)
			assert_int_equal(log_enabled((enum log_level)l), l <= (int)parsed);
	}
}

/* A log is read in terminals. */
static void test_controls(void **state)
{
	log_set_level(LOG_IO);
	log_info("a\033[31mb\xC2\x9B" "2Jc\ad\xE2\x80\xAE" "e\nf\x9B");
	assert_string_equal(written(*state), "info: a [31mb  2Jc d   e f?\n");
	log_io("in", "\033c", 2);
	assert_string_equal(written(*state), "io: in 2 bytes:  c\n");
}

static void test_level_names(void **state)
{
	static const char *const wrong[] = { "", "Info", "INFO", "information", "trace", " info" };
	enum log_level level = LOG_DEBUG;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(wrong); i++)
		assert_false(log_level_parse(wrong[i], &level));
	assert_int_equal(level, LOG_DEBUG);
}

/* The listener has a level of its own, above or below the log's, and never gets messages of the wire. */
static void test_listener(void **state)
{
	static const char *const heard[] = { "0:bb\n", "0:bb\n1:ww\n", "0:bb\n1:ww\n2:ii 5\n",
					     "0:bb\n1:ww\n2:ii 5\n3:dd\n", "0:bb\n1:ww\n2:ii 5\n3:dd\n" };
	struct fixture *f = *state;

	for (size_t log = 0; log < ARRAY_LEN(levels); log++) {
		for (size_t own = 0; own < ARRAY_LEN(heard); own++) {
			log_set_level(levels[log].level);
			log_set_listener(listen, &f->heard, (enum log_level)own);
			strbuf_reset(&f->heard.text);
			log_one_of_each();
			assert_string_equal(f->heard.text.data, heard[own]);
			assert_string_equal(written(f), levels[log].lines);
		}
	}
	log_set_listener(NULL, NULL, LOG_IO);
	strbuf_reset(&f->heard.text);
	log_one_of_each();
	assert_string_equal(f->heard.text.data, "");
}

/* One line an entry, and nothing that a terminal would act on. */
static void test_one_line(void **state)
{
	log_info("a\nb\r\nc\033[31md");
	assert_string_equal(written(*state), "info: a b  c [31md\n");
}

static const struct {
	const char *in;
	const char *out;
} masked[] = {
	{ "no secret", "no secret" },
	{ "sk-abcdefgh", "***********" },
	{ "key=sk-abcdefgh, again sk-abcdefgh.", "key=***********, again ***********." },
	{ "sk-abcdefghsk-abcdefgh", "**********************" },
	{ "sk-abcdefg", "sk-abcdefg" },
	{ "second-secret!", "**************" },
	/* one that is the beginning of another */
	{ "sk-abcdefgh-and-more.", "********************." },
	{ "short 1234567", "short 1234567" },
};

static void test_mask(void **state)
{
	struct fixture *f = *state;

	log_add_secret("sk-abcdefgh");
	log_add_secret("sk-abcdefgh");
	log_add_secret("second-secret!");
	log_add_secret("sk-abcdefgh-and-more");
	log_add_secret("1234567");
	log_add_secret("");
	log_set_listener(listen, &f->heard, LOG_INFO);
	for (size_t i = 0; i < ARRAY_LEN(masked); i++) {
		char *text = xstrdup(masked[i].in);
		char line[100];

		log_mask(text, strlen(text));
		assert_string_equal(text, masked[i].out);
		free(text);
		strbuf_reset(&f->heard.text);
		log_warn("%s", masked[i].in);
		snprintf(line, sizeof(line), "warn: %s\n", masked[i].out);
		assert_string_equal(written(f), line);
		snprintf(line, sizeof(line), "1:%s\n", masked[i].out);
		assert_string_equal(f->heard.text.data, line);
	}
	/* Bounded by the length given. */
	{
		char text[] = "sk-abcdefgh";

		log_mask(text, sizeof(text) - 2);
		assert_string_equal(text, "sk-abcdefgh");
		log_mask(text, 0);
		assert_string_equal(text, "sk-abcdefgh");
	}
	log_shutdown();
	{
		char text[] = "sk-abcdefgh";

		log_mask(text, sizeof(text) - 1);
		assert_string_equal(text, "sk-abcdefgh");
	}
}

/* The table of secrets is full: the oldest goes. */
static void test_many_secrets(void **state)
{
	(void)state;
	for (int i = 0; i < LIMIT_LOG_SECRETS + 3; i++) {
		char secret[32];

		snprintf(secret, sizeof(secret), "secret-number-%03d", i);
		log_add_secret(secret);
	}
	for (int i = 0; i < LIMIT_LOG_SECRETS + 3; i++) {
		char text[32];

		snprintf(text, sizeof(text), "secret-number-%03d", i);
		log_mask(text, strlen(text));
		assert_int_equal(text[0], i < 3 ? 's' : '*');
	}
}

/* A line is cut and marked, on a character, wherever the cut falls. */
static void test_line_cut(void **state)
{
	struct fixture *f = *state;
	char *text = xmalloc(3 * LIMIT_LOG_LINE);

	for (size_t pad = 0; pad < 4; pad++) {
		size_t len = pad;
		const char *line;
		size_t got;

		memset(text, 'p', pad);
		for (; len < 2 * LIMIT_LOG_LINE; len += 4)
			memcpy(text + len, "\xF0\x9F\x98\x80", 4);
		text[len] = '\0';
		log_info("%s", text);
		line = written(f);
		assert_memory_equal(line, "info: ", 6);
		line += 6;
		got = strlen(line);
		assert_true(got <= LIMIT_LOG_LINE && got > LIMIT_LOG_LINE - 16);
		assert_int_equal(utf8_valid_prefix(line, got), got);
		assert_string_equal(line + got - 4, "\xE2\x80\xA6\n");
		assert_memory_equal(line, text, got - 4);
	}
	/* The longest that fits is not marked. */
	memset(text, 'x', LIMIT_LOG_LINE - 1);
	text[LIMIT_LOG_LINE - 1] = '\0';
	log_info("%s", text);
	assert_int_equal(strlen(written(f)), 6 + LIMIT_LOG_LINE - 1 + 1);
	assert_null(strstr(f->text.data, "\xE2\x80\xA6"));
	free(text);
}

/* A secret through which the cut goes leaves no beginning of itself behind. */
static void test_secret_at_the_cut(void **state)
{
	static const char secret[] = "sk-0123456789";
	struct fixture *f = *state;
	char *text = xmalloc(2 * LIMIT_LOG_LINE);

	log_set_level(LOG_IO);
	log_add_secret(secret);
	for (size_t at = LIMIT_LOG_LINE - 160; at < LIMIT_LOG_LINE + 4; at++) {
		const char *line;

		memset(text, '.', 2 * LIMIT_LOG_LINE - 1);
		memcpy(text + at, secret, strlen(secret));
		text[2 * LIMIT_LOG_LINE - 1] = '\0';
		log_info("%s", text);
		line = written(f);
		assert_null(strstr(line, "sk-"));
		log_io("in", text, strlen(text));
		line = written(f);
		assert_null(strstr(line, "sk-"));
		assert_non_null(strstr(line, "io: in 16383 bytes: ...."));
		assert_non_null(strstr(line, "\xE2\x80\xA6\n"));
	}
	free(text);
}

static void test_file(void **state)
{
	char dir[] = "/tmp/test-log-XXXXXX";
	char path[64];
	struct stat st;

	(void)state;
	assert_non_null(mkdtemp(dir));
	snprintf(path, sizeof(path), "%s/log", dir);
	assert_true(log_set_file(path));
	log_info("one");
	/* What cannot be opened changes nothing. */
	errno = 0;
	assert_false(log_set_file("/nonexistent/dir/log"));
	assert_int_equal(errno, ENOENT);
	log_info("two");
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	assert_true(st.st_size > 80);
	/* Appended to. */
	assert_true(log_set_file(NULL));
	assert_true(log_set_file(path));
	log_info("three");
	{
		off_t before = st.st_size;

		assert_int_equal(stat(path, &st), 0);
		assert_true(st.st_size > before);
	}
	assert_int_equal(unlink(path), 0);
	assert_int_equal(rmdir(dir), 0);
}

#define LOG_TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		LOG_TEST(test_levels),	     LOG_TEST(test_level_names), LOG_TEST(test_listener), LOG_TEST(test_controls),
		LOG_TEST(test_one_line),     LOG_TEST(test_mask),	 LOG_TEST(test_many_secrets),
		LOG_TEST(test_line_cut),     LOG_TEST(test_secret_at_the_cut), LOG_TEST(test_file),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
