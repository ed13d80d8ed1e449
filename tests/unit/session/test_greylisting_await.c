/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Greylisting without a thread that waits, as the policy service has it, and beside the milter that has the same
 * message. */
#include "base/clock.h"
#include "base/log.h"
#include "base/wait.h"
#include "front/milter/facts.h"
#include "greylist/store/greylist_store.h"
#include "memory_backend.h"
#include "session/session.h"
#include "story.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
/* after the above */
#include <cmocka.h>

static const struct session_abilities policy = {
    .steps = SESSION_STEP(REFUSE_AT_MAIL) | SESSION_STEP(REFUSE_AT_RCPT),
    .inserts_fields = true,
    .refuses_recipients = true,
    .awaits = true,
    .sees_data = true,
    .yields = true,
};

enum { PATIENCE_MS = 20000 }; /* no test is slow by chance */

static struct world world;
static struct session *session; /* the policy service's */
static struct session *milter;  /* NULL: there is none */
static struct strbuf lines;
static struct wait_event is_ready;

static void hear(void *context, enum log_level level, const char *line)
{
    (void)level;
    strbuf_add(context, line);
    strbuf_add_char(context, '\n');
}

static void begin_client(struct session *of)
{
    struct session_client client = {.port = 25000, .name = "mx.pass.example", .name_is_verified = true};

    assert_non_null(of);
    assert_true(addr_parse("192.0.2.1", &client.address));
    assert_int_equal(session_connect(of, &client).step, SESSION_CONTINUE);
    assert_int_equal(session_helo(of, "mx.none.example").step, SESSION_CONTINUE);
}

/* With a milter beside the policy service, or without. */
static void open_world(const char *config, bool has_milter)
{
    const struct log_config quiet = {.level = LOG_LEVEL_DEBUG, .syslog_facility = -1, .ident = "test"};
    struct session_shared shared = {.host_name = "host.here.example", .serves_both = has_milter};

    assert_true(world_open(&world, config));
    shared.config = world.config;
    shared.checker = world.checker;
    shared.greylist = world.greylist = memory_store_create(PATIENCE_MS);
    assert_non_null(world.greylist);
    assert_true(log_open(&quiet));
    log_set_sink(hear, &lines);
    wait_event_init(&is_ready);
    memory_control.delay_ms = 5;
    milter = has_milter ? session_create(&shared, &facts_abilities) : NULL;
    if (has_milter)
        begin_client(milter);
    session = session_create(&shared, &policy);
    begin_client(session);
}

static void close_world(void)
{
    session_destroy(session);
    session_destroy(milter);
    greylist_store_release(world.greylist);
    greylist_store_await_ends();
    wait_event_destroy(&is_ready);
    log_set_sink(NULL, NULL);
    log_close();
    world_close(&world);
    strbuf_free(&lines);
}

static void mail(struct session *of, const char *from)
{
    struct session_sender sender = {.queue_id = "Q1", .status = address_parse(from, &sender.address)};

    assert_int_equal(session_mail(of, &sender).step, SESSION_CONTINUE);
}

static void signal_ready(void *context)
{
    wait_event_signal(context);
}

/* Finds out what the next step needs: how often it took an answer of somebody else. */
static unsigned await(const struct session_recipient *recipient)
{
    unsigned answers = 0;

    while (!session_await(session, recipient, signal_ready, &is_ready)) {
        const struct timespec moment = clock_moment_after(5000);

        assert_true(wait_event_until(&is_ready, &moment));
        answers++;
    }
    return answers;
}

/* The code and the reason of the answer for a recipient, "" if it is not refused. */
static const char *rcpt(struct session *of, const char *path)
{
    static char text[128];
    struct address address = {.text = NULL};
    struct session_recipient recipient = {.status = address_parse(path, &address), .readings = &address, .count = 1};
    struct session_reply reply;
    unsigned visits;

    if (of == session)
        (void)await(&recipient);
    if (of == session)
        assert_int_equal(session_decide(session).step, SESSION_CONTINUE);
    visits = memory_control.visits;
    reply = session_rcpt(of, &recipient);
    if (of == session)
        assert_int_equal(memory_control.visits, visits); /* all was known */
    (void)snprintf(text, sizeof text, "%s", reply.step == SESSION_REFUSE ? reason_name(reply.reason) : "");
    address_free(&address);
    return text;
}

static const char *data(struct session *of)
{
    struct session_reply reply;

    if (of == session) {
        session_reach_data(session);
        (void)await(NULL);
    }
    reply = session_data(of);
    return reply.step == SESSION_REFUSE ? reason_name(reply.reason) : "";
}

static void the_result_first_then_the_store(void **state)
{
    struct address address = {.text = NULL};
    struct session_recipient recipient = {.readings = &address, .count = 1};

    (void)state;
    open_world("Greylist on", false);
    recipient.status = address_parse("<u@here.example>", &address);
    mail(session, "<a@none.example>");
    assert_int_equal(await(NULL), 0); /* nothing to ask the store yet */
    assert_int_equal(memory_control.visits, 0);
    assert_int_equal(await(&recipient), 1);
    assert_int_equal(await(&recipient), 0); /* it was asked */
    assert_int_equal(memory_control.visits, 1);
    address_free(&address);
    assert_string_equal(rcpt(session, "<u@here.example>"), "greylisted");
    assert_string_equal(rcpt(session, "<v@here.example>"), "greylisted");
    assert_int_equal(memory_control.visits, 2);
    close_world();
}

