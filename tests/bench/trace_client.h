#ifndef EKE_TESTS_BENCH_TRACE_CLIENT_H
#define EKE_TESTS_BENCH_TRACE_CLIENT_H
/*
 * What stands between the simulated editor (trace_session.h) and the simulated network: eke's engine, or the policy of
 * another program. The editor tells it of every edit before it is made, asks after every key, and takes back what it
 * asked before the next.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "eke/base/strbuf.h"
#include "eke/io/loop.h"
#include "sim_net.h"

/* The editor, as a client sees it. Borrowed; lives longer than the client. */
struct trace_editor {
	struct loop *loop;
	struct sim_net *net;
	struct strbuf text; /* of the document */
	size_t cursor;
	bool insert_spaces;
	/* The answer to the last trace_client_kind.ask() so far: replaces what this showed before. */
	void (*show)(struct trace_editor *editor, const char *text, size_t len);
};

/* What a client can tell of itself at the end. */
struct trace_client_report {
	size_t wrong_ranges;      /* items that would not have gone to the cursor */
	size_t late_answers;      /* callbacks after the request was taken back */
	size_t refused_by_budget; /* requests that its own budget held back */
};

struct trace_client_kind {
	const char *key;
	const char *name;
	int64_t delay_ms; /* of a fixed debounce */
	/* `counted`: the plan has 60 requests an hour, and the client may know. */
	void *(*start)(const struct trace_client_kind *kind, struct trace_editor *editor, bool counted);
	void (*stop)(void *client);
	/* The editor's text is the document's. */
	void (*opened)(void *client, const char *uri, const char *language);
	void (*closed)(void *client);
	/* In bytes; the editor's text is still the old one. NULL: it looks for itself. */
	void (*edit)(void *client, size_t at, size_t removed, const char *text, size_t len);
	void (*ask)(void *client);
	void (*cancel)(void *client);
	/* What was shown, or its beginning, has been inserted. NULL: it does not care. */
	void (*accepted)(void *client, bool all);
	/* NULL: nothing to tell. */
	void (*report)(const void *client, struct trace_client_report *out);
};

extern const struct trace_client_kind trace_eke;
/* Asks after a pause of delay_ms, keeps nothing; with 0 at every key. */
extern const struct trace_client_kind trace_every_key, trace_fixed_75, trace_fixed_150;
/* Continue's, Tabby's and llama.vim's ways. */
extern const struct trace_client_kind trace_continue, trace_tabby, trace_llama_vim;
/*
 * No program, a yardstick: its answers come at once and whole, it forgets none, and asks only where none of them goes
 * on and where it knows that the answer will be right, as long as the hour has a request left. It is no upper bound: an
 * answer that was not followed to the letter is over for it, and eke finds such ones again (rejoin.h).
 */
extern const struct trace_client_kind trace_ideal;

#endif
