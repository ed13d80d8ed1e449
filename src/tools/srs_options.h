/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The row of `smf-spf srs` among the commands, and its command line. */
#ifndef SMF_TOOLS_SRS_OPTIONS_H
#define SMF_TOOLS_SRS_OPTIONS_H

#include "base/command.h"

#include <stdbool.h>

/* The exit statuses beyond those of sysexits.h. */
enum {
    SRS_EXIT_STAYS = 1,  /* a sender stays as it is */
    SRS_EXIT_OTHER = 2,  /* a recipient is no SRS address of ours */
    SRS_EXIT_FORGED = 3, /* a recipient is one that is forged, expired or not whole */
};

enum srs_verb { SRS_HELP, SRS_FORWARD, SRS_REVERSE, SRS_SECRET };

/* What was typed; the texts are in argv. */
struct srs_options {
    const char *config_path;
    enum srs_verb verb;
    const char *operand; /* the address, or the file of secrets; NULL: there is none */
    bool explain, add;
};

extern const struct command srs_command;

/* Reads the command line, argv[0] being "srs", into `options`, which hold the defaults. False if there is nothing to do
 * but to exit with *status: help, or an error that was printed. */
bool srs_options_read(int argc, char **argv, struct srs_options *options, int *status);

/* Prints an error about the command line, and returns EX_USAGE. `value` NULL: none. */
int srs_options_error(const char *what, const char *value);

#endif
