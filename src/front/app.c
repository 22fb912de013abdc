/*
 * The wiring. Start-up must stay cheap (an editor waits for it): libcurl and connections come later, by need.
 */
#include "eke/front/app.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "eke/base/clock.h"
#include "eke/base/log.h"
#include "eke/base/mem.h"
#include "eke/base/paths.h"

#define LOOK_EVERY_MS 1000

void app_init(struct app *app, const struct app_options *options)
{
	*app = (struct app){ .options = *options };
	app->loop = loop_new();
	app->budget = budget_new(app->loop);
	app->upstream = upstream_new(app->loop, app->budget);
	app->docs = docs_new();
	app->workspace = workspace_new(options->config_path);
	app->editorconfig = editorconfig_new();
	app->engine = engine_new(app->loop, app->upstream, app->docs, app->workspace);
	app->chat = chat_new(app->upstream);
	app->conversations = conversations_new(app->loop, app->chat, app->docs, app->workspace);
	app->edits = edits_new(app->upstream, app->docs, app->workspace);
	conversations_use(app->conversations, engine_retriever(app->engine));
	edits_use(app->edits, engine_retriever(app->engine));
}

void app_release(struct app *app)
{
	conversations_free(app->conversations);
	edits_free(app->edits);
	chat_free(app->chat);
	engine_free(app->engine);
	editorconfig_free(app->editorconfig);
	workspace_free(app->workspace);
	docs_free(app->docs);
	upstream_free(app->upstream);
	budget_free(app->budget);
	config_unref(app->config);
	config_local_release(&app->local);
	free(app->settings);
	loop_free(app->loop);
}

static void read_file_state(const struct app *app, struct app_file_state *out)
{
	char *path = app->options.config_path ? path_expand(app->options.config_path) : path_config();
	struct stat st;

	memset(out, 0, sizeof(*out));
	if (path && !stat(path, &st)) {
		out->mtime_ns = (int64_t)st.st_mtim.tv_sec * 1000000000 + st.st_mtim.tv_nsec;
		out->size = st.st_size;
		out->inode = (int64_t)st.st_ino;
	}
	free(path);
}

bool app_config_changed(struct app *app)
{
	int64_t now = clock_mono_ms();
	struct app_file_state state;

	if (now - app->looked_ms < LOOK_EVERY_MS)
		return false;
	app->looked_ms = now;
	read_file_state(app, &state);
	return memcmp(&state, &app->file, sizeof(state)) != 0;
}

static void apply_log_level(const struct app *app)
{
	int configured = app->config->log_level;
	const char *name = app->options.log_level ? app->options.log_level : app->options.default_log_level;
	enum log_level level;

	if (!app->options.log_level && configured != CONFIG_LOG_LEVEL_UNSET)
		log_set_level((enum log_level)configured);
	else if (log_level_parse(name, &level))
		log_set_level(level);
}

static void use(struct app *app, struct config *config, config_warn_fn *warn, void *warn_ctx)
{
	struct err err = ERR_INIT;

	if (!budget_share(app->budget, config->ledger_redis, &err) && warn)
		warn(warn_ctx, err.message);
	config_unref(app->config);
	app->config = config;
	apply_log_level(app);
	workspace_configure(app->workspace, config, warn, warn_ctx);
	engine_configure(app->engine, config);
	chat_configure(app->chat, config);
	conversations_configure(app->conversations, config, warn, warn_ctx);
	edits_configure(app->edits, config);
}

bool app_load(struct app *app, config_warn_fn *warn, void *warn_ctx, struct err *err)
{
	struct config *config;

	/* Before reading it, so that a change meanwhile is seen next time. */
	read_file_state(app, &app->file);
	config = config_load(app->options.config_path, app->settings, warn, warn_ctx, err);
	if (config && config_use_local(config, &app->local, err) && upstream_configure(app->upstream, config, err)) {
		use(app, config, warn, warn_ctx);
		return true;
	}
	if (config)
		config_name_place(config, err);
	config_unref(config);
	if (!app->config)
		use(app, config_defaults(), warn, warn_ctx);
	return false;
}

bool app_use_local(struct app *app, const struct local_server *server)
{
	struct config_local local;

	if (!local_server_settings(server, &local))
		return false;
	config_local_release(&app->local);
	app->local = local;
	return true;
}

void app_keep_local(const struct app *app, const struct local_server *server, const char *between, struct strbuf *out)
{
	const struct config *config = app->config;

	strbuf_adds(out, config->file_exists ? "add this to " : "put this into ");
	strbuf_adds(out, config->path ? config->path : "a file and name it in EKE_CONFIG");
	strbuf_adds(out, between);
	local_server_snippet(server, out);
}
