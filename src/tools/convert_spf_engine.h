/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the converters of policyd-spf and pyspf-milter share. */
#ifndef SMF_TOOLS_CONVERT_SPF_ENGINE_H
#define SMF_TOOLS_CONVERT_SPF_ENGINE_H

#include "tools/convert_table.h"

/* Writes what HELO_reject, Mail_From_reject and their companions decide, and what both programs do unasked. */
void convert_finish_spf_engine(struct conversion *run);

/* Writes what HELO_reject, Mail_From_reject, PermError_reject, TempError_Defer, No_Mail and Reject_Not_Pass_Domains
 * decide together. */
void convert_spf_engine_sets(struct conversion *run);

/* Each writes the lines for one list of who is not checked. */
void convert_spf_engine_addresses(struct conversion *run, const struct foreign_setting *setting);
void convert_spf_engine_helo_names(struct conversion *run, const struct foreign_setting *setting);
void convert_spf_engine_domains(struct conversion *run, const struct foreign_setting *setting);
void convert_spf_engine_host_names(struct conversion *run, const struct foreign_setting *setting);

/* Writes a RecipientPolicy for each line of the file that Per_User names. */
void convert_spf_engine_per_user(struct conversion *run, const struct foreign_setting *setting);

/* Takes the next item of a list as both programs do, which cut it at its commas and nowhere else, without the white
 * space around it. Says once, in *is_told, that the program does not find an item with white space around it. False at
 * the end. */
bool convert_spf_engine_item(struct conversion *run, const char **list, struct strbuf *item, bool *is_told);

/* Writes that no client is checked. */
void convert_everybody(struct conversion *run);

#endif
