/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Counts the requests of tables. */
#include "session/table_metrics.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

static _Atomic uint64_t connected[TABLE_PROTOCOLS];
static _Atomic uint64_t answered[TABLE_PROTOCOLS][TABLE_DIRECTIONS][TABLE_ANSWERS];
static _Atomic uint64_t broken[TABLE_PROTOCOLS];

static const char *const protocols[TABLE_PROTOCOLS] = {"socketmap", "tcp"};

void table_metrics_connected(enum table_protocol protocol)
{
    atomic_fetch_add_explicit(&connected[protocol], 1, memory_order_relaxed);
}

void table_metrics_answered(enum table_protocol protocol, enum table_direction direction, enum table_answer answer)
{
    atomic_fetch_add_explicit(&answered[protocol][direction][answer], 1, memory_order_relaxed);
}

void table_metrics_broken(enum table_protocol protocol)
{
    atomic_fetch_add_explicit(&broken[protocol], 1, memory_order_relaxed);
}

/* Only socketmap names tables, and only what it names may be unknown. */
static bool can_be(size_t protocol, size_t direction, size_t answer)
{
    return (direction == TABLE_OTHER) == (answer == TABLE_UNKNOWN) &&
           (direction != TABLE_OTHER || protocol == TABLE_SOCKETMAP);
}

static void write_answered(struct metrics_text *text)
{
    static const char *const labels[] = {"protocol", "table", "answer"};
    static const char *const tables[TABLE_DIRECTIONS] = {"forward", "reverse", "other"};
    static const char *const answers[TABLE_ANSWERS] = {"found", "not_found", "try_later", "unknown"};

    metrics_family(text, "table_requests", METRICS_COUNTER, "Requests of tables that were answered.");
    for (size_t protocol = 0; protocol < TABLE_PROTOCOLS; protocol++)
        for (size_t table = 0; table < TABLE_DIRECTIONS; table++)
            for (size_t answer = 0; answer < TABLE_ANSWERS; answer++) {
                const char *const values[] = {protocols[protocol], tables[table], answers[answer]};

                if (can_be(protocol, table, answer))
                    metrics_sample_of(text, labels, values, 3, (double)answered[protocol][table][answer]);
            }
}

void table_metrics_write(struct metrics_text *text)
{
    metrics_family(text, "table_connections", METRICS_COUNTER, "Connections to tables that were accepted.");
    for (size_t protocol = 0; protocol < TABLE_PROTOCOLS; protocol++)
        metrics_sample(text, "protocol", protocols[protocol], (double)connected[protocol]);
    write_answered(text);
    metrics_family(text, "table_requests_broken", METRICS_COUNTER, "Requests of tables that could not be read.");
    for (size_t protocol = 0; protocol < TABLE_PROTOCOLS; protocol++)
        metrics_sample(text, "protocol", protocols[protocol], (double)broken[protocol]);
}
