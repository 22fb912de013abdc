/* The trace player. */
#include "bench.h"
#include "trace_problem.h"

int main(void)
{
	static const struct trace_client_kind *const kinds[] = { &trace_eke, &trace_every_key, &trace_tabby, &trace_fixed_150, &trace_fixed_75, &trace_continue, &trace_llama_vim };

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		for (int human = 0; human < 2; human++) {
			struct trace_result r = trace_problem(kinds[i], human ? 0 : 120, 1);

			printf("%-45s %s requests %zu right %zu anyway %zu wrong %zu modelright %zu keys %zu ranges %zu late %zu lost %zu ahead %zu aborted %zu\n", kinds[i]->name, human ? "human " : "steady", r.net.sent, r.right, r.right_anyway, r.wrong, r.model_right, r.keys, r.client.wrong_ranges, r.client.late_answers, r.net.lost, r.net.ahead, r.net.aborted);
		}
	}
	return 0;
}
