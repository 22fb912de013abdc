#ifndef EKE_CHAT_EDIT_MATERIAL_H
#define EKE_CHAT_EDIT_MATERIAL_H
/*
 * What the prompt of an edit is made of, copied from the document, which may change meanwhile; and the prompt, with as
 * much of the document around the range as the endpoint's plan allows.
 */
#include <stdbool.h>
#include <stddef.h>

#include "eke/base/err.h"
#include "eke/base/strbuf.h"
#include "eke/text/docs.h"
#include "eke/upstream/tokens.h"

/* Owns its strings. */
struct edit_material {
	size_t start; /* of the range, in the document, bytes */
	struct strbuf selected;
	struct strbuf before; /* the document around it, as much as is ever shown */
	struct strbuf after;
	bool crlf;      /* the document's line ends */
	char *path;     /* of the document */
	char *language; /* NULL: not known */
	char *instruction;
};

/* Borrowed for the call. */
struct edit_limits {
	const struct token_scales *scales;
	const char *endpoint;
	const char *model; /* NULL: not known */
	const char *plan;
	size_t cap;                  /* tokens of a prompt; 0: none */
	const char *answer_language; /* NULL: the document's */
};

/* What a model gets to read; owned. */
struct edit_messages {
	struct strbuf system;
	struct strbuf user;
	unsigned tag_number; /* for edit_extract() */
};

/* `text` is that of `doc`; the ends of the range may come in either order. */
void edit_material_take(struct edit_material *m, const struct doc *doc, const struct text_buffer *text,
	enum position_encoding encoding, const struct range *range, const char *instruction);
void edit_material_release(struct edit_material *m);

/*
 * Writes the prompt, with `context`, texts of other places, if that is not NULL. edit_messages_release() it. False with
 * ERR_PROMPT_TOO_LONG, and nothing to release, if not even the range fits.
 */
bool edit_material_write(const struct edit_material *m, const struct edit_limits *limits, const char *context,
	struct edit_messages *out, struct err *err);
void edit_messages_release(struct edit_messages *messages);

#endif
