/*
 * What eke costs between an upstream that streams and an editor that reads: time (the first delta, the prompt),
 * throughput and CPU time a token, and the time of a flood. Both ends are played by the rig; the plain relay in
 * eke's place gives the floor, except for the flood, where it is curl.
 *
 * "One by one" is the difficult word. A token counts as relayed alone if it was written alone, after eke had taken
 * the one before, and came out as a notification of its own. If one chat is paced by a clock, then eke sleeps in
 * between, and what is measured is how fast the kernel wakes it: a wake-up that takes longer than the pace makes two
 * tokens one, however fast eke is. So there are two figures:
 *
 *   - in lockstep: CHATS chats at once; in each the next token is written when the notification of the one before
 *     was read. No token can merge with another, eke has work as long as the rig is faster than it (the plain relay's
 *     rate says how fast the rig is), and nothing is paced by hand: the rate is what eke can do. The benchmark
 *     fails if notifications are not as many as tokens. The rig looks for notifications without sleeping, or eke would
 *     pay for waking it up.
 *   - at a pace: one chat, a write every PACE_NS, whatever eke does. It has no goal, as the plain relay
 *     merges too; it shows how far from one by one a single chat is at that rate on this machine.
 *
 * Rates and CPU times are the best of several passes, of the baselines too, so that a busy machine disturbs little;
 * latencies are medians.
 */
#include "plain.h"

/* --- time: the prompt's and the first delta's --- */

#define BLOCKS 4
#define CHATS_A_BLOCK 40
#define TIMED (BLOCKS * CHATS_A_BLOCK)

/* Long enough that eke sleeps, as between an editor's requests and before a model's first token. */
#define PAUSE_MS 2

struct times {
	double prompt[TIMED]; /* µs, from the client's write to the upstream's read */
	double delta[TIMED];  /* µs, from the upstream's write to the client's read */
	size_t count;
};

static void pause_quietly(struct rig *rig)
{
	struct rig_event e;

	do
		e = rig_wait(rig, PAUSE_MS);
	while (e.kind == RIG_MESSAGE); /* a change of status */
	if (e.kind != RIG_NOTHING)
		bench_die("a request that nobody asked for");
}

static void time_chat(struct rig *rig, const struct rig_chunks *chunks, struct times *times)
{
	int64_t start = bench_now();
	int64_t id = rig_chat(rig, 1);
	struct rig_event e = rig_expect(rig, RIG_REQUEST);
	struct rig_conn *conn = e.conn;

	times->prompt[times->count] = (double)(e.at - start) / 1e3;
	rig_write(conn->fd, rig_head, sizeof(rig_head) - 1);
	pause_quietly(rig);
	start = bench_now();
	rig_write(conn->fd, chunks->word[0].data, chunks->word[0].len);
	do
		e = rig_expect(rig, RIG_MESSAGE);
	while (!memmem(e.text, e.len, "$/progress", 10));
	times->delta[times->count++] = (double)(e.at - start) / 1e3;
	rig_write(conn->fd, chunks->end.data, chunks->end.len);
	rig_answer(rig, id);
	pause_quietly(rig);
}

/* --- time: a completion's --- */

#define ANSWER_TOKENS 12

/*
 * What the program adds to the upstream's own time for the request that was sent at `start`, in µs: on its way to the
 * upstream, and on the way back of the whole answer, written at once.
 */
static double time_answer(struct rig *rig, int64_t start, int64_t id, const struct strbuf *answer)
{
	struct rig_event e = rig_expect(rig, RIG_REQUEST);
	int64_t added = e.at - start;
	struct rig_conn *conn = e.conn;

	pause_quietly(rig);
	start = bench_now();
	rig_write(conn->fd, answer->data, answer->len);
	added += rig_answer(rig, id).at - start;
	pause_quietly(rig);
	return (double)added / 1e3;
}

/* The line is a new one each time, so that no answer before fits. */
static double time_completion(struct rig *rig, const struct strbuf *answer, int line)
{
	char *params = xasprintf("{\"textDocument\":{\"uri\":\"file:///bench/0.c\"},\"position\":{\"line\":%d,"
				 "\"character\":999},\"context\":{\"triggerKind\":1}}", line);
	int64_t start = bench_now();
	int64_t id = rig_request(rig, "textDocument/inlineCompletion", params);

	free(params);
	return time_answer(rig, start, id, answer);
}

