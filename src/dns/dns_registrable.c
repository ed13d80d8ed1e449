/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Finds the organizational domain of a name. */
#include "dns/dns_registrable.h"

#include "dns/dns.h"
#include "dns/dns_name.h"

#include <libpsl.h>
#include <string.h>
#include <strings.h>

enum {
    REVERSE_V4_LABELS = 5,  /* 2.0.192.in-addr.arpa: a /24 */
    REVERSE_V6_LABELS = 14, /* 12 of 4 bits each, then ip6.arpa: a /48 */
};

/* The last `count` labels of a name, or all. */
static const char *last_labels(const char *name, unsigned count)
{
    const char *at = name + strlen(name);

    for (; at > name; at--)
        if (at[-1] == '.' && --count == 0)
            break;
    return at;
}

static bool ends_with(const char *name, const char *end)
{
    size_t len = strlen(name), end_len = strlen(end);

    return len >= end_len && strcasecmp(name + len - end_len, end) == 0;
}

const char *dns_registrable(const char *name)
{
    char folded[DNS_NAME_MAX + 1];
    size_t len = strnlen(name, DNS_NAME_MAX);
    const psl_ctx_t *list = psl_builtin();
    const char *found;

    if (strncasecmp(name, "_dmarc.", 7) == 0)
        return name;
    if (ends_with(name, ".in-addr.arpa"))
        return last_labels(name, REVERSE_V4_LABELS);
    if (ends_with(name, ".ip6.arpa"))
        return last_labels(name, REVERSE_V6_LABELS);
    memcpy(folded, name, len);
    folded[len] = '\0';
    dns_name_fold(folded);
    found = list ? psl_registrable_domain(list, folded) : last_labels(folded, 2);
    return found ? name + (found - folded) : name;
}
