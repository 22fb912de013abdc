#ifndef EKE_BASE_LIST_H
#define EKE_BASE_LIST_H
/*
 * Singly linked lists: items that point to the one behind them by a member `next`; `head` is the pointer to the first,
 * NULL for an empty list. Both macros evaluate their arguments more than once.
 */

/* Takes `item`, which must be in the list, out of it. */
#define list_unlink(head, item) \
	do { \
		__typeof__(head) *list_at_ = &(head); \
		while (*list_at_ != (item)) \
			list_at_ = &(*list_at_)->next; \
		*list_at_ = (item)->next; \
	} while (0)

/* Puts `item` behind the last one. */
#define list_append(head, item) \
	do { \
		__typeof__(head) *list_at_ = &(head); \
		while (*list_at_) \
			list_at_ = &(*list_at_)->next; \
		(item)->next = NULL; \
		*list_at_ = (item); \
	} while (0)

#endif