static double time_relayed(struct rig *rig, const struct strbuf *answer)
{
	int64_t start = bench_now();

	return time_answer(rig, start, rig_chat(rig, 1), answer);
}

static void bench_completion(struct rig *eke, struct rig *plain, const struct rig_chunks *chunks)
{
	static double of_eke[TIMED];
	static double of_plain[TIMED];
	struct strbuf answer;
	struct strbuf text;
	int line = 10;

	strbuf_init(&text, SIZE_MAX / 2);
	/* Lines that no run before has had: its answers are on the disk. */
	for (int64_t n = bench_now(); text.len < KIB(16); n++)
		strbuf_addf(&text, "\tresult[%lld] = compute(first, second);\n", (long long)n);
	rig_open_document(eke, 0, &text);
	strbuf_init(&answer, SIZE_MAX / 2);
	strbuf_add(&answer, rig_head, sizeof(rig_head) - 1);
	for (size_t i = 0; i < ANSWER_TOKENS; i++)
		strbuf_add(&answer, chunks->word[i % RIG_WORDS].data, chunks->word[i % RIG_WORDS].len);
	strbuf_add(&answer, chunks->end.data, chunks->end.len);
	for (int i = 0; i < 5; i++) {
		time_completion(eke, &answer, line++);
		time_relayed(plain, &answer);
	}
	for (int i = 0; i < TIMED; i++) {
		of_eke[i] = time_completion(eke, &answer, line++);
		of_plain[i] = time_relayed(plain, &answer);
	}
	figure_tell(&(struct figure){ .key = "completion", .what = "added to a completion by hand, warm", .unit = "us",
				      .measured = bench_median(of_eke, TIMED), .baseline_name = "plain relay, a chat",
				      .baseline = bench_median(of_plain, TIMED), .kind = GOAL_MAX, .goal = 1000 });
	strbuf_release(&answer);
	strbuf_release(&text);
}

static void bench_times(struct rig *eke, struct rig *plain, const struct rig_chunks *chunks)
{
	static struct times of_eke;
	static struct times of_plain;
	static struct times warm_up;

	for (int i = 0; i < 5; i++) {
		time_chat(eke, chunks, &warm_up);
		time_chat(plain, chunks, &warm_up);
	}
	for (int block = 0; block < BLOCKS; block++) {
		for (int i = 0; i < CHATS_A_BLOCK; i++)
			time_chat(eke, chunks, &of_eke);
		for (int i = 0; i < CHATS_A_BLOCK; i++)
			time_chat(plain, chunks, &of_plain);
	}
	figure_tell(&(struct figure){ .key = "prompt", .what = "prompt from editor to upstream, warm", .unit = "us",
				      .measured = bench_median(of_eke.prompt, TIMED), .baseline_name = "plain relay",
				      .baseline = bench_median(of_plain.prompt, TIMED), .kind = GOAL_MAX, .goal = 500 });
	figure_tell(&(struct figure){ .key = "delta", .what = "first delta from upstream to editor", .unit = "us",
				      .measured = bench_median(of_eke.delta, TIMED), .baseline_name = "plain relay",
				      .baseline = bench_median(of_plain.delta, TIMED), .kind = GOAL_MAX, .goal = 400 });
}

/* --- one by one --- */

#define CHATS 16
#define TOKENS_A_CHAT 3000
#define PACED_TOKENS 60000
#define PACE_NS 8000 /* 125,000 a second */
#define PASSES 9
#define PACED_PASSES 3
#define FLOOD_PASSES 5

struct chat {
	struct rig_conn *conn;
	size_t sent;
};

struct relayed {
	size_t tokens;
	size_t notifications;
	int64_t ns;
	int64_t cpu_ns;
};

/* Starts the chats and their answers' heads; chats[i] has the token i. */
static void open_chats(struct rig *rig, struct chat *chats, size_t count)
{
	for (size_t i = 0; i < count; i++)
		rig_chat(rig, (int64_t)i);
	for (size_t i = 0; i < count; i++) {
		struct rig_event e = rig_expect(rig, RIG_REQUEST);
		int64_t token = rig_number(e.text, e.len, "This is chat ");

		if (token < 0 || (size_t)token >= count)
			bench_die("an unknown chat at the upstream");
		chats[token] = (struct chat){ .conn = e.conn };
		rig_write(e.conn->fd, rig_head, sizeof(rig_head) - 1);
	}
	pause_quietly(rig);
}

