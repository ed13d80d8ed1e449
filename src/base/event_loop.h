/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One thread that waits for sockets and timers, and whatever tasks are run on it. This file alone speaks to libevent;
 * a library with an event interface gets the loop's base (event_loop_base). */
#ifndef SMF_BASE_EVENT_LOOP_H
#define SMF_BASE_EVENT_LOOP_H

#include <stdbool.h>
#include <stdint.h>

struct event_base;
struct event_loop;
struct event_task;
struct event_watch;

/* A loop whose thread does not run yet. NULL, with errno, if there is no memory or no descriptor. */
struct event_loop *event_loop_create(void);

/* Starts the thread, with every signal blocked, so only after the last fork. 0, or an error number. */
int event_loop_start(struct event_loop *loop);

/* Ends the thread, if it runs, after the task that is being run; waits for it. Not from the loop's thread. */
void event_loop_stop(struct event_loop *loop);

/* The loop has been stopped, and its tasks destroyed. NULL is fine. */
void event_loop_destroy(struct event_loop *loop);

/* True on the loop's thread. */
bool event_loop_is_current(const struct event_loop *loop);

/* For libraries, on the loop's thread or before it starts. */
struct event_base *event_loop_base(struct event_loop *loop);

/* Something that is run on the loop's thread when it was woken, or when its time has come: once, however often that was
 * meanwhile. It holds one descriptor. Before the loop starts, or on its thread. NULL, with errno, if there is no memory
 * or no descriptor. */
struct event_task *event_task_create(struct event_loop *loop, void (*run)(void *context), void *context);

/* On the loop's thread, or after the loop was stopped; not from within the task. NULL is fine. */
void event_task_destroy(struct event_task *task);

/* Has the task run soon. Any thread; takes no lock, and hands no data over: that is what a mailbox is for. */
void event_task_wake(struct event_task *task);

/* Has the task run in `delay_ms` (0 or more), instead of the moment that was set before. The loop's thread. */
void event_task_set_timer(struct event_task *task, int64_t delay_ms);
void event_task_clear_timer(struct event_task *task);

/* Has `run` called as long as `fd`, which stays the caller's, can be read, or with `writable` written. On the loop's
 * thread. NULL if out of memory. */
struct event_watch *event_watch_create(struct event_loop *loop, int fd, bool writable, void (*run)(void *context),
                                       void *context);

/* Before the descriptor is closed; may be called by `run`. NULL is fine. */
void event_watch_destroy(struct event_watch *watch);

#endif
