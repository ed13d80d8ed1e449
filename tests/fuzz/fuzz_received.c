/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Fuzzes Received fields: whatever stands in them, what is read is an address and a HELO name out of the field itself.
 */
#include "policy/received.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool holds)
{
    if (!holds)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *value = strndup((const char *)data, size);
    struct received found = {.client = {.family = ADDR_NONE}};

    require(value != NULL);
    if (received_parse(value, &found)) {
        require(found.client.family != ADDR_NONE);
        require(strlen(found.helo) < RECEIVED_HELO_SIZE && strstr(value, found.helo) != NULL);
        require(strpbrk(found.helo, " \t\r\n") == NULL);
    } else {
        require(found.client.family == ADDR_NONE);
    }
    free(value);
    return 0;
}
