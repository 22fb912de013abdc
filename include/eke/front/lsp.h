#ifndef EKE_FRONT_LSP_H
#define EKE_FRONT_LSP_H
/*
 * `eke serve`: the Language Server Protocol 3.18 with eke's own methods, on standard input and output.
 */
#include "eke/front/app.h"

/*
 * Runs until the client ends it; returns the exit code (LSP 3.18, "Exit Notification": 0 after shutdown, else 1), or
 * that of a signal (app.h).
 */
int lsp_serve(const struct app_options *options);

#endif
