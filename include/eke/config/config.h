#ifndef EKE_CONFIG_CONFIG_H
#define EKE_CONFIG_CONFIG_H
/*
 * The configuration: defaults, then the user's file, then what the editor sent (initializationOptions.eke,
 * settings.eke). protocol/config.schema.json describes every field; this is its shape in C. What decides where
 * keys and text go (endpoints, plans, ledger) is taken from the user's own file, from the environment, or from the
 * user's yes to a server on this machine; never from an editor's workspace.
 *
 * A struct config is immutable and counted: whoever works with one across turns holds a reference, and a reload makes a
 * new one. Strings are borrowed from it.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "eke/base/err.h"
#include "eke/base/json.h"
#include "eke/config/base_url.h"
#include "eke/config/plan.h"

enum key_source {
	KEY_NONE,    /* a local server needs none */
	KEY_ENV,     /* name of an environment variable */
	KEY_FILE,    /* path; its first line counts */
	KEY_COMMAND, /* a program and its arguments; its first line of output counts */
	KEY_LITERAL, /* in the file itself: works, with a warning */
};

struct config_key {
	enum key_source source;
	const char *value; /* for all but KEY_COMMAND; of a file the path, from the configuration's folder or "~/" */
	const char *command[LIMIT_KEY_ARGS + 1]; /* ends with NULL; the first as the path of a file, if it has a '/' */
};

/* The dialect of completions is chosen by the host. */
#define COMPLETION_API_AUTO "auto"

struct config_header {
	const char *name;
	const char *value;
};

struct config_endpoint {
	const char *name;
	const char *base_url; /* as written, for people */
	const char *fallback_urls[LIMIT_FALLBACK_URLS]; /* likewise */
	struct base_url urls[1 + LIMIT_FALLBACK_URLS];  /* the canonical addresses, that of base_url first; owned */
	size_t url_count;
	char service[LIMIT_SERVICE]; /* see service_of() */
	struct config_key key;
	const struct plan *plan; /* never NULL */
	const char *chat_model;       /* NULL: the default for the host */
	const char *completion_model; /* likewise */
	const char *completion_api;   /* COMPLETION_API_AUTO or the name of a dialect, which upstream/ checks */
	bool stream_options; /* ask for usage in streams */
	struct config_header headers[LIMIT_HEADERS];
	size_t header_count;
	bool allow_plain_http; /* to hosts in private networks */
	const char *key_header; /* the header that has the key; NULL: Authorization, or what the host is known for */
	const char *proxy;   /* NULL: the environment's */
	const char *ca_file; /* as the path of a key's file; NULL: the system's */
	double connect_timeout, first_byte_timeout, idle_timeout, total_timeout; /* seconds */
};

/* A server on this machine that its user agreed to, where nothing is configured. Strings are owned. */
struct config_local {
	char *name;
	char *base_url; /* NULL: none */
	char *chat_model;
	char *completion_model;
	const char *completion_api; /* static; NULL: COMPLETION_API_AUTO */
};

void config_local_release(struct config_local *local);

enum when_exhausted { EXHAUSTED_NEVER, EXHAUSTED_ASK, EXHAUSTED_AUTO };
enum config_sandbox { SANDBOX_AUTO, SANDBOX_OFF };
enum completion_trigger { TRIGGER_AUTO, TRIGGER_MANUAL, TRIGGER_OFF };

#define DEBOUNCE_ADAPTIVE (-1)
#define CONFIG_LOG_LEVEL_UNSET (-1)

/* What goes along with a completion's prompt from elsewhere than the text around the cursor; see eke/context/. */
struct config_context {
	bool imports, similar, edits, outline, notebook;
	int64_t max_tokens; /* 0: nothing */
};

struct config_completion {
	enum completion_trigger trigger;
	int64_t debounce_ms; /* or DEBOUNCE_ADAPTIVE */
	int64_t max_lines;
	int64_t candidates;
	double reserve; /* share of each window that automatic completions leave alone */
	bool offline;
	struct config_context context;
};

