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
		-1.197, 0.865, 0.000, 0.007, 0.181, 0.460, -0.098, 0.012,
		0.000, 0.000, 0.035, 0.152, 0.220, 0.863, 0.117, 0.014,
		0.100, 0.438, -1.197, -1.111, 1.091, -0.074, -0.283, -0.598,
	},
	{
		-0.684, 0.922, 0.068, -0.065, 0.399, 0.262, -0.058, 0.011,
		1.398, 0.277, 0.092, 0.070, 0.078, 0.111, 0.238, 0.158,
		0.007, 0.567, -0.684, -0.755, 0.000, -0.043, -0.801, -0.360,
	},
	{
		-1.480, 1.123, 0.040, -0.052, -0.055, 0.645, -0.065, -0.055,
		0.808, -0.765, 0.136, 0.417, 0.337, -0.012, 0.000, 0.000,
		0.000, 0.000, 0.000, 0.000, 0.000, 0.000, 0.000, 0.000,
	},
};

#endif
