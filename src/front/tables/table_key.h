/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The forms in which MTAs write an address as the key of a table. Postfix has that of SMTP; Sendmail's rules have a
 * focus, `alice<@example.com.>`, with a dot after a name that it has looked up. Pure. */
#ifndef SMF_FRONT_TABLES_TABLE_KEY_H
#define SMF_FRONT_TABLES_TABLE_KEY_H

#include "base/strbuf.h"

#include <stdbool.h>

struct table_key_form {
    bool has_focus;
    bool has_dot; /* with a focus: after the domain */
};

/* Brings `key` to the form of SMTP, in its place, and says which form it had. */
struct table_key_form table_key_read(char *key);

/* Appends `address`, in the form of SMTP, in the form that the key had. */
void table_key_write(const char *address, struct table_key_form form, struct strbuf *out);

#endif
