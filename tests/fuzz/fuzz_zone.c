/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Fuzzes zone files: any octets as a file, then questions about what it may hold. */
#include "dns/dns_zone.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void ask(struct dns *dns, const char *name, enum dns_type type)
{
    const struct dns_answer *answer = dns_lookup(dns, name, type, INT32_MAX);

    if ((answer->status == DNS_OK) != (answer->count > 0))
        abort();
    dns_answer_release(answer);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const names[] = {"a", "example.com", "mail.example.com", "x.y.example.com", "alias.example.com"};
    static const enum dns_type types[] = {DNS_A, DNS_PTR, DNS_MX, DNS_TXT, DNS_AAAA};
    char error[128] = "";
    struct dns *dns = dns_zone_parse((const char *)data, size, "fuzz", &clock_system, error, sizeof(error));

    if (!dns && error[0] == '\0')
        abort();
    for (size_t i = 0; dns && i < sizeof(names) / sizeof(names[0]); i++)
        for (size_t j = 0; j < sizeof(types) / sizeof(types[0]); j++)
            ask(dns, names[i], types[j]);
    dns_destroy(dns);
    return 0;
}
