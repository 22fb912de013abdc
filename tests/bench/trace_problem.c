/*
 * The text is made for it: one block of plain statements, so that no block ends and no blank line changes the rules,
 * in lines of 25 keys on average, so that three lines are 75 keys and 300 keys need four answers.
 */
#include "trace_problem.h"

#include <string.h>

#include "eke/base/attrs.h"

static const char text[] =
	"order = read_order(path)\n"
	"total = sum(order.prices)\n"
	"weight = order.weight(kg)\n"
	"label = make_label(order)\n"
	"queue.append(label.text)\n"
	"stock.remove(order.items)\n"
	"notify(order.owner, label)\n"
	"ledger.add(order, total)\n"
	"report.count(order.items)\n"
	"cache.forget(order.owner)\n"
	"journal.write(order.name)\n"
	"archive.store(path, label)\n"
	"printer.print(label.text)\n"
	"counter.raise_by(total)\n"
	"backlog.close(order.name)\n"
	"monitor.tell(order.items)\n"
	"console.log(label, total)\n"
	"finish(order, label, path)\n";

struct trace_result trace_problem(const struct trace_client_kind *kind, int64_t steady_ms, uint64_t seed)
{
	struct trace_file file = { "project/orders.py", "python", text, sizeof(text) - 1 };
	struct trace_settings settings = {
		.seed = seed,
		.right = 1.0,
		.answer_lines = 3,
		.net = { .seed = seed, .latency_ms = 200 },
		.counted = true,
		.steady_ms = steady_ms,
		.pace = 1.0,
		.max_keys = TRACE_PROBLEM_KEYS,
	};

	return trace_run(kind, &file, 1, &settings);
}
