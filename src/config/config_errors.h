/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is said about a file that cannot be used: a line for each error, "smf-spf.conf:12: Tag: ...". */
#ifndef SMF_CONFIG_CONFIG_ERRORS_H
#define SMF_CONFIG_CONFIG_ERRORS_H

#include "config/config_options.h"
#include "config/config_reading.h"

#include <stdbool.h>

/* Begins the message of one error. False if there were too many to show. */
bool config_errors_begin(struct config_reading *reading, unsigned line);

/* The line that set the option of this key last, 0: none. */
unsigned config_errors_line_of(const struct config_reading *reading, const char *key);

/* The rest are about the line that was read last: what is wrong with it, or with its key, and what that takes. */
void config_errors_in_line(struct config_reading *reading, const char *problem);
void config_errors_at_option(struct config_reading *reading, const struct config_option *option, const char *problem);
void config_errors_unknown_key(struct config_reading *reading);
void config_errors_bad_value(struct config_reading *reading, const struct config_option *option, const char *value);

/* A key that holds for all recipients, in a RecipientPolicy. */
void config_errors_not_for_some(struct config_reading *reading, const struct config_option *option);

/* A word between others that is an address pattern by accident only. */
void config_errors_not_alone(struct config_reading *reading, const struct config_option *option, const char *value);

/* Warns of a part of the line that is not read, as an earlier version would not have read it, but which may have been
 * meant: `whole` is read as `value`. */
void config_errors_warn_of_cut(struct config_reading *reading, const struct config_option *option, const char *whole,
                               const char *value);

/* Says that there are more errors than are shown, or that memory ran out. */
void config_errors_close(const struct config_reading *reading);

#endif
