/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Prints all metrics of a process that has done nothing; in OpenMetrics with any argument. */
#include "session/metrics.h"

#include <stdio.h>

int main(int argc, char **argv)
{
    const struct metrics_state state = {.version = "test",
                                        .libmilter = "1.0.1",
                                        .config_hash = "00",
                                        .dns = {.server_count = 1, .servers = {{.server = "192.0.2.1:53"}}}};
    struct strbuf out = STRBUF_INIT;
    int printed;

    (void)argv;
    metrics_write(&state, argc > 1, &out);
    printed = fputs(strbuf_text(&out), stdout);
    strbuf_free(&out);
    return printed < 0;
}
