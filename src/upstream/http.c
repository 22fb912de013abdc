/*
 * Transfers by libcurl's multi interface. A transfer lives from http_start() until its done() or its cancellation. It
 * is removed from libcurl outside of libcurl's callbacks only: `inside` counts them, and a cancellation from within
 * waits for the turn's end.
 *
 * Time-outs after the connection was made are ours, as libcurl has none for the first byte: one lazy timer a
 * transfer, which is not moved with every byte but looks, when it fires, how long ago the last one was.
 */
#include "eke/upstream/http.h"

#include <stdlib.h>
#include <string.h>

#include "eke/base/log.h"
#include "eke/base/mem.h"
#include "eke/base/url.h"
#include "http_private.h"

/* Between the end of one burst of transfers, when its memory goes, and that of another. */
#define TRIM_EVERY_MS 500

static void add_transfer(void *ctx);
static void go_on(void *ctx);
static void reap_later(void *ctx);
static void on_next_turn(void *ctx);
static void trim(void *ctx);

/* --- the handle --- */

struct http *http_new(struct loop *loop)
{
	struct http *http = xcalloc(1, sizeof(*http));

	http->loop = loop;
	http_loop_init(http);
	http->next_turn = timer_new(loop, on_next_turn, http);
	http->trimmer = timer_new(loop, trim, http);
	http->trimmed_ms = loop_now_ms(loop) - TRIM_EVERY_MS;
	return http;
}

void http_prepare(struct http *http)
{
	if (http->multi)
		return;
	if (curl_global_init(CURL_GLOBAL_DEFAULT) || !(http->multi = curl_multi_init())) {
		log_broken("libcurl could not start");
		abort();
	}
	http_loop_attach(http);
	curl_multi_setopt(http->multi, CURLMOPT_MAXCONNECTS, (long)LIMIT_CONNECTIONS);
	curl_multi_setopt(http->multi, CURLMOPT_PIPELINING, CURLPIPE_MULTIPLEX);
	http_find_certificates(http);
}

static void transfer_release(void *p)
{
	struct transfer *t = p;

	strbuf_release(&t->body);
	strbuf_release(&t->head.fields);
	free(t);
}

/*
 * A burst of work is over: its buffers (64 KiB a transfer) go back to the system. To take them again costs more than a
 * transfer does.
 */
static void trim(void *ctx)
{
	struct http *http = ctx;

	if (http->active)
		return;
	http->trimmed_ms = loop_now_ms(http->loop);
	mem_trim();
}

static void trim_later(struct http *http)
{
	int64_t due = http->trimmed_ms + TRIM_EVERY_MS - loop_now_ms(http->loop);

	if (!timer_is_running(http->trimmer))
		timer_start(http->trimmer, due > 0 ? due : 0);
}

/* Takes it from libcurl and from the list; the memory stays till the turn's end. */
static void transfer_end(struct transfer *t)
{
	struct http *http = t->http;
	struct transfer **at = &http->transfers;

	while (*at != t)
		at = &(*at)->next;
	*at = t->next;
	http->active--;
	curl_multi_remove_handle(http->multi, t->easy);
	if (http->spare_count < HTTP_SPARE_HANDLES) {
		curl_easy_reset(t->easy);
		http->spare[http->spare_count++] = t->easy;
	} else {
		curl_easy_cleanup(t->easy);
	}
	curl_slist_free_all(t->headers);
	loop_undefer(http->loop, add_transfer, t);
	loop_undefer(http->loop, go_on, t);
	timer_free(t->timer);
	loop_defer_free(http->loop, t, transfer_release);
	if (!http->active)
		trim_later(http);
}

static void end_cancelled(void *ctx)
{
	struct http *http = ctx;
	struct transfer *next;

	for (struct transfer *t = http->transfers; t; t = next) {
		next = t->next;
		if (t->cancelled)
			transfer_end(t);
	}
}

void http_free(struct http *http)
{
	if (!http)
		return;
	loop_undefer(http->loop, end_cancelled, http);
	loop_undefer(http->loop, reap_later, http);
	while (http->transfers)
		transfer_end(http->transfers);
	while (http->spare_count)
		curl_easy_cleanup(http->spare[--http->spare_count]);
	if (http->multi) {
		curl_multi_cleanup(http->multi);
		curl_global_cleanup();
	}
	timer_free(http->timer);
	timer_free(http->next_turn);
	timer_free(http->trimmer);
	certificates_release(&http->certificates);
	free(http);
}

void http_keep_above(struct http *http, int least)
{
	http->least_fd = least;
}

size_t http_active(const struct http *http)
{
	return http->active;
}

/* --- a transfer's callbacks --- */

