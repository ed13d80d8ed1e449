/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Fuzzes the reader of Accept fields: any text. */
#include "front/metrics/accept.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What the reader says of `before` + the text + `after`. */
static bool prefers(const char *before, const uint8_t *data, size_t size, const char *after)
{
    const size_t first = strlen(before), last = strlen(after);
    char *text = malloc(first + size + last + 1); /* no octet more, so that a sanitizer sees each one too far */
    bool is_preferred;

    if (text == NULL)
        abort();
    memcpy(text, before, first + 1);
    if (size > 0)
        memcpy(text + first, data, size);
    memcpy(text + first + size, after, last + 1);
    is_preferred = accept_prefers_openmetrics(text);
    free(text);
    return is_preferred;
}

static bool names_openmetrics(const uint8_t *data, size_t size)
{
    static const char name[] = "application/openmetrics-text";

    for (size_t n = 0; n + sizeof name - 1 <= size && data[n] != '\0'; n++)
        if (strncasecmp((const char *)data + n, name, sizeof name - 1) == 0)
            return true;
    return false;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const bool is_preferred = prefers("", data, size, "");

    if (is_preferred && !names_openmetrics(data, size))
        abort();
    /* A range of another type changes nothing, wherever it stands; RFC 9110 5.6.1.2: nor does an empty one. */
    if (prefers("text/html;q=0.9, ,", data, size, "") != is_preferred)
        abort();
    if ((size == 0 || memchr(data, '\0', size) == NULL) && prefers("", data, size, ",, */*;q=0.1") != is_preferred)
        abort();
    /* The older format at the full weight is never beaten by less, and only equalled by the full weight. */
    if (prefers("text/plain;version=0.0.4, ", data, size, "") && !is_preferred)
        abort();
    return 0;
}
