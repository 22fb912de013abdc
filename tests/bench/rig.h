#ifndef EKE_TESTS_BENCH_RIG_H
#define EKE_TESTS_BENCH_RIG_H
/*
 * The rig: a program under test, with this process at both of its ends. One end is the editor, which writes
 * JSON-RPC to the program's standard input and reads its standard output; the other is the upstream, a loopback
 * HTTP/1.1 server that keeps connections alive and answers with chunks. One thread plays both, so that a time
 * taken at one end and a time taken at the other are of one clock, and nothing is handed from thread to thread
 * in between.
 *
 * The rig knows as little of HTTP and JSON as it can: what it reads was written by eke (or by the plain relay of
 * plain.h), and it must be much faster than they are. "plain" figures in the table say how fast it is.
 */
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdbool.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bench.h"
#include "eke/base/limits.h"
#include "eke/base/mem.h"
#include "eke/base/strbuf.h"

#define RIG_CONNS 32
#define RIG_LOG "build/bench/stderr.log" /* of the programs under test */

/* A connection of the upstream. */
struct rig_conn {
	int fd;
	struct strbuf in;
	size_t taken;    /* of in: the request handed out last */
	int64_t read_at; /* when the last bytes of in were read */
};

struct rig {
	pid_t pid;
	int to;   /* its standard input */
	int from; /* its standard output */
	struct strbuf in;
	size_t taken; /* of in: the messages handed out */
	int64_t read_at;
	int listener;
	unsigned port;
	struct rig_conn conns[RIG_CONNS];
	size_t conn_count;
	int64_t last_id; /* of a request to it */
};

enum rig_kind {
	RIG_NOTHING, /* in the time given */
	RIG_MESSAGE, /* the program wrote a JSON-RPC message */
	RIG_REQUEST, /* the program sent a POST */
};

/* `text` is the message, or the request with its body; it lives until the rig is used again. */
struct rig_event {
	enum rig_kind kind;
	const char *text;
	size_t len;
	struct rig_conn *conn; /* of a request */
	int64_t at;            /* when its last byte had been read */
};

/* --- small things --- */

static inline void rig_write(int fd, const void *data, size_t len)
{
	const char *p = data;

	while (len) {
		ssize_t n = write(fd, p, len);

		if (n < 0 && errno != EINTR)
			bench_die("cannot write: %s", strerror(errno));
		if (n > 0) {
			p += n;
			len -= (size_t)n;
		}
	}
}

/* The number behind a name, as `"id":`; -1 if the name is not there. */
static inline int64_t rig_number(const char *text, size_t len, const char *name)
{
	const char *end = text + len;
	const char *p = memmem(text, len, name, strlen(name));
	int64_t n = 0;

	if (!p)
		return -1;
	for (p += strlen(name); p < end && *p == ' '; p++)
		;
	if (p == end || *p < '0' || *p > '9')
		return -1;
	for (; p < end && *p >= '0' && *p <= '9'; p++)
		n = 10 * n + (*p - '0');
	return n;
}

/* One read into the buffer's end; false at the end of file. */
static inline bool rig_read(int fd, struct strbuf *in)
{
	ssize_t n;

	strbuf_reserve(in, KIB(256));
	do
		n = read(fd, in->data + in->len, KIB(256));
	while (n < 0 && errno == EINTR);
	if (n < 0)
		bench_die("cannot read: %s", strerror(errno));
	strbuf_truncate(in, in->len + (size_t)n);
	return n > 0;
}

/* --- the program --- */

static inline void rig_listen(struct rig *rig)
{
	struct sockaddr_in address = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof(address);

	rig->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (rig->listener < 0 || bind(rig->listener, (struct sockaddr *)&address, len) < 0 ||
	    listen(rig->listener, 64) < 0 || getsockname(rig->listener, (struct sockaddr *)&address, &len) < 0)
		bench_die("no loopback server: %s", strerror(errno));
	rig->port = ntohs(address.sin_port);
}

static inline void rig_init(struct rig *rig)
{
	*rig = (struct rig){ .pid = -1 };
	signal(SIGPIPE, SIG_IGN);
	strbuf_init(&rig->in, SIZE_MAX / 2);
	rig_listen(rig);
}