static void write_next(struct chat *chat, const struct rig_chunks *chunks, size_t tokens)
{
	const struct strbuf *next = chat->sent < tokens ? &chunks->word[chat->sent % RIG_WORDS] : &chunks->end;

	chat->sent++;
	rig_write(chat->conn->fd, next->data, next->len);
}

static bool is_progress(const struct rig_event *e)
{
	return memmem(e->text, e->len < 64 ? e->len : 64, "\"$/progress\"", 12) != NULL;
}

static bool is_answer(const struct rig_event *e)
{
	return !memmem(e->text, e->len < 64 ? e->len : 64, "\"method\":", 9);
}

/* As rig_read_messages(), but awake. */
static void read_without_sleep(struct rig *rig)
{
	struct pollfd p = { .fd = rig->from, .events = POLLIN };
	int64_t end = bench_now() + INT64_C(10000000000);

	while (poll(&p, 1, 0) == 0)
		if (bench_now() > end)
			bench_die("no notification came for a token; the program's words are in " RIG_LOG);
	rig_read_messages(rig);
}

static struct relayed lockstep(struct rig *rig, const struct rig_chunks *chunks)
{
	struct relayed r = { .tokens = (size_t)CHATS * TOKENS_A_CHAT };
	struct chat chats[CHATS];
	size_t open = CHATS;
	int64_t start;
	int64_t cpu;

	open_chats(rig, chats, CHATS);
	cpu = rig_cpu(rig);
	start = bench_now();
	for (size_t i = 0; i < CHATS; i++)
		write_next(&chats[i], chunks, TOKENS_A_CHAT);
	while (open) {
		struct rig_event e;

		if (!rig_next_message(rig, &e)) {
			read_without_sleep(rig);
		} else if (is_progress(&e)) {
			r.notifications++;
			write_next(&chats[rig_number(e.text, e.len, "\"token\":")], chunks, TOKENS_A_CHAT);
		} else if (is_answer(&e)) {
			open--;
		}
	}
	r.ns = bench_now() - start;
	r.cpu_ns = rig_cpu(rig) - cpu;
	if (r.notifications != r.tokens)
		bench_die("%zu notifications for %zu tokens", r.notifications, r.tokens);
	pause_quietly(rig);
	return r;
}

/* Reads what there is; true if the answer was among it. */
static bool drain(struct rig *rig, struct relayed *r, bool wait)
{
	struct pollfd p = { .fd = rig->from, .events = POLLIN };
	struct rig_event e;
	bool answered = false;

	if (poll(&p, 1, wait ? 10000 : 0) > 0)
		rig_read_messages(rig);
	while (rig_next_message(rig, &e)) {
		r->notifications += is_progress(&e);
		answered = answered || is_answer(&e);
	}
	return answered;
}

static struct relayed at_a_pace(struct rig *rig, const struct rig_chunks *chunks)
{
	struct relayed r = { .tokens = PACED_TOKENS };
	struct chat chat;
	int64_t start;
	int64_t cpu;

	open_chats(rig, &chat, 1);
	cpu = rig_cpu(rig);
	start = bench_now();
	while (chat.sent < PACED_TOKENS) {
		if (bench_now() - start < (int64_t)chat.sent * PACE_NS)
			continue;
		write_next(&chat, chunks, PACED_TOKENS);
		/* Seldom, as reading takes longer than the pace; the pipe has room for much more. */
		if (chat.sent % 64 == 0)
			drain(rig, &r, false);
	}
	write_next(&chat, chunks, PACED_TOKENS);
	while (!drain(rig, &r, true))
		;
	r.ns = bench_now() - start;
	r.cpu_ns = rig_cpu(rig) - cpu;
	pause_quietly(rig);
	return r;
}

/* The best of the passes so far. */
struct rates {
	double tokens;        /* a second */
	double notifications; /* a second */
	double cpu;           /* µs a token */
};

