/*
 * The call with which the shared ledger is asked whether a request may go: whose limits it is under, and how many of
 * each window are kept back.
 */
#include "remote_private.h"

#include "eke/base/hex.h"
#include "eke/base/zone.h"
#include "remote_session.h"
#include "spares.h"

static void add_window(const struct plan_window *w, int64_t kept, int64_t shared_now, struct redis_args *args)
{
	struct limit_window_span span;

	/* By the shared clock, because that is what requests are dated by there. */
	limit_window_span(w, shared_now, zone_offset, &span);
	redis_args_add(args, w->scope == PLAN_SCOPE_KEY ? "key" : "machine");
	redis_args_add(args, plan_kind_name(w->kind));
	redis_args_add_int(args, w->limit);
	redis_args_add_int(args, kept);
	redis_args_add_int(args, w->period * 1000);
	redis_args_add_int(args, span.from);
	redis_args_add_int(args, span.to);
	redis_args_add_line(args, w->models[0]);
	for (const char *const *model = w->models + 1; w->models[0] && *model; model++)
		redis_args_append_line(args, '\n', *model);
}

/* Ids for spares: the shared ledger says how many of them there are to be. */
static void add_spare_ids(struct redis_args *args)
{
	redis_args_add_int(args, LIMIT_SPARES);
	for (int i = 0; i < LIMIT_SPARES; i++) {
		char hex[HEX_SIZE(8)];

		hex_from_u64(ledger_new_id(), hex);
		redis_args_add(args, hex);
	}
}

void remote_make_admission(struct remote *remote, uint64_t id, const struct account *account, const char *model,
	enum budget_use use, double reserve, const struct snapshot *s, struct remote_admission *out)
{
	int64_t shared_now = s->now + remote->offset;
	char key[SHARED_KEY_SIZE];
	char hex[HEX_SIZE(8)];

	remote_release_admission(out);
	shared_key_make(remote->salt, &account->key, key);
	hex_from_u64(id, hex);
	session_begin_call(remote, "reserve", &out->args);
	redis_args_add(&out->args, hex);
	redis_args_add(&out->args, use == BUDGET_EXPLICIT ? "1" : "0");
	redis_args_add_int(&out->args, snapshot_keep_until(s, model) - s->now);
	redis_args_add_line(&out->args, account->service);
	redis_args_add_line(&out->args, account->plan);
	redis_args_add(&out->args, key);
	redis_args_add_line(&out->args, model);
	redis_args_add_int(&out->args, spares_version(remote->budget->ledger, account, model));
	add_spare_ids(&out->args);
	for (size_t i = 0; i < s->windows.count; i++) {
		const struct plan_window *w = &s->windows.windows[i].window;
		int64_t kept = use == BUDGET_AUTOMATIC ? limit_window_reserved(w->limit, reserve) : 0;

		if (limit_window_counts_model(w, model))
			add_window(w, kept, shared_now, &out->args);
	}
}

void remote_release_admission(struct remote_admission *admission)
{
	redis_args_release(&admission->args);
}
