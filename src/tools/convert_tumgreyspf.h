/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The directory of settings that tumgreyspf has (configPath), as smf-spf.conf. */
#ifndef SMF_TOOLS_CONVERT_TUMGREYSPF_H
#define SMF_TOOLS_CONVERT_TUMGREYSPF_H

#include "base/strbuf.h"
#include "tools/convert.h"

/* Appends to `out` the smf-spf.conf that decides as tumgreyspf with this directory does, and to
 * `warnings` a line for each setting that has no equivalent. */
enum convert_status convert_tumgreyspf(const char *directory, struct strbuf *out, struct strbuf *warnings);

#endif
