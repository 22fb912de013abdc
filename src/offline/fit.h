#ifndef EKE_OFFLINE_FIT_H
#define EKE_OFFLINE_FIT_H
/*
 * A draft of what goes on at the cursor, and how much of it fits before what stands there already. Pure.
 */
#include <stdbool.h>
#include <stddef.h>

#include "eke/base/strbuf.h"

#include "predict.h"

/* A text being drafted ends well here: behind a token. */
struct offline_point {
	size_t len;
	double probability; /* of all that is before it */
	size_t lines;
	bool line_end; /* nothing more is expected on its line */
};

#define POINTS_MAX 400

struct offline_draft {
	struct strbuf *text; /* LF line ends */
	struct offline_point points[POINTS_MAX];
	size_t count;
	struct offline_step first; /* how it begins */
	bool any;                  /* there is a first step */
	size_t candidates;
};

/*
 * How much of the draft may be inserted before `after`, so that nothing is repeated that stands there. at_start: the
 * cursor's line is blank before the cursor.
 */
size_t offline_fit(const struct offline_draft *draft, const char *after, size_t after_len, bool at_start);

#endif
