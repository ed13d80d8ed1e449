/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the types of options that are texts have in common. */
#ifndef SMF_CONFIG_CONFIG_TEXT_H
#define SMF_CONFIG_CONFIG_TEXT_H

#include "config/config_options.h"
#include "config/config_value.h"

#include <stdbool.h>
#include <stddef.h>

/* CONFIG_VALUE_OK or CONFIG_VALUE_BAD. */
enum config_value_status config_text_status(bool good);

/* Puts a text, which it takes over, in place of the one that the member holds. NULL is a failed allocation. */
enum config_value_status config_text_replace(char *text, void *member);

/* The functions of a type (config_options.h) whose member is a char *: NULL is not written. What is read has to pass
 * the type's check. */
enum config_value_status config_text_read(const struct config_option *option, const char *text, void *member);
bool config_text_write(const struct config_option *option, const void *member, size_t index, struct strbuf *out);
void config_text_clear(void *member);

#endif
