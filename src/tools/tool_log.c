/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Shows the log to whoever runs a command. */
#include "tools/tool_log.h"

#include "base/log.h"

#include <stdio.h>

/* A line of the log, which without a log would come with time and process. */
static void print_line(void *context, enum log_level level, const char *line)
{
    const char *prefix = context;

    (void)level;
    (void)fprintf(stderr, "%s: %s\n", prefix, line);
}

void tool_log_open(const char *prefix)
{
    /* Warnings are for the person, and which servers resolv.conf has is not. */
    const struct log_config config = {.level = LOG_LEVEL_WARNING, .syslog_facility = -1, .ident = "smf-spf"};

    (void)log_open(&config);
    log_set_sink(print_line, (void *)prefix);
}
