#ifndef EKE_UPSTREAM_REFUSED_PARAMS_H
#define EKE_UPSTREAM_REFUSED_PARAMS_H
/*
 * Which parameters of a request a refusal is about: by its "param" (OpenAI), its "loc" (FastAPI: vLLM, Mistral), or its
 * words: "Unsupported parameter: 'max_tokens' is not supported with this model. Use 'max_completion_tokens' instead.",
 * "Model incompatible request arguments supplied: temperature, top_p", "Argument not supported on this model: stop".
 * Pure.
 */
#include <stdbool.h>
#include <stddef.h>

/* The quirks (quirks.h) that follow from a response with that status; 0: none. The body may be modified. */
unsigned refused_params(int status, char *body, size_t len);
/* Does the refusal of a request for a whole answer say that there are streams only? */
bool refused_whole_answer(int status, char *body, size_t len);

#endif
