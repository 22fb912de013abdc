/*
 * `eke status`: what is left of each plan, for the whole machine, read from the ledger. Spends nothing, asks nobody,
 * and runs no key command: whose key a window counts is known from the last request.
 */
#include "cli_private.h"

#include <langinfo.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "eke/base/clock.h"
#include "eke/base/json_writer.h"
#include "eke/base/mem.h"
#include "eke/budget/format_time.h"
#include "eke/front/gateways.h"
#include "eke/front/terminal.h"
#include "eke/store/kept.h"

/* Columns of a bar. */
#define BAR_MOST 30
#define BAR_LEAST 8

/* SGR codes. */
#define GREEN "32"
#define YELLOW "33"
#define RED "31"

/* Does the terminal show UTF-8? */
static bool has_blocks(void)
{
	setlocale(LC_CTYPE, "");
	return !strcmp(nl_langinfo(CODESET), "UTF-8");
}

static const char *colour_of(enum budget_state state)
{
	switch (state) {
	case BUDGET_OK:
	case BUDGET_UNLIMITED:
		return GREEN;
	case BUDGET_LOW:
		return YELLOW;
	case BUDGET_EXHAUSTED:
	case BUDGET_BLOCKED:
		return RED;
	}
	return GREEN;
}

static const char *colour_of_window(const struct limit_window_state *window)
{
	if (!window->remaining)
		return RED;
	return window->remaining * 5 <= window->limit ? YELLOW : GREEN;
}

/* "12:34", "3:05:00", "2 days 8 h" */
static void countdown(int64_t seconds, char *out, size_t size)
{
	char in[32];

	if (seconds < 0)
		seconds = 0;
	if (seconds >= 2 * 86400) {
		format_time_in(seconds, in, sizeof(in));
		snprintf(out, size, "%s", in + strlen("in "));
	} else if (seconds >= 3600)
		snprintf(out, size, "%lld:%02lld:%02lld", (long long)seconds / 3600, (long long)seconds / 60 % 60,
			 (long long)seconds % 60);
	else
		snprintf(out, size, "%02lld:%02lld", (long long)seconds / 60, (long long)seconds % 60);
}

/* "resets in 12:34 at 14:05"; of a sliding window, which does not reset at once, "more in …" if any of it is used. */
static void reset_words(const struct budget_report_window *w, int64_t now, char *out, size_t size)
{
	char in[32];
	char at[48];

	out[0] = '\0';
	if (!w->state.used && !w->resets_at_once)
		return;
	countdown(w->state.reset_at - now, in, sizeof(in));
	format_time_at(w->state.reset_at, now, at, sizeof(at));
	snprintf(out, size, "%s in %s %s", w->resets_at_once ? "resets" : "more", in, at);
}

/* "machine, 60 requests an hour"; with the models where it counts a class of them. */
static char *window_name(const struct budget_report_window *w)
{
	struct strbuf name;
	size_t more = 0; /* what is taken out of them is not told */
	char limit[64];

	format_limit(w->state.limit, w->period, limit, sizeof(limit));
	strbuf_init(&name, KIB(1));
	strbuf_addf(&name, "%s, %s", w->scope == PLAN_SCOPE_KEY ? "key" : "machine", limit);
	/* There is at least one pattern. */
	for (size_t i = 1; w->models[i]; i++)
		more += w->models[i][0] != '!';
	if (strcmp(w->models[0], "*"))
		strbuf_addf(&name, " of %s", w->models[0]);
	if (more)
		strbuf_addf(&name, " and %zu more", more);
	if (w->learned)
		strbuf_adds(&name, " (as the provider says)");
	return strbuf_detach(&name, NULL);
}

static void print_bar(const struct limit_window_state *window, int width)
{
	int full = (int)((window->used * width + window->limit - 1) / window->limit);
	bool blocks = has_blocks();

	terminal_sgr(colour_of_window(window));
	for (int i = 0; i < width; i++)
		terminal_print("%s", i < full ? blocks ? "\xE2\x96\x88" : "#" : blocks ? "\xE2\x96\x91" : ".");
	terminal_sgr("0");
	terminal_print("  ");
}

static void print_windows(const struct budget_report *report, int64_t now)
{
	char *names[LIMIT_REPORT_WINDOWS];
	int widest = 0;
	int bar;

	for (size_t i = 0; i < report->count; i++) {
		int len;

		names[i] = window_name(&report->windows[i]);
		len = (int)strlen(names[i]);
		widest = len > widest ? len : widest;
	}
	/* What stands beside a bar takes some 45 columns. */
	bar = (int)terminal_columns() - widest - 45;
	bar = bar > BAR_MOST ? BAR_MOST : bar;
	for (size_t i = 0; i < report->count; i++) {
		const struct budget_report_window *w = &report->windows[i];
		char reset[96];

		terminal_print("  %-*s  ", widest, names[i]);
		if (terminal_is_there() && bar >= BAR_LEAST)
			print_bar(&w->state, bar);
		reset_words(w, now, reset, sizeof(reset));
		terminal_print("%lld of %lld used%s%s\n", (long long)w->state.used, (long long)w->state.limit,
			reset[0] ? ", " : "", reset);
		free(names[i]);
	}
}

static void print_block(const struct budget_report *report, int64_t now)
{
	char in[32];
	char at[48];

	if (report->blocked_until) {
		countdown(report->blocked_until - now, in, sizeof(in));
		format_time_at(report->blocked_until, now, at, sizeof(at));
		terminal_print("  %s%sno requests for %s, until then: %s\n", report->blocked_model,
		       report->blocked_model[0] ? ": " : "", in, at);
	}
	if (report->reason[0])
		terminal_print("  %s\n", report->reason);
	if (report->blocked_until && !report->blocked_model[0])
		terminal_print("  with another address or plan: eke status --unblock\n");
}

