/*
 * One struct session for a run; it owns loop, net, model, client and, file by file, the typist.
 */
#include "trace_session.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "eke/base/limits.h"
#include "eke/base/mem.h"
#include "eke/base/utf.h"
#include "trace_judge.h"
#include "trace_rng.h"
#include "trace_typist.h"
#include "virtual_loop.h"

/* Between two files, and after the last key of all. */
#define PAUSE_MS 30000
/* How long a right suggestion must have stood there to have been read, and how often it is taken then. */
#define READ_MS 450.0
#define READ_SIGMA 0.4
#define ACCEPT_SHARE 0.75
/* Shorter ones are typed as fast. */
#define ACCEPT_MIN 6

struct session {
	struct trace_editor editor; /* first: show() gets it */
	struct trace_settings settings;
	const struct trace_client_kind *kind;
	void *client;
	struct sim_model model;
	struct typist *typist;
	struct strbuf shown;
	bool struck; /* the last step was a key, and is not judged yet */
	int64_t right_since; /* a right suggestion has been there without a break; 0: none is there */
	double to_read_ms;
	struct rng rng;
	struct trace_result result;
};

static void show(struct trace_editor *editor, const char *text, size_t len)
{
	struct session *s = (struct session *)editor;
	const struct strbuf *plan = typist_plan(s->typist);
	size_t at = typist_at(s->typist);

	strbuf_reset(&s->shown);
	strbuf_add(&s->shown, text, len);
	if (!s->right_since && !typist_is_astray(s->typist) &&
	    judge(text, len, plan->data + at, typist_gap_end(s->typist) - at) == JUDGE_RIGHT) {
		s->right_since = virtual_loop_now(editor->loop);
		s->to_read_ms = rng_lognormal(&s->rng, READ_MS, READ_SIGMA);
	}
}

static void tell_model(struct session *s)
{
	const struct strbuf *plan = typist_plan(s->typist);

	if (plan->data != s->model.text || plan->len != s->model.len)
		sim_model_know(&s->model, plan->data, plan->len);
	s->model.at = typist_at(s->typist);
	s->model.gap_end = typist_gap_end(s->typist);
}

/* What stands on the screen now that the next key comes. */
static enum judge_verdict judge_now(struct session *s)
{
	const struct strbuf *plan = typist_plan(s->typist);
	size_t at = typist_at(s->typist);
	size_t gap_end = typist_gap_end(s->typist);
	struct trace_result *r = &s->result;
	bool astray = typist_is_astray(s->typist);
	bool model_right = !astray && sim_model_is_right(&s->model, at, gap_end);
	/* While something is astray the next key takes back: nothing that goes on from here is right. */
	enum judge_verdict verdict = astray && s->shown.len ?
					     JUDGE_WRONG :
					     judge(s->shown.data, s->shown.len, plan->data + at, gap_end - at);

	r->keys++;
	r->model_right += model_right;
	r->right += verdict == JUDGE_RIGHT && model_right;
	r->right_anyway += verdict == JUDGE_RIGHT && !model_right;
	r->wrong += verdict == JUDGE_WRONG;
	if (verdict != JUDGE_RIGHT)
		s->right_since = 0;
	return verdict;
}

/* --- the document --- */

static void change(struct session *s, size_t at, size_t removed, const char *text, size_t len)
{
	s->kind->cancel(s->client);
	strbuf_reset(&s->shown);
	if (s->kind->edit)
		s->kind->edit(s->client, at, removed, text, len);
	strbuf_splice(&s->editor.text, at, removed, text, len);
	s->editor.cursor = at + len;
	tell_model(s);
	s->kind->ask(s->client);
	s->struck = true;
}

static size_t end_of_word(const char *text, size_t len)
{
	size_t at = 0;

	while (at < len && !((text[at] | 0x20) >= 'a' && (text[at] | 0x20) <= 'z'))
		at++;
	while (at < len && (((text[at] | 0x20) >= 'a' && (text[at] | 0x20) <= 'z') || text[at] == '_'))
		at++;
	return at;
}

/* How much of what is shown the typist takes: all of it, a line, or a word. */
static size_t amount(struct session *s)
{
	const struct strbuf *plan = typist_plan(s->typist);
	size_t at = typist_at(s->typist);
	size_t gap = typist_gap_end(s->typist) - at;
	bool all = s->shown.len <= gap && !memcmp(s->shown.data, plan->data + at, s->shown.len);
	double how = rng_unit(&s->rng);

	if (all && how < 0.4)
		return s->shown.len;
	if (how < 0.75)
		return judge_first_line(s->shown.data, s->shown.len);
	return end_of_word(s->shown.data, judge_first_line(s->shown.data, s->shown.len));
}

