/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the converters of policyd-spf and pyspf-milter share. */
#ifndef SMF_APP_CONVERT_SPF_ENGINE_H
#define SMF_APP_CONVERT_SPF_ENGINE_H

#include "app/convert_table.h"

/* Writes what HELO_reject, Mail_From_reject and their companions decide, and what both programs do unasked. */
void convert_finish_spf_engine(struct conversion *run);

#endif
