#ifndef EKE_COMPLETE_OFFLINE_MODEL_H
#define EKE_COMPLETE_OFFLINE_MODEL_H
/*
 * How the features of a vote (offline_predict.c) make a probability.
 */
#include "offline_private.h"

static const double offline_context_weights[FEATURES] = { -2, 0.8, 0.1, 0, 0.2, 0.2, 0.3, 0.3, 0.2, 0.3, 0.1 };

static const double offline_word_weights[FEATURES] = { -2, 0.8, 0.3, 0, -0.1, 0.1 };

#endif
