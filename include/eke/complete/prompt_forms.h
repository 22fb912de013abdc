#ifndef EKE_COMPLETE_PROMPT_FORMS_H
#define EKE_COMPLETE_PROMPT_FORMS_H
/*
 * Context for fill-in-the-middle APIs, which have no place for it but before the prefix: in the form in which the model
 * has seen several files of a repository, where that is known, else as comments of the document's language. Pure.
 */
#include "eke/base/strbuf.h"
#include "eke/context/snippets.h"

enum prompt_form {
	PROMPT_FORM_COMMENTS,
	/* "+++++ path" before each file (mistral-common, and Continue's template for Codestral). */
	PROMPT_FORM_CODESTRAL,
};

/* For a model by its name; NULL: unknown. */
enum prompt_form prompt_form_of(const char *model);
/*
 * Appends the snippets, and what begins the document at `path`, whose text then follows. Nothing if there are no
 * snippets.
 */
void prompt_form_write(
	enum prompt_form form, const struct snippets *snippets, const char *path, const char *language, struct strbuf *out);

#endif
