/*
 * Objects: the net owns its exchanges; an exchange lives from the question to its last callback or its abort, and has
 * one timer that fires once for the first token and then for each of the others. The whole answer is made when the
 * question is asked: that is when the model sees it.
 */
#include "sim_net.h"

#include <stdlib.h>
#include <string.h>

#include "eke/base/limits.h"
#include "eke/base/mem.h"
#include "trace_rng.h"
#include "virtual_loop.h"

#define HOUR_MS INT64_C(3600000)
#define TOKEN_BYTES 4
/* A refusal needs no model. */
#define REFUSAL_MS 100
/* Bytes of each text in a line of the log. */
#define LOGGED 40

struct exchange {
	uint64_t id;
	struct sim_net *net;
	int status;
	struct strbuf answer;
	size_t arrived;
	double next_ms; /* when the next token comes */
	struct timer *timer;
	struct sim_callbacks callbacks;
	struct exchange *next;
};

struct sim_net {
	struct loop *loop;
	struct sim_net_settings settings;
	const struct sim_model *model;
	struct rng rng;
	struct exchange *exchanges;
	uint64_t last_id;
	struct sim_counts counts;
	int64_t *admitted; /* when, the last `limit` ones, as a ring */
	size_t admitted_count;
};

struct sim_net *sim_net_new(struct loop *loop, const struct sim_net_settings *settings, const struct sim_model *model)
{
	struct sim_net *net = xcalloc(1, sizeof(*net));

	net->loop = loop;
	net->settings = *settings;
	net->model = model;
	net->rng.state = settings->seed;
	if (settings->limit)
		net->admitted = xcalloc((size_t)settings->limit, sizeof(net->admitted[0]));
	return net;
}

static void exchange_release(void *p)
{
	struct exchange *x = p;

	strbuf_release(&x->answer);
	free(x);
}

static void exchange_end(struct exchange *x)
{
	struct exchange **at = &x->net->exchanges;

	while (*at != x)
		at = &(*at)->next;
	*at = x->next;
	timer_free(x->timer);
	loop_defer_free(x->net->loop, x, exchange_release);
}

void sim_net_free(struct sim_net *net)
{
	if (!net)
		return;
	while (net->exchanges)
		exchange_end(net->exchanges);
	free(net->admitted);
	free(net);
}

static void plan_next(struct exchange *x)
{
	double rate = x->net->settings.tokens_per_second;
	int64_t now = virtual_loop_now(x->net->loop);

	x->next_ms += rate > 0 ? 1000.0 / rate : 0;
	timer_start(x->timer, (int64_t)x->next_ms - now);
}

static void receive_token(struct exchange *x)
{
	size_t to = x->arrived + TOKEN_BYTES;

	if (x->net->settings.tokens_per_second <= 0 || to > x->answer.len)
		to = x->answer.len;
	while (to < x->answer.len && ((unsigned char)x->answer.data[to] & 0xC0) == 0x80)
		to++;
	x->arrived = to;
}

static void on_timer(void *ctx)
{
	struct exchange *x = ctx;
	struct sim_callbacks callbacks = x->callbacks;

	if (x->status == 200)
		receive_token(x);
	if (x->arrived < x->answer.len) {
		plan_next(x);
		callbacks.grown(callbacks.ctx, x->answer.data, x->arrived);
		return;
	}
	exchange_end(x);
	callbacks.done(callbacks.ctx, x->status, x->answer.data, x->answer.len);
}

int64_t sim_net_left(const struct sim_net *net)
{
	int64_t now = virtual_loop_now(net->loop);
	int64_t used = 0;

	if (!net->settings.limit)
		return INT64_MAX;
	for (int64_t i = 0; i < net->settings.limit; i++)
		if (net->admitted[i] && net->admitted[i] + HOUR_MS > now)
			used++;
	return net->settings.limit - used;
}

static bool admit(struct sim_net *net)
{
	if (!net->settings.limit)
		return true;
	if (!sim_net_left(net))
		return false;
	net->admitted[net->admitted_count++ % (size_t)net->settings.limit] = virtual_loop_now(net->loop);
	return true;
}

