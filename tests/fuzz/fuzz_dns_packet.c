/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Fuzzes the reader of DNS replies: any octets, read as the answer to each type of question. */
#include "dns/dns_packet.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Everything that an answer promises can be read. */
static void check(const struct dns_answer *answer, enum dns_type type)
{
    if ((answer->status == DNS_OK) != (answer->count > 0))
        abort();
    for (size_t i = 0; i < answer->count; i++) {
        const struct dns_record *record = &answer->records[i];

        if (type == DNS_TXT && (!record->text || record->text[record->text_len] != '\0'))
            abort();
        if ((type == DNS_MX || type == DNS_PTR) && strlen(record->name) >= DNS_NAME_SIZE)
            abort();
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const enum dns_type types[] = {DNS_A, DNS_PTR, DNS_MX, DNS_TXT, DNS_AAAA};

    for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
        const struct dns_answer *answer = dns_packet_parse(data, size, types[i]);

        check(answer, types[i]);
        dns_answer_release(answer);
    }
    return 0;
}
