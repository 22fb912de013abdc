/*
 * `eke config`: where the configuration is, what is in force, and its schema. `eke models`: what the endpoints offer.
 */
#include "cli_private.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "eke/base/mem.h"
#include "eke/base/paths.h"
#include "eke/config/print.h"
#include "eke/config/schema.h"
#include "eke/front/terminal.h"
#include "eke/upstream/models.h"

static int print_path(const struct app_options *options)
{
	char *path = options->config_path ? xstrdup(options->config_path) : path_config();

	if (!path) {
		terminal_note("eke: there is no home directory; name a file with --config or EKE_CONFIG\n");
		return CLI_FAILED;
	}
	terminal_write(path, strlen(path));
	terminal_write("\n", 1);
	free(path);
	return CLI_OK;
}

static int print_merged(const struct app_options *options)
{
	struct strbuf out;
	struct app app;

	if (!cli_start(&app, options))
		return CLI_FAILED;
	strbuf_init(&out, 2 * LIMIT_CONFIG_FILE);
	config_print(app.config, &out);
	terminal_write_json(&out);
	strbuf_release(&out);
	app_release(&app);
	return CLI_OK;
}

int cli_config(const struct app_options *options, int argc, char **argv)
{
	if (!argc)
		return cli_missing("config", "--path, --print or --schema");
	if (argc > 1)
		return cli_unknown("config", argv[1]);
	if (!strcmp(argv[0], "--path"))
		return print_path(options);
	if (!strcmp(argv[0], "--print"))
		return print_merged(options);
	if (!strcmp(argv[0], "--schema")) {
		terminal_write((const char *)config_schema, strlen((const char *)config_schema));
		return CLI_OK;
	}
	return cli_unknown("config", argv[0]);
}

struct models_command {
	struct app app;
	size_t index; /* of the endpoint that is asked */
	int code;
};

static void ask_next(struct models_command *c);

/* "gpt-4o-mini<tab>free": the model's name is what the configuration takes. */
static void print_model(const char *id, const char *endpoint)
{
	struct strbuf line;

	strbuf_init(&line, KIB(4));
	strbuf_addf(&line, "%s\t%s\n", id, endpoint);
	terminal_write(line.data, line.len);
	strbuf_release(&line);
}

static void on_models(void *ctx, const char *const *ids, size_t count, const struct err *err)
{
	struct models_command *c = ctx;

	if (err) {
		cli_complain(err);
		c->code = cli_code(err);
	}
	for (size_t i = 0; ids && i < count; i++)
		print_model(ids[i], endpoint_name(upstream_at(c->app.upstream, c->index)));
	c->index++;
	ask_next(c);
}

static void ask_next(struct models_command *c)
{
	struct endpoint *endpoint = upstream_at(c->app.upstream, c->index);

	if (endpoint)
		models_start(c->app.upstream, endpoint, on_models, c);
	else
		loop_stop(c->app.loop);
}

int cli_models(const struct app_options *options, int argc, char **argv)
{
	struct models_command c = { .code = CLI_OK };
	struct err err;

	if (argc)
		return cli_unknown("models", argv[0]);
	if (!cli_start(&c.app, options))
		return CLI_FAILED;
	if (!upstream_find(c.app.upstream, NULL, &err)) {
		cli_complain(&err);
		c.code = CLI_FAILED;
	} else {
		ask_next(&c);
		loop_run(c.app.loop);
	}
	app_release(&c.app);
	return c.code;
}
