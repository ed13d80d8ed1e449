/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The parts of the converter from postgrey: its options, and its files of who is not delayed. */
#ifndef SMF_TOOLS_CONVERT_POSTGREY_H
#define SMF_TOOLS_CONVERT_POSTGREY_H

#include "tools/convert_run.h"

/* Takes the variables of Debian's file apart, and POSTGREY_OPTS into a setting for each option, by its long name. */
void convert_read_postgrey(struct conversion *run, const char *text, size_t len);

/* Writes a GreylistExempt for each line of the files of clients, and of recipients: those that the options name, else
 * those that postgrey reads by itself. What has no equivalent is told by its file and line. */
void convert_postgrey_lists(struct conversion *run);

#endif
