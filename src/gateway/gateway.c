/*
 * `eke gateway`: from its words to its end.
 */
#include "eke/gateway/gateway.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "eke/front/terminal.h"
#ifdef HAVE_MICROHTTPD
#include <sys/select.h>
#include <unistd.h>

#include "eke/base/clock.h"
#include "eke/base/log.h"
#include "eke/base/mem.h"
#include "eke/base/paths.h"
#include "eke/base/process.h"
#include "eke/base/rfc3339.h"
#include "eke/front/gateways.h"
#include "catalogue.h"
#include "clients.h"
#include "forward.h"
#include "http_poll.h"
#include "kept.h"
#include "listener.h"
#include "models.h"
#include "routes.h"
#include "wait.h"

/* How long requests may go on after the program was told to stop. */
#define STOP_GRACE_MS 10000
#define STOP_STEP_MS 20
/* How often the configuration is looked at, and what is told to `eke status` is written. */
#define LOOK_EVERY_MS 2000
/* As other commands have it. */
#define EXIT_USAGE 2

static void complain(const struct err *err)
{
	terminal_note("eke gateway: %s\n", err->message);
}

static void warn(void *ctx, const char *sentence)
{
	(void)ctx;
	log_warn("configuration: %s", sentence);
}

/* --- while it runs --- */

static void reload(struct gateway *gateway)
{
	struct app *app = &gateway->app;
	struct err err;

	if (app_load(app, warn, NULL, &err)) {
		catalogue_reset(gateway->catalogue);
		kept_reset(gateway->kept);
		log_info("gateway: the configuration was loaded again");
	} else {
		log_warn("gateway: the former configuration stays: %s", err.message);
	}
}

/* For `eke status`, if it differs from what was written last. */
static void record(struct gateway *gateway)
{
	struct json_writer w;
	struct strbuf text;
	char started[RFC3339_SIZE];

	rfc3339_format(gateway->started_at, started, sizeof(started));
	strbuf_init(&text, LIMIT_GATEWAY_RECORD);
	json_writer_init(&w, &text);
	json_begin_object(&w, NULL);
	json_put_kint(&w, "pid", (int64_t)getpid());
	json_put_kstring(&w, "address", gateway->base);
	json_put_kstring(&w, "startedAt", started);
	clients_write(gateway->clients, &w, "clients");
	json_end_object(&w);
	json_writer_end(&w);
	if (gateway->recorded && !strcmp(gateway->recorded, text.data)) {
		strbuf_release(&text);
		return;
	}
	if (!gateways_write(text.data, text.len) && !gateway->recorded)
		log_info("gateway: 'eke status' will not know of it: the state directory cannot be written");
	free(gateway->recorded);
	gateway->recorded = strbuf_detach(&text, NULL);
}

static void look(void *ctx)
{
	struct gateway *gateway = ctx;

	if (app_config_changed(&gateway->app))
		reload(gateway);
	record(gateway);
	timer_start(gateway->look, LOOK_EVERY_MS);
}

static void on_reload(void *ctx)
{
	reload(ctx);
}

static void stop_loop(void *ctx)
{
	loop_stop(ctx);
}

/* Takes no more requests, and lets those under way end. */
static void drain(struct gateway *gateway)
{
	struct loop *loop = gateway->app.loop;
	struct timer *step = timer_new(loop, stop_loop, loop);

	gateway_server_quiesce(gateway->http);
	gateway_forward_stop_waiting(gateway);
	for (int waited = 0; gateway_server_active(gateway->http) && waited < STOP_GRACE_MS; waited += STOP_STEP_MS) {
		timer_start(step, STOP_STEP_MS);
		loop_run(loop);
	}
	timer_free(step);
}

/* --- its start --- */

static bool read_pem(const char *path, struct strbuf *out, struct err *err)
{
	strbuf_init(out, LIMIT_GATEWAY_PEM);
	return !path || file_read(path, LIMIT_GATEWAY_PEM, out, err);
}

/* The base URL, for people and clients. */
static char *base_of(const struct listener *listener, bool has_tls)
{
	if (listener->is_unix)
		return xasprintf("unix:%s", listener->address);
	return xasprintf("%s://%s/v1", has_tls ? "https" : "http", listener->address);
}

static bool start_server(struct gateway *gateway, struct listener *listener, struct err *err)
{
	const struct gateway_options *options = &gateway->options;
	bool has_tls = options->certificate != NULL;
	struct gateway_tls tls = { NULL, NULL };
	struct strbuf certificate;
	struct strbuf key;
	bool ok = read_pem(options->certificate, &certificate, err);

	ok = read_pem(options->key, &key, err) && ok;
	if (ok && has_tls)
		tls = (struct gateway_tls){ certificate.data, key.data };
	if (ok)
		gateway->http =
			gateway_server_new(gateway->app.loop, listener->fd, &tls, gateway_takes_body, gateway_on_request,
					   gateway, err);
	explicit_bzero(key.data, key.len);
	strbuf_release(&key);
	strbuf_release(&certificate);
	if (!gateway->http)
		return false;
	/* It is the server's now. */
	listener->fd = -1;
	gateway->base = base_of(listener, has_tls);
	gateway->checks_host = !listener->is_unix && !has_tls;
	return true;
}

