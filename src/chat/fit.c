/*
 * What of a chat is sent. Everything is counted in tokens as the endpoint counts them (tokens.h); attachments are cut
 * by bisection, since an estimate grows with the text. struct work is the state of one call.
 */
#include "eke/chat/fit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "eke/base/limits.h"
#include "eke/base/mem.h"
#include "eke/base/strbuf.h"

#include "attachment.h"

/* The share of the room that attachments may have where the history could use it. */
#define ATTACHED_SHARE(room) ((room) / 4 * 3)
/* What joins the parts of a message. */
#define JOINT "\n\n"
/* Rounds of less and less room, where the joined text has more tokens than its parts. */
#define ROUNDS 8

struct part {
	const char *text;
	size_t len;
	char *cut; /* owned: what is sent of it; NULL: the text */
	size_t cut_len;
	size_t lines_left; /* of the body, when it was cut */
};

struct work {
	const struct fit_spec *spec;
	const size_t *estimates; /* tokens_estimate() of each message; 0 where there is no cap */
	struct trim_item *items;
	struct part *parts;
	bool *keep;
	struct trim_cut cut;
};

static bool is_role(const struct request_message *m, const char *role)
{
	return !strcmp(m->role, role);
}

void fit_classes(const struct request_message *messages, size_t count, enum trim_class *out)
{
	size_t question = count - 1;

	for (size_t i = count; i-- > 0;)
		if (is_role(&messages[i], "user")) {
			question = i;
			break;
		}
	for (size_t i = 0; i < count; i++) {
		bool spoken = is_role(&messages[i], "user") || is_role(&messages[i], "assistant");

		out[i] = i >= question ? TRIM_QUESTION : spoken ? TRIM_HISTORY : TRIM_SYSTEM;
	}
}

void fit_share(const size_t *wanted, size_t count, size_t room, size_t *given)
{
	size_t left = count;

	for (size_t i = 0; i < count; i++)
		given[i] = SIZE_MAX;
	for (bool settled = true; settled && left;) {
		size_t share = room / left;

		settled = false;
		for (size_t i = 0; i < count; i++)
			if (given[i] == SIZE_MAX && wanted[i] <= share) {
				given[i] = wanted[i];
				room -= wanted[i];
				left--;
				settled = true;
			}
	}
	for (size_t i = 0; i < count; i++)
		if (given[i] == SIZE_MAX)
			given[i] = left ? room / left : 0;
}

/* --- counting --- */

static size_t scaled(const struct fit_spec *spec, size_t estimate)
{
	return tokens_of(spec->scales, spec->endpoint, spec->model, estimate);
}

static size_t count_message(const struct fit_spec *spec, size_t estimate)
{
	return scaled(spec, TOKENS_PER_MESSAGE + estimate);
}

static void uncut(struct work *w)
{
	for (size_t i = 0; i < w->spec->count; i++) {
		free(w->parts[i].cut);
		w->parts[i].cut = NULL;
	}
}

/* Everything whole. */
static void start(struct work *w)
{
	uncut(w);
	for (size_t i = 0; i < w->spec->count; i++) {
		const struct request_message *m = &w->spec->messages[i];

		w->parts[i] = (struct part){ .text = m->content, .len = m->content_len };
		w->items[i] = (struct trim_item){ .class = w->spec->classes[i],
						  .from_model = is_role(m, "assistant"),
						  .tokens = count_message(w->spec, w->estimates[i]) };
		w->keep[i] = true;
	}
}

/* Does the attachment go with the question? */
static bool is_current(const struct work *w, size_t at)
{
	if (w->items[at].class != TRIM_ATTACHMENT)
		return false;
	while (at < w->spec->count && w->items[at].class == TRIM_ATTACHMENT)
		at++;
	return at < w->spec->count && w->items[at].class == TRIM_QUESTION;
}

static size_t total_of(const struct work *w, bool current)
{
	size_t total = 0;

	for (size_t i = 0; i < w->spec->count; i++) {
		enum trim_class class = w->items[i].class;

		if (current ? is_current(w, i) : class == TRIM_HISTORY || (class == TRIM_ATTACHMENT && !is_current(w, i)))
			total += w->items[i].tokens;
	}
	return total;
}

/* --- cutting --- */

