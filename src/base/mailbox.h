/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Hands things over from any thread to a task of an event loop, in their order. */
#ifndef SMF_BASE_MAILBOX_H
#define SMF_BASE_MAILBOX_H

#include <stdbool.h>

struct event_task;
struct mailbox;

/* The first member of what is handed over. */
struct letter {
    struct letter *next;
};

/* `task` is woken when something comes, and must live as long. NULL if out of memory. */
struct mailbox *mailbox_create(struct event_task *task);

/* It is empty. NULL is fine. */
void mailbox_destroy(struct mailbox *mailbox);

/* Takes the letter over; false, and the letter stays the caller's, once the box is closed. Any thread. Locks: the box's
 * own, a leaf. */
bool mailbox_put(struct mailbox *mailbox, struct letter *letter);

/* All that came, the oldest first, linked by `next`; NULL: nothing. */
struct letter *mailbox_take(struct mailbox *mailbox);

/* Nothing is taken any more. Any thread. */
void mailbox_close(struct mailbox *mailbox);

#endif