/* An environment in which nothing but the rig's upstream is configured. */
static inline void rig_spawn(struct rig *rig, const char *const *argv)
{
	static char *environment[8];
	posix_spawn_file_actions_t actions;
	int in[2];
	int out[2];
	int error;

	environment[0] = xasprintf("EKE_BASE_URL=http://127.0.0.1:%u/v1", rig->port);
	environment[1] = xasprintf("PATH=%s", getenv("PATH") ? getenv("PATH") : "/usr/bin:/bin");
	environment[2] = xstrdup("EKE_API_KEY=sk-of-the-benchmark");
	environment[3] = xstrdup("EKE_MODEL=gpt-4o-mini");
	environment[4] = xstrdup("EKE_CONFIG=build/bench/no-config.json");
	environment[5] = xstrdup("EKE_STATE_DIR=build/bench/state");
	environment[6] = xstrdup("HOME=build/bench");
	if (pipe2(in, O_CLOEXEC) < 0 || pipe2(out, O_CLOEXEC) < 0)
		bench_die("no pipes: %s", strerror(errno));
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_adddup2(&actions, in[0], 0);
	posix_spawn_file_actions_adddup2(&actions, out[1], 1);
	posix_spawn_file_actions_addopen(&actions, 2, RIG_LOG, O_WRONLY | O_CREAT | O_APPEND, 0644);
	error = posix_spawnp(&rig->pid, argv[0], &actions, NULL, (char *const *)(uintptr_t)argv, environment);
	if (error)
		bench_die("cannot start %s: %s", argv[0], strerror(error));
	posix_spawn_file_actions_destroy(&actions);
	for (size_t i = 0; environment[i]; i++)
		free(environment[i]);
	close(in[0]);
	close(out[1]);
	rig->to = in[1];
	rig->from = out[0];
}

static inline const char *rig_eke(void)
{
	return getenv("BENCH_EKE") ? getenv("BENCH_EKE") : "build/eke";
}