static size_t count_cut(struct work *w, size_t at, size_t lines, struct strbuf *text)
{
	strbuf_reset(text);
	attachment_cut(w->parts[at].text, w->parts[at].len, lines, text);
	return count_message(w->spec, tokens_estimate(text->data, text->len));
}

/*
 * Cuts a block to `most` tokens; false if not one line of it can stay. Begins with few lines: a block may be very much
 * longer than what can be sent of it.
 */
static bool cut_to(struct work *w, size_t at, size_t most)
{
	struct part *part = &w->parts[at];
	size_t all = attachment_lines(part->text, part->len);
	size_t low = 0;
	size_t high = 1;
	struct strbuf text;

	strbuf_init(&text, part->len + 64);
	while (high < all && count_cut(w, at, high, &text) <= most) {
		low = high;
		high *= 2;
	}
	high = high < all ? high : all;
	while (high > low + 1) {
		size_t middle = low + (high - low) / 2;

		if (count_cut(w, at, middle, &text) <= most)
			low = middle;
		else
			high = middle;
	}
	if (low) {
		w->items[at].tokens = count_cut(w, at, low, &text);
		part->lines_left = low;
		part->cut = strbuf_detach(&text, &part->cut_len);
	}
	strbuf_release(&text);
	return part->cut != NULL;
}

/* The question's own attachments get `room` in all. */
static void share_room(struct work *w, size_t room)
{
	size_t *wanted = xcalloc(w->spec->count, sizeof(*wanted));
	size_t *given = xcalloc(w->spec->count, sizeof(*given));
	size_t n = 0;

	for (size_t i = 0; i < w->spec->count; i++)
		if (is_current(w, i))
			wanted[n++] = w->items[i].tokens;
	fit_share(wanted, n, room, given);
	n = 0;
	for (size_t i = 0; i < w->spec->count; i++) {
		if (!is_current(w, i))
			continue;
		if (given[n] < wanted[n] && !cut_to(w, i, given[n]))
			w->keep[i] = false;
		n++;
	}
	free(wanted);
	free(given);
}

/* Leaves the attachments that share_room() dropped out of trim's sight, and has it cut the history. */
static void cut_history(struct work *w, size_t max)
{
	size_t count = w->spec->count;
	struct trim_item *items = xcalloc(count, sizeof(*items));
	bool *keep = xcalloc(count, sizeof(*keep));

	memcpy(items, w->items, count * sizeof(*items));
	for (size_t i = 0; i < count; i++)
		if (!w->keep[i])
			items[i].tokens = 0;
	trim_choose(items, count, max, keep, &w->cut);
	for (size_t i = 0; i < count; i++) {
		if (!keep[i] && is_current(w, i)) {
			/* Has a sentence of its own. */
			w->cut.attachments--;
			w->cut.attachment_tokens -= items[i].tokens;
		}
		w->keep[i] = w->keep[i] && keep[i];
	}
	free(items);
	free(keep);
}

static void choose(struct work *w, size_t max)
{
	size_t room = max - trim_least(w->items, w->spec->count);
	size_t attached = total_of(w, true);
	size_t history = total_of(w, false);

	if (attached + history > room) {
		size_t share = history < room ? room - history : 0;

		if (share < ATTACHED_SHARE(room))
			share = ATTACHED_SHARE(room);
		if (attached > share)
			share_room(w, share);
	}
	cut_history(w, max);
}

/* --- what comes out --- */

static void add_part(struct strbuf *out, const struct part *part)
{
	if (out->len)
		strbuf_adds(out, JOINT);
	strbuf_add(out, part->cut ? part->cut : part->text, part->cut ? part->cut_len : part->len);
}

/* Do part `at` and the next that is kept belong to one message? */
static bool is_joined(const struct work *w, size_t at, size_t next)
{
	const struct request_message *a = &w->spec->messages[at];
	const struct request_message *b = &w->spec->messages[next];
	bool both_asked = w->items[at].class == TRIM_QUESTION && w->items[next].class == TRIM_QUESTION;

	return is_role(a, "user") && is_role(b, "user") && (w->items[at].class == TRIM_ATTACHMENT || both_asked);
}

static size_t next_kept(const struct work *w, size_t at)
{
	while (at < w->spec->count && !w->keep[at])
		at++;
	return at;
}

