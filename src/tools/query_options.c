/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reads the command line of `smf-spf query`. */
#include "tools/query_options.h"

#include <getopt.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>

static void print_usage(void)
{
    (void)fputs("usage: " QUERY_USAGE, stderr);
}

int query_options_error(const char *what, const char *value)
{
    fprintf(stderr, "smf-spf query: %s%s%s%s\n", what, value != NULL ? " \"" : "", value != NULL ? value : "",
            value != NULL ? "\"" : "");
    print_usage();
    return EX_USAGE;
}

static int take_identity(const char *value, struct query_options *options)
{
    options->helo_identity = strcmp(value, "helo") == 0;
    if (options->helo_identity || strcmp(value, "mailfrom") == 0)
        return EX_OK;
    return query_options_error("--identity is mailfrom or helo, not", value);
}

/* Takes one option; EX_OK, or EX_USAGE after a message. */
static int take_option(int option, const char *value, struct query_options *options)
{
    switch (option) {
    case 'c':
        options->config_path = value;
        options->config_named = true;
        return EX_OK;
    case 'i':
        options->ip = value;
        return EX_OK;
    case 'e':
        options->helo = value;
        return EX_OK;
    case 's':
        options->sender = value;
        return EX_OK;
    case 'n':
        options->nameserver = value;
        return EX_OK;
    case 'z':
        options->zone = value;
        return EX_OK;
    case 'r':
        options->record = value;
        return EX_OK;
    case 'o':
        options->domain = value;
        return EX_OK;
    case 't':
        options->trace = true;
        return EX_OK;
    case 'j':
        options->json = true;
        return EX_OK;
    case 'd':
        return take_identity(value, options);
    default:
        print_usage();
        return EX_USAGE;
    }
}

/* Options that need others, and options that exclude each other. */
static int check_combination(const struct query_options *options)
{
    if (options->nameserver != NULL && options->zone != NULL)
        return query_options_error("--nameserver and --zone exclude each other", NULL);
    if ((options->record == NULL) != (options->domain == NULL))
        return query_options_error("--record and --domain belong together", NULL);
    if (options->record == NULL &&
        (options->ip == NULL || options->helo == NULL || (options->sender == NULL && !options->helo_identity)))
        return query_options_error("--ip, --helo and --sender are needed", NULL);
    if (options->ip == NULL && (options->trace || options->helo != NULL || options->sender != NULL))
        return query_options_error("--trace, --helo and --sender need --ip", NULL);
    return EX_OK;
}

int query_options_read(int argc, char **argv, struct query_options *options)
{
    static const struct option names[] = {
        {"config", required_argument, NULL, 'c'},   {"ip", required_argument, NULL, 'i'},
        {"helo", required_argument, NULL, 'e'},     {"sender", required_argument, NULL, 's'},
        {"identity", required_argument, NULL, 'd'}, {"nameserver", required_argument, NULL, 'n'},
        {"zone", required_argument, NULL, 'z'},     {"record", required_argument, NULL, 'r'},
        {"domain", required_argument, NULL, 'o'},   {"trace", no_argument, NULL, 't'},
        {"json", no_argument, NULL, 'j'},           {NULL, 0, NULL, 0},
    };
    int option = 0;
    int status = EX_OK;

    optind = 1;
    while (status == EX_OK && (option = getopt_long(argc, argv, "c:", names, NULL)) != -1)
        status = take_option(option, optarg, options);
    if (status != EX_OK)
        return status;
    if (optind < argc)
        return query_options_error("unexpected argument", argv[optind]);
    return check_combination(options);
}
