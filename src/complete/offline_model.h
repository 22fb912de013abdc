#ifndef EKE_COMPLETE_OFFLINE_MODEL_H
#define EKE_COMPLETE_OFFLINE_MODEL_H
/*
 * How the features of a vote (offline_predict.c) make a probability: weights of a logistic function, fitted to real
 * files by tests/bench/offline-fit.mjs. Whoever changes a feature, or how candidates are found or weighed, makes them
 * anew, two or three times, as what is offered decides what is asked next:
 *
 *     make bench; build/bench/bench_offline features | node tests/bench/offline-fit.mjs
 */
#include "offline_predict.h"

static const double offline_weights[EVIDENCES][FEATURES] = {
	{
		-1.369, 0.772, 0.000, 0.025, 0.095, 0.371, -0.118, 0.030,
		0.000, 0.000, 0.039, 0.063, 0.093, 0.704, 0.070, -0.283,
		0.128, 0.615, -1.369, -1.091, 1.005, -0.085, -0.158, -0.032,
		0.278, -0.002, 0.037, 0.302,
	},
	{
		-0.924, 0.897, 0.162, -0.070, 0.336, 0.356, -0.063, -0.035,
		1.161, 0.300, 0.117, 0.062, 0.001, 0.376, -0.099, -0.176,
		0.054, 0.527, -0.924, -0.638, 0.000, -0.130, -0.496, -0.208,
		0.369, -0.090, -0.037, 0.800,
	},
	{
		-1.403, 1.105, 0.052, -0.050, -0.095, 0.631, -0.065, -0.068,
		0.743, -0.760, 0.150, 0.384, 0.172, -0.011, 0.000, 0.000,
		0.000, 0.000, 0.000, 0.000, 0.000, 0.000, 0.000, 0.000,
		0.000, 0.000, 0.000, 0.000,
	},
	{
		-0.955, 0.719, 0.000, -0.027, 0.234, 0.808, -0.117, 0.033,
		0.000, 0.000, 0.067, -0.118, 0.208, 0.860, 0.046, 0.566,
		0.110, 0.351, -0.955, -1.512, 0.472, -0.037, -0.302, 0.421,
		0.086, -0.113, 0.000, 0.123,
	},
};

#endif
