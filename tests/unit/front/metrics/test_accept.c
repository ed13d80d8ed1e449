/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which format an Accept field asks for. */
#include "front/metrics/accept.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
/* after the above */
#include <cmocka.h>

/* What a Prometheus sends. */
#define PROMETHEUS                                                                                                     \
    "application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,"                    \
    "text/plain;version=0.0.4;q=0.5,*/*;q=0.1"

static void test_openmetrics(void **state)
{
    static const char *const texts[] = {
        "application/openmetrics-text",
        "Application/OpenMetrics-Text ; Version=1.0.0 ; q=0.8",
        (PROMETHEUS),
        "text/plain;q=0.5, application/openmetrics-text;q=0.5",
        "text/plain;version=9, application/openmetrics-text;q=0.001",
        "text/plain;q=0,application/openmetrics-text;q=1.000",
    };

    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        assert_true(accept_prefers_openmetrics(texts[i]));
}

static void test_text(void **state)
{
    static const char *const texts[] = {
        NULL,
        "",
        ",, ;",
        "*/*",
        "text/plain",
        "application/openmetrics-textual",
        "application/openmetrics-text;version=0.0.1",
        "application/openmetrics-text;q=0",
        "application/openmetrics-text;q=0.000",
        "application/openmetrics-text;q=2",
        "application/openmetrics-text;q=1.001",
        "application/openmetrics-text;q=",
        "application/openmetrics-text;q=-1",
        "application/openmetrics-text;q=0.3, text/plain",
    };

    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        assert_false(accept_prefers_openmetrics(texts[i]));
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_openmetrics), cmocka_unit_test(test_text)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
