#ifndef EKE_BASE_PATHS_H
#define EKE_BASE_PATHS_H
/*
 * Where things are (XDG Base Directory Specification 0.8). HOME may be missing (some editors start their
 * servers with an empty environment): then the password database says. All results are owned by the caller
 * (free()).
 */
#include <stdbool.h>
#include <stddef.h>

#include "eke/base/err.h"
#include "eke/base/strbuf.h"

/* NULL if neither HOME nor the password database has one. */
char *path_home(void);
/* $EKE_CONFIG, else $XDG_CONFIG_HOME/eke/config.json, else ~/.config/eke/config.json; NULL if there is no home. */
char *path_config(void);
/* $EKE_STATE_DIR, else $XDG_STATE_HOME/eke, else ~/.local/state/eke; NULL if there is no home. */
char *path_state(void);
/* "~/x" becomes $HOME/x, everything else a copy. For every path that a user writes where no shell reads it. */
char *path_expand(const char *path);
/* A relative path in a file ("keys/one", not "/x" or "~/x") is one from that file's folder; every other a copy. */
char *path_beside(const char *file, const char *path);
/* The part behind the last '/'; points into path. */
const char *path_basename(const char *path);

/* Reads a regular file of at most `max` bytes into out (appended). ERR_CONFIG with the path and the reason. */
bool file_read(const char *path, size_t max, struct strbuf *out, struct err *err);

#endif