static double draw_latency(struct sim_net *net)
{
	const struct sim_net_settings *s = &net->settings;
	double ms = s->sigma > 0 ? rng_lognormal(&net->rng, s->latency_ms, s->sigma) : s->latency_ms;

	if (s->sigma > 0 && ms < s->latency_min_ms)
		return s->latency_min_ms;
	return s->sigma > 0 && ms > s->latency_max_ms ? s->latency_max_ms : ms;
}

enum place { PLACE_CURSOR, PLACE_AHEAD, PLACE_LOST };

static enum place place_of(const struct sim_net *net, const struct sim_question *q)
{
	size_t at;
	size_t limit;

	if (!sim_model_find(net->model, q, &at, &limit))
		return PLACE_LOST;
	return at == net->model->at ? PLACE_CURSOR : PLACE_AHEAD;
}

static void log_text(FILE *log, const char *s, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		if (s[i] == '\n' || s[i] == '\t')
			fprintf(log, s[i] == '\n' ? "\\n" : "\\t");
		else
			fputc(s[i], log);
	}
}

static void log_question(const struct sim_net *net, const struct sim_question *q, enum place place,
			 const struct exchange *x)
{
	static const char *const places[] = { "", " elsewhere", " astray" };
	size_t before = q->prefix_len < LOGGED ? q->prefix_len : LOGGED;
	size_t answer = x->answer.len < LOGGED ? x->answer.len : LOGGED;
	int64_t ms = virtual_loop_now(net->loop) - VIRTUAL_START_MS;

	fprintf(net->settings.log, "%5lld:%02lld.%03lld %d%s %zu bytes: ", (long long)(ms / 60000),
		(long long)(ms / 1000 % 60), (long long)(ms % 1000), x->status, places[place], x->answer.len);
	log_text(net->settings.log, q->prefix + q->prefix_len - before, before);
	fprintf(net->settings.log, "|>");
	log_text(net->settings.log, x->answer.data, answer);
	fprintf(net->settings.log, "<|");
	log_text(net->settings.log, q->suffix, q->suffix_len < LOGGED ? q->suffix_len : LOGGED);
	fputc('\n', net->settings.log);
}

bool sim_net_would_be_right(const struct sim_net *net, const struct sim_question *question)
{
	size_t at;
	size_t limit;

	return sim_model_find(net->model, question, &at, &limit) && sim_model_is_right(net->model, at, limit);
}

uint64_t sim_net_ask(struct sim_net *net, const struct sim_question *question, const struct sim_callbacks *callbacks)
{
	struct exchange *x = xcalloc(1, sizeof(*x));
	double latency = draw_latency(net);
	enum place place = place_of(net, question);

	x->id = ++net->last_id;
	x->net = net;
	x->callbacks = *callbacks;
	x->timer = timer_new(net->loop, on_timer, x);
	x->next = net->exchanges;
	net->exchanges = x;
	strbuf_init(&x->answer, LIMIT_COMPLETION);
	net->counts.sent++;
	net->counts.lost += place == PLACE_LOST;
	net->counts.ahead += place == PLACE_AHEAD;
	if (admit(net)) {
		x->status = 200;
		sim_model_answer(net->model, question, &x->answer);
	} else {
		x->status = 429;
		latency = REFUSAL_MS;
		net->counts.refused++;
	}
	if (net->settings.log)
		log_question(net, question, place, x);
	x->next_ms = (double)virtual_loop_now(net->loop) + latency;
	timer_start(x->timer, (int64_t)latency);
	return x->id;
}

void sim_net_abort(struct sim_net *net, uint64_t id)
{
	struct exchange *x = net->exchanges;

	while (x && x->id != id)
		x = x->next;
	if (!x)
		return;
	net->counts.aborted++;
	exchange_end(x);
}

struct sim_counts sim_net_counts(const struct sim_net *net)
{
	return net->counts;
}
