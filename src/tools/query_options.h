/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The command line of `smf-spf query`. */
#ifndef SMF_TOOLS_QUERY_OPTIONS_H
#define SMF_TOOLS_QUERY_OPTIONS_H

#include <stdbool.h>

/* What `smf-spf -h` and a error on the command line print. */
#define QUERY_USAGE                                                                                                    \
    "smf-spf query --ip ADDRESS --helo NAME --sender ADDRESS [--identity mailfrom|helo]\n"                             \
    "                     [-c FILE] [--nameserver ADDRESS[:PORT]] [--zone FILE] [--trace] [--json]\n"                  \
    "       smf-spf query --record TEXT --domain DOMAIN [--ip ADDRESS] [as above]\n"

/* The options as given; NULL where one was not. */
struct query_options {
    const char *config_path;
    bool config_named;
    const char *ip, *helo, *sender, *nameserver, *zone;
    const char *record, *domain; /* a record that is not published yet */
    bool helo_identity;
    bool trace, json;
};

/* Reads a command line whose argv[0] is "query" into *options, which holds the default configuration. EX_OK, or
 * EX_USAGE after a message on standard error. */
int query_options_read(int argc, char **argv, struct query_options *options);

/* Says on standard error what is wrong with the command line, with the value that is (NULL: none); EX_USAGE. */
int query_options_error(const char *what, const char *value);

#endif
