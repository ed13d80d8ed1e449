/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Expands the domain-specs of terms. */
#include "spf/target.h"

#include "spf/domain.h"

void target_expand(const struct term *term, const struct macro_values *values, struct strbuf *out, unsigned *used)
{
    if (term->domain)
        macro_expand_domain(term->domain, term->domain_len, values, out, used);
    else
        strbuf_add(out, values->domain);
}

static bool is_ascii(const char *text)
{
    while (*text && (unsigned char)*text < 0x80)
        text++;
    return *text == '\0';
}

bool target_is_usable(const struct macro_values *values, const char *name, unsigned used)
{
    if (!domain_can_be_asked(name))
        return false;
    return !(used & MACRO_USED_LOCAL) || is_ascii(values->local); /* RFC 8616 4: else it matches nothing */
}
