/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Every allocation of a connection fails once: no mail is refused for that, and nothing of it is lost. */
#include "base/log.h"
#include "base/stats.h"
#include "story.h"
#include "support/alloc_fail.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* Plays the script with the n-th allocation failing; false once there are no n. `out` is empty if there was not even a
 * session. */
static bool play_failing(unsigned n, const char *config, const char *script, struct strbuf *out)
{
    struct world world;
    char *room = malloc(1 << 16);

    assert_true(world_open(&world, config));
    /* The transcript itself is not to fail. */
    *out = (struct strbuf){.text = room, .size = 1 << 16};
    room[0] = '\0';
    alloc_fail_at(n);
    story_play(&world, script, out);
    bool happened = alloc_fail_happened();
    alloc_fail_at(0);
    assert_false(out->failed);
    world_close(&world);
    return happened;
}

static void quiet_log(void)
{
    struct log_config quiet = {.level = LOG_LEVEL_ERROR, .syslog_facility = -1, .ident = "test"};

    assert_true(log_open(&quiet));
}

struct passing_case {
    const char *config, *script;
};

#define CLIENT "connect 192.0.2.1 x | helo mx.pass.example | "
#define FORGED "header Authentication-Results: host.here.example; spf=pass | eom"

static const struct passing_case passing_cases[] = {
    {"RefuseFail on\nRefuseSPFNone on\nRefuseSPFNoneHelo on\nAddReceivedHeader on",
     CLIENT "mail <a@pass.example> | rcpt <u@here.example> | " FORGED},
    {"RefuseSPFNoneHelo on", CLIENT "mail <> | rcpt <u@here.example> | " FORGED},
    {"RefuseMailFrom none fail\nRefuseHelo none fail\nAddReceivedHeader on",
     CLIENT "mail <a@pass.example> | rcpt <u@here.example> | " FORGED},
    {"RefuseAt eom\nRefuseHelo none fail\nRefuseFor .example none",
     CLIENT "mail <a@pass.example> | rcpt <u@here.example> | " FORGED},
    {"RefuseTo u@here.example none, neutral", CLIENT "mail <a@pass.example> | rcpt <u@here.example> | " FORGED},
    {"TrustedRelay 192.0.2.1\nRefuseMailFrom none fail",
     CLIENT "mail <a@pass.example> | rcpt <u@here.example> | header "
            "Received: from h (x [192.0.2.9]) by y; Sun | eom"},
};

static void a_message_that_passes_is_never_refused(void **state)
{
    struct strbuf out;

    (void)state;
    quiet_log();
    for (size_t i = 0; i < sizeof(passing_cases) / sizeof(passing_cases[0]); i++) {
        unsigned n = 1;

        for (bool more = true; more; n++) {
            more = play_failing(n, passing_cases[i].config, passing_cases[i].script, &out);
            if (strstr(out.text, "550") != NULL || strstr(out.text, "450") != NULL)
                fail_msg("%s: allocation %u gave %s", passing_cases[i].config, n, out.text);
            strbuf_free(&out);
        }
        assert_in_range(n, 15, 100000);
    }
}

/* Neither is a message of TestMode, nor one for a recipient whose own set is empty. */
static void a_message_in_test_mode_is_never_refused(void **state)
{
    static const struct passing_case cases[] = {
        {"TestMode on\nQuarantine on",
         CLIENT "mail <a@fail.example> | rcpt <u@here.example> | header Subject: s | eom"},
        {"RefuseTo u@here.example off", CLIENT "mail <a@fail.example> | rcpt <u@here.example> | eom"},
    };
    struct strbuf out;

    (void)state;
    quiet_log();
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        unsigned n = 1;

        for (bool more = true; more; n++) {
            more = play_failing(n, cases[i].config, cases[i].script, &out);
            if (strncmp(out.text != NULL ? out.text : "", "- | - | - | -", 13) != 0 && out.len > 0)
                fail_msg("%s: allocation %u gave %s", cases[i].config, n, out.text);
            strbuf_free(&out);
        }
        assert_in_range(n, 15, 100000);
    }
}