static double larger(double a, double b)
{
	return a > b ? a : b;
}

/* Of figures that are never 0. */
static double smaller(double so_far, double value)
{
	return so_far == 0 || value < so_far ? value : so_far;
}

static void note_rates(struct rates *rates, const struct relayed *r)
{
	rates->tokens = larger(rates->tokens, (double)r->tokens * 1e9 / (double)r->ns);
	rates->notifications = larger(rates->notifications, (double)r->notifications * 1e9 / (double)r->ns);
	rates->cpu = smaller(rates->cpu, (double)r->cpu_ns / 1e3 / (double)r->tokens);
}

static void bench_one_by_one(struct rig *eke, struct rig *plain, const struct rig_chunks *chunks)
{
	struct rig *rigs[2] = { eke, plain };
	struct rates step[2] = { { 0 } };
	struct rates pace[2] = { { 0 } };

	for (int pass = 0; pass < PASSES; pass++) {
		for (int i = 0; i < 2; i++) {
			struct relayed r = lockstep(rigs[i], chunks);

			note_rates(&step[i], &r);
			if (pass >= PACED_PASSES)
				continue;
			r = at_a_pace(rigs[i], chunks);
			note_rates(&pace[i], &r);
		}
	}
	figure_tell(&(struct figure){ .key = "tokens", .what = "tokens relayed one by one", .unit = "/s",
				      .measured = step[0].tokens, .baseline_name = "plain relay",
				      .baseline = step[1].tokens, .kind = GOAL_MIN, .goal = 100000 });
	figure_tell(&(struct figure){ .key = "token-cpu", .what = "CPU time of a token, one by one", .unit = "us",
				      .measured = step[0].cpu, .baseline_name = "plain relay", .baseline = step[1].cpu,
				      .kind = GOAL_MAX, .goal = 5 });
	figure_tell(&(struct figure){ .key = "paced", .what = "notifications of 1 chat, 125,000 tokens/s", .unit = "/s",
				      .measured = pace[0].notifications, .baseline_name = "plain relay",
				      .baseline = pace[1].notifications, .kind = GOAL_NONE });
	figure_tell(&(struct figure){ .key = "paced-cpu", .what = "CPU time of a token there", .unit = "us",
				      .measured = pace[0].cpu, .baseline_name = "plain relay", .baseline = pace[1].cpu,
				      .kind = GOAL_NONE });
	printf("note\ttokens one by one: %d chats in lockstep, %d tokens, each a write of its own and a notification of "
	       "its own\n", CHATS, CHATS * TOKENS_A_CHAT);
}

/* --- a flood --- */

#define FLOOD_TOKENS 200000
#define FLOOD_WRITE KIB(64)

/* The whole body of an answer. events_a_chunk: 1, as servers that write each event as it comes; or many, as a proxy
 * that buffers. */
static void make_flood(struct strbuf *out, size_t events_a_chunk)
{
	struct strbuf piece;

	strbuf_init(&piece, SIZE_MAX / 2);
	strbuf_init(out, SIZE_MAX / 2);
	for (size_t i = 0; i < FLOOD_TOKENS; i++) {
		rig_put_event(&piece, i);
		if ((i + 1) % events_a_chunk == 0 || i + 1 == FLOOD_TOKENS) {
			rig_put_chunk(out, piece.data, piece.len);
			strbuf_reset(&piece);
		}
	}
	rig_put_end(&piece);
	rig_put_chunk(out, piece.data, piece.len);
	strbuf_adds(out, "0\r\n\r\n");
	strbuf_release(&piece);
}

/* Writes as fast as the other side takes it and counts what comes back. Returns when all is written. */
static bool pour(struct rig *rig, int fd, const struct strbuf *body, struct relayed *r)
{
	struct pollfd fds[2] = { { .fd = fd, .events = POLLOUT }, { .fd = rig->from, .events = POLLIN } };
	size_t sent = 0;
	bool answered = false;

	while (sent < body->len) {
		size_t left = body->len - sent;
		ssize_t n;

		poll(fds, 2, -1);
		if (fds[1].revents)
			answered = drain(rig, r, false);
		if (!fds[0].revents)
			continue;
		n = send(fd, body->data + sent, left < FLOOD_WRITE ? left : FLOOD_WRITE, MSG_DONTWAIT | MSG_NOSIGNAL);
		if (n < 0 && errno != EAGAIN)
			bench_die("the flood was not taken: %s", strerror(errno));
		sent += n > 0 ? (size_t)n : 0;
	}
	return answered;
}

