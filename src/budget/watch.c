/*
 * Notices when other processes write into the ledger, without asking: the kernel tells when the file or its log
 * changes (inotify, Linux; elsewhere the status follows our own requests only). What we write ourselves is told too,
 * and is recognised by the ledger's version, which stays the same.
 *
 * A struct ledger_watch exists while somebody listens and the ledger is a file.
 */
#include "watch.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#ifdef __linux__
#include <sys/inotify.h>
#include <unistd.h>
#endif

#include "eke/base/clock.h"
#include "eke/base/mem.h"
#include "budget_private.h"

#ifdef __linux__

/* At most one notification in so long: a burst of requests elsewhere is one change to look at. */
#define EVERY_MS 1000

/* What happens to a file that is replaced or removed. */
#define GONE (IN_MOVE_SELF | IN_DELETE_SELF | IN_ATTRIB | IN_IGNORED)

struct ledger_watch {
	struct budget *budget;
	char *path;
	int fd;
	struct watch *watch;
	struct timer *timer;
	int64_t version;   /* of the ledger that the listener knows, or will by the end of the turn */
	int64_t told_mono; /* when the last change was told */
};

static void look(struct ledger_watch *w)
{
	int64_t version = ledger_version(w->budget->ledger);

	watch_set(w->watch, WATCH_READ);
	if (version && version == w->version)
		return;
	w->version = version;
	w->told_mono = clock_mono_ms();
	budget_note_change(w->budget);
}

static void on_timer(void *ctx)
{
	look(ctx);
}

/* Takes the events in; true if the file is no longer the one behind its name. */
static bool take_events(int fd)
{
	union {
		struct inotify_event event; /* for its alignment */
		char bytes[4096];
	} buffer;
	bool gone = false;
	ssize_t n;

	while ((n = read(fd, buffer.bytes, sizeof(buffer.bytes))) > 0) {
		for (size_t at = 0; at + sizeof(struct inotify_event) <= (size_t)n;) {
			struct inotify_event event;

			memcpy(&event, buffer.bytes + at, sizeof(event));
			gone = gone || (event.mask & GONE);
			at += sizeof(event) + event.len;
		}
	}
	return gone;
}

static void on_events(void *ctx, int events)
{
	struct ledger_watch *w = ctx;
	int64_t wait;

	(void)events;
	if (take_events(w->fd)) {
		/* Whoever looks opens the new file, and that is watched then. */
		budget_note_change(w->budget);
		budget_watch_free(w->budget);
		return;
	}
	wait = w->told_mono + EVERY_MS - clock_mono_ms();
	if (wait <= 0) {
		look(w);
		return;
	}
	/* Deaf until then, so that a busy neighbour does not wake us all the time. */
	watch_set(w->watch, WATCH_NONE);
	timer_start(w->timer, wait);
}

void budget_watch_free(struct budget *budget)
{
	struct ledger_watch *w = budget->watch;

	if (!w)
		return;
	budget->watch = NULL;
	watch_free(w->watch);
	timer_free(w->timer);
	close(w->fd);
	free(w->path);
	free(w);
}

void budget_watch(struct budget *budget, bool wrote)
{
	const char *path = ledger_watched_path(budget->ledger);
	struct ledger_watch *w = budget->watch;
	char *log;
	int fd;

	if (w && (!path || !budget->changed || strcmp(w->path, path)))
		budget_watch_free(budget);
	if (budget->watch && wrote)
		budget->watch->version = ledger_version(budget->ledger);
	if (budget->watch || !path || !budget->changed)
		return;
	fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
	if (fd < 0)
		return;
	w = xcalloc(1, sizeof(*w));
	w->budget = budget;
	w->path = xstrdup(path);
	w->fd = fd;
	w->told_mono = clock_mono_ms() - EVERY_MS;
	w->timer = timer_new(budget->loop, on_timer, w);
	w->watch = watch_new(budget->loop, fd, on_events, w);
	/* The log takes the writes; the file changes where there is no log, and by its name when it is replaced. */
	log = xasprintf("%s-wal", path);
	inotify_add_watch(fd, path, IN_MODIFY | IN_MOVE_SELF | IN_DELETE_SELF | IN_ATTRIB);
	inotify_add_watch(fd, log, IN_MODIFY);
	free(log);
	watch_set(w->watch, WATCH_READ);
	budget->watch = w;
}

#else

void budget_watch(struct budget *budget, bool wrote)
{
	(void)budget;
	(void)wrote;
}

void budget_watch_free(struct budget *budget)
{
	(void)budget;
}

#endif
