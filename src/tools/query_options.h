/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The command line of `smf-spf query`. */
#ifndef SMF_TOOLS_QUERY_OPTIONS_H
#define SMF_TOOLS_QUERY_OPTIONS_H

#include "base/command.h"

#include <stdbool.h>

extern const struct command query_command;

/* The options as given; NULL where one was not. */
struct query_options {
    struct command_defaults common;
    const char *ip, *helo, *sender, *nameserver, *zone;
    const char *record, *domain; /* a record that is not published yet */
    const char *recipient;       /* that greylisting is asked about */
    bool helo_identity;
    bool trace, json;
};

/* Reads a command line whose argv[0] is "query" into *options, which holds the default configuration. True if there is
 * something to do; else help or an error was printed, and *status is what to exit with. */
bool query_options_read(int argc, char **argv, struct query_options *options, int *status);

/* Says on standard error what is wrong with the command line, with the value that is (NULL: none); EX_USAGE. */
int query_options_error(const char *what, const char *value);

#endif
