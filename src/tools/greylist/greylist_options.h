/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The row of `smf-spf greylist` among the commands, and its command line. */
#ifndef SMF_TOOLS_GREYLIST_GREYLIST_OPTIONS_H
#define SMF_TOOLS_GREYLIST_GREYLIST_OPTIONS_H

#include "base/command.h"

#include <stdbool.h>

enum greylist_verb { GREYLIST_HELP, GREYLIST_SHOW, GREYLIST_KNOWN, GREYLIST_FORGET, GREYLIST_STATS };

/* What was typed; the texts are in argv. */
struct greylist_options {
    const char *config_path;
    enum greylist_verb verb;
    const char *pattern; /* a part of the keys; "": all */
    bool json, all;
};

extern const struct command greylist_command;

/* Reads the command line, argv[0] being "greylist", into `options`, which hold the defaults. False if there is nothing
 * to do but to exit with *status: help, or an error that was printed. */
bool greylist_options_read(int argc, char **argv, struct greylist_options *options, int *status);

#endif
