/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Steps in every order, with every key on: whatever came before, a session stays sound, and a message is treated the
 * same whether it is decided early, late, or as that of a relay's client. */
#include "base/log.h"
#include "session/message.h"
#include "story.h"

#include <setjmp.h> /* before cmocka.h, which uses jmp_buf */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

/* clang-format off */
#define EVERYTHING "CheckHelo on\nTagSubject on\nQuarantine on\nAddReceivedHeader on\nTrustedRelay 198.51.100.1\n"         \
                   "WhitelistTo w@\nWhitelistFrom friend@\nWhitelistHelo mx.forwarder.example\nWhitelistSPF forwarder.example\n"  \
                   "SPFBestGuess on\nRemoveForgedHeaders all\n"
/* clang-format on */
#define RECEIVED                                                                                                       \
    "header Received: from mx.pass.example (unknown [203.0.113.9])\n\tby relay.here.example (Postfix) with ESMTP id "  \
    "4XYZ\n\tfor <u@here.example>; Sun, 1 Nov 2026 10:00:00 +0000 (UTC) | "
#define FRESH "connect 192.0.2.1 x | helo mx.pass.example | mail <a@pass.example> | rcpt <u@here.example> | eom"

enum { PART_SIZE = 1024, SCRIPT_SIZE = 2048 };

static const char *const connects[] = {
    "connect 203.0.113.9 x | helo mx.pass.example | ",
    "connect 198.51.100.1 relay.here.example | helo relay.here.example | ",
    "connect local localhost | ",
};
static const char *const mails[] = {
    "mail <a@pass.example> | ",          "mail <a@softfail.example> | ",
    "mail <a@fail.example> | ",          "mail <> | ",
    "mail <friend@softfail.example> | ", "",
};
static const char *const steps[] = {
    "rcpt <u@here.example> | ",
    "rcpt <w@here.example> | ",
    "header Subject: hello | ",
    RECEIVED,
    "header Authentication-Results: mx.here.example; spf=pass | ",
    "header X-SPF-Original-To: x@here.example | ",
    "eom | ",
    "abort | ",
    "mail <b@softfail.example> | ",
    "helo other.pass.example | ",
};

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

static size_t count_of(const char *text, const char *part)
{
    size_t count = 0;

    for (; (text = strstr(text, part)) != NULL; text += strlen(part))
        count++;
    return count;
}

/* Plays a script to a new session; the caller frees *out. */
static void play(const struct world *world, const char *script, struct strbuf *out)
{
    assert_true(story_play(world, script, out));
    assert_false(out->failed);
}

/* No recipient is taken away that is not named, and none without the box. */
static void check_recipients(const char *script, const char *answers)
{
    size_t deleted = count_of(answers, "[delrcpt "), named = count_of(answers, "[add X-SPF-Original-To:");
    size_t boxes = count_of(answers, "[addrcpt ");

    if (deleted != named || boxes > deleted || (deleted > 0 && boxes == 0))
        fail_msg("recipients are lost by:\n  %s\n  %s", script, answers);
}

/* After whatever there was, a new connection is answered as by a new session. */
static void check_sound(const struct world *world, const char *script, const char *fresh)
{
    char whole[SCRIPT_SIZE];
    struct strbuf out = STRBUF_INIT;
    size_t len = strlen(fresh);

    assert_true((size_t)snprintf(whole, sizeof whole, "%s" FRESH, script) < sizeof whole);
    play(world, whole, &out);
    check_recipients(whole, strbuf_text(&out));
    if (out.len < len || strcmp(strbuf_text(&out) + out.len - len, fresh) != 0)
        fail_msg("something is left behind by:\n  %s\n  %s", script, strbuf_text(&out));
    strbuf_free(&out);
}

/* All orders of three steps after each MAIL of each client. */
static void play_all_orders(const char *config)
{
    struct world world;
    struct strbuf fresh = STRBUF_INIT;
    char script[SCRIPT_SIZE];

    assert_true(world_open(&world, config));
    play(&world, FRESH, &fresh);
    for (size_t n = 0; n < COUNT(connects) * COUNT(mails) * COUNT(steps) * COUNT(steps) * COUNT(steps); n++) {
        size_t left = n;
        const char *connect = connects[left % COUNT(connects)];
        const char *mail = mails[(left /= COUNT(connects)) % COUNT(mails)];
        const char *first = steps[(left /= COUNT(mails)) % COUNT(steps)];
        const char *second = steps[(left /= COUNT(steps)) % COUNT(steps)];
        const char *third = steps[left / COUNT(steps)];

        (void)snprintf(script, sizeof script, "%s%s%s%s%seom | ", connect, mail, first, second, third);
        check_sound(&world, script, strbuf_text(&fresh));
    }
    strbuf_free(&fresh);
    world_close(&world);
}

static void every_order_of_steps_is_sound(void **state)
{
    static const char *const configs[] = {
        EVERYTHING "RefuseMailFrom off",
        EVERYTHING "RefuseAt eom\nRefuseMailFrom fail\nRefuseHelo fail\nRefuseTo u@ softfail",
        EVERYTHING "RefuseAt rcpt\nTestMode on\nDefer softfail",
    };

    (void)state;
    for (size_t i = 0; i < COUNT(configs); i++)
        play_all_orders(configs[i]);
}

/* The actions at the end of the one message of `script`. */
static void actions_of(const char *config, const char *script, struct strbuf *out)
{
    struct world world;

    assert_true(world_open(&world, config));
    play(&world, script, out);
    world_close(&world);
}

