/*
 * The log. State is one static struct: there is one log a process, and threading it through every layer would
 * say nothing.
 */
#include "eke/base/log.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "eke/base/limits.h"
#include "eke/base/mem.h"
#include "eke/base/printable.h"
#include "eke/base/utf.h"
#include "log_sink.h"

static struct {
	enum log_level level;
	size_t dropped; /* lines since one could be written */
	void (*listener)(void *ctx, enum log_level level, const char *line);
	void *listener_ctx;
	enum log_level listener_level;
	char *secrets[LIMIT_LOG_SECRETS];
	size_t secret_count;
} state = { .level = LOG_INFO };

static const char cut_mark[] = "…";

const char *const log_level_names[] = { "broken", "warn", "info", "debug", "io", NULL };

bool log_level_parse(const char *name, enum log_level *out)
{
	for (size_t i = 0; log_level_names[i]; i++) {
		if (strcmp(log_level_names[i], name))
			continue;
		*out = (enum log_level)i;
		return true;
	}
	return false;
}

void log_set_level(enum log_level level)
{
	state.level = level;
}

bool log_set_file(const char *path)
{
	return log_sink_set_file(path);
}

void log_set_listener(void (*fn)(void *ctx, enum log_level level, const char *line), void *ctx, enum log_level level)
{
	state.listener = fn;
	state.listener_ctx = ctx;
	state.listener_level = level;
}

static bool is_heard(enum log_level level)
{
	return state.listener && level <= state.listener_level && level < LOG_IO;
}

bool log_enabled(enum log_level level)
{
	return level <= state.level || is_heard(level);
}

void log_add_secret(const char *secret)
{
	if (strlen(secret) < 8)
		return;
	for (size_t i = 0; i < state.secret_count; i++)
		if (!strcmp(state.secrets[i], secret))
			return;
	if (state.secret_count == LIMIT_LOG_SECRETS) {
		free(state.secrets[0]);
		memmove(state.secrets, state.secrets + 1, (LIMIT_LOG_SECRETS - 1) * sizeof(state.secrets[0]));
		state.secret_count--;
	}
	state.secrets[state.secret_count++] = xstrdup(secret);
}

/*
 * Where the text is cut, the beginning of a secret at its end is masked too. A byte is overwritten once no secret
 * can begin before it, so that secrets which overlap or begin alike are all found.
 */
static void mask(char *text, size_t len, bool cut)
{
	size_t end = 0; /* of the secrets found so far */

	for (size_t at = 0; at < len; at++) {
		for (size_t i = 0; i < state.secret_count; i++) {
			size_t n = strlen(state.secrets[i]);
			size_t left = len - at;

			if (text[at] != state.secrets[i][0] || (left < n && !cut) ||
			    memcmp(text + at, state.secrets[i], left < n ? left : n))
				continue;
			if (at + n > end)
				end = at + n;
		}
		if (at < end)
			text[at] = '*';
	}
}

void log_mask(char *text, size_t len)
{
	mask(text, len, false);
}

/* One piece, so that lines of several processes in one file do not mix. False: it could not be written. */
static bool emit_line(enum log_level level, const char *line)
{
	char stamped[LIMIT_LOG_LINE + 64];
	char time_text[24];
	struct timespec ts;
	struct tm tm;
	int n;

	clock_gettime(CLOCK_REALTIME, &ts);
	gmtime_r(&ts.tv_sec, &tm);
	strftime(time_text, sizeof(time_text), "%Y-%m-%dT%H:%M:%S", &tm);
	n = snprintf(stamped, sizeof(stamped), "%s.%03ldZ eke[%ld] %s: %s\n", time_text, ts.tv_nsec / 1000000,
		     (long)getpid(), log_level_names[level], line);
	return log_sink_write(stamped, (size_t)n);
}

static void emit(enum log_level level, const char *line)
{
	char notice[96];

	if (state.dropped) {
		snprintf(notice, sizeof(notice), "%zu lines of the log were lost here: nobody read it, or the disk was full",
			state.dropped);
		if (!emit_line(LOG_WARN, notice)) {
			state.dropped++;
			return;
		}
		state.dropped = 0;
	}
	if (!emit_line(level, line))
		state.dropped++;
}

void log_at(enum log_level level, const char *fmt, ...)
{
	char line[LIMIT_LOG_LINE];
	va_list ap;
	int n;

	if (!log_enabled(level))
		return;
	va_start(ap, fmt);
	n = vsnprintf(line, sizeof(line), fmt, ap);
	va_end(ap);
	if (n < 0)
		return;
	mask(line, strlen(line), (size_t)n >= sizeof(line));
	if ((size_t)n >= sizeof(line))
		memcpy(line + utf8_cut(line, sizeof(line), sizeof(line) - sizeof(cut_mark)), cut_mark, sizeof(cut_mark));
	printable_blank(line);
	if (level <= state.level)
		emit(level, line);
	if (is_heard(level))
		state.listener(state.listener_ctx, level, line);
}

void log_io(const char *what, const char *text, size_t len)
{
	char shown[LIMIT_LOG_LINE - 128];
	size_t n = len < sizeof(shown) ? len : sizeof(shown);

	if (!log_enabled(LOG_IO))
		return;
	memcpy(shown, text, n);
	mask(shown, n, n < len);
	log_at(LOG_IO, "%s %zu bytes: %.*s%s", what, len, (int)(n < len ? utf8_cut(shown, n, n - 1) : n), shown,
	       n < len ? cut_mark : "");
}

void log_shutdown(void)
{
	for (size_t i = 0; i < state.secret_count; i++)
		free(state.secrets[i]);
	state.secret_count = 0;
	state.listener = NULL;
	log_set_file(NULL);
}
