/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reads the lines of smf-spf.conf into a configuration, and collects what is wrong with them. */
#ifndef SMF_CONFIG_CONFIG_READING_H
#define SMF_CONFIG_CONFIG_READING_H

#include "base/strbuf.h"
#include "config/config.h"
#include "config/config_file.h"
#include "config/config_options.h"

#include <stdbool.h>
#include <stddef.h>

/* Where the settings of a RecipientPolicy begin. */
struct config_block {
    const char *text;
    size_t len;
    unsigned line;
};

/* A file while it is read. Set the first three members, and zero the rest. */
struct config_reading {
    struct config *config; /* zeroed; to be filled in */
    const char *path;      /* for messages */
    struct strbuf *errors;
    unsigned error_count;
    struct strbuf warnings;
    unsigned warning_count;
    bool no_memory;
    struct config_file file;
    unsigned *lines; /* for each option the line that set it last (lists: first), 0: none */

    struct config_block *blocks; /* one for each of the configuration's recipient policies */
    size_t block_count;
    struct recipient_policy *policy; /* whose settings are read, into `config`; NULL: those of the file itself */
    const struct config *of_file;    /* then: the configuration of the file, complete */
};

/* Reads a whole text. Without an error, and with memory, the configuration is complete and its effective sets are
 * there; with errors, the lines without one count. The warnings become the configuration's. */
void config_reading_run(struct config_reading *reading, const char *text, size_t len);

#endif
