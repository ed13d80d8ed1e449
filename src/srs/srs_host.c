/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Checks and compares the domains of addresses. */
#include "srs/srs_host.h"

#include "base/addr.h"
#include "base/domain_text.h"

#include <string.h>
#include <strings.h>

/* True for an address in brackets (RFC 5321 4.1.3). */
static bool is_literal(const char *host)
{
    static const char v6_tag[] = "[IPv6:";
    size_t tag_len = sizeof v6_tag - 1, len = strlen(host);
    struct addr addr;

    if (len < 2 || host[0] != '[' || host[len - 1] != ']')
        return false;
    if (strncasecmp(host, v6_tag, tag_len) != 0)
        return addr_parse_mem(host + 1, len - 2, &addr) && strchr(host, ':') == NULL;
    host += tag_len;
    return addr_parse_mem(host, len - tag_len - 1, &addr) && strchr(host, ':') != NULL;
}

static bool is_host_name(const char *host)
{
    return domain_text_is_host(host) && domain_text_strlen(host) == strlen(host);
}

bool srs_host_write(struct srs_part host, char out[IDNA_SIZE])
{
    char text[IDNA_SIZE];

    if (host.len >= sizeof text)
        return false;
    memcpy(text, host.octets, host.len);
    text[host.len] = '\0';
    return idna_to_ascii(text, out) && (is_host_name(out) || is_literal(out));
}

bool srs_host_is_same(const char *a, const char *b)
{
    char a_ascii[IDNA_SIZE], b_ascii[IDNA_SIZE];
    const char *x = idna_ascii_form(a, a_ascii), *y = idna_ascii_form(b, b_ascii);
    size_t len = domain_text_strlen(x);

    return len == domain_text_strlen(y) && strncasecmp(x, y, len) == 0;
}
