#ifndef EKE_BASE_LOG_H
#define EKE_BASE_LOG_H
/*
 * The log: to standard error, or to the file of --log-file, one line an entry, and to one listener (the LSP front end
 * forwards to the editor). Log or return an error, not both. Registered secrets (API keys) are masked wherever they
 * turn up in a line, so that even a provider's message that quotes a key cannot leak it.
 *
 * Writing never waits: lines that a full pipe or disk does not take are dropped, and their number is said when it takes
 * lines again.
 */
#include <stdbool.h>
#include <stddef.h>

#include "eke/base/attrs.h"

enum log_level {
	LOG_BROKEN, /* a bug in eke: a test that sees one fails */
	LOG_WARN,   /* something the user should know */
	LOG_INFO,
	LOG_DEBUG,
	LOG_IO, /* every message in and out */
};

/* "broken" … "io", by level; ends with NULL. */
extern const char *const log_level_names[];
bool log_level_parse(const char *name, enum log_level *out);
void log_set_level(enum log_level level);
/* Appends to path, created 0600; false if it cannot be opened (errno is kept). NULL: back to standard error. */
bool log_set_file(const char *path);
/*
 * One listener, or NULL; it gets the masked lines up to its own level, whatever the log's is, without time and
 * level. It must not log above LOG_IO, which it never gets.
 */
void log_set_listener(void (*fn)(void *ctx, enum log_level level, const char *line), void *ctx, enum log_level level);

bool log_enabled(enum log_level level);
void log_at(enum log_level level, const char *fmt, ...) PRINTF_LIKE(2, 3);
#define log_broken(...) log_at(LOG_BROKEN, __VA_ARGS__)
#define log_warn(...) log_at(LOG_WARN, __VA_ARGS__)
#define log_info(...) log_at(LOG_INFO, __VA_ARGS__)
#define log_debug(...) log_at(LOG_DEBUG, __VA_ARGS__)
/* A message of the wire, with what it is ("in", "out", "sent"): the text is cut to LIMIT_LOG_LINE. */
void log_io(const char *what, const char *text, size_t len);

/* From now on `secret` is never written; shorter than 8 bytes it is not registered (it would mask ordinary text). */
void log_add_secret(const char *secret);
/* Overwrites registered secrets in place with '*'. For text that leaves by another way than the log. */
void log_mask(char *text, size_t len);
/* Forgets secrets and listener, closes the file. */
void log_shutdown(void);

#endif
