/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Readers of files that are no `key = value` lines. Each takes the text of a file apart into the run's settings, one
 * for what cannot be read, too, and sets `no_memory` if there is none. */
#ifndef SMF_TOOLS_CONVERT_SYNTAX_H
#define SMF_TOOLS_CONVERT_SYNTAX_H

#include "tools/convert_run.h"

#include <stddef.h>

/* Variables of a shell: NAME=value, NAME="some words". */
void convert_read_shell(struct conversion *run, const char *text, size_t len);

/* What the library libConfuse reads, without sections and functions: name = value, name = {value, value}, which becomes
 * a value with commas, and name += {value}. */
void convert_read_confuse(struct conversion *run, const char *text, size_t len);

#endif
