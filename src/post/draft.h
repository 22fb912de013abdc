#ifndef EKE_POST_DRAFT_H
#define EKE_POST_DRAFT_H
/*
 * An answer on its way through the stages: the text, and what one stage found out that another needs.
 */
#include <stdbool.h>

#include "eke/base/strbuf.h"

struct draft {
	struct strbuf text; /* LF line ends */
	bool growing; /* more will come: text ends with a whole line */
	bool framed; /* line ends stood before and behind it: layout of the wrapping, not the text's own */
	bool moved; /* the answer repeated lines of the document: `shift` is known */
	long shift; /* columns from the answer's margin to the document's */
	bool rewritten; /* the answer repeated the cursor's block, from its header on */
};

#endif
