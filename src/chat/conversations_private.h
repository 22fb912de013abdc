#ifndef EKE_CHAT_CONVERSATIONS_PRIVATE_H
#define EKE_CHAT_CONVERSATIONS_PRIVATE_H
/*
 * What conversations.c (life, the file in use), conversation_turn.c (turns under way), conversation_query.c (lists,
 * names, deletion) and conversation_record.c (turns of other engines) share.
 */
#include "eke/chat/conversations.h"

/* Another process writes: a transaction takes far less. */
#define CONVERSATION_BUSY_MS 5
#define CONVERSATION_BUSY_TRIES 1000
/* Between tries to write an end when its answer has been told. */
#define CONVERSATION_LATE_MS 1000

struct turn;
struct query;
struct record;

struct conversations {
	struct loop *loop; /* borrowed, like the next three */
	struct chat *chat;
	const struct docs *docs;
	struct workspace *workspace;
	struct retriever *retriever; /* borrowed; NULL: nothing goes along by itself */
	struct config *config; /* ref */
	struct command_set *commands;
	struct history *disk;   /* NULL until it is needed, like the next */
	struct history *memory;
	void (*on_trouble)(void *ctx, const char *sentence); /* or NULL */
	void *trouble_ctx;
	char *trouble; /* to be told; NULL: nothing is */
	bool failed; /* the disk cannot be used: memory, until the next configuration */
	struct turn *turns;
	struct query *queries;
	struct record *records;
	uint64_t last_id;
	struct timer *step_timer;
	int patience_ms; /* at the end: for how long a file in use is still waited for */
};

/* The one in force. */
struct history *conversations_history(struct conversations *c);
/* After STORE_FAILED: fills err. True: what was wrong is put right, try again. */
bool conversations_repair(struct conversations *c, const struct history *h, struct err *err);
/* Something was dropped, or completed: the rest of the work is done when there is time. */
void conversations_work_due(struct conversations *c);
/* At the end, when the loop is over, where the file is in use. False: it is given up. */
bool conversations_wait_a_little(struct conversations *c);
/* conversation_record.c: writes what is left, if the file is free soon. */
void conversations_records_free(struct conversations *c);

#endif
