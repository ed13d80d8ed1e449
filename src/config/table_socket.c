/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Takes a protocol off. */
#include "config/table_socket.h"

#include <stddef.h>
#include <string.h>
#include <strings.h>

const char *table_socket_spec(const char *text, const char **protocol)
{
    static const char *const words[] = {TABLE_SOCKET_MAP, TABLE_SOCKET_FORWARD, TABLE_SOCKET_REVERSE};

    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        const size_t len = strlen(words[i]);

        if (strncasecmp(text, words[i], len) == 0 && text[len] == ':') {
            *protocol = words[i];
            return text + len + 1;
        }
    }
    return NULL;
}