static bool is_over(const struct session *s)
{
	return s->settings.max_keys && s->result.keys + s->struck >= s->settings.max_keys;
}

static bool may_accept(struct session *s)
{
	return s->settings.accepts && !is_over(s) && s->right_since &&
	       (double)(virtual_loop_now(s->editor.loop) - s->right_since) >= s->to_read_ms &&
	       judge_first_line(s->shown.data, s->shown.len) >= ACCEPT_MIN && rng_unit(&s->rng) < ACCEPT_SHARE;
}

static void accept(struct session *s)
{
	size_t len = amount(s);
	char *text = xmalloc(len + 1);
	bool all = len == s->shown.len;

	memcpy(text, s->shown.data, len);
	s->result.accepts++;
	for (size_t i = 0; i < len; i++)
		s->result.accepted += ((unsigned char)text[i] & 0xC0) != 0x80;
	s->right_since = 0;
	typist_accept(s->typist, len);
	if (s->kind->accepted)
		s->kind->accepted(s->client, all);
	change(s, s->editor.cursor, 0, text, len);
	free(text);
}

/* --- keys --- */

/* Until the next key. True if a suggestion was taken instead of it. */
static bool wait(struct session *s, int64_t pause_ms)
{
	enum judge_verdict verdict;

	virtual_loop_advance(s->editor.loop, virtual_loop_now(s->editor.loop) + pause_ms);
	if (!s->struck)
		return false;
	s->struck = false;
	verdict = judge_now(s);
	if (verdict != JUDGE_RIGHT || !may_accept(s))
		return false;
	accept(s);
	return true;
}

static void take_step(struct session *s, const struct typist_step *step)
{
	if (step->action != TYPIST_MOVE) {
		change(s, step->at, step->removed, step->text, step->len);
		return;
	}
	s->kind->cancel(s->client);
	strbuf_reset(&s->shown);
	s->right_since = 0;
	s->editor.cursor = step->at;
}

static void type_file(struct session *s, const struct trace_file *file, uint64_t seed)
{
	struct typist_settings settings = {
		.seed = seed,
		.steady_ms = s->settings.steady_ms,
		.pace = s->settings.pace,
		.mistakes = s->settings.mistakes,
		.second_thoughts = s->settings.second_thoughts,
	};
	struct typist_step step;
	char *uri = xasprintf("file:///home/user/project/%s", file->name);

	s->typist = typist_new(file->text, file->len, &settings);
	s->editor.insert_spaces = !memmem(file->text, file->len, "\n\t", 2);
	strbuf_reset(&s->editor.text);
	s->editor.cursor = 0;
	sim_model_know(&s->model, typist_plan(s->typist)->data, typist_plan(s->typist)->len);
	s->kind->opened(s->client, uri, file->language);
	while (!is_over(s) && !typist_is_done(s->typist)) {
		if (wait(s, typist_pause(s->typist)))
			continue;
		typist_next(s->typist, &step);
		take_step(s, &step);
	}
	wait(s, PAUSE_MS);
	s->kind->cancel(s->client);
	s->kind->closed(s->client);
	typist_free(s->typist);
	free(uri);
}

struct trace_result trace_run(const struct trace_client_kind *kind, const struct trace_file *files, size_t count,
			      const struct trace_settings *settings)
{
	struct session s = { .settings = *settings, .kind = kind, .rng = { settings->seed + 1 } };
	struct loop *loop = loop_new();

	sim_model_init(&s.model, settings->seed, settings->right, settings->answer_lines);
	strbuf_init(&s.editor.text, LIMIT_DOCUMENT);
	strbuf_init(&s.shown, LIMIT_COMPLETION_TEXT);
	s.editor.loop = loop;
	s.editor.net = sim_net_new(loop, &settings->net, &s.model);
	s.editor.show = show;
	s.client = kind->start(kind, &s.editor, settings->counted);
	for (size_t i = 0; i < count; i++)
		type_file(&s, &files[i], settings->seed + 1000 * i);
	s.result.net = sim_net_counts(s.editor.net);
	s.result.hours = (double)(virtual_loop_now(loop) - VIRTUAL_START_MS) / 3600000.0;
	if (kind->report)
		kind->report(s.client, &s.result.client);
	kind->stop(s.client);
	sim_net_free(s.editor.net);
	loop_free(loop);
	sim_model_release(&s.model);
	strbuf_release(&s.editor.text);
	strbuf_release(&s.shown);
	return s.result;
}
