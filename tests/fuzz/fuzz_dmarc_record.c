/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Any octets as a DMARC record, and as a domain: known answers only, and a walk within its bounds. */
#include "dmarc/dmarc_walk.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_walk(const uint8_t *data, size_t size)
{
    enum dmarc_record found[DMARC_WALK_MAX] = {DMARC_RECORD_NONE};
    char *domain = malloc(size + 1);
    struct dmarc_walk walk;
    size_t place = 0;

    if (domain == NULL)
        return;
    memcpy(domain, data, size);
    domain[size] = '\0';
    dmarc_walk_begin(&walk, domain);
    if (walk.count == 0 || walk.count > DMARC_WALK_MAX)
        abort();
    for (size_t i = 0; i < walk.count; i++) {
        if (walk.names[i] < domain || walk.names[i] > domain + size)
            abort();
        found[i] = (enum dmarc_record)(i < size ? data[i] % (DMARC_RECORD_UNKNOWN + 1) : 0);
    }
    if (dmarc_walk_decide(&walk, found, &place) != TRISTATE_NO && place >= walk.count)
        abort();
    free(domain);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const enum dmarc_record record = dmarc_record_read((const char *)data, size);

    if (record == DMARC_RECORD_UNKNOWN || (record != DMARC_RECORD_NONE && size < 8))
        abort();
    check_walk(data, size);
    return 0;
}
