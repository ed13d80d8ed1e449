/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Keeps queries until the test has them answered. */
#include "unit/spf/script_dns.h"

#include "conformance/suite_dns.h"
#include "dns/dns_registrable.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <cmocka.h>

static int64_t script_now_ms(void *context)
{
    return ((struct script_dns *)context)->now_ms;
}

static int64_t script_now_s(void *context)
{
    return 1700000000 + ((struct script_dns *)context)->now_ms / 1000;
}

static void script_query(struct dns *dns, const char *name, enum dns_type type, int64_t deadline_ms, dns_callback done,
                         void *context)
{
    struct script_dns *script = (struct script_dns *)dns;
    struct script_query *query;

    if (script->count == SCRIPT_QUERIES)
        abort();
    query = &script->queries[script->count++];
    *query = (struct script_query){.type = type, .deadline_ms = deadline_ms, .done = done, .context = context};
    snprintf(query->name, sizeof(query->name), "%s", name);
}

static void script_cancel(struct dns *dns, const char *name, enum dns_type type, dns_callback done, void *context)
{
    struct script_dns *script = (struct script_dns *)dns;

    for (size_t i = 0; i < script->count; i++) {
        struct script_query *query = &script->queries[i];

        if (query->done != done || query->context != context)
            continue;
        assert_string_equal(query->name, name);
        assert_int_equal(query->type, type);
        query->done = NULL;
        script->cancelled++;
        done(context, dns_answer_empty(DNS_TIMEOUT, 0));
        return;
    }
}

static void script_destroy(struct dns *dns)
{
    struct script_dns *script = (struct script_dns *)dns;

    for (size_t i = 0; i < script->count; i++) {
        dns_callback done = script->queries[i].done;

        script->queries[i].done = NULL;
        if (done)
            done(script->queries[i].context, dns_answer_empty(DNS_TIMEOUT, 0));
    }
    dns_destroy(script->zone);
}

static bool script_is_slow(struct dns *dns, const char *name)
{
    const struct script_dns *script = (const struct script_dns *)dns;

    return script->slow_zone && strcasecmp(dns_registrable(name), script->slow_zone) == 0;
}

static void script_report_slow(struct dns *dns, const char *name)
{
    struct script_dns *script = (struct script_dns *)dns;
    size_t len = strlen(script->reports);

    snprintf(script->reports + len, SCRIPT_REPORTS - len, "slow %s\n", name);
}

static void script_report_quick(struct dns *dns, const char *name, int64_t since_ms)
{
    struct script_dns *script = (struct script_dns *)dns;
    size_t len = strlen(script->reports);

    snprintf(script->reports + len, SCRIPT_REPORTS - len, "quick %s %lld\n", name, (long long)since_ms);
}

static const struct dns_ops script_ops = {.query = script_query,
                                          .cancel = script_cancel,
                                          .destroy = script_destroy,
                                          .is_slow = script_is_slow,
                                          .report_slow = script_report_slow,
                                          .report_quick = script_report_quick};

void script_dns_open(struct script_dns *script)
{
    script->clock = (struct clock){script_now_ms, script_now_s, script};
    script->now_ms = 1000;
    script->count = script->cancelled = 0;
    script->silent_name = script->slow_zone = NULL;
    script->reports[0] = '\0';
    script->dns = (struct dns){.ops = &script_ops, .clock = &script->clock};
    script->zone = suite_dns_create(&script->clock);
    assert_non_null(script->zone);
}

void script_dns_add(struct script_dns *script, const char *name, const char *type, const char *data)
{
    assert_true(suite_dns_add(script->zone, name, type, 10, data, strlen(data)));
}

void script_dns_reset(struct script_dns *script)
{
    for (size_t i = 0; i < script->count; i++)
        assert_null(script->queries[i].done);
    script->count = 0;
}

static bool is_waiting(const struct script_dns *script, const struct script_query *query)
{
    return query->done && strncasecmp(query->name, SCRIPT_SILENT, strlen(SCRIPT_SILENT)) != 0 &&
           (!script->silent_name || strcasecmp(query->name, script->silent_name) != 0);
}

size_t script_dns_waiting(const struct script_dns *script)
{
    size_t count = 0;

    for (size_t i = 0; i < script->count; i++)
        count += is_waiting(script, &script->queries[i]);
    return count;
}

static void keep(void *context, const struct dns_answer *answer)
{
    *(const struct dns_answer **)context = answer;
}

static void answer(struct script_dns *script, struct script_query *query, bool is_timeout)
{
    const struct dns_answer *found = dns_answer_empty(DNS_TIMEOUT, 0);
    dns_callback done = query->done;

    query->done = NULL;
    if (!is_timeout)
        dns_query(script->zone, query->name, query->type, INT64_MAX, keep, &found);
    done(query->context, found);
}

void script_dns_answer(struct script_dns *script, size_t n)
{
    for (size_t i = 0; i < script->count; i++) {
        if (is_waiting(script, &script->queries[i]) && n-- == 0) {
            answer(script, &script->queries[i], false);
            return;
        }
    }
    fail_msg("there is no such query");
}

void script_dns_answer_all(struct script_dns *script)
{
    while (script_dns_waiting(script) > 0)
        script_dns_answer(script, 0);
}

int64_t script_dns_deadline(const struct script_dns *script)
{
    int64_t deadline_ms = INT64_MAX;

    for (size_t i = 0; i < script->count; i++)
        if (script->queries[i].done && script->queries[i].deadline_ms < deadline_ms)
            deadline_ms = script->queries[i].deadline_ms;
    return deadline_ms;
}

void script_dns_expire(struct script_dns *script)
{
    const int64_t deadline_ms = script_dns_deadline(script);

    if (deadline_ms == INT64_MAX)
        return;
    script->now_ms = deadline_ms;
    for (size_t i = 0; i < script->count; i++)
        if (script->queries[i].done && script->queries[i].deadline_ms <= deadline_ms)
            answer(script, &script->queries[i], true);
}

size_t script_dns_asked(const struct script_dns *script, const char *name, enum dns_type type)
{
    size_t count = 0;

    for (size_t i = 0; i < script->count; i++)
        count += script->queries[i].type == type && strcasecmp(script->queries[i].name, name) == 0;
    return count;
}
