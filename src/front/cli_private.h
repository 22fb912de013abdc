#ifndef EKE_FRONT_CLI_PRIVATE_H
#define EKE_FRONT_CLI_PRIVATE_H
/*
 * What the terminal commands share.
 */
#include <stdbool.h>
#include <stddef.h>

#include "eke/front/cli.h"
#include "eke/upstream/local.h"

/* "eke: <sentence>" and what the provider said, to standard error. */
void cli_complain(const struct err *err);
/* Looks into the chats, so that damage which nobody has met yet is repaired, and kept_each() tells of it. */
void cli_look_at_chats(void);
/* CLI_BUDGET for ERR_BUDGET, else CLI_FAILED. */
int cli_code(const struct err *err);
/* What the user should know about the ledger, where it counts; to standard error. After the last request. */
void cli_note_ledger(struct app *app, const struct config_endpoint *endpoint);
/* Waits until it is known what other machines have counted, or that it cannot be known now; not long. */
void cli_sync_ledger(struct app *app);
/* Sets up the app with its configuration; false, and the app released, if that is wrong (it was said). */
bool cli_start(struct app *app, const struct app_options *options);
/* Complain about an option or argument that the command does not know, and about a missing one. Return CLI_USAGE. */
int cli_unknown(const char *command, const char *word);
int cli_missing(const char *command, const char *what);

/*
 * cli_local.c. Looks for servers on this machine, for at most LOCAL_SEARCH_MS. NULL: that is not wanted; else to be
 * freed.
 */
struct local_search *cli_search_local(struct app *app);
/*
 * Where nothing is configured and a server answers: asks the person at the terminal whether to use it, which is so from
 * then on; where there is none, or the answer is no, says how to use it.
 */
void cli_offer_local(struct app *app);

#endif
