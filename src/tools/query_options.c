/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The row of `smf-spf query` among the commands, and its command line. */
#include "tools/query_options.h"

#include <stddef.h>
#include <string.h>
#include <sysexits.h>

enum { HELO = 256, IP, SENDER, IDENTITY, NAMESERVER, ZONE, RECORD, DOMAIN, TRACE, JSON, RECIPIENT };

static const struct command_option option_table[] = {
    {IP, "ip", "ADDRESS", "the client's address, IPv4 or IPv6"},
    {SENDER, "sender", "ADDRESS", "the envelope sender; \"\" is the null sender of bounces"},
    {HELO, "helo", "NAME", "the client's HELO name; without it the sender's domain"},
    {RECIPIENT, "recipient", "ADDRESS", "say what greylisting would do with a message to it"},
    {IDENTITY, "identity", "WHICH", "what to evaluate: mailfrom (the sender, the default) or helo"},
    {RECORD, "record", "TEXT", "check this record before it is published; with --ip also evaluate it"},
    {DOMAIN, "domain", "DOMAIN", "the domain of that record"},
    {TRACE, "trace", NULL, "show how the result comes about: records, terms, DNS queries, limits"},
    {JSON, "json", NULL, "print one JSON object"},
    {NAMESERVER, "nameserver", "ADDRESS[:PORT]", "query this name server"},
    {ZONE, "zone", "FILE", "answer DNS queries from this zone file"},
    {'c', "config", "FILE", "the configuration"},
    {0, NULL, NULL, NULL},
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

/* Takes one option; EX_OK, or EX_USAGE after a message. */
static int take_option(int option, const char *value, struct query_options *options)
{
    switch (option) {
    case 'c':
        options->config_path = value;
        options->config_named = true;
        break;
    case IP:
        options->ip = value;
        break;
    case HELO:
        options->helo = value;
        break;
    case SENDER:
        options->sender = value;
        break;
    case RECIPIENT:
        options->recipient = value;
        break;
    case NAMESERVER:
        options->nameserver = value;
        break;
    case ZONE:
        options->zone = value;
        break;
    case RECORD:
        options->record = value;
        break;
    case DOMAIN:
        options->domain = value;
        break;
    case TRACE:
        options->trace = true;
        break;
    case JSON:
        options->json = true;
        break;
    default:
        return take_identity(value, options);
    }
    return EX_OK;
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
    struct command_line line = command_begin(&query_command, argc, argv);
    const char *value = NULL;
    int option = 0;

    *status = EX_OK;
    while (*status == EX_OK && (option = command_next(&line, &value)) > 0)
        *status = take_option(option, value, options);
    if (option == COMMAND_OVER)
        *status = line.status;
    if (option != COMMAND_READY)
        return false;
    *status = line.operand_count > 0 ? query_options_error("there is no place for", line.operands[0])
                                     : check_combination(options);
    return *status == EX_OK;
}
