#ifndef EKE_POST_EXTRACT_H
#define EKE_POST_EXTRACT_H
/*
 * First stage of post-processing: what of a raw answer is meant for the document. Takes off thinking,
 * special tokens, tags, fences and the talk around them, echoed document tags, entities. Pure.
 */
#include <stdbool.h>

#include "eke/base/strbuf.h"
#include "eke/post/context.h"

enum post_extract_result {
	POST_EXTRACT_TEXT,   /* out holds it */
	POST_EXTRACT_NOTHING, /* empty so far, or for good if the answer has ended */
	POST_EXTRACT_TALK,   /* the answer is talk */
};

struct post_extract {
	bool closed;  /* the end of the text was seen: nothing that comes later matters */
	bool wrapped; /* it was in tags */
};

/* `raw` has LF line ends. Appends to out. */
enum post_extract_result post_extract(const struct post_context *c, const char *raw, size_t len,
				      struct post_extract *info, struct strbuf *out);

#endif
