#ifndef EKE_POST_UNWRAP_H
#define EKE_POST_UNWRAP_H
/*
 * First stage of post-processing: what of a raw answer is meant for the document. Takes off what is provably wrapping:
 * thoughts, tags, fences, the talk around them, tokens of the model's template. Pure.
 */
#include "eke/post/context.h"
#include "draft.h"

enum unwrap_result {
	UNWRAP_TEXT, /* draft->text holds it */
	UNWRAP_NOTHING, /* empty so far, or for good if the answer has ended */
	UNWRAP_TALK, /* the answer is talk */
};

struct unwrap_info {
	bool closed; /* the end of the text was seen: nothing that comes later matters */
	bool wrapped; /* it was in tags */
};

/* `raw` has LF line ends. Replaces draft->text. */
enum unwrap_result unwrap(
	const struct post_context *c, const char *raw, size_t len, struct unwrap_info *info, struct draft *draft);

#endif
