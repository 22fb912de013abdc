/*
 * `eke gateway`: the command's words, its token, its life.
 *
 * The token is made once and stays, so that clients need to be told only once: a file of the state directory that only
 * the user can read.
 */
#include "eke/gateway/gateway.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "eke/front/terminal.h"
#ifdef HAVE_MICROHTTPD
#include "eke/base/log.h"
#include "eke/base/mem.h"
#include "eke/base/paths.h"
#include "eke/base/url.h"
#include "eke/budget/key_hash.h"
#include "catalogue.h"
#include "forward.h"
#include "kept.h"
#include "learned.h"
#include "models.h"
#include "routes.h"
#include "wait.h"

#define DEFAULT_ADDRESS "127.0.0.1"
#define DEFAULT_PORT 8484
#define TOKEN_FILE "gateway-token"
/* How long requests may go on after the program was told to stop. */
#define STOP_GRACE_MS 10000
#define STOP_STEP_MS 20
#define LOOK_EVERY_MS 2000
/* As other commands have it. */
#define EXIT_USAGE 2

struct words {
	char address[64];
	unsigned port;
	bool print_token;
};

static void complain(const struct err *err)
{
	terminal_note("eke gateway: %s\n", err->message);
}

/* --- words --- */

static bool take_listen(const char *text, struct words *words)
{
	struct url_parts parts;

	if (url_split(text, strlen(text), &parts) != URL_OK || !parts.host.len ||
	    parts.host.len >= sizeof(words->address) ||
	    (parts.port.s && !url_piece_is(parts.port, "0") && !url_port(parts.port, &words->port))) {
		terminal_note("eke gateway: --listen takes ADDRESS:PORT, such as 127.0.0.1:8484 or [::1]:8484\n");
		return false;
	}
	if (parts.port.s && url_piece_is(parts.port, "0"))
		words->port = 0;
	snprintf(words->address, sizeof(words->address), "%.*s", (int)parts.host.len, parts.host.s);
	if (!strcmp(words->address, "localhost"))
		snprintf(words->address, sizeof(words->address), DEFAULT_ADDRESS);
	if (host_is_loopback(words->address))
		return true;
	terminal_note("eke gateway: --listen takes addresses of this machine alone (127.0.0.1, ::1): everybody who "
			"reaches the gateway could spend your budget\n");
	return false;
}

static bool take_words(struct gateway *gateway, int argc, char **argv, struct words *words)
{
	*words = (struct words){ .address = DEFAULT_ADDRESS, .port = DEFAULT_PORT };
	for (int i = 0; i < argc; i++) {
		bool has_value = i + 1 < argc;

		if (!strcmp(argv[i], "--token")) {
			words->print_token = true;
		} else if (!strcmp(argv[i], "--listen") && has_value) {
			if (!take_listen(argv[++i], words))
				return false;
		} else if (!strcmp(argv[i], "--allow-origin") && has_value) {
			if (gateway->origin_count == LIMIT_GATEWAY_ORIGINS) {
				terminal_note("eke gateway: at most %d origins are allowed\n", LIMIT_GATEWAY_ORIGINS);
				return false;
			}
			gateway->origins[gateway->origin_count++] = argv[++i];
		} else {
			terminal_note("eke gateway: unknown or incomplete option %s; see 'eke gateway --help'\n", argv[i]);
			return false;
		}
	}
	return true;
}

/* --- the token --- */

static bool read_token(const char *path, char *token)
{
	unsigned char bytes[GATEWAY_TOKEN_BYTES];
	struct strbuf text;
	struct err ignored;
	bool ok;

	strbuf_init(&text, KIB(1));
	ok = file_read(path, KIB(1), &text, &ignored);
	while (ok && text.len && text.data[text.len - 1] == '\n')
		strbuf_truncate(&text, text.len - 1);
	ok = ok && hex_decode(text.data, bytes, sizeof(bytes));
	if (ok)
		hex_encode(bytes, sizeof(bytes), token);
	explicit_bzero(text.data, text.len);
	strbuf_release(&text);
	return ok;
}

/* Writes a new one, complete or not at all: another gateway may do the same now. */
static bool make_token(const char *path)
{
	unsigned char bytes[GATEWAY_TOKEN_BYTES];
	char token[HEX_SIZE(GATEWAY_TOKEN_BYTES) + 1];
	char *new_path = xasprintf("%s.%ld", path, (long)getpid());
	int fd = open(new_path, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600);
	bool ok;

	key_random(bytes, sizeof(bytes));
	hex_encode(bytes, sizeof(bytes), token);
	token[sizeof(token) - 2] = '\n';
	token[sizeof(token) - 1] = '\0';
	ok = fd >= 0 && write(fd, token, strlen(token)) == (ssize_t)strlen(token) && !fsync(fd);
	if (fd >= 0)
		close(fd);
	/* Not in the place of one that is there already. */
	ok = ok && (!link(new_path, path) || errno == EEXIST);
	unlink(new_path);
	free(new_path);
	return ok;
}

