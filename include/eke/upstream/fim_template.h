#ifndef EKE_UPSTREAM_FIM_TEMPLATE_H
#define EKE_UPSTREAM_FIM_TEMPLATE_H
/*
 * Raw prompts for models that were trained to fill in the middle, for servers that take no suffix (vLLM, TGI): the
 * tokens of each family, and how it has seen several files of a repository. Pure; a table. Sources: the models' cards
 * and papers, and the templates of Continue and llama.vim.
 */
#include "eke/base/strbuf.h"

struct request_spec;

/* Appends the prompt for spec->model: spec->extras, spec->path, prefix and suffix. */
void fim_template_write(const struct request_spec *spec, struct strbuf *out);
/* What ends an answer of this model, ends with NULL; at most LIMIT_STOP are sent. */
const char *const *fim_template_stops(const char *model);

#endif
