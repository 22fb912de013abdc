#ifndef EKE_OFFLINE_MODEL_H
#define EKE_OFFLINE_MODEL_H
/*
 * How the features of a vote (predict.c) make a probability: weights of a logistic function, fitted to real
 * files by tests/bench/offline-fit.mjs. Whoever changes a feature, or how candidates are found or weighed, makes them
 * anew, two or three times, as what is offered decides what is asked next:
 *
 *     make bench; build/bench/bench_offline features | node tests/bench/offline-fit.mjs
 */
#include "predict.h"

static const double offline_weights[EVIDENCES][FEATURES] = {
	{
		-2.954, 0.806, 0.000, 0.017, 0.103, 0.409, -0.127, 0.034,
		0.000, 0.000, 0.022, 0.090, 0.103, 0.634, -0.048, 0.110,
		0.101, 0.686, 0.042, -1.010, 0.936, -0.064, -0.205, 0.068,
		0.330, -0.006, 0.040, 0.081,
	},
	{
		-1.867, 0.921, 0.186, -0.076, 0.225, 0.375, -0.064, -0.039,
		0.993, 0.258, 0.123, 0.058, 0.036, 0.329, -0.223, 0.497,
		0.038, 0.558, 0.053, -0.564, 0.000, -0.105, -0.426, -0.190,
		0.354, -0.154, -0.044, 0.598,
	},
	{
		-1.410, 1.112, 0.053, -0.050, -0.106, 0.636, -0.066, -0.068,
		0.732, -0.767, 0.151, 0.386, 0.170, -0.009, 0.000, 0.000,
		0.000, 0.000, 0.000, 0.000, 0.000, 0.000, 0.000, 0.000,
		0.000, 0.000, 0.000, 0.000,
	},
	{
		-2.121, 0.783, 0.000, -0.022, 0.182, 0.759, -0.117, 0.044,
		0.000, 0.000, 0.068, -0.040, 0.217, 0.673, 0.100, 0.778,
		0.064, 0.460, 0.024, -1.541, 0.394, 0.018, -0.336, 0.564,
		0.098, -0.159, 0.003, -0.092,
	},
};

#endif
