/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Fuzzes Received fields: whatever stands in them, what is read is an address and a HELO name out of the field itself.
 */
#include "mail/received.h"

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
    const char *problem = NULL;

    require(value != NULL);
    switch (received_parse(value, &found, &problem)) {
    case RECEIVED_CLIENT:
        require(found.client.family != ADDR_NONE);
        require(strlen(found.helo) < RECEIVED_HELO_SIZE && strstr(value, found.helo) != NULL);
        require(strpbrk(found.helo, " \t\r\n()") == NULL);
        break;
    case RECEIVED_UNREAD:
        require(problem != NULL && found.client.family == ADDR_NONE);
        break;
    case RECEIVED_INSIDE:
        require(found.client.family == ADDR_NONE);
        break;
    }
    free(value);
    return 0;
}