static void join(const struct work *w, struct fit *out)
{
	size_t count = w->spec->count;

	out->messages = xcalloc(count, sizeof(*out->messages));
	out->texts = xcalloc(count, sizeof(*out->texts));
	out->count = 0;
	for (size_t at = next_kept(w, 0); at < count;) {
		size_t next = next_kept(w, at + 1);
		struct request_message *m = &out->messages[out->count];
		struct strbuf text;

		strbuf_init(&text, 2 * LIMIT_CHAT_PROMPT);
		add_part(&text, &w->parts[at]);
		while (next < count && is_joined(w, at, next)) {
			add_part(&text, &w->parts[next]);
			at = next;
			next = next_kept(w, at + 1);
		}
		m->role = w->spec->messages[at].role;
		m->content = out->texts[out->count++] = strbuf_detach(&text, &m->content_len);
		at = next;
	}
}

static void add_line(struct fit *out, char *line)
{
	out->trimmed = xreallocarray(out->trimmed, out->trimmed_count + 1, sizeof(*out->trimmed));
	out->trimmed[out->trimmed_count++] = line;
}

/* A sentence for each block that is not sent whole. */
static void describe(const struct work *w, struct fit *out)
{
	char lines[TRIM_LINES][TRIM_LINE_SIZE];
	size_t n = trim_describe(&w->cut, lines);

	for (size_t i = 0; i < n; i++)
		add_line(out, xstrdup(lines[i]));
	for (size_t i = 0; i < w->spec->count; i++) {
		const struct part *part = &w->parts[i];
		int name = (int)attachment_name_len(part->text, part->len);
		size_t all = attachment_lines(part->text, part->len);
		size_t tokens;

		if (!is_current(w, i) || (w->keep[i] && !part->cut))
			continue;
		tokens = count_message(w->spec, w->estimates[i]) - (part->cut ? w->items[i].tokens : 0);
		if (part->cut)
			add_line(out, xasprintf("%.*s: %zu of %zu lines (about %zu tokens)", name, part->text,
						all - part->lines_left, all, tokens));
		else
			add_line(out, xasprintf("%.*s (about %zu tokens)", name, part->text, tokens));
	}
}

void fit_release(struct fit *fit)
{
	for (size_t i = 0; i < fit->count; i++)
		free(fit->texts[i]);
	free(fit->texts);
	free(fit->messages);
	for (size_t i = 0; i < fit->trimmed_count; i++)
		free(fit->trimmed[i]);
	free(fit->trimmed);
	memset(fit, 0, sizeof(*fit));
}

static void too_long(const struct work *w, size_t frame, struct err *err)
{
	const struct fit_spec *spec = w->spec;
	size_t all = trim_least(w->items, spec->count) + frame;
	size_t question = frame;
	size_t asked = 0;
	bool alone;

	for (size_t i = 0; i < spec->count; i++)
		if (w->items[i].class == TRIM_QUESTION) {
			question += w->items[i].tokens;
			asked += is_role(&spec->messages[i], "user");
		}
	alone = question > spec->cap;
	err_set(err, ERR_PROMPT_TOO_LONG,
		"the question%s %s about %zu tokens; the plan %s allows %zu: shorten it, or use another endpoint",
		asked > 1 ? " with its selection" : "", alone ? "alone has" : "and the system message have",
		alone ? question : all, spec->plan, spec->cap);
	snprintf(err->endpoint, sizeof(err->endpoint), "%s", spec->endpoint);
}

/* Chooses until what is joined has no more than the cap: joints cost something, too. */
static void fill(struct work *w, size_t frame, struct fit *out)
{
	size_t max = w->spec->cap - frame;

	for (int round = 0;; round++) {
		size_t least = trim_least(w->items, w->spec->count);
		size_t tokens;

		choose(w, max);
		join(w, out);
		tokens = scaled(w->spec, tokens_estimate_messages(out->messages, out->count));
		if (tokens <= w->spec->cap || round == ROUNDS || max == least)
			break;
		max = max - least > tokens - w->spec->cap ? max - (tokens - w->spec->cap) : least;
		fit_release(out);
		start(w);
	}
	describe(w, out);
}