static bool load_token(char *token)
{
	char *dir = path_state();
	char *path = dir ? xasprintf("%s/%s", dir, TOKEN_FILE) : NULL;
	bool ok = path != NULL;

	if (ok && access(path, F_OK)) {
		(void)mkdir(dir, 0700);
		ok = make_token(path);
	}
	ok = ok && read_token(path, token);
	if (!ok)
		terminal_note("eke gateway: the token cannot be read from or written to %s%s%s\n", path ? path : "the state "
			"directory, which there is none", path && errno ? ": " : "", path && errno ? strerror(errno) : "");
	free(path);
	free(dir);
	return ok;
}

/* --- life --- */

static void warn(void *ctx, const char *sentence)
{
	(void)ctx;
	log_warn("configuration: %s", sentence);
}

struct reload {
	struct gateway *gateway;
	struct timer *timer;
};

static void look(void *ctx)
{
	struct reload *reload = ctx;
	struct app *app = &reload->gateway->app;
	struct err err;

	if (app_config_changed(app)) {
		if (app_load(app, warn, NULL, &err)) {
			catalogue_reset(reload->gateway->catalogue);
			kept_reset(reload->gateway->kept);
			learned_reset(reload->gateway->learned);
			log_info("gateway: the configuration was loaded again");
		}
		else
			log_warn("gateway: the former configuration stays: %s", err.message);
	}
	timer_start(reload->timer, LOOK_EVERY_MS);
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

static int serve(struct gateway *gateway, const struct words *words)
{
	struct reload reload = { .gateway = gateway };
	struct app *app = &gateway->app;
	bool is_v6 = strchr(words->address, ':') != NULL;
	struct err err;
	int code;

	if (!upstream_find(app->upstream, NULL, &err)) {
		complain(&err);
		return EXIT_FAILURE;
	}
	server_init(&gateway->server, app->loop);
	gateway->catalogue = catalogue_new(app->upstream);
	gateway->kept = kept_new();
	gateway->learned = learned_new();
	gateway->waiting = wait_queue_new(app->loop);
	gateway->http = gateway_server_new(app->loop, words->address, words->port, gateway_on_request, gateway, &err);
	if (!gateway->http) {
		complain(&err);
		return EXIT_FAILURE;
	}
	terminal_print("http://%s%s%s:%u/v1\n", is_v6 ? "[" : "", words->address, is_v6 ? "]" : "",
	       gateway_server_port(gateway->http));
	reload.timer = timer_new(app->loop, look, &reload);
	timer_start(reload.timer, LOOK_EVERY_MS);
	code = server_run(&gateway->server);
	drain(gateway);
	timer_free(reload.timer);
	gateway_server_free(gateway->http);
	gateway_models_free_all(gateway);
	gateway_forward_free_all(gateway);
	catalogue_free(gateway->catalogue);
	wait_queue_free(gateway->waiting);
	learned_free(gateway->learned);
	kept_free(gateway->kept);
	return code;
}

int gateway_serve(const struct app_options *options, int argc, char **argv)
{
	struct gateway *gateway = xcalloc(1, sizeof(*gateway));
	struct words words;
	int code = EXIT_USAGE;
	struct err err;

	if (take_words(gateway, argc, argv, &words))
		code = load_token(gateway->token) ? EXIT_SUCCESS : EXIT_FAILURE;
	if (code == EXIT_SUCCESS && words.print_token) {
		terminal_print("%s\n", gateway->token);
	} else if (code == EXIT_SUCCESS) {
		log_add_secret(gateway->token);
		app_init(&gateway->app, options);
		if (app_load(&gateway->app, warn, NULL, &err)) {
			code = serve(gateway, &words);
		} else {
			complain(&err);
			code = EXIT_FAILURE;
		}
		app_release(&gateway->app);
	}
	explicit_bzero(gateway->token, sizeof(gateway->token));
	free(gateway);
	return code;
}
#else
int gateway_serve(const struct app_options *options, int argc, char **argv)
{
	(void)options;
	(void)argc;
	(void)argv;
	terminal_note("eke gateway: this eke was built without libmicrohttpd, which the gateway needs\n");
	return EXIT_FAILURE;
}
#endif
