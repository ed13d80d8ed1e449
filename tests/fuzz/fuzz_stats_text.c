/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Fuzzes the reader of metrics that `smf-spf stats` prints for people: whoever has the filter's account may answer. */
#include "app/stats_text.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = strndup((const char *)data, size);
    struct strbuf once = STRBUF_INIT, twice = STRBUF_INIT;

    if (text == NULL)
        abort();
    stats_text_add(text, &once);
    stats_text_add(text, &twice);
    if (once.failed || once.len != twice.len)
        abort();
    strbuf_free(&once);
    strbuf_free(&twice);
    free(text);
    return 0;
}
