/*
 * eke as a process, in an editor's day:
 *
 *   session: 200 requests (inline completions and chats, an edit before each) on kept-alive connections; then how
 *            often the idle process wakes up, and last the memory it holds;
 *   portable: the session's memory alone, of the program in BENCH_EKE;
 *   floor:   the memory of the curl command in the middle of a transfer: what a program that links libcurl has;
 *   edits:   what one edit of a large document costs, from message to text.
 *
 * Memory is PSS, which divides a page by the number of processes that map it. This process links libcurl too, as all
 * of eke's objects are in it, and so would halve what it measures: at the end it becomes an awk, which does
 * not, and which prints the line "pss NAME KIB".
 */
#include <dirent.h>

#include "rig.h"
#include "text.h"

#define REQUESTS 200
#define DOCUMENTS 3

static const size_t document_size[DOCUMENTS] = { KIB(4), KIB(16), KIB(40) };

/* --- an editor's messages --- */

/* As bench_text.c's: a character typed, one deleted, a line added, four characters deleted. */
static const struct {
	unsigned removed;
	const char *text;
	const char *json;
} edits[] = { { 0, "x", "x" }, { 1, "", "" }, { 0, "\n\tif", "\\n\\tif" }, { 4, "", "" } };

static void put_edit(struct strbuf *out, int document, int version, struct position pos, int edit)
{
	char *body = xasprintf("{\"jsonrpc\":\"2.0\",\"method\":\"textDocument/didChange\",\"params\":{\"textDocument\":"
			       "{\"uri\":\"file:///bench/%d.c\",\"version\":%d},\"contentChanges\":[{\"range\":{\"start\":"
			       "{\"line\":%d,\"character\":%d},\"end\":{\"line\":%d,\"character\":%d}},\"text\":\"%s\"}]}}",
			       document, version, (int)pos.line, (int)pos.character, (int)pos.line,
			       (int)pos.character + (int)edits[edit].removed, edits[edit].json);

	rig_frame(out, body, strlen(body));
	free(body);
}

static struct position any_position(uint32_t *seed, size_t lines)
{
	int64_t line = (int64_t)(next_random(seed) % lines);

	return (struct position){ line, next_random(seed) % 10 };
}

/* --- session --- */

static void answer_request(const struct rig_event *e, const struct rig_chunks *chunks, size_t tokens)
{
	rig_write(e->conn->fd, rig_head, sizeof(rig_head) - 1);
	for (size_t i = 0; i < tokens; i++)
		rig_write(e->conn->fd, chunks->word[i % RIG_WORDS].data, chunks->word[i % RIG_WORDS].len);
	rig_write(e->conn->fd, chunks->end.data, chunks->end.len);
}

/* Until the request is answered; true if that took one to the upstream. */
static bool serve(struct rig *rig, int64_t id, const struct rig_chunks *chunks, size_t tokens)
{
	bool asked = false;

	for (;;) {
		struct rig_event e = rig_wait(rig, 10000);

		if (e.kind == RIG_NOTHING)
			bench_die("a request is not answered; the program's words are in " RIG_LOG);
		if (e.kind == RIG_REQUEST) {
			asked = true;
			answer_request(&e, chunks, tokens);
		} else if (!memmem(e.text, e.len, "\"method\":", 9) && rig_number(e.text, e.len, "\"id\":") == id) {
			if (memmem(e.text, e.len, "\"error\":", 8))
				bench_die("an error for an answer: %.*s", (int)e.len, e.text);
			return asked;
		}
	}
}

static int64_t complete(struct rig *rig, int document, struct position pos)
{
	char *params = xasprintf("{\"textDocument\":{\"uri\":\"file:///bench/%d.c\"},\"position\":{\"line\":%d,"
				 "\"character\":%d},\"context\":{\"triggerKind\":1}}",
				 document, (int)pos.line, (int)pos.character);
	int64_t id = rig_request(rig, "textDocument/inlineCompletion", params);

	free(params);
	return id;
}

