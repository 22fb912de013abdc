/*
 * A damaged file that eight processes find at once, while they write: one of them repairs it, what can be read of it
 * stays, and nothing is lost that they write. EKE_RANDOM_ROUNDS in the environment: more rounds.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <poll.h>
#include <sys/wait.h>

#include "eke/base/log.h"
#include "eke/store/store.h"
#include "state_dir.h"

#define PROCESSES 8
#define BEFORE 600
#define EACH 30
/* On one page. */
#define ROWS_OF_A_PAGE 25
#define PAGE 4096

static const char *const migrations[] = {
	"CREATE TABLE note (id INTEGER PRIMARY KEY, text TEXT NOT NULL);"
	"CREATE TABLE word (word TEXT PRIMARY KEY, n INTEGER NOT NULL) WITHOUT ROWID",
	NULL,
};
enum { ADD, COUNT, SUM, ADD_WORD, WORDS };
static const char *const statements[] = {
	[ADD] = "INSERT INTO note (id, text) VALUES (?1, ?2)",
	[COUNT] = "SELECT count(*) FROM note WHERE id BETWEEN ?1 AND ?2 AND length(text) > 100",
	[SUM] = "SELECT sum(length(text)) FROM note",
	[ADD_WORD] = "INSERT INTO word (word, n) VALUES (?1, ?2)",
	[WORDS] = "SELECT count(*) FROM word",
};
static const struct store_schema schema = {
	.file = "notes.db",
	.subject = "the notebook",
	.application_id = 0x656B6502,
	.migrations = migrations,
	.statements = statements,
	.statement_count = sizeof(statements) / sizeof(statements[0]),
};

static void add(struct store *store, int64_t id)
{
	char text[161];

	memset(text, 'a' + (int)(id % 26), sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	store_start(store, ADD);
	store_put_int(store, id);
	store_put_text(store, text);
	store_run(store);
}

static void fill(void)
{
	struct store *store = store_new(&schema);

	assert_int_equal(store_begin(store, STORE_WRITE), STORE_OK);
	for (int i = 1; i <= BEFORE; i++)
		add(store, i);
	for (int i = 0; i < 20; i++) {
		char word[16];

		snprintf(word, sizeof(word), "word%d", i);
		store_start(store, ADD_WORD);
		store_put_text(store, word);
		store_put_int(store, i);
		store_run(store);
	}
	assert_int_equal(store_commit(store), STORE_OK);
	store_free(store);
}

/* One process: looks at all and adds a row, again and again. */
static void work(int process)
{
	struct store *store = store_new(&schema);

	for (int i = 0; i < EACH;) {
		struct store_trouble trouble;
		enum store_result result = store_begin(store, STORE_WRITE);

		if (result == STORE_OK) {
			store_start(store, SUM);
			while (store_next(store))
				continue;
			add(store, (process + 1) * 1000000 + i);
			result = store_commit(store);
		}
		store_take_trouble(store, &trouble);
		if (result == STORE_FAILED)
			_exit(1);
		if (result == STORE_OK)
			i++;
		else
			/* As the loop's timer does. */
			poll(&(struct pollfd){ .fd = -1 }, 1, 1 + (process + i) % 4);
	}
	store_free(store);
	_exit(0);
}

static int64_t ask(struct store *store, unsigned statement, int64_t from, int64_t to)
{
	int64_t n = -1;

	store_start(store, statement);
	if (statement == COUNT) {
		store_put_int(store, from);
		store_put_int(store, to);
	}
	while (store_next(store))
		n = store_int(store, 0);
	return n;
}

static const struct damage {
	const char *name;
	off_t at;
	size_t len;
	int may_lose;
} damages[] = {
	{ "the magic", 0, 16, 0 },
	{ "the header", 0, 100, 0 },
	{ "the first page", 0, PAGE, 0 },
	{ "a page of rows", 10 * PAGE, PAGE, ROWS_OF_A_PAGE },
	{ "two pages of rows", 7 * PAGE, 2 * PAGE, 2 * ROWS_OF_A_PAGE },
};

static void round_of(const struct damage *damage)
{
	pid_t pids[PROCESSES];
	struct store *store;
	char *garbage = xmalloc(damage->len);
	int64_t left;

	state_dir_begin();
	fill();
	memset(garbage, 0xA5, damage->len);
	write_in_state_dir("notes.db", garbage, damage->len, damage->at);
	free(garbage);
	for (int i = 0; i < PROCESSES; i++) {
		pids[i] = fork();
		if (!pids[i])
			work(i);
	}
	for (int i = 0; i < PROCESSES; i++) {
		int status;

		assert_int_equal(waitpid(pids[i], &status, 0), pids[i]);
		if (!WIFEXITED(status) || WEXITSTATUS(status))
			fail_msg("%s: a process ended with %d", damage->name, status);
	}
	store = store_new(&schema);
	assert_int_equal(store_begin(store, STORE_READ), STORE_OK);
	for (int i = 0; i < PROCESSES; i++)
		if (ask(store, COUNT, (i + 1) * 1000000, (i + 1) * 1000000 + 999999) != EACH)
			fail_msg("%s: process %d has lost rows", damage->name, i);
	left = ask(store, COUNT, 1, BEFORE);
	if (left < BEFORE - damage->may_lose)
		fail_msg("%s: %lld of %d rows are left", damage->name, (long long)left, BEFORE);
	assert_int_equal(ask(store, WORDS, 0, 0), 20);
	assert_int_equal(store_commit(store), STORE_OK);
	store_free(store);
	if (count_in_state_dir("notes.db.damaged-") != 1)
		fail_msg("%s: %d files were kept", damage->name, count_in_state_dir("notes.db.damaged-"));
	state_dir_end();
}

static void test_repair(void **state)
{
	const char *rounds = getenv("EKE_RANDOM_ROUNDS");
	int count = rounds ? atoi(rounds) /* allowed: a number of the one who runs it */ : 2;

	(void)state;
	log_set_level(LOG_BROKEN);
	for (int i = 0; i < count; i++)
		for (size_t k = 0; k < sizeof(damages) / sizeof(damages[0]); k++)
			round_of(&damages[k]);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_repair) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
