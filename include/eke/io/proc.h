#ifndef EKE_IO_PROC_H
#define EKE_IO_PROC_H
/*
 * Runs a command and collects what it prints, without blocking the loop: for keys that a password manager holds,
 * and for git.
 */
#include <stdbool.h>
#include <stddef.h>

#include "eke/base/err.h"
#include "eke/base/sandbox.h"
#include "eke/base/strbuf.h"
#include "eke/io/loop.h"

struct proc;

/* output is NULL on failure, and err then has ERR_CONFIG and a sentence (exit code, signal, not found, too slow). */
typedef void proc_fn(void *ctx, const struct strbuf *output, const struct err *err);

/*
 * What to run. argv ends with NULL; the program is an absolute path, or a name that is looked up in the absolute
 * directories of PATH: never in the working directory, which is a workspace that somebody else may have made. Standard
 * input is empty.
 */
struct proc_spec {
	char *const *argv;
	const char *const *env; /* "NAME=VALUE" in addition to ours or instead of it; ends with NULL; or NULL */
	size_t max_output;      /* bytes */
	int seconds;            /* of time */
	/* False: standard error is ours, as it may ask the user something there. True: for the log and the err alone. */
	bool hears_errors;
	const struct sandbox *sandbox; /* what it is kept from, as far as the system can; or NULL */
};

/* fn is called once, unless the run is cancelled first; the proc frees itself after it. The spec is not kept. */
struct proc *proc_run(struct loop *loop, const struct proc_spec *spec, proc_fn *fn, void *ctx);
/* Kills the command; fn is not called. */
void proc_cancel(struct proc *proc);

#endif
