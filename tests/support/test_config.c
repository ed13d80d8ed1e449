/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Parses texts, and starts services. */
#include "support/test_config.h"

#include "base/strbuf.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

const struct config *test_config(const char *format, ...)
{
    struct strbuf whole = STRBUF_INIT, errors = STRBUF_INIT;
    const struct config *config;
    va_list args;

    va_start(args, format);
    strbuf_vaddf(&whole, format, args);
    va_end(args);
    config = config_parse(strbuf_text(&whole), whole.len, "test", &errors);
    if (config == NULL)
        fail_msg("%s", strbuf_text(&errors));
    strbuf_free(&whole);
    strbuf_free(&errors);
    return config;
}

struct service *test_service(const struct config *config)
{
    struct strbuf error = STRBUF_INIT;
    struct service *service = service_create(config, &error);

    if (service == NULL)
        fail_msg("%s", strbuf_text(&error));
    config_release(config);
    strbuf_free(&error);
    return service;
}