/* Voluntary context switches of all threads: each is a sleep that something ended. */
static int64_t wake_ups(pid_t pid)
{
	char path[300];
	int64_t total = 0;
	struct dirent *task;
	DIR *tasks;

	snprintf(path, sizeof(path), "/proc/%d/task", (int)pid);
	tasks = opendir(path);
	if (!tasks)
		bench_die("no %s", path);
	while ((task = readdir(tasks))) {
		char text[4096];
		FILE *file;
		size_t len;

		if (task->d_name[0] == '.')
			continue;
		snprintf(path, sizeof(path), "/proc/%d/task/%s/status", (int)pid, task->d_name);
		file = fopen(path, "r");
		if (!file)
			continue; /* it has just ended */
		len = fread(text, 1, sizeof(text) - 1, file);
		fclose(file);
		for (size_t i = 0; i < len; i++)
			if (text[i] == '\t')
				text[i] = ' ';
		total += rig_number(text, len, "\nvoluntary_ctxt_switches:");
	}
	closedir(tasks);
	return total;
}

static void stay_idle(struct rig *rig, int milliseconds)
{
	int64_t end = bench_now() + (int64_t)milliseconds * 1000000;

	for (int64_t now = bench_now(); now < end; now = bench_now())
		if (rig_wait(rig, (int)((end - now) / 1000000) + 1).kind == RIG_REQUEST)
			bench_die("a request that nobody asked for");
}

/* Becomes an awk that prints the memory of `pid`. What that holds open stays open till it has. */
static void become_meter(const char *name, pid_t pid)
{
	char *path = xasprintf("/proc/%d/smaps_rollup", (int)pid);
	char *variable = xasprintf("name=%s", name);

	fflush(stdout);
	for (int fd = 3; fd < 1024; fd++)
		fcntl(fd, F_SETFD, 0);
	execlp("awk", "awk", "-v", variable, "/^Pss:/ { print \"pss\\t\" name \"\\t\" $2 }", path, (char *)NULL);
	bench_die("no awk: %s", strerror(errno));
}

#define SETTLE_MS 1000
#define IDLE_MS 5000

/* As a portable program only its memory is told: it does the same otherwise. */
static void bench_session(bool portable)
{
	struct rig rig;
	struct rig_chunks chunks;
	struct strbuf text;
	uint32_t seed = 42;
	int asked = 0;
	int64_t before;

	rig_start_eke(&rig);
	rig_chunks_init(&chunks);
	strbuf_init(&text, SIZE_MAX / 2);
	for (int i = 0; i < DOCUMENTS; i++) {
		strbuf_reset(&text);
		make_text(&text, document_size[i]);
		rig_open_document(&rig, i, &text);
	}
	for (int i = 0; i < REQUESTS; i++) {
		int document = i % DOCUMENTS;
		struct position pos = any_position(&seed, document_size[document] / 50);

		strbuf_reset(&text);
		put_edit(&text, document, 2 + i, pos, 0);
		rig_write(rig.to, text.data, text.len);
		if (i % 4)
			asked += serve(&rig, complete(&rig, document, pos), &chunks, 12);
		else
			asked += serve(&rig, rig_chat(&rig, i), &chunks, 150);
	}
	stay_idle(&rig, SETTLE_MS);
	if (portable)
		become_meter("portable", rig.pid);
	before = wake_ups(rig.pid);
	stay_idle(&rig, IDLE_MS);
	figure_tell(&(struct figure){ .key = "idle", .what = "wake-ups in 5 s of idleness", .unit = "",
				      .measured = (double)(wake_ups(rig.pid) - before), .kind = GOAL_MAX, .goal = 0 });
	printf("note\tmemory and idleness: after %d requests with an edit before each, %d of them asked of the upstream\n",
	       REQUESTS, asked);
	become_meter("eke", rig.pid);
}

/* --- floor --- */

static void bench_floor(void)
{
	struct rig rig;
	struct rig_chunks chunks;
	struct rig_event e;
	char *url;

	rig_init(&rig);
	rig_chunks_init(&chunks);
	url = xasprintf("http://127.0.0.1:%u/v1/chat/completions", rig.port);
	rig_spawn(&rig, (const char *[]){ "curl", "-q", "-s", "-N", "-d", "{}", url, NULL });
	e = rig_wait(&rig, 10000);
	if (e.kind != RIG_REQUEST)
		bench_die("curl sent no request");
	rig_write(e.conn->fd, rig_head, sizeof(rig_head) - 1);
	rig_write(e.conn->fd, chunks.word[0].data, chunks.word[0].len);
	rig_read_messages(&rig); /* curl has written what it got */
	become_meter("curl", rig.pid);
}

/* --- edits --- */

#define EDITS 4000
#define SINGLE_EDITS 400
#define PASSES 5

static double best(double so_far, double value)
{
	return so_far == 0 || value < so_far ? value : so_far;
}

