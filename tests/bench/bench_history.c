/*
 * The file of conversations, with many in it: how long the loop waits for a list, a search, a question, a piece of an
 * answer. 10,000 chats of two turns; texts are English and Chinese words drawn from a fixed seed. Prints the figures of
 * tests/bench/bench.h.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "eke/base/limits.h"
#include "eke/base/strbuf.h"
#include "eke/chat/history.h"
#include "eke/chat/history_step.h"
#include "bench.h"

#define CHATS 10000
#define TURNS 1 /* questions, each with its answer */
#define RUNS 31
#define MS 1e-6

static uint64_t seed = 1;

static size_t below(size_t n)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return (size_t)(seed % n);
}

static void add_words(struct strbuf *out, size_t bytes)
{
	static const char *const words[] = { "buffer", "index", "lock",  "thread", "parser", "token", "cache", "request",
					     "缓存",   "失效",  "线程", "请求",   "return", "error", "queue", "length" };
	size_t begin = out->len;

	while (out->len - begin < bytes)
		strbuf_addf(out, "%s%zu%s", words[below(16)], below(1000), below(12) ? " " : ".\n");
}

static void check(enum store_result result, const struct err *err)
{
	if (result != STORE_OK || (err && err->kind != ERR_NONE))
		bench_die("the file of conversations: %s", err && err->kind != ERR_NONE ? err->message : "not usable");
}

static bool fits(void *ctx, const struct history_chat *chat, struct err *err)
{
	(void)ctx;
	(void)chat;
	(void)err;
	return true;
}

static struct history_place ask(struct history *h, const char *id, const char *text)
{
	struct history_question q = { .id = id, .title = "A question about buffers", .text = text, .fits = fits };
	struct history_place place;
	struct err err = ERR_INIT;

	check(history_begin(h, &q, &place, &err), &err);
	return place;
}

static void answer(struct history *h, struct history_place *place, const struct strbuf *text)
{
	struct history_end end = { .state = HISTORY_DONE, .text = text->data, .len = text->len, .model = "m",
				   .endpoint = "e", .usage = { 100, 100, false } };

	check(history_end(h, place, &end), NULL);
	history_place_release(place);
}

/* The processor's time: steps are many, and the longest of them would be what else the machine did. */
static int64_t cpu_now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

static void settle(struct history *h, double *longest)
{
	bool more = true;

	while (more) {
		int64_t begin = cpu_now();
		double took;

		check(history_step(h, &more), NULL);
		took = (double)(cpu_now() - begin) * MS;
		*longest = took > *longest ? took : *longest;
	}
}

/* Ids of the chats made; the last one's in `id`. */
static void fill(struct history *h, char *id)
{
	struct strbuf text;

	strbuf_init(&text, MIB(1));
	for (int i = 0; i < CHATS; i++)
		for (int turn = 0; turn < TURNS; turn++) {
			struct history_place place;

			strbuf_reset(&text);
			add_words(&text, 60 + below(200));
			place = ask(h, turn ? id : NULL, text.data);
			memcpy(id, place.entry.id, HISTORY_ID);
			strbuf_reset(&text);
			add_words(&text, 200 + below(3000));
			answer(h, &place, &text);
		}
	strbuf_release(&text);
}

static double time_list(struct history *h, const struct history_list_spec *spec, size_t least)
{
	double times[RUNS];

	for (int i = 0; i < RUNS; i++) {
		struct history_list list = { .count = 0 };
		struct err err = ERR_INIT;
		int64_t begin = bench_now();

		check(history_list(h, spec, &list, &err), &err);
		times[i] = (double)(bench_now() - begin) * MS;
		if (list.count < least)
			bench_die("a list of %zu chats instead of %zu", list.count, least);
		history_list_release(&list);
	}
	return bench_median(times, RUNS);
}