static size_t on_header(char *data, size_t size, size_t count, void *ctx)
{
	struct transfer *t = ctx;
	size_t len = size * count;

	t->phase = PHASE_RECEIVING;
	t->last_ms = loop_now_ms(t->http->loop);
	/* A status line begins a new head: what came before was an interim response, or the proxy's. */
	if (len > 5 && !memcmp(data, "HTTP/", 5))
		strbuf_reset(&t->head.fields);
	else
		http_head_take(&t->head.fields, data, len);
	return len;
}

/* Tells the head before the first byte, or at the end of a response without one. */
static void tell_head(struct transfer *t)
{
	long status = 0;

	if (t->head_told || t->cancelled)
		return;
	t->head_told = true;
	curl_easy_getinfo(t->easy, CURLINFO_RESPONSE_CODE, &status);
	t->head.status = (int)status;
	if (t->callbacks.head)
		t->callbacks.head(t->callbacks.ctx, &t->head);
}

/* libcurl reads on for as long as there are bytes; the loop has others to serve. */
static bool has_had_its_turn(struct transfer *t)
{
	if (t->turn != t->http->turn) {
		t->turn = t->http->turn;
		t->turn_bytes = 0;
	}
	if (t->turn_bytes < LIMIT_TURN_BYTES)
		return false;
	timer_start(t->http->next_turn, 0);
	return true;
}

/* A few bytes that become many cost whoever sends them nothing. */
static bool is_overblown(struct transfer *t)
{
	curl_off_t came = 0;

	if (t->received < LIMIT_EXPANDED)
		return false;
	curl_easy_getinfo(t->easy, CURLINFO_SIZE_DOWNLOAD_T, &came);
	t->overblown = came > 0 && t->received / LIMIT_EXPANSION > (size_t)came;
	return t->overblown;
}

static size_t on_body(char *data, size_t size, size_t count, void *ctx)
{
	struct transfer *t = ctx;
	size_t len = size * count;

	t->last_ms = loop_now_ms(t->http->loop);
	if (!t->cancelled && (t->paused || has_had_its_turn(t))) {
		t->stopped = true;
		return CURL_WRITEFUNC_PAUSE;
	}
	t->turn_bytes += len;
	t->received += len;
	tell_head(t);
	if (is_overblown(t))
		return len + 1;
	if (!t->cancelled && t->callbacks.bytes)
		t->callbacks.bytes(t->callbacks.ctx, data, len);
	/* Any other number than len ends a transfer that nobody wants any more. */
	return t->cancelled ? len + 1 : len;
}

/*
 * Before the request goes out on a connection. libcurl would send it once more, without a word, where a kept connection
 * gives nothing but its end, or an HTTP/2 stream is refused; each request that leaves is to be counted first.
 */
static int on_request(void *ctx, char *primary_ip, char *local_ip, int primary_port, int local_port)
{
	struct transfer *t = ctx;

	if (t->must_be_private && !host_is_private(primary_ip) && !host_is_loopback(primary_ip)) {
		snprintf(t->astray, sizeof(t->astray), "%s", primary_ip);
		return CURL_PREREQFUNC_ABORT;
	}
	(void)local_ip;
	(void)primary_port;
	(void)local_port;
	t->sent_again = t->sent;
	if (t->sent)
		return CURL_PREREQFUNC_ABORT;
	t->sent = true;
	t->phase = PHASE_WAITING;
	t->last_ms = loop_now_ms(t->http->loop);
	timer_start(t->timer, t->first_byte_ms);
	return CURL_PREREQFUNC_OK;
}

/* --- the end --- */

/* Ends a transfer and tells its owner. */
static void finish(struct transfer *t, CURLcode code)
{
	enum http_outcome outcome = http_classify(t, code);
	struct err err = ERR_INIT;

	if (t->cancelled) {
		transfer_end(t);
		return;
	}
	if (outcome == HTTP_COMPLETE)
		tell_head(t);
	else
		http_describe(t, code, &err);
	if (code == CURLE_BAD_CONTENT_ENCODING)
		t->http->undecoded = true;
	transfer_end(t);
	/* After a head whose callback cancelled, there is nobody to tell. */
	if (!t->cancelled)
		t->callbacks.done(t->callbacks.ctx, outcome, &err);
}

void http_reap(struct http *http)
{
	CURLMsg *message;
	int left;

	if (http->inside)
		return;
	while ((message = curl_multi_info_read(http->multi, &left))) {
		struct transfer *t;

		if (message->msg != CURLMSG_DONE)
			continue;
		curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &t);
		finish(t, message->data.result);
	}
}

