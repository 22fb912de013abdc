#ifndef EKE_IO_PROC_H
#define EKE_IO_PROC_H
/*
 * Runs a command and collects what it prints, without blocking the loop: for keys that a password manager holds.
 */
#include <stddef.h>

#include "eke/base/err.h"
#include "eke/base/strbuf.h"
#include "eke/io/loop.h"

struct proc;

/* output is NULL on failure, and err then has ERR_CONFIG and a sentence (exit code, signal, not found, too slow). */
typedef void proc_fn(void *ctx, const struct strbuf *output, const struct err *err);

/*
 * argv ends with NULL; the program is looked up in PATH; standard input is empty, standard error is ours. At
 * most max_output bytes and `seconds` of time. fn is called once, unless the run is cancelled first; the proc
 * frees itself after it.
 */
struct proc *proc_run(struct loop *loop, char *const argv[], size_t max_output, int seconds, proc_fn *fn, void *ctx);
/* Kills the command; fn is not called. */
void proc_cancel(struct proc *proc);

#endif