/* A result that is greylisted, but for the verdict. */
#define REFUSED "Greylist on\nRefuseMailFrom softfail"

static void who_is_refused_is_not_asked_about(void **state)
{
    static const char *const configs[] = {REFUSED, REFUSED "\nRefuseAt rcpt", REFUSED "\nRefuseAt eom",
                                          "Greylist on\nRefuseTo u@here.example softfail"};

    (void)state;
    for (size_t i = 0; i < sizeof configs / sizeof *configs; i++) {
        struct session_reply reply;

        open_world(configs[i], false);
        mail(session, "<a@softfail.example>");
        (void)await(NULL);
        reply = session_decide(session);
        if (reply.step == SESSION_CONTINUE)
            assert_string_equal(rcpt(session, "<u@here.example>"), "result");
        assert_int_equal(memory_control.visits, 0);
        close_world();
    }
}

/* session_await may have to decide before session_decide does, which refuses all the same. */
static void decided_at_mail(void **state)
{
    struct address address = {.text = NULL};
    struct session_recipient recipient = {.readings = &address, .count = 1};

    (void)state;
    open_world(REFUSED "\nRefuseAt mail", false);
    recipient.status = address_parse("<u@here.example>", &address);
    mail(session, "<a@softfail.example>");
    assert_int_equal(await(&recipient), 0);
    assert_int_equal(session_decide(session).step, SESSION_REFUSE);
    mail(session, "<a@none.example>");
    assert_int_equal(await(&recipient), 1);
    assert_int_equal(session_decide(session).step, SESSION_CONTINUE);
    address_free(&address);
    assert_string_equal(rcpt(session, "<u@here.example>"), "greylisted");
    close_world();
}

/* Nor is a recipient who gets it whatever the result, and each has the settings that are its own. */
static void recipients_differ(void **state)
{
    (void)state;
    open_world("Greylist on\nWhitelistTo abuse@\nRecipientPolicy vip@ {\nGreylist off\n}\n"
               "RecipientPolicy own@ {\nWhitelistIP 192.0.2.1\n}\n",
               false);
    mail(session, "<a@none.example>");
    assert_string_equal(rcpt(session, "<abuse@here.example>"), "");
    assert_string_equal(rcpt(session, "<vip@here.example>"), "");
    assert_string_equal(rcpt(session, "<own@here.example>"), "");
    assert_int_equal(memory_control.visits, 0);
    assert_string_equal(rcpt(session, "<u@here.example>"), "greylisted");
    close_world();
    open_world("Greylist on\nWhitelistTo abuse@", false);
    mail(session, "<a@none.example>");
    assert_string_equal(rcpt(session, "<abuse@here.example>"), "");
    assert_int_equal(memory_control.visits, 0);
    close_world();
}

static void null_sender(void **state)
{
    (void)state;
    open_world("Greylist on", false);
    mail(session, "<>");
    assert_string_equal(rcpt(session, "<u@here.example>"), "");
    assert_int_equal(memory_control.visits, 0);
    assert_string_equal(data(session), "greylisted");
    mail(session, "<>"); /* its recipient is named at DATA alone */
    session_reach_data(session);
    assert_string_equal(rcpt(session, "<u@here.example>"), "greylisted");
    assert_int_equal(memory_control.visits, 2);
    close_world();
}

/* Postfix asks the policy service about a recipient before the milter. */
static void asked_once_by_both(void **state)
{
    (void)state;
    open_world("Greylist on", true);
    mail(milter, "<a@none.example>");
    mail(session, "<a@none.example>");
    assert_string_equal(rcpt(session, "<u@here.example>"), "greylisted");
    memory_control.now_s += 60;
    mail(milter, "<a@none.example>");
    mail(session, "<a@none.example>");
    assert_string_equal(rcpt(session, "<u@here.example>"), "");
    assert_string_equal(rcpt(milter, "<u@here.example>"), "");
    assert_int_equal(memory_control.visits, 2);
    (void)session_end(milter, "Q1", NULL);
    assert_non_null(
        strstr(strbuf_text(&lines), "greylist-to=<u@here.example>, greylist=came-back, greylist-waited=60"));
    close_world();
}

static void asked_once_at_data(void **state)
{
    (void)state;
    open_world("Greylist on", true);
    mail(milter, "<>");
    mail(session, "<>");
    assert_string_equal(rcpt(session, "<u@here.example>"), "");
    assert_string_equal(rcpt(milter, "<u@here.example>"), "");
    assert_string_equal(data(session), "greylisted");
    session_abort(milter);
    assert_non_null(strstr(strbuf_text(&lines), "why=greylisted, reply=451 4.7.1, greylist=new"));
    memory_control.now_s += 60;
    mail(milter, "<>");
    mail(session, "<>");
    assert_string_equal(rcpt(session, "<u@here.example>"), "");
    assert_string_equal(rcpt(milter, "<u@here.example>"), "");
    assert_string_equal(data(session), "");
    assert_string_equal(data(milter), "");
    assert_int_equal(memory_control.visits, 2);
    close_world();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_result_first_then_the_store),
        cmocka_unit_test(who_is_refused_is_not_asked_about),
        cmocka_unit_test(decided_at_mail),
        cmocka_unit_test(recipients_differ),
        cmocka_unit_test(null_sender),
        cmocka_unit_test(asked_once_by_both),
        cmocka_unit_test(asked_once_at_data),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
