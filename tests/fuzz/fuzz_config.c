/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Fuzzes smf-spf.conf: a file is refused with reasons, or what is printed of it is read again as the same. */
#include "config/config.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool holds)
{
    if (!holds)
        abort();
}

static void require_same(const struct derived_set *a, const struct derived_set *b)
{
    require(a->results == b->results && a->is_written == b->is_written);
}

static void check_printed(const struct config *config)
{
    struct strbuf once = STRBUF_INIT, twice = STRBUF_INIT, errors = STRBUF_INIT;

    config_print(config, &once);
    const struct config *again = config_parse(strbuf_text(&once), once.len, "printed", &errors);
    require(again != NULL && errors.len == 0);
    config_print(again, &twice);
    require(strcmp(once.text, twice.text) == 0);
    require(again->verdict.refuse_mail_from == config->verdict.refuse_mail_from &&
            again->verdict.refuse_helo == config->verdict.refuse_helo && again->defer == config->defer);
    require_same(&again->verdict.refuse_null_sender, &config->verdict.refuse_null_sender);
    require_same(&again->verdict.defer_mail_from, &config->verdict.defer_mail_from);
    require_same(&again->verdict.defer_helo, &config->verdict.defer_helo);
    require_same(&again->verdict.defer_null_sender, &config->verdict.defer_null_sender);
    require(again->check_helo == config->check_helo);
    config_release(again);
    strbuf_free(&once);
    strbuf_free(&twice);
    strbuf_free(&errors);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct strbuf errors = STRBUF_INIT;
    const struct config *config = config_parse((const char *)data, size, "fuzz", &errors);

    require((config == NULL) == (errors.len > 0));
    if (config != NULL)
        check_printed(config);
    config_release(config);
    strbuf_free(&errors);
    return 0;
}
