#ifndef EKE_CHAT_HISTORY_PRIVATE_H
#define EKE_CHAT_HISTORY_PRIVATE_H
/*
 * What history.c (the file, and what is written), history_read.c (what is read) and history_step.c (what can wait)
 * share.
 */
#include <sys/types.h>

#include "eke/chat/history.h"

struct history {
	struct store *store;
	int64_t writer; /* this process, with the next two; pid 0: not needed yet */
	pid_t pid;
	int64_t started;
	bool merging; /* the index may have parts to be merged */
};

/* history.c: a transaction; the process knows who it is then. */
enum store_result history_open(struct history *h, enum store_mode mode);

/* --- within a transaction --- */

/* history.c: a statement with one number. */
void history_run(struct history *h, unsigned sql, int64_t n);
/*
 * Fills *out, its turns included; false: there is no such chat. `*number` is its row, `*busy` whether it is answered.
 */
bool history_read(struct history *h, const char *id, struct history_chat *out, int64_t *number, bool *busy);
struct history_turn *history_add_turn(struct history_chat *chat);
void history_drop_turns(struct history_chat *chat, size_t from);

#endif
