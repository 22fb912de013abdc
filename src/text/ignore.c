/*
 * Deciding which files stay here. Rules are kept in two lists, those that protect (built in, then the user's) and
 * those of the workspace, each read from its end, since the last match wins. A path is judged from its first
 * component to its last, so that a rule for a directory covers all that lies in it. A rule is taken apart once, when
 * it is added; most are a name or *.extension and are compared without the glob matcher.
 */
#include "eke/text/ignore.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "eke/base/limits.h"
#include "eke/base/mem.h"
#include "eke/base/strbuf.h"
#include "eke/text/glob.h"
#include "eke/text/uri.h"

enum rule_kind {
	RULE_NAME,   /* equals `glob`: no wildcard */
	RULE_SUFFIX, /* ends with what follows the * that `glob` begins with */
	RULE_GLOB,
};

struct rule {
	char *text; /* owned; as written */
	char *glob; /* owned; without !, trailing / and leading / */
	const char *where; /* borrowed, or NULL */
	char *dir;  /* owned; where it belongs, without leading or trailing /; NULL: anywhere */
	enum rule_kind kind;
	bool negate;
	bool dirs_only;
	bool whole_path; /* against the path below dir; else against one component */
	bool fold;       /* ignores ASCII case */
};

struct rules {
	struct rule *items; /* owned */
	size_t count;
	size_t room;
};

struct ignore {
	struct rules protect;
	struct rules workspace;
};

/* Names of files that hold secrets and nothing that a completion needs. */
static const char *const secrets[] = {
	/* environments */
	"*.env", ".env", ".env.*", ".envrc", "!.env.example", "!.env.sample", "!.env.template", "!.env.dist",
	"!example.env", "!sample.env", "!template.env",
	/* keys and stores of keys */
	"*.pem", "*.key", "*.p8", "*.p12", "*.pfx", "*.pkcs12", "*.jks", "*.jceks", "*.bks", "*.keystore", "*.truststore",
	"*.ppk", "*.kdb", "*.kdbx", "*.gpg", "*.agekey", "*.ovpn", "id_rsa*", "id_dsa*", "id_ecdsa*", "id_ed25519*",
	"!id_*.pub", ".ssh/", ".gnupg/", ".password-store/", "*.keychain", "*.keychain-db",
	/* passwords and tokens of programs */
	".netrc", "_netrc", ".npmrc", ".pypirc", ".pgpass", "pgpass.conf", ".my.cnf", ".mylogin.cnf", ".htpasswd",
	".git-credentials", ".gem/credentials", ".cargo/credentials", ".cargo/credentials.toml", ".dockercfg",
	".docker/config.json", ".config/gh/hosts.yml", ".config/hub", ".config/github-copilot/",
	".vault-token", ".vault_pass*", ".s3cfg", ".boto", ".*_history", "auth.json", "/etc/shadow*", "/etc/gshadow*",
	/* clouds and clusters */
	".aws/credentials", ".aws/config", ".azure/", ".config/gcloud/", ".kube/config", "kubeconfig", "!kubeconfig/",
	"*.kubeconfig", "service-account*.json", "service_account*.json", "serviceaccount*.json", "client_secret*.json",
	"application_default_credentials.json", "*.tfstate", "*.tfstate.*", "*.tfvars", "*.tfvars.json",
	/* by their own word */
	"secrets.yml", "secrets.yaml", "secrets.json", "secrets.toml", "secret.yml", "secret.yaml", "secret.json",
	"secret.toml", "credentials", "!credentials/", "credentials.json", "credentials.yml", "credentials.yaml",
	"credentials.toml", "*.secret", "*.secrets", "*.token",
	/* eke's own: a configuration may hold a key, the state directory holds the gateway's token */
	".config/eke/", ".local/state/eke/",
};

/*
 * Appends path without empty and "." components and without slashes around it. A backslash separates too: rather take
 * an odd Linux file name for a secret than miss one from an editor on Windows.
 */
static void add_normal_path(struct strbuf *out, const char *path)
{
	while (*path) {
		size_t n = strcspn(path, "/\\");

		if (n && !(n == 1 && path[0] == '.')) {
			if (out->len)
				strbuf_addch(out, '/');
			strbuf_add(out, path, n);
		}
		path += n + (path[n] != '\0');
	}
}

static char *normal_path(const char *path)
{
	struct strbuf out;

	strbuf_init(&out, strlen(path));
	add_normal_path(&out, path);
	return strbuf_detach(&out, NULL);
}

static enum rule_kind kind_of(const char *glob)
{
	static const char wild[] = "*?[\\";

	if (!strpbrk(glob, wild))
		return RULE_NAME;
	return glob[0] == '*' && !strpbrk(glob + 1, wild) ? RULE_SUFFIX : RULE_GLOB;
}

static void rule_release(struct rule *rule)
{
	free(rule->text);
	free(rule->glob);
	free(rule->dir);
}

