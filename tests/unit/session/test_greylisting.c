/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Greylisting as a session has it: who is asked about, when it is answered, and what of it is logged. The rule and the
 * store have tests of their own. */
#include "base/log.h"
#include "greylist/store/greylist_store.h"
#include "memory_backend.h"
#include "session/greylist_visits.h"
#include "session/reason.h"
#include "story.h"
#include "support/alloc_fail.h"

#include <poll.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
/* after the above */
#include <cmocka.h>

#define FIRST  "451 4.7.1 Greylisted: try again in 60 seconds"
#define CLIENT "connect 192.0.2.1 mx.pass.example | helo mx.none.example | "
#define NONE   CLIENT "mail <a@none.example> | "

enum { PATIENCE_MS = 20000 }; /* no test is slow by chance */

static struct world world;
static struct strbuf lines;
static pthread_mutex_t lines_lock = PTHREAD_MUTEX_INITIALIZER; /* the store's thread writes some of them */

static void hear(void *context, enum log_level level, const char *line)
{
    (void)level;
    pthread_mutex_lock(&lines_lock);
    strbuf_add(context, line);
    strbuf_add_char(context, '\n');
    pthread_mutex_unlock(&lines_lock);
}

/* A store on which nobody has come yet, and the log of what follows. */
static void open_world_for(const char *config, unsigned wait_ms)
{
    const struct log_config quiet = {.level = LOG_LEVEL_DEBUG, .syslog_facility = -1, .ident = "test"};

    assert_true(world_open(&world, config));
    world.greylist = memory_store_create(wait_ms);
    assert_non_null(world.greylist);
    assert_true(log_open(&quiet));
    log_set_sink(hear, &lines);
}

static void open_world(const char *config)
{
    open_world_for(config, PATIENCE_MS);
}

static void close_world(void)
{
    greylist_store_release(world.greylist);
    greylist_store_await_ends();
    log_set_sink(NULL, NULL);
    log_close();
    world_close(&world);
    strbuf_free(&lines);
}

/* Plays a story, and compares its answers. */
static void expect(const char *script, const char *answers)
{
    struct strbuf out = STRBUF_INIT;

    pthread_mutex_lock(&lines_lock);
    strbuf_truncate(&lines, 0);
    pthread_mutex_unlock(&lines_lock);
    assert_true(story_play(&world, script, &out));
    assert_string_equal(strbuf_text(&out), answers);
    strbuf_free(&out);
}

static void expect_line(const char *part)
{
    bool is_there;

    pthread_mutex_lock(&lines_lock);
    is_there = strstr(strbuf_text(&lines), part) != NULL;
    pthread_mutex_unlock(&lines_lock);
    if (!is_there)
        fail_msg("no '%s' in %s", part, strbuf_text(&lines));
}

static void pass_time(int64_t seconds)
{
    memory_control.now_s += seconds;
}

static void first_early_back_known(void **state)
{
    (void)state;
    open_world("Greylist on");
    expect(NONE "rcpt <u@here.example>", "- | - | - | " FIRST);
    expect_line("verdict=deferred, to=<u@here.example>, why=greylisted, reply=451 4.7.1, greylist=new, "
                "greylist-wait=60\n");
    pass_time(20);
    expect(NONE "rcpt <u@here.example>", "- | - | - | 451 4.7.1 Greylisted: try again in 40 seconds");
    expect_line("greylist=early, greylist-wait=40");
    pass_time(40);
    expect(NONE "rcpt <u@here.example> | eom", "- | - | - | - | [insert Authentication-Results: host.here.example; "
                                               "spf=none smtp.mailfrom=none.example]");
    expect_line("verdict=accepted, greylist-to=<u@here.example>, greylist=came-back, greylist-waited=60, "
                "recipients=1, id=QID\n");
    expect(NONE "rcpt <u@here.example>", "- | - | - | -");
    expect_line("greylist-to=<u@here.example>, greylist=known, recipients=1");
    close_world();
}

static void each_recipient_has_its_own(void **state)
{
    (void)state;
    open_world("Greylist on\nGreylistKnownAfter 0");
    expect(NONE "rcpt <a@here.example>", "- | - | - | " FIRST);
    pass_time(100);
    expect(NONE "rcpt <a@here.example> | rcpt <b@here.example> | rcpt <c@here.example> | rcpt <d@here.example> | "
                "rcpt <e@here.example>",
           "- | - | - | - | " FIRST " | " FIRST " | " FIRST " | " FIRST);
    expect_line("recipients-refused=4, greylist-to=<a@here.example>, greylist=came-back, greylist-waited=100");
    assert_int_equal(memory_control.visits, 6);
    close_world();
}

