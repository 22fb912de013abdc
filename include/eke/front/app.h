#ifndef EKE_FRONT_APP_H
#define EKE_FRONT_APP_H
/*
 * What every front end stands on: the loop, the configuration, and the engines, wired together once.
 */
#include <stdbool.h>
#include <stdint.h>

#include "eke/budget/budget.h"
#include "eke/chat/chat.h"
#include "eke/chat/conversations.h"
#include "eke/chat/edit.h"
#include "eke/complete/engine.h"
#include "eke/config/config.h"
#include "eke/io/loop.h"
#include "eke/text/docs.h"
#include "eke/text/editorconfig.h"
#include "eke/text/workspace.h"
#include "eke/upstream/local_server.h"
#include "eke/upstream/upstream.h"

/* Exit codes of a program that a signal ended: 128 + its number, as a shell would report it. */
#define EXIT_HUNG_UP 129
#define EXIT_INTERRUPTED 130
#define EXIT_TERMINATED 143

/* The options before or behind any command; borrowed from argv. */
struct app_options {
	const char *config_path; /* NULL: the usual place */
	const char *log_level;   /* NULL: the configuration's */
	const char *log_file;    /* NULL: standard error */
	const char *default_log_level; /* of the command, where neither says */
};

struct app {
	struct app_options options;
	struct loop *loop;
	struct budget *budget;
	struct upstream *upstream;
	struct docs *docs;
	struct workspace *workspace;
	struct editorconfig *editorconfig;
	struct engine *engine;
	struct chat *chat;
	struct conversations *conversations;
	struct edits *edits;
	struct config *config; /* ref; never NULL after app_load() succeeded once */
	char *settings;        /* the editor's, as JSON; NULL: none */
	struct config_local local; /* that the user agreed to, until the program ends */
	struct app_file_state { /* of the configuration file, when it was loaded */
		int64_t mtime_ns;
		int64_t size;
		int64_t inode; /* 0: there was none */
	} file;
	int64_t looked_ms;
};

/* Sets up everything but the configuration: fast, no file is read and nothing is connected. */
void app_init(struct app *app, const struct app_options *options);
void app_release(struct app *app);
/*
 * Loads the configuration and gives it to the engines. On failure err has ERR_CONFIG and the former one stays;
 * if there was none, the defaults without an endpoint are in force, so that the program can go on and say so.
 */
bool app_load(struct app *app, config_warn_fn *warn, void *warn_ctx, struct err *err);
/*
 * The user agreed: where the configuration has no endpoint, it is this server from the next app_load() on. False: none
 * of its models can chat.
 */
bool app_use_local(struct app *app, const struct local_server *server);
/*
 * What the user is to do so that it stays: "add this to PATH", `between`, and the settings to add. Before
 * app_use_local(), or after.
 */
void app_keep_local(
	const struct app *app, const struct local_server *server, const char *between, struct strbuf *out);
/* Has the file changed since it was loaded? Looks at most once a second. */
bool app_config_changed(struct app *app);

#endif
