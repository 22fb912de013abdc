#ifndef EKE_CONFIG_PLAN_H
#define EKE_CONFIG_PLAN_H
/*
 * A plan: what a key may do, as data (protocol/config.schema.json, "Plan"). A request must fit into every window.
 * budget/ does the counting.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "eke/base/err.h"
#include "eke/base/json.h"
#include "eke/base/limits.h"

enum plan_scope {
	PLAN_SCOPE_MACHINE, /* the public IP: all keys together */
	PLAN_SCOPE_KEY,
};

enum plan_kind {
	PLAN_SLIDING,  /* any stretch of time of that length */
	PLAN_CALENDAR, /* hour or day of the clock in the time zone */
};

/* The word for it in configurations, in the ledger and between machines. */
const char *plan_kind_name(enum plan_kind kind);
/* False: there is no kind of that name. */
bool plan_kind_from_name(const char *name, enum plan_kind *kind);
/* Do its windows need a time zone? */
bool plan_kind_has_zone(enum plan_kind kind);

struct plan_window {
	enum plan_scope scope;
	const char *const *models; /* patterns with '*'; ends with NULL; {"*"} is all */
	int64_t limit;             /* requests */
	int64_t period;            /* seconds */
	enum plan_kind kind;
	const char *time_zone; /* name of the tz database, for PLAN_CALENDAR; else NULL */
};

struct plan {
	const char *name;
	struct plan_window windows[LIMIT_PLAN_WINDOWS];
	size_t window_count;        /* 0: unlimited */
	int64_t max_prompt_tokens; /* 0: no cap */
};

/* "chatanywhere-free", "chatanywhere-free-daily", "unlimited"; NULL for any other name. */
const struct plan *plan_builtin(const char *name);
/* "60s", "1h", "24h", "1d" into seconds; false if it is none. */
bool plan_parse_period(const char *text, int64_t *seconds);
/*
 * Decodes an entry of "plans" into *plan, whose strings and lists are borrowed from the tree and from `models`,
 * storage for pattern lists that the caller owns and frees (one block per plan). ERR_INVALID_PARAMS on failure.
 */
bool plan_decode(const struct json *value, const char *name, struct plan *plan, const char ***models, struct err *err);
bool plan_is_counted(const struct plan *plan);
/* With all that it points to, in one block: free(). For who keeps it longer than its configuration. */
struct plan *plan_copy(const struct plan *plan);

#endif
