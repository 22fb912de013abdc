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
		-1.329, 0.774, 0.000, 0.020, 0.120, 0.388, -0.118, 0.030,
		0.000, 0.000, 0.050, 0.064, 0.115, 0.585, 0.073, -0.054,
		0.125, 0.628, -1.329, -1.164, 0.952, -0.041, -0.178, 0.041,
		0.246, -0.019, 0.029, 0.247,
	},
	{
		-0.877, 0.896, 0.145, -0.072, 0.369, 0.352, -0.061, -0.038,
		1.249, 0.293, 0.120, 0.068, 0.033, 0.338, -0.084, 0.094,
		0.048, 0.538, -0.877, -0.670, 0.000, -0.093, -0.555, -0.226,
		0.294, -0.110, -0.041, 0.702,
	},
	{
		-1.391, 1.102, 0.050, -0.052, -0.092, 0.633, -0.066, -0.068,
		0.741, -0.762, 0.149, 0.382, 0.177, -0.016, 0.000, 0.000,
		0.000, 0.000, 0.000, 0.000, 0.000, 0.000, 0.000, 0.000,
		0.000, 0.000, 0.000, 0.000,
	},
};

#endif
