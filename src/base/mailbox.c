/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A queue with a lock. */
#include "base/mailbox.h"

#include "base/event_loop.h"

#include <pthread.h>
#include <stdlib.h>

struct mailbox {
    struct event_task *task;
    pthread_mutex_t lock; /* covers all below; a leaf */
    struct letter *first, **end;
    bool is_closed;
};

struct mailbox *mailbox_create(struct event_task *task)
{
    struct mailbox *mailbox = calloc(1, sizeof(*mailbox));

    if (!mailbox)
        return NULL;
    mailbox->task = task;
    mailbox->end = &mailbox->first;
    pthread_mutex_init(&mailbox->lock, NULL);
    return mailbox;
}

void mailbox_destroy(struct mailbox *mailbox)
{
    if (!mailbox)
        return;
    pthread_mutex_destroy(&mailbox->lock);
    free(mailbox);
}

/* Whoever finds the box empty wakes the task; it takes all that has come by then. */
bool mailbox_put(struct mailbox *mailbox, struct letter *letter)
{
    bool is_closed, is_first;

    letter->next = NULL;
    pthread_mutex_lock(&mailbox->lock);
    is_closed = mailbox->is_closed;
    is_first = !mailbox->first;
    if (!is_closed) {
        *mailbox->end = letter;
        mailbox->end = &letter->next;
    }
    pthread_mutex_unlock(&mailbox->lock);
    if (!is_closed && is_first)
        event_task_wake(mailbox->task);
    return !is_closed;
}

struct letter *mailbox_take(struct mailbox *mailbox)
{
    struct letter *first;

    pthread_mutex_lock(&mailbox->lock);
    first = mailbox->first;
    mailbox->first = NULL;
    mailbox->end = &mailbox->first;
    pthread_mutex_unlock(&mailbox->lock);
    return first;
}

void mailbox_close(struct mailbox *mailbox)
{
    pthread_mutex_lock(&mailbox->lock);
    mailbox->is_closed = true;
    pthread_mutex_unlock(&mailbox->lock);
}
