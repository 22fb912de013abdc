#ifndef EKE_TEXT_OWN_FILES_H
#define EKE_TEXT_OWN_FILES_H
/*
 * eke's own files: the configuration, which may hold a key, files that hold one, and the state directory with its chats
 * and the gateway's token. They never leave the machine, by whatever name somebody comes to them. For workspace.c.
 */
#include <stdbool.h>

#include "eke/config/config.h"

struct own_files {
	char *config; /* absolute, or NULL: there is none; owned */
	char *state;  /* likewise */
	char **keys;  /* likewise */
	size_t key_count;
};

/* `config_path`: as the command line has it; NULL: the usual place. */
void own_files_init(struct own_files *own, const char *config_path);
void own_files_release(struct own_files *own);
/* Takes the names of the files that hold keys, or that a command reads to print one. */
void own_files_configure(struct own_files *own, const struct config *config);
/*
 * Why the file at the path stays here ("it is eke's own configuration"), or NULL if it is none of eke's. The path is
 * absolute; the file need not exist. `real`: realpath() of it, or NULL. Links of both kinds are seen through.
 */
const char *own_files_find(const struct own_files *own, const char *path, const char *real);

#endif