static void sync_with(struct rig *rig)
{
	rig_answer(rig, rig_request(rig, "budget/get", "{}"));
}

/* All in one go; eke's CPU microseconds for each. */
static double edit_batch(struct rig *rig, uint32_t *seed, size_t lines, int *version)
{
	struct strbuf batch;
	int64_t cpu;

	strbuf_init(&batch, SIZE_MAX / 2);
	for (int i = 0; i < EDITS; i++)
		put_edit(&batch, 0, ++*version, any_position(seed, lines), i & 3);
	sync_with(rig);
	cpu = rig_cpu(rig);
	rig_write(rig->to, batch.data, batch.len);
	sync_with(rig);
	strbuf_release(&batch);
	return (double)(rig_cpu(rig) - cpu) / 1e3 / EDITS;
}

/*
 * As typed: the program sleeps before each. What the kernel takes to wake a process is most of it, so it has no goal
 * but a baseline: a cat that gets the same messages.
 */
static double edit_singly(struct rig *rig, uint32_t *seed, size_t lines, int *version)
{
	struct strbuf message;
	int64_t cpu;

	strbuf_init(&message, SIZE_MAX / 2);
	stay_idle(rig, 20);
	cpu = rig_cpu(rig);
	for (int i = 0; i < SINGLE_EDITS; i++) {
		strbuf_reset(&message);
		put_edit(&message, 0, ++*version, any_position(seed, lines), i & 3);
		rig_write(rig->to, message.data, message.len);
		stay_idle(rig, 1);
	}
	cpu = rig_cpu(rig) - cpu;
	strbuf_release(&message);
	return (double)cpu / 1e3 / SINGLE_EDITS;
}

static double edit_flat(struct strbuf *flat, uint32_t *seed, size_t lines)
{
	struct timespec t[2];
	int count = EDITS / 4;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t[0]);
	for (int i = 0; i < count; i++)
		flat_edit(flat, any_position(seed, lines), edits[i & 3].removed, edits[i & 3].text, strlen(edits[i & 3].text));
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t[1]);
	return ((double)(t[1].tv_sec - t[0].tv_sec) * 1e6 + (double)(t[1].tv_nsec - t[0].tv_nsec) / 1e3) / count;
}

static void bench_edits(void)
{
	struct rig rig;
	struct rig cat;
	struct strbuf text;
	uint32_t seed = 42;
	int version = 1;
	double batch = 0;
	double singly = 0;
	double by_cat = 0;
	double flat = 0;
	size_t lines;

	strbuf_init(&text, SIZE_MAX / 2);
	make_text(&text, MIB(1));
	lines = text.len / 50; /* a line has fewer bytes */
	rig_start_eke(&rig);
	rig_open_document(&rig, 0, &text);
	rig_init(&cat);
	rig_spawn(&cat, (const char *[]){ "sh", "-c", "exec 3>&1; exec cat >/dev/null", NULL });
	for (int pass = 0; pass < PASSES; pass++) {
		batch = best(batch, edit_batch(&rig, &seed, lines, &version));
		singly = best(singly, edit_singly(&rig, &seed, lines, &version));
		by_cat = best(by_cat, edit_singly(&cat, &seed, lines, &version));
		flat = best(flat, edit_flat(&text, &seed, lines));
	}
	figure_tell(&(struct figure){ .key = "edit", .what = "CPU time of an edit in 1 MB, of many", .unit = "us",
				      .measured = batch, .baseline_name = "one string, edit alone", .baseline = flat,
				      .kind = GOAL_MAX, .goal = 30 });
	figure_tell(&(struct figure){ .key = "edit-singly", .what = "CPU time of an edit in 1 MB, one a ms", .unit = "us",
				      .measured = singly, .baseline_name = "cat >/dev/null", .baseline = by_cat,
				      .kind = GOAL_NONE });
	strbuf_release(&text);
	rig_stop(&cat);
	rig_stop(&rig);
}

int main(int argc, char **argv)
{
	const char *what = argc == 2 ? argv[1] : "";

	if (!strcmp(what, "session"))
		bench_session(false);
	else if (!strcmp(what, "portable"))
		bench_session(true);
	else if (!strcmp(what, "floor"))
		bench_floor();
	else if (!strcmp(what, "edits"))
		bench_edits();
	else
		bench_die("what? session, portable, floor or edits");
	return 0;
}
