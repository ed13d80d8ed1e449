/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Internationalised domain names by libidn2. */
#include "policy/idna.h"

#include <idn2.h>
#include <stddef.h>
#include <string.h>

static bool is_ascii(const char *text)
{
    while (*text != '\0') {
        if ((unsigned char)*text++ >= 0x80)
            return false;
    }
    return true;
}

bool idna_to_ascii(const char *domain, char ascii[IDNA_SIZE])
{
    char *converted = NULL;
    bool fits;

    if (strlen(domain) >= (size_t)4 * IDNA_SIZE)
        return false;
    if (!is_ascii(domain)) {
        if (idn2_to_ascii_8z(domain, &converted, IDN2_NFC_INPUT | IDN2_NONTRANSITIONAL) != IDN2_OK)
            return false;
        domain = converted;
    }
    fits = strlen(domain) < IDNA_SIZE;
    if (fits)
        memcpy(ascii, domain, strlen(domain) + 1);
    idn2_free(converted);
    return fits;
}

const char *idna_ascii_form(const char *domain, char ascii[IDNA_SIZE])
{
    return !is_ascii(domain) && idna_to_ascii(domain, ascii) ? ascii : domain;
}

void idna_add_mailbox(const char *address, struct strbuf *out)
{
    const char *at = strrchr(address, '@');
    const char *domain = at != NULL ? at + 1 : address + strlen(address);
    char ascii[IDNA_SIZE];

    strbuf_add_mem(out, address, (size_t)(domain - address));
    strbuf_add(out, idna_ascii_form(domain, ascii));
}
