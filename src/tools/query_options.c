/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The row of `smf-spf query` among the commands, and its command line. */
#include "tools/query_options.h"

#include <stddef.h>
#include <string.h>
#include <sysexits.h>

enum { IDENTITY = 256 };

static const struct command_option option_table[] = {
    {0, "ip", "ADDRESS", "the client's address, IPv4 or IPv6", COMMAND_TEXT(struct query_options, ip)},
    {0, "sender", "ADDRESS", "the envelope sender; \"\" is the null sender of bounces",
     COMMAND_TEXT(struct query_options, sender)},
    {0, "helo", "NAME", "the client's HELO name; without it the sender's domain",
     COMMAND_TEXT(struct query_options, helo)},
    {0, "recipient", "ADDRESS", "say what greylisting would do with a message to it",
     COMMAND_TEXT(struct query_options, recipient)},
    {IDENTITY, "identity", "WHICH", "what to evaluate: mailfrom (the sender, the default) or helo", COMMAND_HANDED},
    {0, "record", "TEXT", "check this record before it is published; with --ip also evaluate it",
     COMMAND_TEXT(struct query_options, record)},
    {0, "domain", "DOMAIN", "the domain of that record", COMMAND_TEXT(struct query_options, domain)},
    {0, "trace", NULL, "show how the result comes about: records, terms, DNS queries, limits",
     COMMAND_FLAG(struct query_options, trace)},
    {0, "json", NULL, "print one JSON object", COMMAND_FLAG(struct query_options, json)},
    {0, "nameserver", "ADDRESS[:PORT]", "query this name server", COMMAND_TEXT(struct query_options, nameserver)},
    {0, "zone", "FILE", "answer DNS queries from this zone file", COMMAND_TEXT(struct query_options, zone)},
    {'c', "config", "FILE", "the configuration", COMMAND_CONFIG(struct query_options, common)},
    {.name = NULL},
};

const struct command query_command = {
    .name = "query",
    .purpose = "print the SPF result for one client and sender and the reason for it, or check a record",
    .usage = "--ip ADDRESS --sender ADDRESS [--helo NAME] [--recipient ADDRESS]\n"
             " [--trace] [--json] [--nameserver ADDRESS[:PORT] | --zone FILE] [-c FILE]\n"
             "--ip ADDRESS --helo NAME --identity helo [OPTION...]\n"
             "--record TEXT --domain DOMAIN [--ip ADDRESS] [OPTION...]\n",
    .options = option_table,
    .details = "exit status: 0 pass, 1 fail, 2 softfail, 3 neutral, 4 permerror, 5 temperror, 6 none;\n"
               "             with --record 0 if the record is fine, 4 permerror, 5 temperror\n",
};

int query_options_error(const char *what, const char *value)
{
    return command_usage_error(&query_command, what, value);
}

static int take_identity(const char *value, struct query_options *options)
{
    options->helo_identity = strcmp(value, "helo") == 0;
    if (options->helo_identity || strcmp(value, "mailfrom") == 0)
        return EX_OK;
    return query_options_error("--identity is mailfrom or helo, not", value);
}

/* Options that need others, and options that exclude each other. */
static int check_combination(const struct query_options *options)
{
    if (options->nameserver != NULL && options->zone != NULL)
        return query_options_error("--nameserver and --zone exclude each other", NULL);
    if (options->record != NULL && options->domain == NULL)
        return query_options_error("--record needs --domain, the domain that is to publish it", NULL);
    if (options->domain != NULL && options->record == NULL)
        return query_options_error("--domain needs --record, the text to check", NULL);
    if (options->ip == NULL && options->record == NULL)
        return query_options_error("--ip is needed, the client's address", NULL);
    if (options->ip == NULL &&
        (options->trace || options->helo != NULL || options->sender != NULL || options->recipient != NULL))
        return query_options_error("--trace, --helo, --sender and --recipient need --ip", NULL);
    if (options->recipient != NULL && options->helo_identity)
        return query_options_error("greylisting goes by the sender's result: --recipient has no --identity helo", NULL);
    if (options->helo_identity && options->helo == NULL && options->record == NULL)
        return query_options_error("--identity helo needs --helo", NULL);
    if (options->sender == NULL && !options->helo_identity && options->record == NULL)
        return query_options_error("--sender is needed, or --helo with --identity helo", NULL);
    return EX_OK;
}

bool query_options_read(int argc, char **argv, struct query_options *options, int *status)
{
    struct command_line line = command_begin(&query_command, argc, argv, options);
    const char *value = NULL;
    int option = 0;

    *status = EX_OK;
    while (*status == EX_OK && (option = command_next(&line, &value)) > 0)
        *status = take_identity(value, options);
    if (option == COMMAND_OVER)
        *status = line.status;
    if (option != COMMAND_READY)
        return false;
    *status = command_limit_operands(&line, 0);
    if (*status == EX_OK)
        *status = check_combination(options);
    return *status == EX_OK;
}