struct config_chat {
	const char *system;  /* NULL: eke's own */
	double temperature;  /* negative: not sent */
	int64_t max_tokens;  /* 0: not sent */
	const char *language; /* NULL: the question's */
	int64_t context_tokens; /* of declarations that go along with code by themselves; 0: none */
};

/* Of `eke gateway`. */
struct config_gateway {
	bool any_model;        /* a model that no endpoint has is answered by the first endpoint's own */
	int64_t cache_seconds; /* how long answers at temperature 0 are kept; 0: not */
	const char *origins[LIMIT_GATEWAY_ORIGINS]; /* of web pages that may use it */
	size_t origin_count;
};

/* What the tree that is being decoded says of fields that take more than a table; for config.c alone. */
struct config_given {
	const struct json *schema; /* "$schema": for editors */
	const struct json *endpoints;
	const struct json *plans;
	const struct json *debounce_ms;
	const struct json *languages;
	const struct json *commands;
	const struct json *ignore;
	const struct json *origins;
};

struct config {
	struct config_endpoint endpoints[LIMIT_ENDPOINTS];
	size_t endpoint_count;
	bool from_environment; /* the endpoint is */
	enum when_exhausted when_exhausted;
	struct config_completion completion;
	struct config_chat chat;
	struct config_gateway gateway;
	const char **ignore; /* patterns, ends with NULL, never NULL itself; owned */
	bool history;       /* as file and editor say it: either can turn it off */
	bool owner_history; /* as the file alone says it: only that removes what all workspaces keep */
	const char *ledger_redis; /* NULL: none */
	enum config_sandbox sandbox; /* SANDBOX_AUTO: git runs in one, as far as the system has it */
	int log_level;            /* an enum log_level, or CONFIG_LOG_LEVEL_UNSET */
	char *path;               /* of the file, or NULL; owned */
	bool file_exists;

	/* config.c's own */
	unsigned refs;
	struct config_given given;
	struct config_local local; /* what the one endpoint borrows, if it is that */
	struct json_pool *pool;
	struct plan plans[LIMIT_PLANS];
	const char **plan_models[LIMIT_PLANS];
	size_t plan_count;
	char *paths[2 * LIMIT_ENDPOINTS]; /* that the endpoints borrow; owned */
	size_t path_count;
	const struct json *languages[2]; /* of the file, of the editor */
	const struct json *commands[2];  /* likewise: objects of strings; for chat/commands.h */
};

/* Gets warnings that do not keep a configuration from being used: unknown fields, literal keys. May be NULL. */
typedef void config_warn_fn(void *ctx, const char *sentence);

/*
 * Loads the file at `path` (which must be there; NULL: path_config(), which may be missing), the environment where
 * it names no endpoint, and `settings`, JSON text of the editor's settings object (NULL: none). NULL on failure: err is
 * ERR_CONFIG and names file, line and field.
 */
struct config *config_load(const char *path, const char *settings, config_warn_fn *warn, void *warn_ctx,
	struct err *err);
/*
 * Makes that server the endpoint of a configuration without one, under the plan unlimited; of one that has some it is
 * not made. Before anybody else holds the configuration. False with ERR_CONFIG if its address is none.
 */
MUST_USE bool config_use_local(struct config *config, const struct config_local *local, struct err *err);
/*
 * For a fault that was found later (an address that is none): err's message begins with the member's path, and
 * gets file and line before it.
 */
void config_name_place(const struct config *config, struct err *err);
/* The defaults, without an endpoint: what is in force where no configuration could be loaded. */
struct config *config_defaults(void);
struct config *config_ref(struct config *config);
void config_unref(struct config *config);

/* May completions be made in documents of this language (LSP languageId) without being asked for? */
bool config_language_enabled(const struct config *config, const char *language_id);
const struct config_endpoint *config_endpoint_named(const struct config *config, const char *name);

#endif
