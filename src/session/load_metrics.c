/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Writes the gauges of the front ends. */
#include "session/load_metrics.h"

#include <stddef.h>

static void write_gauge(struct metrics_text *text, const char *name, unsigned value, const char *help)
{
    metrics_family(text, name, METRICS_GAUGE, help);
    metrics_sample(text, NULL, NULL, value);
}

void load_metrics_write(struct metrics_text *text, const struct front_load *load)
{
    write_gauge(text, "connections_open", load->connections, "Connections of the MTA that are open.");
    write_gauge(text, "messages_open", load->messages, "Messages that have begun and not ended.");
    write_gauge(text, "threads", load->threads, "Threads that serve the connections of the MTA.");
    write_gauge(text, "threads_waiting", load->threads_waiting, "Threads of these that wait for the DNS.");
}
