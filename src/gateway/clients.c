/*
 * Tokens are known by their digests here; the files are read again when their directory has changed.
 */
#include "clients.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "eke/base/clock.h"
#include "eke/base/hex.h"
#include "eke/base/limits.h"
#include "eke/base/log.h"
#include "eke/base/mem.h"
#include "eke/base/paths.h"
#include "eke/base/rfc3339.h"
#include "eke/budget/key_hash.h"
#include "eke/store/file.h"
#include "digest.h"

#define TOKEN_BYTES 32
/* The default's, and the directory of the others. */
#define DEFAULT_FILE "gateway-token"
#define NAMED_DIRECTORY "gateway-tokens"

struct clients {
	struct gateway_client clients[LIMIT_GATEWAY_CLIENTS];
	struct gateway_digest tokens[LIMIT_GATEWAY_CLIENTS];
	bool is_valid[LIMIT_GATEWAY_CLIENTS]; /* its token is there; what it did stays when it is not */
	size_t count;
	char *directory;
	int64_t changed_ns; /* of the directory when it was read */
};

/* --- files --- */

static bool is_name(const char *name)
{
	size_t len = strlen(name);

	return len && len < GATEWAY_CLIENT_NAME &&
		strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_") == len;
}

/* Where a client's token is; NULL with err: there is no state directory, or that is no name. */
static char *path_of(const char *name, struct err *err)
{
	char *state;
	char *path;

	if (!is_name(name)) {
		err_set(
			err, ERR_INVALID_PARAMS, "a client's name has 1 to %d letters, digits, - and _", GATEWAY_CLIENT_NAME - 1);
		return NULL;
	}
	state = path_state();
	if (!state) {
		err_set(err, ERR_CONFIG, "there is no state directory for the token; set EKE_STATE_DIR");
		return NULL;
	}
	path = !strcmp(name, GATEWAY_CLIENT_DEFAULT) ? xasprintf("%s/%s", state, DEFAULT_FILE) :
						       xasprintf("%s/%s/%s", state, NAMED_DIRECTORY, name);
	free(state);
	/* A new user may have none of the directories above it. */
	if (!file_make_directory(path, err)) {
		free(path);
		return NULL;
	}
	return path;
}

/* The token of a file; NULL: it has none. */
static char *read_token(const char *path)
{
	unsigned char bytes[TOKEN_BYTES];
	char *token = NULL;
	struct strbuf text;
	struct err ignored;
	bool ok;

	strbuf_init(&text, KIB(1));
	ok = file_read(path, KIB(1), &text, &ignored);
	while (ok && text.len && text.data[text.len - 1] == '\n')
		strbuf_truncate(&text, text.len - 1);
	if (ok && hex_decode(text.data, bytes, sizeof(bytes))) {
		token = xmalloc(HEX_SIZE(TOKEN_BYTES));
		hex_encode(bytes, sizeof(bytes), token);
	}
	explicit_bzero(text.data, text.len);
	strbuf_release(&text);
	return token;
}

/* Writes a new one, complete or not at all: another gateway may do the same now. */
static bool make_token(const char *path)
{
	unsigned char bytes[TOKEN_BYTES];
	char token[HEX_SIZE(TOKEN_BYTES) + 1];
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
	explicit_bzero(token, sizeof(token));
	free(new_path);
	return ok;
}

char *clients_token(const char *name, struct err *err)
{
	char *path = path_of(name ? name : GATEWAY_CLIENT_DEFAULT, err);
	char *token = NULL;

	if (!path)
		return NULL;
	errno = 0;
	if (!access(path, F_OK) || make_token(path))
		token = read_token(path);
	if (!token)
		err_set(err, ERR_CONFIG, "the token cannot be read from or written to %s%s%s", path, errno ? ": " : "",
			errno ? strerror(errno) : "");
	free(path);
	return token;
}

bool clients_revoke(const char *name, struct err *err)
{
	char *path = path_of(name, err);
	bool ok = path && !unlink(path);

	if (path && !ok)
		err_set(err, ERR_CONFIG, "the token of %s cannot be taken back: %s", name,
			errno == ENOENT ? "there is none" : strerror(errno));
	free(path);
	return ok;
}

/* --- the set --- */

static void add(struct clients *c, const char *name)
{
	size_t i = 0;
	struct err ignored;
	char *path = path_of(name, &ignored);
	char *token = path ? read_token(path) : NULL;

	free(path);
	while (i < c->count && strcmp(c->clients[i].name, name) != 0)
		i++;
	if (token && i < LIMIT_GATEWAY_CLIENTS) {
		if (i == c->count) {
			c->count++;
			memcpy(c->clients[i].name, name, strlen(name) + 1);
		}
		gateway_digest_make(0, token, strlen(token), &c->tokens[i]);
		c->is_valid[i] = true;
		log_add_secret(token);
	}
	if (token)
		explicit_bzero(token, strlen(token));
	free(token);
}

static int64_t change_of(const char *path)
{
	struct stat st;

	return stat(path, &st) ? 0 : (int64_t)st.st_mtim.tv_sec * 1000000000 + st.st_mtim.tv_nsec;
}

static void read_all(struct clients *c)
{
	DIR *directory;

	c->changed_ns = change_of(c->directory);
	memset(c->is_valid, 0, sizeof(c->is_valid));
	add(c, GATEWAY_CLIENT_DEFAULT);
	directory = opendir(c->directory);
	for (const struct dirent *e; directory && (e = readdir(directory));)
		if (is_name(e->d_name))
			add(c, e->d_name);
	if (directory)
		closedir(directory);
}

struct clients *clients_new(struct err *err)
{
	struct clients *c;
	char *token = clients_token(NULL, err);
	char *state;

	if (!token)
		return NULL;
	explicit_bzero(token, strlen(token));
	free(token);
	c = xcalloc(1, sizeof(*c));
	state = path_state();
	c->directory = xasprintf("%s/%s", state, NAMED_DIRECTORY);
	free(state);
	read_all(c);
	return c;
}

void clients_free(struct clients *c)
{
	if (c)
		free(c->directory);
	free(c);
}

static struct gateway_client *find(struct clients *c, const char *token)
{
	struct gateway_digest digest;
	struct gateway_client *found = NULL;

	if (change_of(c->directory) != c->changed_ns)
		read_all(c);
	gateway_digest_make(0, token, strlen(token), &digest);
	for (size_t i = 0; i < c->count; i++)
		if (gateway_digest_same(&c->tokens[i], &digest) && c->is_valid[i])
			found = &c->clients[i];
	return found;
}

bool clients_know(struct clients *c, const char *token)
{
	return find(c, token) != NULL;
}

struct gateway_client *clients_find(struct clients *c, const char *token)
{
	struct gateway_client *found = find(c, token);

	if (found) {
		found->requests++;
		found->last_at = clock_wall_ms() / 1000;
	}
	return found;
}

void clients_write(const struct clients *c, struct json_writer *w, const char *key)
{
	json_begin_array(w, key);
	for (size_t i = 0; i < c->count; i++) {
		const struct gateway_client *client = &c->clients[i];
		char last[RFC3339_SIZE];

		if (!client->last_at)
			continue;
		rfc3339_format(client->last_at, last, sizeof(last));
		json_begin_object(w, NULL);
		json_put_kstring(w, "name", client->name);
		json_put_kint(w, "requests", (int64_t)client->requests);
		json_put_kint(w, "sent", (int64_t)client->sent);
		json_put_kint(w, "refused", (int64_t)client->refused);
		json_put_kstring(w, "lastAt", last);
		json_end_object(w);
	}
	json_end_array(w);
}
