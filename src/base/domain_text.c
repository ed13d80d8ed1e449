/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Trailing dots and host names. */
#include "base/domain_text.h"

#include <ctype.h>
#include <string.h>

enum { LABEL_MAX = 63 }; /* RFC 1035 2.3.4 */

size_t domain_text_len(const char *name, size_t len)
{
    return len > 0 && name[len - 1] == '.' ? len - 1 : len;
}

size_t domain_text_strlen(const char *name)
{
    return domain_text_len(name, strlen(name));
}

bool domain_text_copy(const char *name, char out[DOMAIN_TEXT_MAX + 1])
{
    size_t len = domain_text_strlen(name);

    if (len > DOMAIN_TEXT_MAX)
        return false;
    memcpy(out, name, len);
    out[len] = '\0';
    return true;
}

static bool is_label(const char *label, size_t len)
{
    if (len == 0 || len > LABEL_MAX)
        return false;
    for (size_t i = 0; i < len; i++)
        if (!isalnum((unsigned char)label[i]) && label[i] != '-' && label[i] != '_')
            return false;
    return true;
}

bool domain_text_is_host(const char *name)
{
    size_t left = domain_text_strlen(name);

    if (left == 0 || left > DOMAIN_TEXT_MAX)
        return false;
    for (;;) {
        size_t len = strcspn(name, ".");

        if (len > left)
            len = left;
        if (!is_label(name, len))
            return false;
        if (len == left)
            return strspn(name, "0123456789") < len;
        name += len + 1;
        left -= len + 1;
    }
}