/* Adds one line; returns what is wrong with it, or NULL. */
static const char *add_rule(struct rules *rules, const char *dir, const char *where, const char *line, bool fold)
{
	size_t len = strlen(line);
	struct rule rule = { .fold = fold, .where = where };
	const char *problem;
	const char *body;
	bool leading;
	bool middle;

	while (len && line[len - 1] == ' ' && !(len > 1 && line[len - 2] == '\\'))
		len--;
	if (!len || line[0] == '#')
		return NULL;
	if (len > LIMIT_IGNORE_PATTERN)
		return "is too long";
	rule.text = xstrndup(line, len);
	body = rule.text;
	if (*body == '!') {
		rule.negate = true;
		body++;
	}
	leading = *body == '/';
	body += strspn(body, "/");
	len = strlen(body);
	while (len && body[len - 1] == '/') {
		rule.dirs_only = true;
		len--;
	}
	middle = memchr(body, '/', len) != NULL;
	rule.whole_path = leading || middle;
	rule.glob = dir || leading || !middle ? xstrndup(body, len) : xasprintf("**/%.*s", (int)len, body);
	rule.kind = rule.whole_path ? RULE_GLOB : kind_of(rule.glob);
	if (dir)
		rule.dir = normal_path(dir);
	problem = len ? glob_problem(rule.glob) : "names nothing";
	if (problem) {
		rule_release(&rule);
		return problem;
	}
	if (rules->count == rules->room) {
		rules->room = rules->room ? 2 * rules->room : 16;
		rules->items = xreallocarray(rules->items, rules->room, sizeof(*rules->items));
	}
	rules->items[rules->count++] = rule;
	return NULL;
}

struct ignore *ignore_new(void)
{
	struct ignore *ig = xcalloc(1, sizeof(*ig));

	ig->protect.room = ARRAY_LEN(secrets);
	ig->protect.items = xreallocarray(NULL, ig->protect.room, sizeof(*ig->protect.items));
	for (size_t i = 0; i < ARRAY_LEN(secrets); i++) {
		const char *problem = add_rule(&ig->protect, NULL, NULL, secrets[i], true);

		assert(!problem);
		(void)problem;
	}
	return ig;
}

static void rules_release(struct rules *rules)
{
	for (size_t i = 0; i < rules->count; i++)
		rule_release(&rules->items[i]);
	free(rules->items);
}

void ignore_free(struct ignore *ig)
{
	if (!ig)
		return;
	rules_release(&ig->protect);
	rules_release(&ig->workspace);
	free(ig);
}

bool ignore_add(struct ignore *ig, enum ignore_source source, const char *dir, const char *pattern, struct err *err)
{
	return ignore_add_from(ig, source, dir, NULL, pattern, err);
}

bool ignore_add_from(struct ignore *ig, enum ignore_source source, const char *dir, const char *where,
	const char *pattern, struct err *err)
{
	const char *problem = "is one too many";

	if (ig->protect.count + ig->workspace.count < LIMIT_IGNORE_RULES)
		problem = add_rule(source == IGNORE_USER ? &ig->protect : &ig->workspace, dir, where, pattern, false);
	if (problem)
		err_set(err, ERR_CONFIG, "the ignore pattern \"%s\" %s", pattern, problem);
	return !problem;
}

static bool name_equal(const char *a, const char *b, size_t len, bool fold)
{
	return fold ? !strncasecmp(a, b, len) : !memcmp(a, b, len);
}

/* path[0..len) is a file or directory, its last component begins at `name`. */
static bool rule_matches(
	const struct rule *rule, const char *path, size_t name, size_t len, bool is_dir, size_t *left)
{
	const char *text = rule->whole_path ? path : path + name;
	size_t text_len = rule->whole_path ? len : len - name;
	size_t glob_len;

	if (rule->dirs_only && !is_dir)
		return false;
	if (rule->dir && *rule->dir) {
		size_t dir_len = strlen(rule->dir);

		if (len <= dir_len || path[dir_len] != '/' || memcmp(path, rule->dir, dir_len) != 0)
			return false;
		if (rule->whole_path) {
			text += dir_len + 1;
			text_len -= dir_len + 1;
		}
	}
	switch (rule->kind) {
	case RULE_NAME:
		glob_len = strlen(rule->glob);
		return glob_len == text_len && name_equal(rule->glob, text, text_len, rule->fold);
	case RULE_SUFFIX:
		glob_len = strlen(rule->glob) - 1;
		return glob_len <= text_len &&
		       name_equal(rule->glob + 1, text + text_len - glob_len, glob_len, rule->fold);
	case RULE_GLOB:
		return glob_match(rule->glob, text, text_len, rule->fold, left);
	}
	return false;
}

/* The last rule that matches, or the one at which *left came to 0. */
static const struct rule *last_match(
	const struct rules *rules, const char *path, size_t name, size_t len, bool is_dir, size_t *left)
{
	for (size_t i = rules->count; i > 0; i--) {
		bool matches = rule_matches(&rules->items[i - 1], path, name, len, is_dir, left);

		if (*left)
			--*left;
		if (matches || !*left)
			return &rules->items[i - 1];
	}
	return NULL;
}

bool ignore_find(const struct ignore *ig, const char *path, struct ignore_hit *out)
{
	const struct rules *const lists[] = { &ig->protect, &ig->workspace };
	char *normal = normal_path(path);
	const struct rule *hit = NULL;
	size_t left = LIMIT_IGNORE_STEPS;

	for (size_t name = 0; normal[name] && !hit;) {
		size_t end = name + strcspn(normal + name, "/");
		bool is_dir = normal[end] == '/';

		for (size_t i = 0; i < ARRAY_LEN(lists) && !hit; i++) {
			hit = last_match(lists[i], normal, name, end, is_dir, &left);
			if (hit && hit->negate && left)
				hit = NULL;
		}
		name = end + is_dir;
	}
	free(normal);
	if (hit)
		*out = (struct ignore_hit){ hit->text, hit->where, !left };
	return hit != NULL;
}

bool ignore_match(const struct ignore *ig, const char *path, const char **rule)
{
	struct ignore_hit hit;
	bool ignored = ignore_find(ig, path, &hit);

	if (ignored && rule)
		*rule = hit.rule;
	return ignored;
}

bool ignore_match_uri(const struct ignore *ig, const char *uri, const char **rule)
{
	char *path = uri_path_part(uri);
	bool ignored = ignore_match(ig, path, rule);

	free(path);
	return ignored;
}