static void on_transfer_timer(void *ctx)
{
	struct transfer *t = ctx;
	int64_t limit = t->phase == PHASE_WAITING ? t->first_byte_ms : t->idle_ms;
	int64_t left = t->last_ms + limit - loop_now_ms(t->http->loop);

	if (t->stopped) {
		t->last_ms = loop_now_ms(t->http->loop);
		left = limit;
	}
	if (left > 0) {
		timer_start(t->timer, left);
		return;
	}
	t->timed_out = true;
	finish(t, CURLE_OPERATION_TIMEDOUT);
}

/* --- the start --- */

static void set_callbacks(struct transfer *t)
{
	CURL *easy = t->easy;

	curl_easy_setopt(easy, CURLOPT_PRIVATE, t);
	curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, on_header);
	curl_easy_setopt(easy, CURLOPT_HEADERDATA, t);
	curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_body);
	curl_easy_setopt(easy, CURLOPT_WRITEDATA, t);
	curl_easy_setopt(easy, CURLOPT_PREREQFUNCTION, on_request);
	curl_easy_setopt(easy, CURLOPT_PREREQDATA, t);
}

static void reap_later(void *ctx)
{
	http_reap(ctx);
}

static void add_transfer(void *ctx)
{
	struct transfer *t = ctx;
	CURLMcode code;

	if (t->cancelled) {
		transfer_end(t);
		return;
	}
	code = curl_multi_add_handle(t->http->multi, t->easy);
	if (code != CURLM_OK) {
		log_broken("libcurl refused a request: %s", curl_multi_strerror(code));
		finish(t, CURLE_FAILED_INIT);
		return;
	}
	/*
	 * On a connection that is open it goes out now, not when the timer that libcurl has just asked for comes round. If
	 * that is its end already, nobody is told before http_start() has returned.
	 */
	http_loop_act(t->http, CURL_SOCKET_TIMEOUT, 0);
	loop_undefer(t->http->loop, reap_later, t->http);
	loop_defer(t->http->loop, reap_later, t->http);
}

uint64_t http_start(struct http *http, const struct http_request *request, const struct http_callbacks *callbacks)
{
	struct transfer *t = xcalloc(1, sizeof(*t));

	http_prepare(http);
	t->http = http;
	t->id = ++http->last_id;
	t->callbacks = *callbacks;
	t->first_byte_ms = (int64_t)(request->first_byte_timeout * 1000);
	t->idle_ms = (int64_t)(request->idle_timeout * 1000);
	t->timer = timer_new(http->loop, on_transfer_timer, t);
	strbuf_init(&t->body, SIZE_MAX - 1);
	strbuf_init(&t->head.fields, LIMIT_HTTP_HEAD);
	if (request->body)
		strbuf_move(&t->body, request->body);
	t->easy = http->spare_count ? http->spare[--http->spare_count] : curl_easy_init();
	if (!t->easy) {
		log_broken("libcurl has no handle for a request");
		abort();
	}
	http_set_options(t, request);
	set_callbacks(t);
	t->next = http->transfers;
	http->transfers = t;
	http->active++;
	/* Never from within libcurl, and no callback before we return: a fast server's answer may be there at once. */
	loop_defer(http->loop, add_transfer, t);
	return t->id;
}

void http_cancel(struct http *http, uint64_t id)
{
	struct transfer *t = http->transfers;

	while (t && t->id != id)
		t = t->next;
	if (!t || t->cancelled)
		return;
	t->cancelled = true;
	timer_stop(t->timer);
	loop_defer(http->loop, end_cancelled, http);
}

/* At the turn's end, outside of libcurl. */
static void go_on(void *ctx)
{
	struct transfer *t = ctx;

	if (t->cancelled || t->paused || !t->stopped)
		return;
	t->stopped = false;
	t->last_ms = loop_now_ms(t->http->loop);
	t->http->inside++;
	curl_easy_pause(t->easy, CURLPAUSE_CONT);
	t->http->inside--;
	/* It may have handed out bytes, and ended. */
	http_reap(t->http);
}

static void on_next_turn(void *ctx)
{
	struct http *http = ctx;

	http->turn++;
	for (struct transfer *t = http->transfers; t; t = t->next) {
		if (!t->stopped || t->paused)
			continue;
		loop_undefer(http->loop, go_on, t);
		loop_defer(http->loop, go_on, t);
	}
}

void http_pause(struct http *http, uint64_t id, bool paused)
{
	struct transfer *t = http->transfers;

	while (t && t->id != id)
		t = t->next;
	if (!t || t->paused == paused)
		return;
	t->paused = paused;
	loop_undefer(http->loop, go_on, t);
	if (!paused)
		loop_defer(http->loop, go_on, t);
}
