/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The socketmap protocol (Postfix's socketmap_table(5), Sendmail's map class socket): netstrings "NAME KEY", answered
 * by "OK DATA", "NOTFOUND ", "TEMP TEXT" or "PERM TEXT". The names are `forward` and `reverse`. Pure. */
#ifndef SMF_FRONT_TABLES_SOCKETMAP_H
#define SMF_FRONT_TABLES_SOCKETMAP_H

#include "front/tables/table.h"

enum { SOCKETMAP_MAX = 10000 }; /* octets of a request without its frame, as Postfix has it */

extern const struct table_syntax socketmap_syntax;

#endif
