/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Looks through the connections from time to time. */
#include "front/connection_limits.h"

#include "base/log.h"

static int64_t rest_ms(const struct connections *all)
{
    return all->silent_ms > 0 ? all->silent_ms : CONNECTIONS_SILENT_MS;
}

/* By the second time that it is looked at: then the whole time has passed, also where the process was stopped. */
static bool is_silent(const struct connection *connection)
{
    return !connection->is_held && connection->all->looks - connection->heard_at >= 2;
}

static bool is_unfinished(const struct connection *connection)
{
    return !connection->is_held && connection->writing == NULL && connection->in.len > 0;
}

/* Refuses requests that nobody finishes. True if there are others that are not finished yet. */
static bool end_unfinished(struct connections *all)
{
    bool has_others = false;

    for (struct connection *connection = all->list, *next; connection != NULL; connection = next) {
        next = connection->next;
        if (is_unfinished(connection) && is_silent(connection))
            all->refuse(connection, "its client does not finish it");
        else
            has_others |= is_unfinished(connection);
    }
    return has_others;
}

static void close_silent(struct connections *all)
{
    const size_t max = all->most / CONNECTIONS_CLOSED_AT_ONCE_PART + 1;
    size_t count = 0;

    for (struct connection *connection = all->list, *next; connection != NULL && count < max; connection = next) {
        next = connection->next;
        if (!is_silent(connection))
            continue;
        all->close(connection);
        count++;
    }
    if (count > 0)
        log_warning("%s: others wait; connections closed on which nothing came for %lld s: %zu", all->protocol->key,
                    (long long)(rest_ms(all) / 1000), count);
}

static void watch(struct connections *all)
{
    if (!all->is_watched)
        event_task_set_timer(all->look, rest_ms(all));
    all->is_watched = true;
}

/* It comes again while there is something to watch. */
static void look(void *context)
{
    struct connections *all = context;
    bool has_more;

    all->looks++;
    all->is_watched = false;
    has_more = end_unfinished(all);
    if (all->is_full)
        close_silent(all);
    if (has_more || all->is_full)
        watch(all);
}

bool connection_limits_start(struct connections *all,
                             void (*refuse)(struct connection *connection, const char *problem),
                             void (*close)(struct connection *connection))
{
    all->refuse = refuse;
    all->close = close;
    all->look = event_task_create(all->loop, look, all);
    return all->look != NULL;
}

void connection_limits_heard(struct connection *connection)
{
    connection->heard_at = connection->all->looks;
    watch(connection->all);
}

void connection_limits_recount(struct connection *connection)
{
    const size_t usual = CONNECTIONS_READ_SIZE + 1, size = connection->in.size;

    connection->all->large -= connection->large;
    connection->large = size > usual ? size - usual : 0;
    connection->all->large += connection->large;
}

/* One that waits for an answer of ours is none. */
static struct connection *find_largest(const struct connections *all)
{
    struct connection *largest = NULL;

    for (struct connection *connection = all->list; connection != NULL; connection = connection->next)
        if (!connection->is_held && (largest == NULL || connection->large > largest->large))
            largest = connection;
    return largest;
}

bool connection_limits_make_room(struct connection *connection)
{
    const struct connections *all = connection->all;

    while (all->large > CONNECTIONS_LARGE_MAX && connection->large > 0) {
        struct connection *largest = find_largest(all);
        const bool is_this = largest == connection;

        all->refuse(largest, "too many large ones are unfinished");
        if (is_this)
            return false;
    }
    return true;
}

void connection_limits_full(struct connections *all)
{
    all->is_full = true;
    watch(all);
}

void connection_limits_accepted(struct connections *all)
{
    all->is_full = false;
}
