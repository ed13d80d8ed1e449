/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What can be typed after `smf-spf srs`. */
#include "tools/srs_options.h"

#include <sysexits.h>

static const struct command_option option_table[] = {
    {0, "explain", NULL, "forward, reverse: say step by step why", COMMAND_FLAG(struct srs_options, explain)},
    {0, "add", NULL, "secret: put the new one before those in FILE; it signs, and the others still verify",
     COMMAND_FLAG(struct srs_options, add)},
    {'c', "config", "FILE", "the configuration", COMMAND_TEXT(struct srs_options, config_path)},
    {.name = NULL},
};

const struct command srs_command = {
    .name = "srs",
    .purpose = "print what an address is forwarded as, or stands for (SRS), or make a secret",
    .usage = "forward [--explain] [-c FILE] ADDRESS\n"
             "reverse [--explain] [-c FILE] ADDRESS\n"
             "secret [[--add] FILE] [-c FILE]\n",
    .options = option_table,
    .details = "exit status: 0 the address is printed; 1 the sender stays as it is; 2 the recipient is no SRS address\n"
               "             of this host; 3 it is one that is forged, expired or not whole\n",
};

static const char *const verbs[] = {[SRS_FORWARD] = "forward", [SRS_REVERSE] = "reverse", [SRS_SECRET] = "secret"};

enum { VERB_COUNT = sizeof verbs / sizeof *verbs };

int srs_options_error(const char *what, const char *value)
{
    return command_usage_error(&srs_command, what, value);
}

static int take_operands(const struct command_line *line, struct srs_options *options)
{
    size_t verb;
    const int status = command_read_verb(line, verbs, VERB_COUNT, &verb, &options->operand);

    options->verb = (enum srs_verb)verb;
    return status;
}

static int check_combination(const struct srs_options *options)
{
    const bool is_about_address = options->verb == SRS_FORWARD || options->verb == SRS_REVERSE;

    if (options->add && options->verb != SRS_SECRET)
        return srs_options_error("--add goes with secret alone", NULL);
    if (options->explain && !is_about_address)
        return srs_options_error("--explain goes with forward and reverse alone", NULL);
    if (options->add && options->operand == NULL)
        return srs_options_error("--add needs the FILE that has the secrets", NULL);
    if (is_about_address && options->operand == NULL)
        return srs_options_error("an ADDRESS is needed (\"\" for the null sender)", NULL);
    return EX_OK;
}

bool srs_options_read(int argc, char **argv, struct srs_options *options, int *status)
{
    struct command_line line = command_begin(&srs_command, argc, argv, options);

    if (!command_read(&line, status))
        return false;
    *status = take_operands(&line, options);
    if (*status == EX_OK)
        *status = check_combination(options);
    return *status == EX_OK;
}
