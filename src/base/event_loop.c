/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The event loop: libevent, without its locks, as nothing but a write to a descriptor reaches it from other threads. */
#include "base/event_loop.h"

#include "base/thread.h"

#include <errno.h>
#include <event2/event.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

enum { BASE_DESCRIPTORS = 16 };

struct event_loop {
    struct event_base *base;
    struct event_task *stop;
    pthread_t thread;
    atomic_bool is_running;
};

struct event_task {
    struct event_loop *loop;
    void (*run)(void *context);
    void *context;
    int wake_fd;
    struct event *woken, *timer;
    bool is_timed;
};

static void on_event(evutil_socket_t fd, short what, void *context)
{
    struct event_task *task = context;

    (void)fd; /* edge-triggered: it need not be read */
    if (what & EV_TIMEOUT)
        task->is_timed = false;
    task->run(task->context);
}

static void end_loop(void *context)
{
    struct event_loop *loop = context;

    event_base_loopbreak(loop->base);
}

/* It would write to the standard error; what fails is told by those who called. */
static void drop_message(int severity, const char *message)
{
    (void)severity;
    (void)message;
}

/* libevent ends the process where there is a descriptor for its poll, but none for the pipe by which it tells itself of
 * signals. So nothing is begun unless there are more than both, and what the loop's owner needs; others may take some
 * in this moment. */
static bool has_descriptors(void)
{
    int fds[BASE_DESCRIPTORS];
    size_t got = 0;

    while (got < BASE_DESCRIPTORS && (fds[got] = eventfd(0, EFD_CLOEXEC)) >= 0)
        got++;
    for (size_t n = 0; n < got; n++)
        close(fds[n]);
    return got == BASE_DESCRIPTORS;
}

static struct event_base *create_base(void)
{
    struct event_config *config = NULL;
    struct event_base *base = NULL;

    if (!has_descriptors())
        return NULL;
    config = event_config_new();
    event_set_log_callback(drop_message);
    if (config && event_config_set_flag(config, EVENT_BASE_FLAG_NOLOCK | EVENT_BASE_FLAG_IGNORE_ENV) == 0 &&
        event_config_require_features(config, EV_FEATURE_ET) == 0)
        base = event_base_new_with_config(config);
    if (config)
        event_config_free(config);
    return base;
}

struct event_loop *event_loop_create(void)
{
    struct event_loop *loop = calloc(1, sizeof(*loop));

    if (!loop)
        return NULL;
    errno = ENOMEM;
    loop->base = create_base();
    if (loop->base)
        loop->stop = event_task_create(loop, end_loop, loop);
    if (loop->stop)
        return loop;
    event_loop_destroy(loop);
    return NULL;
}

static void *run_loop(void *context)
{
    struct event_loop *loop = context;

    event_base_loop(loop->base, EVLOOP_NO_EXIT_ON_EMPTY);
    return NULL;
}

int event_loop_start(struct event_loop *loop)
{
    int problem = thread_start(&loop->thread, run_loop, loop);

    loop->is_running = problem == 0;
    return problem;
}

void event_loop_stop(struct event_loop *loop)
{
    if (!loop->is_running)
        return;
    event_task_wake(loop->stop);
    pthread_join(loop->thread, NULL);
    loop->is_running = false;
}

void event_loop_destroy(struct event_loop *loop)
{
    if (!loop)
        return;
    event_task_destroy(loop->stop);
    if (loop->base)
        event_base_free(loop->base);
    free(loop);
}

bool event_loop_is_current(const struct event_loop *loop)
{
    return loop->is_running && pthread_equal(pthread_self(), loop->thread);
}

struct event_base *event_loop_base(struct event_loop *loop)
{
    return loop->base;
}

struct event_task *event_task_create(struct event_loop *loop, void (*run)(void *context), void *context)
{
    struct event_task *task = calloc(1, sizeof(*task));

    if (!task)
        return NULL;
    *task = (struct event_task){.loop = loop, .run = run, .context = context};
    task->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (task->wake_fd < 0)
        goto failed;
    errno = ENOMEM;
    task->woken = event_new(loop->base, task->wake_fd, EV_READ | EV_PERSIST | EV_ET, on_event, task);
    task->timer = event_new(loop->base, -1, 0, on_event, task);
    if (task->woken && task->timer && event_add(task->woken, NULL) == 0)
        return task;

failed:
    event_task_destroy(task);
    return NULL;
}

void event_task_destroy(struct event_task *task)
{
    int problem = errno;

    if (!task)
        return;
    if (task->timer)
        event_free(task->timer);
    if (task->woken)
        event_free(task->woken);
    if (task->wake_fd >= 0)
        close(task->wake_fd);
    free(task);
    errno = problem;
}

/* On the loop's own thread no system call is needed. */
void event_task_wake(struct event_task *task)
{
    const uint64_t one = 1;

    if (event_loop_is_current(task->loop))
        event_active(task->woken, EV_READ, 0);
    else
        while (write(task->wake_fd, &one, sizeof(one)) < 0 && errno == EINTR)
            ;
}

void event_task_set_timer(struct event_task *task, int64_t delay_ms)
{
    const struct timeval delay = {.tv_sec = (time_t)(delay_ms / 1000),
                                  .tv_usec = (suseconds_t)(delay_ms % 1000 * 1000)};

    task->is_timed = event_add(task->timer, &delay) == 0;
}

void event_task_clear_timer(struct event_task *task)
{
    if (task->is_timed)
        event_del(task->timer);
    task->is_timed = false;
}

struct event_watch {
    struct event *event;
    void (*run)(void *context);
    void *context;
};

static void on_ready(evutil_socket_t fd, short what, void *context)
{
    const struct event_watch *watch = context;

    (void)fd;
    (void)what;
    watch->run(watch->context); /* which may destroy it */
}

struct event_watch *event_watch_create(struct event_loop *loop, int fd, bool writable, void (*run)(void *context),
                                       void *context)
{
    struct event_watch *watch = calloc(1, sizeof(*watch));

    if (!watch)
        return NULL;
    *watch = (struct event_watch){.run = run, .context = context};
    watch->event = event_new(loop->base, fd, (short)((writable ? EV_WRITE : EV_READ) | EV_PERSIST), on_ready, watch);
    if (watch->event && event_add(watch->event, NULL) == 0)
        return watch;
    event_watch_destroy(watch);
    return NULL;
}

void event_watch_destroy(struct event_watch *watch)
{
    if (!watch)
        return;
    if (watch->event)
        event_free(watch->event);
    free(watch);
}