/* One that comes twice in a message is asked about once. */
static void twice_the_same(void **state)
{
    (void)state;
    open_world("Greylist on");
    expect(NONE "rcpt <a@here.example> | rcpt <a@here.example>", "- | - | - | " FIRST " | " FIRST);
    assert_int_equal(memory_control.visits, 1);
    close_world();
}

/* A result that is greylisted, but for a verdict. */
#define REFUSED "RefuseMailFrom softfail"
#define SOFT    CLIENT "mail <a@softfail.example> | rcpt <u@here.example>"

static void who_is_not_asked_about(void **state)
{
    static const struct {
        const char *config, *script;
    } cases[] = {
        {"", CLIENT "mail <a@pass.example> | rcpt <u@here.example>"},
        {REFUSED, SOFT},
        {REFUSED "\nRefuseAt rcpt", SOFT},
        {REFUSED "\nRefuseAt eom", SOFT},
        {REFUSED "\nTestMode on", SOFT},
        {REFUSED "\nTestMode on\nRefuseAt rcpt", SOFT},
        {"TestMode on\nRefuseMailFrom fail", CLIENT "mail <\"b> | rcpt <u@here.example>"},
        {"", NONE "rcpt <>"},
        {"WhitelistTo u@", NONE "rcpt <u@here.example>"},
        {"WhitelistFrom a@", NONE "rcpt <u@here.example>"},
        {"WhitelistSPF pass.example", NONE "rcpt <u@here.example>"},
        {"", CLIENT "macro auth_type=PLAIN | mail <a@none.example> | rcpt <u@here.example>"},
        {"ClientIPNAT 127.0.0.1:192.0.2.1",
         "connect local localhost | helo h | mail <a@none.example> | rcpt <u@here.example>"},
        {"TrustedRelay 192.0.2.1", NONE "rcpt <u@here.example> | header Received: from mx (x [192.0.2.9]) by y; Sun"},
        {"SkipNDR on", CLIENT "mail <> | rcpt <u@here.example> | data"},
        {"", CLIENT "mail <> | rcpt <u@here.example>"},
        {"GreylistTo v@", NONE "rcpt <u@here.example>"},
        {"GreylistExempt to:u@", NONE "rcpt <u@here.example>"},
        {"Greylist off", NONE "rcpt <u@here.example>"},
    };
    const uint64_t faults = reason_cases(REASON_FAULT_GREYLIST);

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct strbuf out = STRBUF_INIT, config = STRBUF_INIT;

        strbuf_addf(&config, "Greylist on\n%s\n", cases[i].config);
        open_world(strbuf_text(&config) + (strncmp(cases[i].config, "Greylist off", 12) == 0 ? 12 : 0));
        assert_true(story_play(&world, cases[i].script, &out));
        if (memory_control.visits > 0 || strstr(strbuf_text(&out), "451 4.7.1 Grey") != NULL)
            fail_msg("%s: %s: asked %u times", cases[i].config, cases[i].script, memory_control.visits);
        assert_int_equal(reason_cases(REASON_FAULT_GREYLIST), faults);
        strbuf_free(&out);
        strbuf_free(&config);
        close_world();
    }
}

/* At the end of a message it would be too late: its recipients are asked about at RCPT. */
static void decided_at_rcpt_at_the_latest(void **state)
{
    (void)state;
    open_world("Greylist on\nRefuseAt eom");
    expect(CLIENT "mail <a@fail.example> | rcpt <u@here.example>",
           "- | - | - | 550 5.7.23 SPF: mail from a@fail.example is not permitted from 192.0.2.1.");
    expect(NONE "rcpt <u@here.example>", "- | - | - | " FIRST);
    close_world();
}

#define BOUNCE CLIENT "mail <> | rcpt <u@here.example> | "

