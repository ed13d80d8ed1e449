/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Where libspf2 would end the process, the evaluation ends, and the next one is right again. */
#include "unit/spf/lying_spf2.h"
#include "unit/spf/zone_checks.h"

#include "base/log.h"
#include "base/stats.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static bool host_name_fails;

/* Stands before libc's for libspf2, which gives up without a host name. */
int gethostname(char *name, size_t len);

int gethostname(char *name, size_t len)
{
    if (host_name_fails || len < 2)
        return -1;
    memcpy(name, "h", 2);
    return 0;
}

/* What the library had allocated by then is lost, and LeakSanitizer would say so. */
const char *__lsan_default_suppressions(void);

const char *__lsan_default_suppressions(void)
{
    return "leak:SPF_server_new_dns\nleak:libspf2";
}

static void test_library_gives_up(void **state)
{
    uint64_t faults = stats_get(STATS_FAULTS);
    struct zone_checks checks;
    struct spf_outcome outcome;

    (void)state;
    zone_checks_open(&checks, true);
    zone_checks_add(&checks, "a.org", "TXT", "v=spf1 -all");
    host_name_fails = true;
    outcome = zone_checks_ask(&checks, "192.0.2.1", "a.org");
    host_name_fails = false;
    assert_int_equal(outcome.result, RESULT_TEMPERROR);
    assert_string_equal(outcome.problem, "libspf2 failed");
    assert_int_equal(stats_get(STATS_FAULTS), faults + 1);
    assert_int_equal(stats_get(STATS_SPF_DISAGREEMENTS), 0);
    zone_checks_expect(&checks, "192.0.2.1", "a.org", RESULT_FAIL);
    zone_checks_close(&checks);
}

static void test_library_disagrees(void **state)
{
    uint64_t faults = stats_get(STATS_FAULTS);
    struct zone_checks checks;
    struct spf_outcome outcome;

    (void)state;
    zone_checks_open(&checks, true);
    zone_checks_add(&checks, "a.org", "TXT", "v=spf1 -all");
    lying_spf2(true);
    outcome = zone_checks_ask(&checks, "192.0.2.1", "a.org");
    lying_spf2(false);
    assert_int_equal(outcome.result, RESULT_TEMPERROR);
    assert_string_equal(outcome.problem, "libspf2 and the walk have different results");
    assert_int_equal(stats_get(STATS_FAULTS), faults + 1);
    assert_int_equal(stats_get(STATS_SPF_DISAGREEMENTS), 1);
    zone_checks_expect(&checks, "192.0.2.1", "a.org", RESULT_FAIL);
    zone_checks_close(&checks);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_library_gives_up),
        cmocka_unit_test(test_library_disagrees),
    };
    const struct log_config silent = {.syslog_facility = -1, .ident = "test"};

    log_open(&silent);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
