/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the types of options that are lists of texts have in common. */
#ifndef SMF_CONFIG_CONFIG_LIST_H
#define SMF_CONFIG_CONFIG_LIST_H

#include "config/config_options.h"

#include <stdbool.h>
#include <stddef.h>

/* The functions of a type (config_options.h) whose member is a struct text_list or, to write it, begins with one. */
bool config_list_write(const struct config_option *option, const void *member, size_t index, struct strbuf *out);
void config_list_clear(void *member);

#endif
