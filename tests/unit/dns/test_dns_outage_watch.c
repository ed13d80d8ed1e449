/* SPDX-License-Identifier: GPL-2.0-or-later */
/* When probes are sent, and when an outage begins and ends by them. */
#include "dns/dns_outage_watch.h"

#include "base/log.h"
#include "base/stats.h"
#include "dns/dns_upstream.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

/* These stand for the upstream. */
static int64_t silence_ms;
static unsigned probes, ends;

void dns_upstream_describe(const struct dns_upstream *upstream, struct strbuf *out)
{
    (void)upstream;
    strbuf_add(out, "192.0.2.53:53: no reply");
}

void dns_upstream_probe(struct dns_upstream *upstream, int64_t now_ms)
{
    (void)upstream;
    (void)now_ms;
    probes++;
}

int64_t dns_upstream_probe_silence(const struct dns_upstream *upstream, int64_t now_ms)
{
    (void)upstream;
    (void)now_ms;
    return silence_ms;
}

void dns_upstream_end_probe(struct dns_upstream *upstream)
{
    (void)upstream;
    ends++;
}

/* Looks at `now_ms`, when the probe has had no reply for `silent_ms`. */
static void look(struct dns_outage_watch *watch, int64_t now_ms, int64_t silent_ms, int64_t next_ms, bool begins)
{
    bool has_begun = !begins;

    silence_ms = silent_ms;
    probes = ends = 0;
    assert_int_equal(dns_outage_watch_probe(watch, true, now_ms, &has_begun), next_ms);
    assert_int_equal(has_begun, begins);
    assert_int_equal(watch->has_outage, watch->outage.is_on);
}

static void test_probes(void **state)
{
    const uint64_t outages = stats_get(STATS_DNS_OUTAGES);
    struct dns_outage_watch watch;
    bool begins = true;

    (void)state;
    dns_outage_watch_init(&watch, 0);
    look(&watch, 5000, 0, INT64_MAX, false); /* nothing was sent */
    assert_int_equal(ends, 1);
    dns_outage_query_sent(&watch.outage, 5000);
    look(&watch, 5999, 0, 6000, false);
    assert_int_equal(probes, 0);
    assert_int_equal(ends, 1);
    look(&watch, 6000, 0, 7000, false);
    assert_int_equal(probes, 1);
    assert_int_equal(ends, 0);
    assert_int_equal(dns_outage_watch_probe(&watch, false, 6500, &begins), 6000); /* nobody waits */
    assert_int_equal(ends, 1);
    assert_false(begins);
    look(&watch, 6300, 300, 7000, false);
    look(&watch, 6999, 999, 7000, false);
    look(&watch, 7000, 1000, 8000, false); /* no query has had no reply by its deadline */
    assert_int_equal(probes, 1);
    assert_true(dns_outage_watch_expired(&watch, 5000, 7500));
    assert_true(watch.has_outage);
    look(&watch, 8000, 2000, 9000, false); /* it has begun before */
    assert_int_equal(stats_get(STATS_DNS_OUTAGES), outages + 1);
    assert_true(dns_outage_watch_heard(&watch, 8500));
    assert_true(watch.has_ended);
    look(&watch, 9000, 0, INT64_MAX, false);
}

static void test_a_silent_probe_begins_an_outage(void **state)
{
    const uint64_t outages = stats_get(STATS_DNS_OUTAGES);
    struct dns_outage_watch watch;

    (void)state;
    dns_outage_watch_init(&watch, 0);
    dns_outage_query_sent(&watch.outage, 0);
    assert_false(dns_outage_watch_expired(&watch, 0, 900));
    look(&watch, 1000, 999, 1001, false);
    look(&watch, 2000, 1000, 3000, true);
    assert_int_equal(stats_get(STATS_DNS_OUTAGES), outages + 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_probes),
        cmocka_unit_test(test_a_silent_probe_begins_an_outage),
    };
    const struct log_config silent = {.syslog_facility = -1, .ident = "test"};

    log_open(&silent);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