/* User and system time that the program has taken so far, in nanoseconds. */
static inline int64_t rig_cpu(const struct rig *rig)
{
	struct timespec t;
	clockid_t clock;

	if (clock_getcpuclockid(rig->pid, &clock) || clock_gettime(clock, &t))
		bench_die("the CPU clock of process %d cannot be read", (int)rig->pid);
	return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

/* Ends the program as an editor would that crashed: its input ends. */
static inline void rig_stop(struct rig *rig)
{
	close(rig->to);
	close(rig->from);
	for (size_t i = 0; i < rig->conn_count; i++) {
		close(rig->conns[i].fd);
		strbuf_release(&rig->conns[i].in);
	}
	rig->conn_count = 0;
	close(rig->listener);
	if (rig->pid > 0)
		waitpid(rig->pid, NULL, 0);
	strbuf_release(&rig->in);
}

/* --- what it writes --- */

/* The next whole message in the buffer; room is made when there is none. */
static inline bool rig_next_message(struct rig *rig, struct rig_event *e)
{
	const char *start = rig->in.data + rig->taken;
	size_t len = rig->in.len - rig->taken;
	const char *end = len ? memmem(start, len, "\r\n\r\n", 4) : NULL;
	int64_t body = end ? rig_number(start, (size_t)(end - start), "Content-Length:") : 0;
	size_t head = end ? (size_t)(end + 4 - start) : 0;

	if (end && body < 0)
		bench_die("a message without Content-Length");
	if (!end || len < head + (size_t)body) {
		strbuf_consume(&rig->in, rig->taken);
		rig->taken = 0;
		return false;
	}
	*e = (struct rig_event){ .kind = RIG_MESSAGE, .text = start + head, .len = (size_t)body, .at = rig->read_at };
	rig->taken += head + (size_t)body;
	return true;
}

static inline void rig_read_messages(struct rig *rig)
{
	if (!rig_read(rig->from, &rig->in))
		bench_die("the program ended too early; its words are in " RIG_LOG);
	rig->read_at = bench_now();
}

static inline bool rig_next_request(struct rig_conn *conn, struct rig_event *e)
{
	static const char nothing[] = "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n";
	const char *end;
	int64_t body;
	size_t head;

	strbuf_consume(&conn->in, conn->taken);
	conn->taken = 0;
	end = conn->in.len ? memmem(conn->in.data, conn->in.len, "\r\n\r\n", 4) : NULL;
	if (!end)
		return false;
	head = (size_t)(end + 4 - conn->in.data);
	if (memcmp(conn->in.data, "POST", 4)) { /* a connection made ahead of need */
		rig_write(conn->fd, nothing, sizeof(nothing) - 1);
		conn->taken = head;
		return false;
	}
	body = rig_number(conn->in.data, head, "Content-Length:");
	if (body < 0 || conn->in.len < head + (size_t)body)
		return false;
	conn->taken = head + (size_t)body;
	*e = (struct rig_event){
		.kind = RIG_REQUEST, .text = conn->in.data, .len = conn->taken, .conn = conn, .at = conn->read_at
	};
	return true;
}

static inline void rig_accept(struct rig *rig)
{
	struct rig_conn *conn = &rig->conns[rig->conn_count];
	int yes = 1;

	if (rig->conn_count == RIG_CONNS)
		bench_die("too many connections");
	conn->fd = accept4(rig->listener, NULL, NULL, SOCK_CLOEXEC);
	if (conn->fd < 0)
		bench_die("accept: %s", strerror(errno));
	setsockopt(conn->fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof(yes));
	/* Not the machine's own choice, which may pace what is sent. */
	setsockopt(conn->fd, IPPROTO_TCP, TCP_CONGESTION, "reno", 4);
	strbuf_init(&conn->in, SIZE_MAX / 2);
	conn->taken = 0;
	rig->conn_count++;
}

static inline void rig_read_conn(struct rig *rig, size_t i)
{
	struct rig_conn *conn = &rig->conns[i];

	if (rig_read(conn->fd, &conn->in)) {
		conn->read_at = bench_now();
		return;
	}
	close(conn->fd);
	strbuf_release(&conn->in);
	*conn = rig->conns[--rig->conn_count];
}

/* The next thing that the program does. */
static inline struct rig_event rig_wait(struct rig *rig, int milliseconds)
{
	int64_t deadline = bench_now() + (int64_t)milliseconds * 1000000;

	for (;;) {
		struct pollfd fds[RIG_CONNS + 2] = { { .fd = rig->from, .events = POLLIN },
						     { .fd = rig->listener, .events = POLLIN } };
		struct rig_event e = { .kind = RIG_NOTHING };
		int64_t left = (deadline - bench_now()) / 1000000;
		size_t conns = rig->conn_count;

		if (rig_next_message(rig, &e))
			return e;
		for (size_t i = 0; i < conns; i++) {
			if (rig_next_request(&rig->conns[i], &e))
				return e;
			fds[2 + i] = (struct pollfd){ .fd = rig->conns[i].fd, .events = POLLIN };
		}
		if (poll(fds, 2 + conns, left > 0 ? (int)left : 0) == 0)
			return e;
		if (fds[0].revents)
			rig_read_messages(rig);
		for (size_t i = conns; i-- > 0;)
			if (fds[2 + i].revents)
				rig_read_conn(rig, i);
		if (fds[1].revents)
			rig_accept(rig);
	}
}

/* The next thing, which must come. */
static inline struct rig_event rig_expect(struct rig *rig, enum rig_kind kind)
{
	struct rig_event e;

	do {
		e = rig_wait(rig, 10000);
		if (e.kind == RIG_NOTHING)
			bench_die("the program is silent; its words are in " RIG_LOG);
	} while (e.kind != kind);
	return e;
}

/* The answer to a request, whatever else is said meanwhile. */
static inline struct rig_event rig_answer(struct rig *rig, int64_t id)
{
	struct rig_event e;

	do
		e = rig_expect(rig, RIG_MESSAGE);
	while (memmem(e.text, e.len, "\"method\":", 9) || rig_number(e.text, e.len, "\"id\":") != id);
	if (memmem(e.text, e.len, "\"error\":", 8))
		bench_die("an error for an answer: %.*s", (int)(e.len < 300 ? e.len : 300), e.text);
	return e;
}

/* --- what is written to it --- */

static inline void rig_frame(struct strbuf *out, const char *body, size_t len)
{
	strbuf_addf(out, "Content-Length: %zu\r\n\r\n", len);
	strbuf_add(out, body, len);
}

static inline void rig_send(struct rig *rig, const char *body, size_t len)
{
	struct strbuf out;

	strbuf_init(&out, SIZE_MAX / 2);
	rig_frame(&out, body, len);
	rig_write(rig->to, out.data, out.len);
	strbuf_release(&out);
}

/* Returns the request's id. */
static inline int64_t rig_request(struct rig *rig, const char *method, const char *params)
{
	int64_t id = ++rig->last_id;
	char *body = xasprintf("{\"jsonrpc\":\"2.0\",\"id\":%lld,\"method\":\"%s\",\"params\":%s}", (long long)id, method,
			       params);

	rig_send(rig, body, strlen(body));
	free(body);
	return id;
}

static inline void rig_notify(struct rig *rig, const char *method, const char *params)
{
	char *body = xasprintf("{\"jsonrpc\":\"2.0\",\"method\":\"%s\",\"params\":%s}", method, params);

	rig_send(rig, body, strlen(body));
	free(body);
}

/* A chat whose deltas carry `token`; returns the request's id. The upstream finds "chat TOKEN" in the prompt. */
static inline int64_t rig_chat(struct rig *rig, int64_t token)
{
	char *params = xasprintf("{\"streamToken\":%lld,\"messages\":[{\"role\":\"system\",\"content\":\"You help.\"},"
				 "{\"role\":\"user\",\"content\":\"How do I reverse a list in C? This is chat %lld.\"}]}",
				 (long long)token, (long long)token);
	int64_t id = rig_request(rig, "chat/complete", params);

	free(params);
	return id;
}

/* eke, started and initialized, as an editor has it. */
static inline void rig_start_eke(struct rig *rig)
{
	const char *argv[] = { rig_eke(), "serve", NULL };

	rig_init(rig);
	rig_spawn(rig, argv);
	rig_answer(rig, rig_request(rig, "initialize", "{\"processId\":null,\"capabilities\":{}}"));
	rig_notify(rig, "initialized", "{}");
}

/* Opens file:///bench/N.c with a text of lines that end in \n. */
static inline void rig_open_document(struct rig *rig, int n, const struct strbuf *text)
{
	struct strbuf params;

	strbuf_init(&params, SIZE_MAX / 2);
	strbuf_addf(&params, "{\"textDocument\":{\"uri\":\"file:///bench/%d.c\",\"languageId\":\"c\",\"version\":1,"
		    "\"text\":\"", n);
	for (size_t i = 0; i < text->len; i++) {
		if (text->data[i] == '\n' || text->data[i] == '\t')
			strbuf_adds(&params, text->data[i] == '\n' ? "\\n" : "\\t");
		else
			strbuf_addch(&params, text->data[i]);
	}
	strbuf_adds(&params, "\"}}");
	rig_notify(rig, "textDocument/didOpen", params.data);
	strbuf_release(&params);
}

/* --- the upstream's words --- */

static const char rig_head[] =
	"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n";

#define RIG_WORDS 8

/* One event of OpenAI's wire, without the framing of HTTP. */
static inline void rig_put_event(struct strbuf *out, size_t i)
{
	static const char *const words[RIG_WORDS] = {
		" return", "(x", " + 1)", ";\\n", "\\t\\\"ok\\\"", " \xE4\xBD\xA0", "for", " i",
	};

	strbuf_addf(out, "data: {\"id\":\"chatcmpl-9xKq2bYzT0aVwR4nLmHs7DfGcJpE1\",\"object\":\"chat.completion.chunk\","
		    "\"created\":1715000000,\"model\":\"gpt-4o-mini-2024-07-18\",\"system_fingerprint\":\"fp_9b0abffe81\","
		    "\"choices\":[{\"index\":0,\"delta\":{\"content\":\"%s\"},\"logprobs\":null,\"finish_reason\":null}]}\n\n",
		    words[i % RIG_WORDS]);
}

static inline void rig_put_end(struct strbuf *out)
{
	strbuf_adds(out, "data: {\"id\":\"chatcmpl-9xKq2bYzT0aVwR4nLmHs7DfGcJpE1\",\"object\":\"chat.completion.chunk\","
		    "\"created\":1715000000,\"model\":\"gpt-4o-mini-2024-07-18\",\"choices\":[{\"index\":0,\"delta\":{},"
		    "\"finish_reason\":\"stop\"}]}\n\ndata: [DONE]\n\n");
}

/* `piece` as a chunk of HTTP, appended to out. */
static inline void rig_put_chunk(struct strbuf *out, const char *piece, size_t len)
{
	strbuf_addf(out, "%zx\r\n", len);
	strbuf_add(out, piece, len);
	strbuf_adds(out, "\r\n");
}

/* The chunks that a paced answer is made of, as bytes ready to be written. */
struct rig_chunks {
	struct strbuf word[RIG_WORDS];
	struct strbuf end; /* finish reason, [DONE], last chunk */
};

static inline void rig_chunks_init(struct rig_chunks *c)
{
	struct strbuf event;

	strbuf_init(&event, SIZE_MAX / 2);
	for (size_t i = 0; i < RIG_WORDS; i++) {
		strbuf_reset(&event);
		rig_put_event(&event, i);
		strbuf_init(&c->word[i], SIZE_MAX / 2);
		rig_put_chunk(&c->word[i], event.data, event.len);
	}
	strbuf_reset(&event);
	rig_put_end(&event);
	strbuf_init(&c->end, SIZE_MAX / 2);
	rig_put_chunk(&c->end, event.data, event.len);
	strbuf_adds(&c->end, "0\r\n\r\n");
	strbuf_release(&event);
}

static inline void rig_chunks_release(struct rig_chunks *c)
{
	for (size_t i = 0; i < RIG_WORDS; i++)
		strbuf_release(&c->word[i]);
	strbuf_release(&c->end);
}

#endif