static void tell(const char *key, const char *what, double ms, double most)
{
	figure_tell(&(struct figure){ .key = key, .what = what, .unit = "ms", .measured = ms,
				      .kind = most > 0 ? GOAL_MAX : GOAL_NONE, .goal = most });
}

static void time_lists(struct history *h)
{
	tell("history-page", "a page of 50 of 10,000 conversations",
	     time_list(h, &(struct history_list_spec){ .limit = 50 }, 50), 10);
	tell("history-all", "all 10,000 at once", time_list(h, &(struct history_list_spec){ .limit = CHATS }, CHATS), 10);
	tell("history-none", "a workspace that none is of",
	     time_list(h, &(struct history_list_spec){ .limit = 50, .workspace = "file:///none" }, 0), 10);
	tell("history-search", "a search for a word that few have",
	     time_list(h, &(struct history_list_spec){ .limit = 50, .words = "parser777." }, 1), 20);
	tell("history-miss", "... that none has",
	     time_list(h, &(struct history_list_spec){ .limit = 50, .words = "nowhere" }, 0), 20);
	tell("history-common", "... that most have",
	     time_list(h, &(struct history_list_spec){ .limit = 50, .words = "buffer" }, 50), 0);
	tell("history-short", "... of two Chinese characters, which is no word of the index",
	     time_list(h, &(struct history_list_spec){ .limit = 50, .words = "缓存" }, 50), 0);
}

static void time_turns(struct history *h, char *id, double longest)
{
	double begins[RUNS];
	double pieces[RUNS];
	double gets[RUNS];
	struct strbuf text;
	struct err err = ERR_INIT;

	strbuf_init(&text, MIB(2));
	add_words(&text, KIB(4));
	for (int i = 0; i < RUNS; i++) {
		struct history_chat chat;
		struct history_place place;
		int64_t begin = bench_now();

		place = ask(h, id, "And then?");
		begins[i] = (double)(bench_now() - begin) * MS;
		begin = bench_now();
		check(history_append(h, &place, text.data, text.len), NULL);
		pieces[i] = (double)(bench_now() - begin) * MS;
		answer(h, &place, &text);
		begin = bench_now();
		check(history_get(h, id, &chat, &err), &err);
		gets[i] = (double)(bench_now() - begin) * MS;
		history_chat_release(&chat);
	}
	tell("history-question", "a question is written", bench_median(begins, RUNS), 5);
	tell("history-piece", "4 KiB of an answer are written", bench_median(pieces, RUNS), 5);
	tell("history-get", "a conversation of some 30 turns is read", bench_median(gets, RUNS), 5);
	settle(h, &longest);
	add_words(&text, MIB(1));
	{
		struct history_place place = ask(h, NULL, "All of it?");
		int64_t begin;

		memcpy(id, place.entry.id, HISTORY_ID);
		begin = bench_now();
		answer(h, &place, &text);
		tell("history-large", "an answer of 1 MiB is completed", (double)(bench_now() - begin) * MS, 0);
	}
	settle(h, &longest);
	check(history_delete(h, id, &err), &err);
	settle(h, &longest);
	tell("history-step", "the longest step of indexing it all (processor time)", longest, 10);
	strbuf_release(&text);
}

int main(void)
{
	char id[HISTORY_ID] = "";
	char dir[] = "/tmp/eke-bench-XXXXXX";
	struct history *h;
	double longest = 0;
	struct stat st;
	char path[64];

	if (!mkdtemp(dir))
		bench_die("no temporary directory");
	setenv("EKE_STATE_DIR", dir, 1);
	h = history_new(false);
	fill(h, id);
	settle(h, &longest);
	time_lists(h);
	time_turns(h, id, longest);
	history_free(h);
	snprintf(path, sizeof(path), "%s/chats.db", dir);
	if (!stat(path, &st))
		printf("note\tthe file of 10,000 conversations has %lld MiB\n", (long long)(st.st_size >> 20));
	unlink(path);
	rmdir(dir);
	return 0;
}
