#ifndef EKE_COMPLETE_EXPLAIN_H
#define EKE_COMPLETE_EXPLAIN_H
/*
 * engine_explain(). For the engine's own files.
 */
#include "eke/complete/engine.h"

void explanations_free_all(struct engine *engine);

#endif