static const char *last_answer(const struct strbuf *out)
{
    const char *last = strrchr(strbuf_text(out), '|');

    assert_non_null(last);
    return last;
}

/* Compares the end of a message under `config` with how it ends where it is decided at MAIL. */
static void check_same(const char *early, const char *config, const char *connect, const char *body)
{
    char script[SCRIPT_SIZE], direct[SCRIPT_SIZE];
    struct strbuf expected = STRBUF_INIT, found = STRBUF_INIT;

    (void)snprintf(direct, sizeof direct, "%s%s", connects[0], body);
    (void)snprintf(script, sizeof script, "%s%s", connect, body);
    actions_of(early, direct, &expected);
    actions_of(config, script, &found);
    if (strcmp(last_answer(&expected), last_answer(&found)) != 0)
        fail_msg("differs:\n  %s\n  %s\n  %s\n  %s", config, script, strbuf_text(&expected), strbuf_text(&found));
    strbuf_free(&expected);
    strbuf_free(&found);
}

static void decided_early_late_or_for_a_relay_is_the_same(void **state)
{
    static const char *const modes[] = {"", "TestMode on\n", "Quarantine hold\n", "TagSubject off\n"};
    static const char *const times[] = {"RefuseAt mail", "RefuseAt rcpt", "RefuseAt eom"};
    static const char *const recipients[] = {"rcpt <u@here.example> | ",
                                             "rcpt <u@here.example> | rcpt <v@here.example> | ", ""};
    static const char *const subjects[] = {"header Subject: hello | ", "header Subject: [SPF:fail] hello | ", ""};
    char early[PART_SIZE], config[SCRIPT_SIZE], body[PART_SIZE];

    (void)state;
    for (size_t n = 0; n < COUNT(modes) * COUNT(times) * COUNT(mails) * COUNT(recipients) * COUNT(subjects) * 2; n++) {
        size_t left = n / 2;
        const char *mode = modes[left % COUNT(modes)];
        const char *time = times[(left /= COUNT(modes)) % COUNT(times)];
        const char *mail = mails[(left /= COUNT(times)) % COUNT(mails)];
        const char *recipient = recipients[(left /= COUNT(mails)) % COUNT(recipients)];
        const char *subject = subjects[left / COUNT(recipients)];
        bool relayed = n % 2 != 0;

        (void)snprintf(early, sizeof early, "RefuseMailFrom off\nTrustedRelay 198.51.100.1\nQuarantine on\n%s", mode);
        (void)snprintf(config, sizeof config, "%s%s", early, time);
        /* The field of a relay is anybody's where the client is not one. */
        (void)snprintf(body, sizeof body, "macro j=mx.here.example | %s%s" RECEIVED "%seom", mail, recipient, subject);
        check_same(early, config, connects[relayed], body);
    }
}

/* A client that sends to more recipients than are kept, over one message. */
static void too_many(const char *config, const char *connect, const char *mail, struct strbuf *out)
{
    struct strbuf script = STRBUF_INIT;
    struct world world;

    strbuf_addf(&script, "%s%s", connect, mail);
    for (unsigned i = 0; i < MESSAGE_RECIPIENTS_MAX + 2; i++)
        strbuf_addf(&script, "rcpt <u%u@here.example> | ", i);
    strbuf_add(&script, "eom");
    assert_true(world_open(&world, config));
    play(&world, strbuf_text(&script), out);
    world_close(&world);
    strbuf_free(&script);
}

static void too_many_recipients_are_deferred_and_no_message_gets_out_of_quarantine(void **state)
{
    const struct {
        const char *config, *connect, *mail;
        size_t deferred, taken_away;
    } cases[] = {
        {"Quarantine on", connects[0], mails[1], 2, MESSAGE_RECIPIENTS_MAX},
        {"Quarantine on\nRefuseAt eom", connects[0], mails[1], 2, MESSAGE_RECIPIENTS_MAX},
        {"Quarantine on\nTrustedRelay 198.51.100.1", connects[1], mails[1], 2, 0},
        {"Quarantine on\nFixedClientIP 203.0.113.9", connects[2], mails[1], 0, MESSAGE_RECIPIENTS_MAX + 2},
        {"Quarantine on\nTestMode on", connects[0], mails[1], 0, 0},
        {"Quarantine hold", connects[0], mails[1], 0, 0},
        {"Quarantine on", "connect 192.0.2.1 x | helo mx.pass.example | ", mails[0], 0, 0},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct strbuf out = STRBUF_INIT;

        too_many(cases[i].config, cases[i].connect, cases[i].mail, &out);
        assert_int_equal(count_of(strbuf_text(&out), "452 4.5.3 "), cases[i].deferred);
        assert_int_equal(count_of(strbuf_text(&out), "[delrcpt "), cases[i].taken_away);
        assert_int_equal(count_of(strbuf_text(&out), "[addrcpt "), cases[i].taken_away > 0 ? 1 : 0);
        strbuf_free(&out);
    }
}

/* So many messages are not logged. */
static int log_faults_only(void **state)
{
    const struct log_config quiet = {
        .level = LOG_LEVEL_ERROR, .syslog_facility = -1, .path = "/dev/stderr", .ident = "test"};

    (void)state;
    return log_open(&quiet) ? 0 : -1;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_order_of_steps_is_sound),
        cmocka_unit_test(decided_early_late_or_for_a_relay_is_the_same),
        cmocka_unit_test(too_many_recipients_are_deferred_and_no_message_gets_out_of_quarantine),
    };

    return cmocka_run_group_tests(tests, log_faults_only, NULL);
}
