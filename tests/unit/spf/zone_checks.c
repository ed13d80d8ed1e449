/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Opens zones for tests and asks in them. */
#include "unit/spf/zone_checks.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static int64_t monotonic_ms(void *context)
{
    return ((struct zone_checks *)context)->now_ms;
}

static int64_t unix_s(void *context)
{
    return 1700000000 + ((struct zone_checks *)context)->now_ms / 1000;
}

void zone_checks_open(struct zone_checks *checks, bool cached)
{
    struct spf_checker_config config = {.clock = &checks->clock, .timeout_ms = 1000, .seed = {1, 2, 3}};

    *checks = (struct zone_checks){.clock = {monotonic_ms, unix_s, checks}, .now_ms = 1000};
    if (cached) {
        config.cache_octets = 1 << 20;
        config.result_ttl_s = 3600;
    }
    config.dns = checks->zone = suite_dns_create(&checks->clock);
    assert_non_null(config.dns);
    checks->checker = spf_checker_create(&config);
    assert_non_null(checks->checker);
}

void zone_checks_close(struct zone_checks *checks)
{
    spf_checker_release(checks->checker);
}

void zone_checks_add(struct zone_checks *checks, const char *name, const char *type, const char *data)
{
    assert_true(suite_dns_add(checks->zone, name, type, 10, data, strlen(data)));
}

void zone_checks_add_all(struct zone_checks *checks, const struct zone_entry *entries, size_t count)
{
    for (size_t i = 0; i < count; i++)
        zone_checks_add(checks, entries[i].name, entries[i].type, entries[i].data);
}

struct spf_request zone_checks_request(const char *client, const char *domain)
{
    struct spf_request request = {.identity = IDENTITY_MAILFROM,
                                  .helo = "mail.example.org",
                                  .local = "user",
                                  .domain = domain,
                                  .receiver = "mx.example.net"};

    if (*client && !addr_parse(client, &request.client))
        fail_msg("not an address: %s", client);
    return request;
}

struct spf_outcome zone_checks_ask(struct zone_checks *checks, const char *client, const char *domain)
{
    struct spf_request request = zone_checks_request(client, domain);
    struct spf_outcome outcome;

    memset(&outcome, 0x55, sizeof(outcome));
    spf_check(checks->checker, &request, &outcome);
    return outcome;
}

unsigned zone_checks_expect(struct zone_checks *checks, const char *client, const char *domain, enum spf_result wanted)
{
    unsigned before = suite_dns_questions(checks->zone);
    struct spf_outcome outcome = zone_checks_ask(checks, client, domain);

    if (outcome.result != wanted)
        fail_msg("%s from %s: %s, not %s (%s%s)", domain, client, result_name(outcome.result), result_name(wanted),
                 outcome.mechanism, outcome.problem);
    return suite_dns_questions(checks->zone) - before;
}