static void null_sender_at_data(void **state)
{
    (void)state;
    open_world("Greylist on");
    expect(BOUNCE "abort", "- | - | - | -"); /* a call-out */
    assert_int_equal(memory_control.visits, 0);
    expect(BOUNCE "data", "- | - | - | - | " FIRST);
    expect_line("verdict=deferred, why=greylisted, reply=451 4.7.1, greylist=new, greylist-wait=60, recipients=1");
    pass_time(60);
    expect(BOUNCE "data | eom", "- | - | - | - | - | [insert Authentication-Results: host.here.example; spf=none "
                                "smtp.helo=mx.none.example]");
    expect_line("verdict=accepted, greylist-to=<u@here.example>, greylist=came-back, greylist-waited=60, ");
    close_world();
}

/* One of them is enough. */
static void null_sender_with_several_recipients(void **state)
{
    (void)state;
    open_world("Greylist on\nGreylistKnownAfter 0");
    expect(BOUNCE "data", "- | - | - | - | " FIRST);
    pass_time(30);
    expect(BOUNCE "rcpt <v@here.example> | data", "- | - | - | - | - | " FIRST);
    pass_time(60);
    expect(BOUNCE "rcpt <v@here.example> | data", "- | - | - | - | - | -");
    expect_line("greylist-to=<u@here.example>, greylist=came-back, greylist-waited=90, greylist-to=<v@here.example>, "
                "greylist=came-back, greylist-waited=60");
    close_world();
}

/* A hundred are asked about, and whoever comes after them is not. */
static void null_sender_with_many_recipients(void **state)
{
    struct strbuf script = STRBUF_INIT, answers = STRBUF_INIT;

    (void)state;
    open_world("Greylist learn");
    strbuf_add(&script, CLIENT "mail <> | ");
    strbuf_add(&answers, "- | - | - | ");
    for (int i = 0; i < GREYLIST_KEPT_MAX + 3; i++) {
        strbuf_addf(&script, "rcpt <u%d@here.example> | ", i);
        strbuf_add(&answers, "- | ");
    }
    strbuf_add(&script, "data");
    strbuf_add(&answers, "-");
    expect(strbuf_text(&script), strbuf_text(&answers));
    assert_int_equal(memory_control.visits, GREYLIST_KEPT_MAX);
    close_world();
    strbuf_free(&script);
    strbuf_free(&answers);
}

/* Who gets the message whatever the result gets it at DATA, too. */
static void null_sender_to_one_who_is_exempt(void **state)
{
    (void)state;
    open_world("Greylist on\nWhitelistTo abuse@");
    expect(BOUNCE "rcpt <abuse@here.example> | data", "- | - | - | - | - | -");
    expect_line("greylist-to=<u@here.example>, greylist=new");
    close_world();
}

/* Until what was too slow is over. */
static void await_rest(void)
{
    (void)poll(NULL, 0, 6 * STORE_WAIT_MS);
}

static void a_store_that_does_not_answer(void **state)
{
    (void)state;
    open_world_for("Greylist on", STORE_WAIT_MS);
    memory_control.delay_ms = 3 * STORE_WAIT_MS;
    expect(NONE "rcpt <u@here.example>", "- | - | - | -");
    expect_line("greylist-to=<u@here.example>, greylist=slow, recipients=1");
    await_rest();
    expect(CLIENT "mail <> | rcpt <u@here.example> | rcpt <v@here.example> | data", "- | - | - | - | - | -");
    memory_control.delay_ms = 0;
    await_rest();
    memory_control.is_full = true;
    expect(NONE "rcpt <v@here.example>", "- | - | - | -");
    expect_line("greylist=full");
    memory_control.is_full = false;
    memory_control.is_gone = true;
    expect(NONE "rcpt <v@here.example>", "- | - | - | -");
    expect_line("greylist=away");
    expect(CLIENT "mail <> | rcpt <u@here.example> | data", "- | - | - | - | -");
    close_world();
}

static void learn_defers_nobody(void **state)
{
    (void)state;
    open_world("Greylist learn");
    expect(NONE "rcpt <u@here.example>", "- | - | - | -");
    expect_line("verdict=ended, greylist-to=<u@here.example>, greylist=new, recipients=1");
    pass_time(3600);
    expect(NONE "rcpt <u@here.example>", "- | - | - | -");
    expect_line("greylist=came-back");
    close_world();
}

