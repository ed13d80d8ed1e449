/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The log of a command that a person runs. */
#ifndef SMF_TOOLS_TOOL_LOG_H
#define SMF_TOOLS_TOOL_LOG_H

/* From now on warnings and errors go to standard error, each after `prefix` ("smf-spf query"), which lives as long as
 * the program. */
void tool_log_open(const char *prefix);

#endif