static void print_kept(void *ctx, const char *path, const char *sentence)
{
	(void)ctx;
	(void)path;
	terminal_sgr(YELLOW);
	terminal_print("note:");
	terminal_sgr("0");
	terminal_print(" %s\n", sentence);
}

/* --- gateways --- */

static void print_gateway(void *ctx, const struct json *record)
{
	(void)ctx;
	terminal_print("gateway: %s\n", json_string(json_get(record, "address")));
	for (const struct json *c = json_first(json_get(record, "clients")); c; c = json_next(c)) {
		int64_t requests = 0;
		int64_t sent = 0;
		int64_t refused = 0;

		json_int(json_get(c, "requests"), &requests);
		json_int(json_get(c, "sent"), &sent);
		json_int(json_get(c, "refused"), &refused);
		terminal_print("  %s: %lld request%s, %lld sent, %lld refused for the budget\n",
			json_string(json_get(c, "name")), (long long)requests, requests == 1 ? "" : "s",
			(long long)sent, (long long)refused);
	}
}

static void put_gateway(void *ctx, const struct json *record)
{
	json_put_tree(ctx, record);
}

static void print_text(struct app *app)
{
	int64_t now = clock_wall_ms() / 1000;
	struct budget_ledger ledger;

	for (size_t i = 0; i < upstream_count(app->upstream); i++) {
		const struct config_endpoint *e = endpoint_config(upstream_at(app->upstream, i));
		struct budget_report report;

		budget_report(app->budget, e, &report);
		terminal_print("%s: plan %s, ", e->name, e->plan->name);
		terminal_sgr(colour_of(report.state));
		terminal_print("%s", budget_state_name(report.state));
		terminal_sgr("0");
		terminal_print("\n");
		print_windows(&report, now);
		print_block(&report, now);
	}
	if (!upstream_count(app->upstream))
		terminal_print("no endpoint is configured: 'eke doctor' says what to do\n");
	gateways_each(print_gateway, NULL);
	budget_ledger(app->budget, &ledger);
	if (ledger.path && ledger.shared)
		terminal_print("ledger: %s%s%s\n", ledger.path, ledger.others_answer ? ", shared at " : "",
		       ledger.others_answer ? ledger.others : "");
	if (ledger.notice) {
		terminal_sgr(YELLOW);
		terminal_print("note:");
		terminal_sgr("0");
		terminal_print(" %s\n", ledger.notice);
	}
	kept_each(print_kept, NULL);
}

static void write_kept(void *ctx, const char *path, const char *sentence)
{
	struct json_writer *w = ctx;

	json_begin_object(w, NULL);
	json_put_kstring(w, "keptAs", path);
	json_put_kstring(w, "notice", sentence);
	json_end_object(w);
}

static void print_json(struct app *app)
{
	struct budget_ledger ledger;
	struct json_writer w;
	struct strbuf out;

	strbuf_init(&out, MIB(1));
	json_writer_init(&w, &out);
	json_begin_object(&w, NULL);
	json_begin_array(&w, "budgets");
	for (size_t i = 0; i < upstream_count(app->upstream); i++)
		budget_write(app->budget, endpoint_config(upstream_at(app->upstream, i)), &w);
	json_end_array(&w);
	budget_ledger(app->budget, &ledger);
	json_begin_object(&w, "ledger");
	json_put_kstring(&w, "path", ledger.path);
	json_put_kbool(&w, "shared", ledger.shared);
	if (ledger.others) {
		json_put_kstring(&w, "others", ledger.others);
		json_put_kbool(&w, "othersAnswer", ledger.others_answer);
	}
	if (ledger.notice)
		json_put_kstring(&w, "notice", ledger.notice);
	json_end_object(&w);
	json_begin_array(&w, "damaged");
	kept_each(write_kept, &w);
	json_end_array(&w);
	json_begin_array(&w, "gateways");
	gateways_each(put_gateway, &w);
	json_end_array(&w);
	json_end_object(&w);
	json_writer_end(&w);
	strbuf_addch(&out, '\n');
	terminal_write_json(&out);
	strbuf_release(&out);
}

/* Keys that can be had without running anything; of the others the ledger knows which was used last. */
static void note_keys(struct app *app)
{
	for (size_t i = 0; i < upstream_count(app->upstream); i++) {
		struct endpoint *e = upstream_at(app->upstream, i);
		const char *key = NULL;
		struct err err;

		if (endpoint_config(e)->key.source != KEY_COMMAND && endpoint_key(e, &key, &err) == ENDPOINT_KEY_READY)
			budget_note_key(app->budget, endpoint_config(e), key);
	}
}

static bool unblock(struct app *app)
{
	struct budget_ledger ledger;

	if (budget_end_cooldowns(app->budget))
		return true;
	budget_ledger(app->budget, &ledger);
	terminal_note("eke: %s\n",
		ledger.notice ? ledger.notice : "the ledger of requests is locked by another process");
	return false;
}

int cli_status(const struct app_options *options, int argc, char **argv)
{
	bool json = false;
	bool forget = false;
	struct app app;
	bool ok;

	for (int i = 0; i < argc; i++) {
		if (!strcmp(argv[i], "--json"))
			json = true;
		else if (!strcmp(argv[i], "--unblock"))
			forget = true;
		else
			return cli_unknown("status", argv[i]);
	}
	if (!cli_start(&app, options))
		return CLI_FAILED;
	ok = !forget || unblock(&app);
	if (ok) {
		note_keys(&app);
		cli_sync_ledger(&app);
		cli_look_at_chats();
		if (json)
			print_json(&app);
		else
			print_text(&app);
	}
	app_release(&app);
	return ok ? CLI_OK : CLI_FAILED;
}
