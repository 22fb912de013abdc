#ifndef EKE_TESTS_BENCH_TRACE_SESSION_H
#define EKE_TESTS_BENCH_TRACE_SESSION_H
/*
 * A typist at an editor with a completion client, from the first file to the last, in simulated time.
 *
 * The editor does what VS Code and Neovim do at every key: it takes back its former request, changes the document,
 * and asks at the new cursor. Nothing that it could do by itself is assumed: a key counts as served only if the
 * answer to the request of that very key came before the next key. Moving the cursor asks nothing.
 */
#include <stddef.h>
#include <stdint.h>

#include "trace_client.h"

struct trace_file {
	const char *name; /* for people */
	const char *language;
	const char *text;
	size_t len;
};

struct trace_settings {
	uint64_t seed;
	double right;          /* share of the model's answers */
	size_t answer_lines;   /* sim_model.lines */
	struct sim_net_settings net;
	bool counted;          /* the client's plan: 60 an hour, or unlimited */
	int64_t steady_ms;     /* between keys; 0: human rhythm */
	double pace;           /* of that, trace_rhythm.h */
	bool mistakes, second_thoughts;
	bool accepts;          /* right suggestions that were read are taken instead of typed */
	size_t max_keys;       /* 0: all */
};

struct trace_result {
	size_t keys;           /* struck, backspaces among them, cursor moves not */
	size_t model_right;    /* keys after which the model, if asked, would be right */
	size_t right;          /* of them, those after which a right suggestion was on the screen */
	size_t right_anyway;   /* right ones after the other keys: the model would not know that now */
	size_t wrong;          /* keys after which a wrong one was */
	size_t accepts;
	size_t accepted;       /* characters that came so */
	struct sim_counts net;
	struct trace_client_report client;
	double hours;
};

struct trace_result trace_run(const struct trace_client_kind *kind, const struct trace_file *files, size_t count,
			      const struct trace_settings *settings);

#endif
