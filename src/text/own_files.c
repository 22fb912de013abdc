/*
 * Names are compared first, without "." and "..", for a file that does not exist yet or that only the editor has. Then
 * device and inode are: of the file, which finds links of both kinds, and of each directory above it. A hard link to a
 * file of the state directory lies elsewhere; that is looked for among the few files there are, if the file has more
 * than one name.
 */
#include "eke/text/own_files.h"

#include <ctype.h>
#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "eke/base/limits.h"
#include "eke/base/mem.h"
#include "eke/base/paths.h"
#include "eke/base/strbuf.h"

static const char is_config[] = "it is eke's own configuration";
static const char is_copy[] = "it is a copy of eke's own configuration";
static const char is_state[] = "it belongs to eke's own state";
static const char is_key[] = "it holds the key of an endpoint";
static const char is_process[] = "it is a process's own";

/* An absolute path without empty, "." and ".." components, as if there were no links. free(). */
static char *lexical(const char *path)
{
	struct strbuf out;

	strbuf_init(&out, strlen(path) + 1);
	while (*path) {
		size_t n = strcspn(path, "/");

		if (n == 2 && !memcmp(path, "..", 2)) {
			while (out.len && out.data[out.len - 1] != '/')
				strbuf_truncate(&out, out.len - 1);
			if (out.len)
				strbuf_truncate(&out, out.len - 1);
		} else if (n && !(n == 1 && *path == '.')) {
			strbuf_addch(&out, '/');
			strbuf_add(&out, path, n);
		}
		path += n + (path[n] == '/');
	}
	return strbuf_detach(&out, NULL);
}

/* The same of one that may be relative to the working directory; takes it. */
static char *absolute(char *path)
{
	char *here = path && path[0] != '/' ? getcwd(NULL, 0) : NULL;
	char *full = here ? xasprintf("%s/%s", here, path) : path ? xstrdup(path) : NULL;
	char *result = full ? lexical(full) : NULL;

	free(here);
	free(full);
	free(path);
	return result;
}

void own_files_init(struct own_files *own, const char *config_path)
{
	*own = (struct own_files){ .config = absolute(config_path ? xstrdup(config_path) : path_config()),
				   .state = absolute(path_state()) };
}

static void forget_keys(struct own_files *own)
{
	while (own->key_count)
		free(own->keys[--own->key_count]);
	free(own->keys);
	own->keys = NULL;
}

/* Takes the path; NULL is none. */
static void add_key(struct own_files *own, char *path)
{
	if (!path)
		return;
	own->keys = xreallocarray(own->keys, own->key_count + 1, sizeof(*own->keys));
	own->keys[own->key_count++] = path;
}

/* "cat", "~/key": an argument that is a file. */
static void add_arguments(struct own_files *own, const char *const *command)
{
	for (size_t i = 1; command[0] && command[i]; i++) {
		char *path = path_expand(command[i]);
		struct stat st;

		if (path && path[0] == '/' && !stat(path, &st) && S_ISREG(st.st_mode))
			add_key(own, absolute(path));
		else
			free(path);
	}
}

void own_files_release(struct own_files *own)
{
	forget_keys(own);
	free(own->config);
	free(own->state);
}

void own_files_configure(struct own_files *own, const struct config *config)
{
	forget_keys(own);
	for (size_t i = 0; i < config->endpoint_count; i++) {
		const struct config_key *key = &config->endpoints[i].key;

		if (key->source == KEY_FILE)
			add_key(own, absolute(path_expand(key->value)));
		else if (key->source == KEY_COMMAND)
			add_arguments(own, key->command);
	}
}

static bool lies_in(const char *path, const char *dir)
{
	size_t len = strlen(dir);

	return !strncmp(path, dir, len) && (path[len] == '/' || !path[len]);
}

/* config.json~, .config.json.swp, config.json.bak: in the configuration's directory, with its name inside theirs. */
static bool is_copy_of(const char *path, const char *config)
{
	const char *name = path_basename(path);
	const char *of = path_basename(config);

	return path_basename(path) - path == of - config && !strncmp(path, config, (size_t)(of - config)) && *of &&
	       strstr(name, of);
}

/* key~, .key.swp, #key#, key.bak, but not keyboard.c: in the key's directory, with its name at their beginning. */
static bool is_copy_of_key(const char *path, const char *key)
{
	const char *name = path_basename(path);
	const char *of = path_basename(key);
	size_t len = strlen(of);

	if (name - path != of - key || strncmp(path, key, (size_t)(of - key)) != 0 || !len)
		return false;
	if (strncmp(name, of, len) != 0 && strchr(".#", *name))
		name++;
	return !strncmp(name, of, len) && !isalnum((unsigned char)name[len]);
}

static const char *find_name(const struct own_files *own, const char *path)
{
	if (own->config && !strcmp(path, own->config))
		return is_config;
	if (own->state && lies_in(path, own->state))
		return is_state;
	for (size_t i = 0; i < own->key_count; i++)
		if (is_copy_of_key(path, own->keys[i]))
			return is_key;
	if (own->config && is_copy_of(path, own->config))
		return is_copy;
	/* /proc/self/environ has what eke was started with. */
	return lies_in(path, "/proc") ? is_process : NULL;
}

static bool is_at(const char *path, const struct stat *st)
{
	struct stat own;

	return path && !stat(path, &own) && own.st_dev == st->st_dev && own.st_ino == st->st_ino;
}

/* Is one of the directories that the path goes through the state directory? */
static bool goes_through(const char *path, const struct stat *state)
{
	char *dir = xstrdup(path);
	bool found = false;
	struct stat st;

	for (char *slash = strrchr(dir, '/'); slash && !found; slash = strrchr(dir, '/')) {
		*slash = '\0';
		found = !stat(*dir ? dir : "/", &st) && st.st_dev == state->st_dev && st.st_ino == state->st_ino;
	}
	free(dir);
	return found;
}

static bool is_linked_in(const char *dir_path, const struct stat *st)
{
	DIR *dir = opendir(dir_path);
	struct dirent *entry;
	bool found = false;

	for (size_t n = 0; dir && !found && n < LIMIT_STATE_FILES && (entry = readdir(dir)); n++)
		found = entry->d_ino == st->st_ino;
	if (dir)
		closedir(dir);
	return found;
}

static const char *find_inode(const struct own_files *own, const char *path, const char *real)
{
	struct stat state;
	struct stat st;
	bool exists = !stat(path, &st);
	bool has_state = own->state && !stat(own->state, &state);

	if (exists && is_at(own->config, &st))
		return is_config;
	for (size_t i = 0; exists && i < own->key_count; i++)
		if (is_at(own->keys[i], &st))
			return is_key;
	if (!has_state)
		return NULL;
	if (goes_through(path, &state) || (real && goes_through(real, &state)))
		return is_state;
	return exists && S_ISREG(st.st_mode) && st.st_nlink > 1 && st.st_dev == state.st_dev &&
		is_linked_in(own->state, &st) ? is_state : NULL;
}

const char *own_files_find(const struct own_files *own, const char *path, const char *real)
{
	char *plain = lexical(path);
	const char *what = find_name(own, plain);

	if (!what && real)
		what = find_name(own, real);
	if (!what)
		what = find_inode(own, path, real);
	free(plain);
	return what;
}
