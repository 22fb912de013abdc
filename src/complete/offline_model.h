#ifndef EKE_COMPLETE_OFFLINE_MODEL_H
#define EKE_COMPLETE_OFFLINE_MODEL_H
/*
 * How the features of a vote (offline_predict.c) make a probability: weights of a logistic function, fitted to real
 * files by tests/bench/offline-fit.mjs. Whoever changes a feature, or how candidates are found or weighed, makes them anew:
 * build/bench/bench_offline features | node tests/bench/offline-fit.mjs
 */
#include "offline_private.h"

static const double offline_context_weights[FEATURES] = {
	-0.881, 0.880, 0.080, -0.043, 0.484, 0.281, -0.064, 0.010,
	1.718, 0.382, 0.071, 0.128, 0.129, 0.022, 0.175, 0.107,
	0.052, 0.491, -0.881, -0.970, 0.984, 0.052, -0.622, -0.176,
};

static const double offline_word_weights[FEATURES] = {
	-1.482, 1.099, 0.040, -0.051, -0.023, 0.621, -0.061, -0.057,
	0.857, -0.706, 0.132, 0.406, 0.330, -0.007, 0.000, 0.000,
	0.000, 0.000, 0.000, 0.000, 0.000, 0.000, 0.000, 0.000,
};

#endif
