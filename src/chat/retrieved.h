#ifndef EKE_CHAT_RETRIEVED_H
#define EKE_CHAT_RETRIEVED_H
/*
 * What goes along with a question or an edit by itself: declarations of what its code names, from the workspace
 * (context/retriever.h). For conversation_preparation.c and edit.c.
 */
#include "eke/chat/context.h"
#include "eke/config/config.h"
#include "eke/context/retriever.h"

/* Borrowed for the call. */
struct retrieved_spec {
	struct retriever *retriever;
	const struct config *config;
	const char *uri; /* of the file that it is about: prepared */
	const char *text; /* all that goes along anyway */
	size_t len;
	int64_t prompt_cap; /* tokens of the plan; 0: none */
};

/* snippets_release(). */
void retrieved_choose(const struct retrieved_spec *spec, struct snippets *out);
/* One of them as a block (attachment.h), with a line that names it. */
bool retrieved_write(const struct snippet *snippet, struct strbuf *out);
/* Adds all of them to the attachments of a question, as many as there may be. */
void retrieved_attach(const struct snippets *snippets, struct attachments *blocks);
/* The file that a diff begins with, below `folder`, as a URI: free(). NULL: it names none. */
char *retrieved_diff_uri(const char *folder, const char *diff, size_t len);

#endif