/* Without memory it may not be known that a host may forward any mail: then its mail comes again. */
static void a_forwarded_message_is_never_refused_for_good(void **state)
{
    static const struct passing_case cases[] = {
        {"WhitelistSPF pass.example", CLIENT "mail <a@fail.example> | rcpt <u@here.example> | eom"},
        {"WhitelistHelo mx.forwarder.example",
         "connect 203.0.113.7 x | helo mx.forwarder.example | mail <a@fail.example> | rcpt <u@here.example> | eom"},
    };
    struct strbuf out;

    (void)state;
    quiet_log();
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        unsigned n = 1;

        for (bool more = true; more; n++) {
            more = play_failing(n, cases[i].config, cases[i].script, &out);
            if (strstr(out.text != NULL ? out.text : "", "550") != NULL)
                fail_msg("%s: allocation %u gave %s", cases[i].config, n, out.text);
            strbuf_free(&out);
        }
        assert_in_range(n, 10, 100000);
    }
}

static void a_quarantined_message_is_never_lost(void **state)
{
    unsigned n = 1;
    struct strbuf out;

    (void)state;
    quiet_log();
    for (bool more = true; more; n++) {
        uint64_t faults = stats_get(STATS_FAULTS);

        more = play_failing(n, "Quarantine on\nSkipAuth on",
                            "connect 192.0.2.1 x | helo h | mail <a@softfail.example> | rcpt <u@here.example> | rcpt "
                            "<v@here.example> | header Subject: s | eom",
                            &out);
        bool first = strstr(out.text, "[delrcpt <u@here.example>]") != NULL;
        bool second = strstr(out.text, "[delrcpt <v@here.example>]") != NULL;

        assert_int_equal(first || second, strstr(out.text, "[addrcpt postmaster]") != NULL);
        assert_int_equal(first, strstr(out.text, "X-SPF-Original-To: u@here.example]") != NULL);
        assert_int_equal(second, strstr(out.text, "X-SPF-Original-To: v@here.example]") != NULL);
        bool explained = strstr(out.text, "spf=temperror") != NULL || stats_get(STATS_FAULTS) > faults;
        if (out.len > 0 && !(first && second) && !explained)
            fail_msg("nobody knows why allocation %u gave %s", n, out.text);
        strbuf_free(&out);
    }
    assert_in_range(n, 15, 100000);
}

/* The line of a message for programs: whatever of it has no memory, the message ends as it would have. */
static void a_line_in_json_without_memory_ends_nothing(void **state)
{
    struct log_config json = {.level = LOG_LEVEL_DEBUG,
                              .syslog_facility = -1,
                              .path = "/dev/null",
                              .ident = "test",
                              .format = LOG_FORMAT_JSON};
    unsigned n = 1;
    struct strbuf out;

    (void)state;
    assert_true(log_open(&json));
    for (bool more = true; more; n++) {
        more = play_failing(n, "CheckHelo on\nWhitelistTo w@",
                            "connect 192.0.2.1 x | helo h | mail <a@softfail.example> | rcpt <u@here.example> | eom",
                            &out);
        assert_null(strstr(out.text != NULL ? out.text : "", "550"));
        strbuf_free(&out);
    }
    assert_in_range(n, 15, 100000);
    quiet_log();
}

static void a_refusal_keeps_its_reply(void **state)
{
    unsigned n = 1;
    struct strbuf out;

    (void)state;
    quiet_log();
    for (bool more = true; more; n++) {
        more = play_failing(n, "WhitelistTo w@",
                            "connect 192.0.2.1 x | helo h | mail <a@fail.example> | rcpt <u@here.example>", &out);
        if (strstr(out.text, "550") != NULL)
            assert_non_null(strstr(out.text, "550 5.7.23 SPF: mail from "));
        strbuf_free(&out);
    }
    assert_in_range(n, 8, 100000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_message_that_passes_is_never_refused),
        cmocka_unit_test(a_message_in_test_mode_is_never_refused),
        cmocka_unit_test(a_forwarded_message_is_never_refused_for_good),
        cmocka_unit_test(a_quarantined_message_is_never_lost),
        cmocka_unit_test(a_line_in_json_without_memory_ends_nothing),
        cmocka_unit_test(a_refusal_keeps_its_reply),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
