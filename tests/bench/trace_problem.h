#ifndef EKE_TESTS_BENCH_TRACE_PROBLEM_H
#define EKE_TESTS_BENCH_TRACE_PROBLEM_H
/*
 * The measured problem: 300 keys, a model that answers three right lines after 200 ms, an editor that takes back its
 * request at every key. At a steady 120 ms a key, and as people type. Cancel-on-type throws away what was paid for: a
 * client that asks at every key has 300 requests and one suggestion to show for them. The bound is 4 requests and 296
 * keys.
 */
#include "trace_session.h"

#define TRACE_PROBLEM_KEYS 300
#define TRACE_PROBLEM_REQUESTS_MAX 5
#define TRACE_PROBLEM_RIGHT_MIN 270
#define TRACE_PROBLEM_STEADY_MS 120

/* steady_ms 0: human rhythm. */
struct trace_result trace_problem(const struct trace_client_kind *kind, int64_t steady_ms, uint64_t seed);

#endif
