#ifndef EKE_UPSTREAM_HTTP_PRIVATE_H
#define EKE_UPSTREAM_HTTP_PRIVATE_H
/*
 * What the files of http.c share: http.c has the life of a transfer, http_loop.c the sockets and the timer that
 * libcurl wants, http_options.c what libcurl is told of a transfer, http_head.c the headers of a response,
 * http_failure.c what a failure means.
 */
#include <curl/curl.h>

#include "eke/upstream/certificates.h"
#include "eke/upstream/http.h"

#define HTTP_SPARE_HANDLES 4

enum phase {
	PHASE_CONNECTING, /* resolving, connecting, TLS: libcurl's own time-out */
	PHASE_WAITING, /* the request is on its way or sent */
	PHASE_RECEIVING, /* the response has begun */
};

struct transfer {
	struct http *http;
	uint64_t id;
	CURL *easy;
	struct curl_slist *headers;
	struct strbuf body;
	struct http_callbacks callbacks;
	struct http_head head;
	bool head_told;
	bool cancelled;
	bool paused; /* somebody wants that */
	bool stopped; /* libcurl does it: bytes came meanwhile */
	bool must_be_private; /* the address that the host's name turns out to be */
	char astray[64]; /* the address that is not */
	unsigned turn; /* in which bytes came last, */
	size_t turn_bytes; /* and how many */
	size_t received; /* bytes of the body, decompressed */
	bool overblown; /* too many for what came */
	enum phase phase;
	int64_t last_ms; /* of the phase's beginning, or the last byte */
	int64_t first_byte_ms, idle_ms;
	struct timer *timer;
	bool certificates_named; /* by the endpoint or the environment, not the system's */
	bool sent; /* ... or on its way: libcurl was told that it may go */
	bool sent_again; /* libcurl wanted to send it a second time, and was not let */
	bool timed_out;
	char error[CURL_ERROR_SIZE];
	struct transfer *next;
};

struct http {
	struct loop *loop;
	CURLM *multi; /* NULL until the first use */
	struct timer *timer;
	struct timer *next_turn; /* for those that have had enough bytes in this one */
	unsigned turn;
	struct timer *trimmer;
	int64_t trimmed_ms; /* when memory was given back last */
	struct transfer *transfers;
	size_t active;
	uint64_t last_id;
	unsigned inside; /* libcurl is on the stack */
	CURL *spare[HTTP_SPARE_HANDLES];
	size_t spare_count;
	struct certificates certificates; /* the system's */
	int least_fd; /* of sockets; 0: any */
	bool uncertified; /* it has none */
	bool undecoded; /* a server named a content encoding that there is not ("utf-8"): bodies are taken as they are */
};

/* --- http.c --- */

/* Ends the transfers that libcurl is done with, unless libcurl is on the stack. */
void http_reap(struct http *http);

/* --- http_loop.c --- */

/* Makes the timer. */
void http_loop_init(struct http *http);
/* Once there is a multi handle: has it use the loop. */
void http_loop_attach(struct http *http);
/* Has libcurl do what is due, for a socket or for CURL_SOCKET_TIMEOUT; http_reap() then tells who is done. */
void http_loop_act(struct http *http, curl_socket_t fd, int action);

/* --- http_options.c --- */

/* Looks where this system keeps its certificates, once. */
void http_find_certificates(struct http *http);
/* All that a transfer's handle is told but for its callbacks. */
void http_set_options(struct transfer *t, const struct http_request *request);

/* --- http_head.c --- */

/* A line of the head, with its end; one that is no header is left out. */
void http_head_take(struct strbuf *fields, const char *line, size_t len);

/* --- http_failure.c --- */

enum http_outcome http_classify(const struct transfer *t, CURLcode code);
/* The sentence for the user. */
void http_describe(const struct transfer *t, CURLcode code, struct err *err);

#endif
