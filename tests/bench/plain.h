#ifndef EKE_TESTS_BENCH_PLAIN_H
#define EKE_TESTS_BENCH_PLAIN_H
/*
 * The plain relay: the least that any program in eke's place has to do, as a baseline that goes through the very
 * same rig. It takes a chat, posts it on a connection that is open already, and for every read of the answer
 * writes a notification whose text is always the same: epoll, read, write, and no look at what goes through. What
 * it takes is the kernel's time and the rig's; what eke takes above it is eke's.
 */
#include <sys/epoll.h>

#include "rig.h"

#define PLAIN_CONNS 32

struct plain {
	int epoll;
	int conns[PLAIN_CONNS];
	int64_t ids[PLAIN_CONNS];    /* of the chat that a connection is used for; 0: none */
	int64_t tokens[PLAIN_CONNS];
	struct strbuf in;
	char *chunk;
};

static inline void plain_connect(struct plain *plain, unsigned port)
{
	struct sockaddr_in address = { .sin_family = AF_INET,
				       .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
				       .sin_port = htons((uint16_t)port) };

	for (size_t i = 0; i < PLAIN_CONNS; i++) {
		struct epoll_event wanted = { .events = EPOLLIN, .data.u64 = i };
		int yes = 1;

		plain->conns[i] = socket(AF_INET, SOCK_STREAM, 0);
		if (connect(plain->conns[i], (struct sockaddr *)&address, sizeof(address)) < 0)
			bench_die("the plain relay cannot connect: %s", strerror(errno));
		setsockopt(plain->conns[i], IPPROTO_TCP, TCP_NODELAY, &yes, sizeof(yes));
		epoll_ctl(plain->epoll, EPOLL_CTL_ADD, plain->conns[i], &wanted);
	}
}

static inline void plain_say(const char *body)
{
	char message[512];
	int n = snprintf(message, sizeof(message), "Content-Length: %zu\r\n\r\n%s", strlen(body), body);

	rig_write(1, message, (size_t)n);
}

/* Posts the chats that have come in; false at the end of input. */
static inline bool plain_take_input(struct plain *plain)
{
	struct rig as_rig = { .in = plain->in };
	struct rig_event e;
	bool more = rig_read(0, &as_rig.in);
	size_t i = 0;

	while (rig_next_message(&as_rig, &e)) {
		struct strbuf post;

		while (plain->ids[i])
			i++;
		plain->ids[i] = rig_number(e.text, e.len, "\"id\":");
		plain->tokens[i] = rig_number(e.text, e.len, "\"streamToken\":");
		strbuf_init(&post, SIZE_MAX / 2);
		strbuf_addf(&post, "POST /v1/chat/completions HTTP/1.1\r\nContent-Length: %zu\r\n\r\n", e.len);
		strbuf_add(&post, e.text, e.len);
		rig_write(plain->conns[i], post.data, post.len);
		strbuf_release(&post);
	}
	plain->in = as_rig.in;
	return more;
}

/* On a busy machine it may come with what follows it. */
static inline bool is_head_alone(const char *data, size_t len)
{
	return len > 8 && !memcmp(data, "HTTP", 4) && !memcmp(data + len - 4, "\r\n\r\n", 4) && data[len - 5] != '0';
}

static inline void plain_take_answer(struct plain *plain, size_t i)
{
	ssize_t n = read(plain->conns[i], plain->chunk, KIB(64));
	char body[256];

	if (n <= 0 || is_head_alone(plain->chunk, (size_t)n))
		return;
	if (n >= 5 && !memcmp(plain->chunk + n - 5, "0\r\n\r\n", 5)) {
		snprintf(body, sizeof(body), "{\"jsonrpc\":\"2.0\",\"id\":%lld,\"result\":{}}", (long long)plain->ids[i]);
		plain->ids[i] = 0;
	} else {
		snprintf(body, sizeof(body), "{\"jsonrpc\":\"2.0\",\"method\":\"$/progress\",\"params\":{\"token\":%lld,"
			 "\"value\":{\"kind\":\"delta\",\"text\":\" return\"}}}", (long long)plain->tokens[i]);
	}
	plain_say(body);
}

static inline void plain_run(unsigned port)
{
	struct plain plain = { .epoll = epoll_create1(0), .chunk = xmalloc(KIB(64)) };
	struct epoll_event wanted = { .events = EPOLLIN, .data.u64 = PLAIN_CONNS };
	bool more = true;

	strbuf_init(&plain.in, SIZE_MAX / 2);
	epoll_ctl(plain.epoll, EPOLL_CTL_ADD, 0, &wanted);
	plain_connect(&plain, port);
	while (more) {
		struct epoll_event ready[PLAIN_CONNS + 1];
		int n = epoll_wait(plain.epoll, ready, PLAIN_CONNS + 1, -1);

		for (int i = 0; i < n; i++) {
			if (ready[i].data.u64 == PLAIN_CONNS)
				more = plain_take_input(&plain);
			else
				plain_take_answer(&plain, ready[i].data.u64);
		}
	}
}

/* In a child of this process, which is in the rig as any program. */
static inline void plain_start(struct rig *rig)
{
	int in[2];
	int out[2];

	rig_init(rig);
	if (pipe2(in, O_CLOEXEC) < 0 || pipe2(out, O_CLOEXEC) < 0)
		bench_die("no pipes: %s", strerror(errno));
	fflush(stdout);
	rig->pid = fork();
	if (rig->pid < 0)
		bench_die("no process: %s", strerror(errno));
	if (!rig->pid) {
		dup2(in[0], 0);
		dup2(out[1], 1);
		for (int fd = 3; fd < 1024; fd++) /* the ends of other rigs among them */
			close(fd);
		plain_run(rig->port);
		_exit(0);
	}
	close(in[0]);
	close(out[1]);
	rig->to = in[1];
	rig->from = out[0];
}

#endif
