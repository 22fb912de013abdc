#ifndef EKE_TESTS_BENCH_SIM_CALL_H
#define EKE_TESTS_BENCH_SIM_CALL_H
/*
 * eke's calls (eke/upstream/call.h) over the simulated network, linked instead of src/upstream/call.c. The budget, the
 * prompt and the refusals are the real ones: a call goes through budget/, the question is read out of the prompt that
 * eke made, and a 429 is decoded from the body that a provider would send.
 */
#include "sim_net.h"

/* Where calls go from now on; borrowed. */
void sim_call_use(struct sim_net *net);
/* Calls that eke's own budget held back since then. */
size_t sim_call_refused_by_budget(void);

#endif
