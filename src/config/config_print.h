/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Options as lines of smf-spf.conf. */
#ifndef SMF_CONFIG_CONFIG_PRINT_H
#define SMF_CONFIG_CONFIG_PRINT_H

#include "base/strbuf.h"
#include "config/config.h"
#include "config/config_options.h"

#include <stddef.h>

/* Appends a line for each value of an option, with `indent` before it, and returns how many there are. */
size_t config_print_values(const struct config *config, const struct config_option *option, const char *indent,
                           struct strbuf *out);

#endif