static void test_mode_defers_nobody(void **state)
{
    const uint64_t deferred = reason_cases(REASON_GREYLISTED);

    (void)state;
    open_world("Greylist on\nTestMode on");
    expect(NONE "rcpt <u@here.example>", "- | - | - | -");
    expect_line("verdict=deferred, test=yes, to=<u@here.example>, why=greylisted, reply=451 4.7.1, greylist=new, "
                "greylist-wait=60\n");
    pass_time(3 * 86400); /* who is not deferred need not come back within GreylistWindow */
    expect(NONE "rcpt <u@here.example>", "- | - | - | -");
    expect_line("verdict=ended, test=yes, greylist-to=<u@here.example>, greylist=came-back");
    expect(CLIENT "mail <> | rcpt <u@here.example> | data", "- | - | - | - | -");
    expect_line("verdict=deferred, test=yes, why=greylisted, reply=451 4.7.1");
    assert_int_equal(reason_cases(REASON_GREYLISTED), deferred);
    close_world();
}

static void deferrals_are_counted(void **state)
{
    const uint64_t deferred = reason_cases(REASON_GREYLISTED);

    (void)state;
    open_world("Greylist on");
    expect(NONE "rcpt <u@here.example> | rcpt <v@here.example>", "- | - | - | " FIRST " | " FIRST);
    assert_int_equal(reason_cases(REASON_GREYLISTED), deferred + 2);
    close_world();
}

/* Whichever allocation fails: a message is greylisted, or goes on. */
static void out_of_memory(void **state)
{
    static const char *const scripts[] = {NONE "rcpt <u@here.example> | rcpt <v@here.example>",
                                          CLIENT "mail <> | rcpt <u@here.example> | rcpt <v@here.example> | data"};
    bool more = true;
    unsigned n;

    (void)state;
    for (n = 1; more; n++) {
        more = false;
        for (size_t i = 0; i < sizeof scripts / sizeof *scripts; i++) {
            struct strbuf out = STRBUF_INIT;

            open_world("Greylist on");
            assert_non_null(strbuf_make_room(&out, 4096)); /* the transcript itself is not to fail */
            strbuf_fill_room(&out, 0);
            alloc_fail_at(n);
            (void)story_play(&world, scripts[i], &out);
            more |= alloc_fail_happened();
            alloc_fail_at(0);
            if (strstr(strbuf_text(&out), "550") != NULL || strstr(strbuf_text(&out), "450") != NULL)
                fail_msg("allocation %u: %s", n, strbuf_text(&out));
            strbuf_free(&out);
            close_world();
        }
    }
    assert_in_range(n, 15, 10000);
}

/* Whichever allocation fails: who is exempt by the client's name is not deferred, nor is a null sender that is known by
 * it. */
static void out_of_memory_for_the_name(void **state)
{
    static const char *const scripts[] = {NONE "rcpt <u@here.example>",
                                          CLIENT "mail <> | rcpt <u@here.example> | data"};
    bool more = true;

    (void)state;
    for (unsigned n = 1; more; n++) {
        more = false;
        for (size_t i = 0; i < sizeof scripts / sizeof *scripts; i++) {
            struct strbuf out = STRBUF_INIT;

            open_world(i == 0 ? "Greylist on\nGreylistExempt .pass.example" : "Greylist on");
            if (i > 0)
                expect(scripts[i], "- | - | - | - | " FIRST);
            pass_time(100);
            assert_non_null(strbuf_make_room(&out, 4096));
            strbuf_fill_room(&out, 0);
            alloc_fail_at(n);
            (void)story_play(&world, scripts[i], &out);
            more |= alloc_fail_happened();
            alloc_fail_at(0);
            if (strstr(strbuf_text(&out), "45") != NULL)
                fail_msg("allocation %u: %s", n, strbuf_text(&out));
            strbuf_free(&out);
            close_world();
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(first_early_back_known),
        cmocka_unit_test(each_recipient_has_its_own),
        cmocka_unit_test(twice_the_same),
        cmocka_unit_test(who_is_not_asked_about),
        cmocka_unit_test(decided_at_rcpt_at_the_latest),
        cmocka_unit_test(null_sender_at_data),
        cmocka_unit_test(null_sender_with_several_recipients),
        cmocka_unit_test(null_sender_with_many_recipients),
        cmocka_unit_test(null_sender_to_one_who_is_exempt),
        cmocka_unit_test(a_store_that_does_not_answer),
        cmocka_unit_test(learn_defers_nobody),
        cmocka_unit_test(test_mode_defers_nobody),
        cmocka_unit_test(deferrals_are_counted),
        cmocka_unit_test(out_of_memory),
        cmocka_unit_test(out_of_memory_for_the_name),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
