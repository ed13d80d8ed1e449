/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Takes a focus off, and puts it on. */
#include "front/tables/table_key.h"

#include <string.h>

/* Where the last `<@` of a text begins, NULL: nowhere. A quoted local part may hold another. */
static char *find_focus(char *text)
{
    char *found = NULL;

    for (char *at = strstr(text, "<@"); at != NULL; at = strstr(at + 1, "<@"))
        found = at;
    return found;
}

struct table_key_form table_key_read(char *key)
{
    struct table_key_form form = {false, false};
    size_t len = strlen(key);
    char *focus = len > 0 && key[len - 1] == '>' ? find_focus(key) : NULL;

    if (focus == NULL || focus == key) /* `<@>` is a null sender, which has no form to keep */
        return form;
    form.has_focus = true;
    form.has_dot = key[len - 2] == '.';
    key[len - 1 - (form.has_dot ? 1 : 0)] = '\0';
    memmove(focus, focus + 1, strlen(focus + 1) + 1);
    return form;
}

void table_key_write(const char *address, struct table_key_form form, struct strbuf *out)
{
    const char *at = form.has_focus ? strrchr(address, '@') : NULL;

    if (at == NULL) {
        strbuf_add(out, address);
        return;
    }
    strbuf_add_mem(out, address, (size_t)(at - address));
    strbuf_addf(out, "<%s%s>", at, form.has_dot ? "." : "");
}