static bool fit_attached(const struct fit_spec *spec, const size_t *estimates, struct fit *out, struct err *err)
{
	struct work w = { .spec = spec, .estimates = estimates };
	size_t frame = scaled(spec, TOKENS_PER_PROMPT);
	bool ok;

	w.items = xcalloc(spec->count, sizeof(*w.items));
	w.parts = xcalloc(spec->count, sizeof(*w.parts));
	w.keep = xcalloc(spec->count, sizeof(*w.keep));
	start(&w);
	ok = !spec->cap || trim_least(w.items, spec->count) + frame <= spec->cap;
	if (ok)
		*out = (struct fit){ .count = 0 };
	if (!ok)
		too_long(&w, frame, err);
	else if (spec->cap)
		fill(&w, frame, out);
	else
		join(&w, out);
	uncut(&w);
	free(w.items);
	free(w.parts);
	free(w.keep);
	return ok;
}

/* --- what nobody attached --- */

/* A copy of what is to be fitted, from which messages can be taken. */
struct rest {
	struct fit_spec spec; /* of what is still there */
	struct request_message *messages;
	enum trim_class *classes;
	size_t *estimates;
	size_t total; /* tokens_estimate_messages() of them; 0: there is no cap */
	struct fit lines; /* the sentences alone */
};

static void rest_init(struct rest *rest, const struct fit_spec *spec)
{
	*rest = (struct rest){ .spec = *spec };
	rest->spec.messages = rest->messages = xcalloc(spec->count, sizeof(*rest->messages));
	rest->spec.classes = rest->classes = xcalloc(spec->count, sizeof(*rest->classes));
	rest->estimates = xcalloc(spec->count, sizeof(*rest->estimates));
	memcpy(rest->messages, spec->messages, spec->count * sizeof(*rest->messages));
	memcpy(rest->classes, spec->classes, spec->count * sizeof(*rest->classes));
	if (!spec->cap)
		return;
	rest->total = TOKENS_PER_PROMPT;
	for (size_t i = 0; i < spec->count; i++) {
		rest->estimates[i] = tokens_estimate(spec->messages[i].content, spec->messages[i].content_len);
		rest->total += TOKENS_PER_MESSAGE + rest->estimates[i];
	}
}

static void rest_release(struct rest *rest)
{
	free(rest->messages);
	free(rest->classes);
	free(rest->estimates);
	fit_release(&rest->lines);
}

static bool goes_with_question(const struct rest *rest, size_t at)
{
	while (at < rest->spec.count && (rest->classes[at] == TRIM_RETRIEVED || rest->classes[at] == TRIM_ATTACHMENT))
		at++;
	return at < rest->spec.count && rest->classes[at] == TRIM_QUESTION;
}

/* Leaves out message `at`, with a sentence that names it if it goes with the question. */
static void leave_out(struct rest *rest, size_t at)
{
	const struct request_message *m = &rest->messages[at];
	size_t behind = rest->spec.count - at - 1;

	if (goes_with_question(rest, at))
		add_line(&rest->lines, xasprintf("%.*s (about %zu tokens)",
						 (int)attachment_name_len(m->content, m->content_len), m->content,
						 count_message(&rest->spec, rest->estimates[at])));
	rest->total -= TOKENS_PER_MESSAGE + rest->estimates[at];
	rest->spec.count--;
	memmove(rest->messages + at, rest->messages + at + 1, behind * sizeof(*rest->messages));
	memmove(rest->classes + at, rest->classes + at + 1, behind * sizeof(*rest->classes));
	memmove(rest->estimates + at, rest->estimates + at + 1, behind * sizeof(*rest->estimates));
}

/* The rest is fitted as if what was retrieved, and may stay, had been attached. */
bool fit_prompt(const struct fit_spec *spec, struct fit *out, struct err *err)
{
	struct rest rest;
	bool ok;

	rest_init(&rest, spec);
	for (size_t at = 0; at < rest.spec.count;) {
		if (rest.classes[at] != TRIM_RETRIEVED)
			at++;
		else if (spec->cap && scaled(spec, rest.total) > spec->cap)
			leave_out(&rest, at);
		else
			rest.classes[at++] = TRIM_ATTACHMENT;
	}
	ok = fit_attached(&rest.spec, rest.estimates, out, err);
	/* Behind its own sentences, those of the others. */
	for (size_t i = 0; ok && i < rest.lines.trimmed_count; i++) {
		add_line(out, rest.lines.trimmed[i]);
		rest.lines.trimmed[i] = NULL;
	}
	rest_release(&rest);
	return ok;
}
