/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What SIGUSR2 writes into the log. */
#include "app/counters.h"

#include "base/log.h"
#include "base/stats.h"
#include "base/strbuf.h"
#include "session/reason.h"
#include "support/test_config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void keep_line(void *context, enum log_level level, const char *line)
{
    (void)level;
    strbuf_addf(context, "%s\n", line);
}

static void all_counters_and_the_reasons_that_there_were(void **state)
{
    const struct log_config quiet = {.level = LOG_LEVEL_INFO, .syslog_facility = -1, .ident = "test"};
    struct strbuf lines = STRBUF_INIT;
    struct service *service = test_service(test_config("Nameserver 127.0.0.1:1\n"));

    (void)state;
    reason_count(REASON_AUTHENTICATED, false);
    reason_count(REASON_AUTHENTICATED, false);
    reason_count(REASON_RESULT, false);
    reason_count(REASON_RESULT, true);
    reason_count(REASON_WHITELISTED_RECIPIENT, false);
    reason_count(REASON_FAULT_TAG, false);
    assert_true(log_open(&quiet));
    log_set_sink(keep_line, &lines);
    counters_log(service);
    log_set_sink(NULL, NULL);
    for (int n = 0; n < STATS_COUNT; n++)
        assert_non_null(strstr(strbuf_text(&lines), stats_name((enum stats_counter)n)));
    assert_non_null(strstr(strbuf_text(&lines), " skipped=2 "));
    assert_non_null(strstr(strbuf_text(&lines), " refused=1 deferred=1 "));
    assert_non_null(strstr(strbuf_text(&lines), " faults=1\n"));
    assert_non_null(
        strstr(strbuf_text(&lines), "reasons: authenticated=2 whitelisted-recipient=1 result=2 fault-tag=1\n"));
    assert_non_null(strstr(strbuf_text(&lines), "result cache: entries=0 "));
    strbuf_free(&lines);
    service_destroy(service);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(all_counters_and_the_reasons_that_there_were)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
