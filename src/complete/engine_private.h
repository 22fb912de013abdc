#ifndef EKE_COMPLETE_ENGINE_PRIVATE_H
#define EKE_COMPLETE_ENGINE_PRIVATE_H
/*
 * What engine.c, pending.c (requests and their answers), decide.c (what to do with a request) and inflight.c (what is
 * under way) and explain.c share: the body of struct engine.
 */
#include "eke/complete/admission.h"
#include "eke/complete/cache.h"
#include "eke/complete/engine.h"
#include "eke/context/retriever.h"
#include "eke/offline/offline.h"
#include "eke/offline/suggest.h"
#include "eke/text/workspace.h"
#include "cache_sync.h"
#include "feedback.h"
#include "model_request.h"

struct pending;
struct inflight;
struct explaining;

struct engine {
	struct loop *loop;         /* borrowed, like the next two */
	struct upstream *upstream;
	struct docs *docs;
	struct config *config; /* ref */
	struct workspace *workspace; /* borrowed */
	struct cache *cache;
	struct cache_sync *sync; /* of the cache, with other processes */
	struct feedback *feedback;
	struct retriever *retriever;
	struct offline *offline;     /* NULL: turned off */
	struct strbuf offline_text;  /* what it offered last */
	struct pending *pending;
	struct inflight *inflight;
	struct explaining *explaining;
	uint64_t last_id;
};

#endif