static double flood_eke(struct rig *rig, const struct strbuf *body, struct relayed *r)
{
	int64_t cpu = rig_cpu(rig);
	struct rig_event e;
	int64_t start;

	rig_chat(rig, 1);
	e = rig_expect(rig, RIG_REQUEST);
	start = e.at;
	rig_write(e.conn->fd, rig_head, sizeof(rig_head) - 1);
	if (!pour(rig, e.conn->fd, body, r))
		while (!drain(rig, r, true))
			;
	r->ns = bench_now() - start;
	r->cpu_ns = rig_cpu(rig) - cpu;
	pause_quietly(rig);
	return (double)r->ns / 1e6;
}

/* From the request's arrival to the end of the process: without the time that curl takes to start. */
static double flood_curl(const struct strbuf *body)
{
	struct relayed nothing = { 0 };
	struct rig_event e;
	struct rig rig;
	int64_t start;
	char *url;
	int status;

	rig_init(&rig);
	url = xasprintf("http://127.0.0.1:%u/v1/chat/completions", rig.port);
	rig_spawn(&rig, (const char *[]){ "curl", "-q", "-s", "-N", "-o", "/dev/null", "-d", "{}", url, NULL });
	free(url);
	e = rig_wait(&rig, 10000);
	if (e.kind != RIG_REQUEST)
		bench_die("curl sent no request");
	start = e.at;
	rig_write(e.conn->fd, rig_head, sizeof(rig_head) - 1);
	pour(&rig, e.conn->fd, body, &nothing);
	waitpid(rig.pid, &status, 0);
	if (status)
		bench_die("curl failed");
	start = bench_now() - start;
	rig.pid = -1;
	rig_stop(&rig);
	return (double)start / 1e6;
}

static void bench_flood(struct rig *eke, size_t events_a_chunk, const char *key, const char *what)
{
	struct relayed r = { 0 };
	double of_eke = 0;
	double of_curl = 0;
	struct strbuf body;

	make_flood(&body, events_a_chunk);
	for (int pass = 0; pass < FLOOD_PASSES; pass++) {
		r = (struct relayed){ .tokens = FLOOD_TOKENS };
		of_eke = smaller(of_eke, flood_eke(eke, &body, &r));
		of_curl = smaller(of_curl, flood_curl(&body));
	}
	figure_tell(&(struct figure){ .key = key, .what = what, .unit = "ms", .measured = of_eke,
				      .baseline_name = "curl -N", .baseline = of_curl, .kind = GOAL_RATIO, .goal = 3 });
	printf("note\t%s: %.1f MB, %d tokens in %zu notifications, %.2f us CPU a token\n", what, (double)body.len / 1e6,
	       FLOOD_TOKENS, r.notifications, (double)r.cpu_ns / 1e3 / FLOOD_TOKENS);
	strbuf_release(&body);
}

int main(int argc, char **argv)
{
	const char *only = argc > 1 ? argv[1] : NULL;
	struct rig_chunks chunks;
	struct rig plain;
	struct rig eke;

	plain_start(&plain);
	rig_start_eke(&eke);
	/* What is written while the rig writes, too, must find room. */
	fcntl(eke.from, F_SETPIPE_SZ, (int)MIB(1));
	fcntl(plain.from, F_SETPIPE_SZ, (int)MIB(1));
	rig_chunks_init(&chunks);
	if (!only || !strcmp(only, "times")) {
		bench_times(&eke, &plain, &chunks);
		bench_completion(&eke, &plain, &chunks);
	}
	if (!only || !strcmp(only, "tokens"))
		bench_one_by_one(&eke, &plain, &chunks);
	if (!only || !strcmp(only, "flood")) {
		bench_flood(&eke, 1, "flood", "flood, each event an HTTP chunk");
		bench_flood(&eke, 60, "flood-chunks", "flood, HTTP chunks of 60 events");
	}
	rig_chunks_release(&chunks);
	rig_stop(&eke);
	rig_stop(&plain);
	return 0;
}
