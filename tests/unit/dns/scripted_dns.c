/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The scripted backend, its clock and its askers. */
#include "unit/dns/scripted_dns.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static int64_t script_now(void *context)
{
    return *(const int64_t *)context;
}

static void script_query(struct dns *dns, const char *name, enum dns_type type, int64_t deadline_ms, dns_callback done,
                         void *context)
{
    struct scripted_dns *script = (struct scripted_dns *)dns;
    struct scripted_question *question = &script->questions[script->asked];

    assert_true(script->asked < SCRIPT_QUESTIONS);
    script->asked++;
    snprintf(question->name, sizeof(question->name), "%s", name);
    question->type = type;
    question->deadline_ms = deadline_ms;
    question->done = done;
    question->context = context;
}

void script_reply(struct scripted_dns *script, size_t number, const struct dns_answer *answer)
{
    struct scripted_question *question = &script->questions[number];
    dns_callback done = question->done;

    assert_non_null(done);
    question->done = NULL;
    done(question->context, answer);
}

void script_reply_last(struct scripted_dns *script, const struct dns_answer *answer)
{
    script_reply(script, script->asked - 1, answer);
}

size_t script_open(const struct scripted_dns *script)
{
    size_t open = 0;

    for (size_t i = 0; i < script->asked; i++)
        open += script->questions[i].done != NULL;
    return open;
}

static void script_destroy(struct dns *dns)
{
    struct scripted_dns *script = (struct scripted_dns *)dns;

    for (size_t i = 0; i < script->asked; i++)
        if (script->questions[i].done)
            script_reply(script, i, dns_answer_empty(DNS_TIMEOUT, 0));
    script->is_gone = true;
}

static const struct dns_ops script_ops = {.query = script_query, .destroy = script_destroy};

struct dns *script_start(struct scripted_dns *script, size_t octets, bool serve_stale)
{
    const struct dns_cache_config config = {
        .octets = octets, .serve_stale = serve_stale, .seed = {1, 2, 3}, .by_hand = true};
    struct dns *cache;

    *script = (struct scripted_dns){.now_ms = SCRIPT_START_MS};
    script->clock = (struct clock){.monotonic_ms = script_now, .context = &script->now_ms};
    script->dns = (struct dns){.ops = &script_ops, .clock = &script->clock};
    cache = dns_cache_create(&config, &script->dns);
    assert_non_null(cache);
    return cache;
}

void script_pass(struct scripted_dns *script, struct dns *cache, int64_t ms)
{
    script->now_ms += ms;
    for (size_t i = 0; i < script->asked; i++)
        if (script->questions[i].done && script->questions[i].deadline_ms <= script->now_ms)
            script_reply(script, i, dns_answer_empty(DNS_TIMEOUT, 0));
    dns_cache_run_due(cache);
}

const struct dns_answer *text_answer(const char *text, uint32_t ttl_s)
{
    struct dns_builder *builder = dns_builder_create(DNS_TXT);

    dns_builder_add_text(builder, text, strlen(text));
    return dns_builder_finish(builder, DNS_OK, ttl_s);
}

void listener_hears(void *context, const struct dns_answer *answer)
{
    struct listener *listener = context;

    listener->calls++;
    listener->status = answer->status;
    listener->ttl_s = answer->ttl_s;
    listener->wrong += answer->status != listener->expected;
    listener->text_at = answer->count > 0 ? answer->records[0].text : NULL;
    snprintf(listener->text, sizeof(listener->text), "%s", answer->count > 0 ? answer->records[0].text : "");
    dns_answer_release(answer);
}

void script_ask(struct dns *cache, const char *name, int64_t timeout_ms, struct listener *listener)
{
    dns_query(cache, name, DNS_TXT, clock_monotonic_ms(cache->clock) + timeout_ms, listener_hears, listener);
}

void expect_text(struct listener *listener, const char *text, uint32_t ttl_s)
{
    assert_int_equal(listener->calls, 1);
    assert_int_equal(listener->status, DNS_OK);
    assert_string_equal(listener->text, text);
    assert_int_equal(listener->ttl_s, ttl_s);
    listener->calls = 0;
}

void expect_status(struct listener *listener, enum dns_status status)
{
    assert_int_equal(listener->calls, 1);
    assert_int_equal(listener->status, status);
    listener->calls = 0;
}

void expect_nothing(const struct listener *listener)
{
    assert_int_equal(listener->calls, 0);
}

void expect_known(struct dns *cache, const char *name, const char *text, uint32_t ttl_s)
{
    struct listener listener = {0};

    script_ask(cache, name, 8000, &listener);
    expect_text(&listener, text, ttl_s);
}

void expect_known_status(struct dns *cache, const char *name, enum dns_status status)
{
    struct listener listener = {0};

    script_ask(cache, name, 8000, &listener);
    expect_status(&listener, status);
}

void teach(struct scripted_dns *script, struct dns *cache, const char *name, const struct dns_answer *answer)
{
    struct listener listener = {0};
    size_t asked = script->asked;

    script_ask(cache, name, 8000, &listener);
    assert_int_equal(script->asked, asked + 1);
    assert_string_equal(script->questions[asked].name, name);
    script_reply_last(script, answer);
    assert_int_equal(listener.calls, 1);
}
