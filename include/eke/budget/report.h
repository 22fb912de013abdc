#ifndef EKE_BUDGET_REPORT_H
#define EKE_BUDGET_REPORT_H
/*
 * What is left, for decisions, for the protocol and for people. Reads the ledger if it has changed since the last time,
 * and never waits for it: what cannot be read now is told as it was read last.
 */
#include "eke/budget/budget.h"
#include "eke/budget/limit_window.h"
#include "eke/budget/pace.h"

enum budget_state {
	BUDGET_OK,
	BUDGET_LOW, /* a fifth or less */
	BUDGET_EXHAUSTED,
	BUDGET_BLOCKED, /* by a cooldown of the provider */
	BUDGET_UNLIMITED,
};
/* The contract's word. */
const char *budget_state_name(enum budget_state state);

/* For decisions: what a request of this kind would meet now. */
struct budget_view {
	enum budget_state state;
	bool counted;
	struct limit_window_state window; /* the tightest that counts this model; zeroes where there is none */
	int64_t period;             /* its length, seconds */
	int64_t automatic;          /* requests that automatic ones may still take from it */
	int64_t blocked_until;      /* 0: not blocked */
	char reason[LIMIT_ERR_MESSAGE]; /* of a cooldown, or of a careful count; "" */
	struct pace pace;           /* of automatic requests; all for them where nothing is counted */
};
void budget_look(struct budget *budget, const struct budget_request *request, struct budget_view *out);
/* A number that changes whenever any process changes the ledger; 0: unknown. */
int64_t budget_version(struct budget *budget);

/* Of an endpoint as a whole, for people and for the contract's Budget object. */
struct budget_report {
	enum budget_state state;
	struct budget_report_window {
		enum plan_scope scope;
		const char *const *models; /* as struct plan_window's; borrowed until the next call into the budget */
		int64_t period;
		bool resets_at_once; /* all of it at state.reset_at, rather than request by request */
		bool learned; /* the provider's words, not the plan's */
		bool general; /* speaks for the plan as a whole, not for a class of models */
		struct limit_window_state state;
		int64_t more_at; /* when at least one request is left; now, if one is */
	} windows[LIMIT_REPORT_WINDOWS];
	size_t count;
	int64_t blocked_until; /* 0: not blocked */
	char blocked_model[LIMIT_BUDGET_MODEL]; /* where one model alone is; "" */
	bool waits_for_hand; /* a cooldown's time is up; a request that somebody asks for is to find out */
	char reason[LIMIT_ERR_MESSAGE]; /* of a cooldown, or of a careful count; "" */
};
void budget_report(struct budget *budget, const struct config_endpoint *endpoint, struct budget_report *out);
/* Writes the contract's Budget object of an endpoint. */
void budget_write(struct budget *budget, const struct config_endpoint *endpoint, struct json_writer *w);
/* Of an endpoint, for people: "unlimited", "41 of 60 requests left". */
void budget_describe(struct budget *budget, const struct config_endpoint *endpoint, char *out, size_t size);

#endif