/* The socket that systemd opened, else one of our own. */
static bool open_listener(const struct gateway_options *options, struct listener *listener, struct err *err)
{
	if (!listener_inherit(listener, err))
		return listener_open(&options->listen, listener, err);
	if (listener->fd < 0)
		return false;
	if (listener->is_unix || listener->is_loopback || options->certificate)
		return true;
	err_set(err, ERR_CONFIG, "systemd listens at %s, which other machines reach: use a loopback address, or "
		"--tls-cert and --tls-key", listener->address);
	listener_release(listener);
	return false;
}

static int serve(struct gateway *gateway)
{
	struct app *app = &gateway->app;
	struct listener listener = { .fd = -1 };
	struct err err;
	int code = EXIT_FAILURE;

	if (!upstream_find(app->upstream, NULL, &err) || !open_listener(&gateway->options, &listener, &err)) {
		complain(&err);
		return EXIT_FAILURE;
	}
	process_allow_files(LIMIT_GATEWAY_FILES);
	if (!http_poll_has_epoll())
		upstream_keep_above(app->upstream, FD_SETSIZE);
	upstream_on_full(app->upstream, gateway_forward_make_room, gateway);
	server_init(&gateway->server, app->loop);
	server_on_reload(&gateway->server, on_reload, gateway);
	gateway->catalogue = catalogue_new(app->upstream);
	gateway->kept = kept_new();
	gateway->waiting = wait_queue_new(app->loop);
	gateway->look = timer_new(app->loop, look, gateway);
	gateway->started_at = clock_wall_ms() / 1000;
	if (start_server(gateway, &listener, &err)) {
		record(gateway);
		terminal_print("%s\n", gateway->base);
		timer_start(gateway->look, LOOK_EVERY_MS);
		code = server_run(&gateway->server);
		drain(gateway);
		gateways_remove();
	} else {
		complain(&err);
	}
	upstream_on_full(app->upstream, NULL, NULL);
	timer_free(gateway->look);
	gateway_server_free(gateway->http);
	gateway_models_free_all(gateway);
	gateway_forward_free_all(gateway);
	catalogue_free(gateway->catalogue);
	wait_queue_free(gateway->waiting);
	kept_free(gateway->kept);
	listener_release(&listener);
	free(gateway->recorded);
	free(gateway->base);
	return code;
}

static int load_and_serve(struct gateway *gateway, const struct app_options *options)
{
	struct err err;
	int code = EXIT_FAILURE;

	gateway->clients = clients_new(&err);
	if (!gateway->clients) {
		complain(&err);
		return EXIT_FAILURE;
	}
	app_init(&gateway->app, options);
	if (app_load(&gateway->app, warn, NULL, &err))
		code = serve(gateway);
	else
		complain(&err);
	app_release(&gateway->app);
	clients_free(gateway->clients);
	return code;
}

static int print_token(const char *client)
{
	struct err err;
	char *token = clients_token(client, &err);

	if (!token) {
		complain(&err);
		return err.kind == ERR_INVALID_PARAMS ? EXIT_USAGE : EXIT_FAILURE;
	}
	terminal_print("%s\n", token);
	explicit_bzero(token, strlen(token));
	free(token);
	return EXIT_SUCCESS;
}

static int take_back(const char *client)
{
	struct err err;

	if (clients_revoke(client, &err))
		return EXIT_SUCCESS;
	complain(&err);
	return err.kind == ERR_INVALID_PARAMS ? EXIT_USAGE : EXIT_FAILURE;
}

int gateway_serve(const struct app_options *options, int argc, char **argv)
{
	struct gateway *gateway = xcalloc(1, sizeof(*gateway));
	int code = EXIT_USAGE;

	if (!gateway_options_read(&gateway->options, argc, argv))
		code = EXIT_USAGE;
	else if (gateway->options.revoke)
		code = take_back(gateway->options.revoke);
	else if (gateway->options.print_token)
		code = print_token(gateway->options.client);
	else
		code = load_and_serve(gateway, options);
	free(gateway);
	return code;
}
#else
int gateway_serve(const struct app_options *options, int argc, char **argv)
{
	(void)options;
	(void)argc;
	(void)argv;
	terminal_note("eke gateway: this eke was built without libmicrohttpd, which the gateway needs; install that with "
		"its headers (libmicrohttpd-dev) and build eke again\n");
	return EXIT_FAILURE;
}
#endif
