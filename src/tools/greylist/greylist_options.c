/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What can be typed after `smf-spf greylist`. */
#include "tools/greylist/greylist_options.h"

#include <sysexits.h>

static const struct command_option option_table[] = {
    {0, "json", NULL, "print JSON: an object for each that is found, or for the counts",
     COMMAND_FLAG(struct greylist_options, json)},
    {0, "all", NULL, "forget: all, and not only what a PATTERN finds", COMMAND_FLAG(struct greylist_options, all)},
    {'c', "config", "FILE", "the configuration of the filter whose store it is",
     COMMAND_TEXT(struct greylist_options, config_path)},
    {.name = NULL},
};

const struct command greylist_command = {
    .name = "greylist",
    .purpose = "print what greylisting has stored, or delete some of it",
    .usage = "show [--json] [-c FILE] [PATTERN]\n"
             "known [--json] [-c FILE] [PATTERN]\n"
             "stats [--json] [-c FILE] [PATTERN]\n"
             "forget [--json] [-c FILE] PATTERN | --all\n",
    .options = option_table,
    .details = "show:   who has come for whom, since when, how often, and when it is deleted\n"
               "known:  whose mail for any recipient waits no more, and who is on the way there\n"
               "stats:  how many of each there are, and how long mail has waited\n"
               "forget: deletes, so that all begins anew for them; a running filter follows within a minute\n"
               "PATTERN is a part of what is printed last in a line: a domain, a recipient, a network;\n"
               "an address of a client stands for its network.\n",
};

static const char *const verbs[] = {
    [GREYLIST_SHOW] = "show", [GREYLIST_KNOWN] = "known", [GREYLIST_FORGET] = "forget", [GREYLIST_STATS] = "stats"};

enum { VERB_COUNT = sizeof verbs / sizeof *verbs };

static int options_error(const char *what, const char *value)
{
    return command_usage_error(&greylist_command, what, value);
}

static int take_operands(const struct command_line *line, struct greylist_options *options)
{
    size_t verb;
    const int status = command_read_verb(line, verbs, VERB_COUNT, &verb, &options->pattern);

    options->verb = (enum greylist_verb)verb;
    if (options->pattern == NULL)
        options->pattern = "";
    return status;
}

/* To forget all has to be asked for in so many words. */
static int check_combination(const struct greylist_options *options)
{
    if (options->all && options->verb != GREYLIST_FORGET)
        return options_error("--all goes with forget alone", NULL);
    if (options->all && *options->pattern != '\0')
        return options_error("--all forgets all, not only", options->pattern);
    if (options->verb == GREYLIST_FORGET && !options->all && *options->pattern == '\0')
        return options_error("forget needs a PATTERN, or --all", NULL);
    return EX_OK;
}

bool greylist_options_read(int argc, char **argv, struct greylist_options *options, int *status)
{
    struct command_line line = command_begin(&greylist_command, argc, argv, options);

    if (!command_read(&line, status))
        return false;
    *status = take_operands(&line, options);
    if (*status == EX_OK)
        *status = check_combination(options);
    return *status == EX_OK;
}
