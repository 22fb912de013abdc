#ifndef EKE_FRONT_LSP_ACTION_H
#define EKE_FRONT_LSP_ACTION_H
/*
 * What code actions are about; for lsp_actions.c, which offers them, and lsp_action_run.c, which carries them out.
 */
#include "lsp_private.h"

/* What the edit engine is asked if the command changes the document; NULL: its answer is a text to read. */
const char *lsp_action_instruction(const struct lsp *lsp, const struct command *command);
/* "eke: Explain" */
char *lsp_action_title(const struct command *command);

/* lsp_answers.c: writes an answer to a file of its own; its path, or NULL with err. */
char *lsp_keep_answer(struct lsp *lsp, const char *name, const char *text, size_t len, struct err *err);
/* Removes those that were to go when the program ends. */
void lsp_answers_free(struct lsp *lsp);

#endif
