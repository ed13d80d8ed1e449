/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Whichever allocation fails, a request has one whole answer: the right one, or DUNNO; or none could be written at all.
 */
#include "front/policy/transaction.h"

#include "base/stats.h"
#include "session/service.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "support/alloc_fail.h"

#define REASON_OF_400                                                                                                  \
    "a text that is long enough to need memory of its own, as long as administrators write them, with a link to a "    \
    "page that says what to do and whom to ask: https://example.org/spf/why-was-my-message-refused-and-what-now, "     \
    "and on it goes, so that it is longer than what is kept without a second allocation, which is the one that fails"

static struct service *service;

static struct session *begin_session(void *context, const struct session_abilities *abilities)
{
    (void)context;
    return service_begin_session(service, abilities);
}

static const struct front_host host = {.begin_session = begin_session};

static void never(void *context)
{
    (void)context;
    fail();
}

/* Asks twice, as two lists do. */
static void ask(struct transaction *transaction, const char *address, struct strbuf *out)
{
    const struct request request = {.state = POLICY_RCPT,
                                    .client_address = address,
                                    .client_name = "unknown",
                                    .client_port = "1",
                                    .helo_name = "h.example",
                                    .instance = "1",
                                    .queue_id = "",
                                    .sender = "a@example.org",
                                    .recipient = "b@example.net",
                                    .sasl_username = "",
                                    .ccert_subject = "",
                                    .ccert_issuer = ""};

    assert_true(transaction_begin(transaction, &host, &request, never, NULL));
    (void)transaction_answer(transaction, &request, out);
}

static void check_answer(const struct strbuf *out, const char *usual)
{
    const char *text = strbuf_text(out);

    if (out->failed)
        return;
    /* What cannot be refused for want of memory goes on, with its field or without. */
    if (strcmp(text, "action=DUNNO\n\n") != 0 && strncmp(text, "action=PREPEND ", 15) != 0 &&
        strncmp(text, usual, strlen(usual)) != 0)
        fail_msg("%s", text);
    assert_ptr_equal(strstr(text, "\n\n"), text + out->len - 2);
}

static void test_out_of_memory(void **state)
{
    static const struct {
        const char *address, *usual;
    } rows[] = {{"203.0.113.66", "action=550 5.7.23 "}, {"192.0.2.1", "action=PREPEND "}};
    bool failed = true;

    (void)state;
    for (unsigned n = 1; failed; n++) {
        failed = false;
        for (size_t row = 0; row < sizeof rows / sizeof *rows; row++) {
            struct transaction transaction = {.session = NULL};

            alloc_fail_at(n);
            for (int turn = 0; turn < 2; turn++) {
                const uint64_t faults = stats_get(STATS_FAULTS);
                struct strbuf out = STRBUF_INIT;

                ask(&transaction, rows[row].address, &out);
                assert_in_range(stats_get(STATS_FAULTS) - faults, 0, alloc_fail_happened() ? 1 : 0);
                check_answer(&out, rows[row].usual);
                strbuf_free(&out);
            }
            failed |= alloc_fail_happened();
            alloc_fail_at(0);
            transaction_end(&transaction);
        }
    }
    assert_true(failed == false);
}

/* A session costs some kB, for each connection that Postfix keeps open. */
static void test_session_ends_with_the_message(void **state)
{
    struct transaction transaction = {.session = NULL};
    struct request request = {.state = POLICY_RCPT,
                              .client_address = "192.0.2.1",
                              .client_name = "unknown",
                              .client_port = "1",
                              .helo_name = "h.example",
                              .instance = "1",
                              .queue_id = "",
                              .sender = "a@example.org",
                              .recipient = "b@example.net",
                              .sasl_username = "",
                              .ccert_subject = "",
                              .ccert_issuer = ""};
    struct strbuf out = STRBUF_INIT;

    (void)state;
    assert_true(transaction_begin(&transaction, &host, &request, never, NULL));
    (void)transaction_answer(&transaction, &request, &out);
    assert_non_null(transaction.session);
    request.state = POLICY_END;
    assert_true(transaction_begin(&transaction, &host, &request, never, NULL));
    (void)transaction_answer(&transaction, &request, &out);
    assert_true(transaction.is_over);
    assert_null(transaction.session);
    transaction_end(&transaction);
    strbuf_free(&out);
}

/* ---- What is answered at each step ---- */

static const struct request usual_request = {.state = POLICY_RCPT,
                                             .client_address = "192.0.2.1",
                                             .client_name = "unknown",
                                             .client_port = "1",
                                             .helo_name = "h.example",
                                             .instance = "1",
                                             .queue_id = "",
                                             .sender = "a@example.org",
                                             .recipient = "b@example.net",
                                             .sasl_username = "",
                                             .ccert_subject = "",
                                             .ccert_issuer = ""};

/* Asks, and checks how the answer begins. */
static void expect(struct transaction *transaction, const struct request *request, const char *begin)
{
    struct strbuf out = STRBUF_INIT;

    assert_true(transaction_begin(transaction, &host, request, never, NULL));
    (void)transaction_answer(transaction, request, &out);
    if (strncmp(strbuf_text(&out), begin, strlen(begin)) != 0)
        fail_msg("%s, not %s", strbuf_text(&out), begin);
    strbuf_free(&out);
}

static void test_recipients_have_one_message(void **state)
{
    struct transaction transaction = {.session = NULL};
    struct request request = usual_request;

    (void)state;
    expect(&transaction, &request, "action=PREPEND ");
    request.recipient = "c@example.net"; /* its message has the field */
    expect(&transaction, &request, "action=DUNNO\n\n");
    request.instance = "2";
    expect(&transaction, &request, "action=PREPEND ");
    transaction_end(&transaction);
}

/* Who asks at the end alone gets no field, which Postfix would not add; at DATA it does. */
static void test_asked_once(void **state)
{
    static const struct {
        enum policy_state state;
        const char *client, *answer;
    } rows[] = {{POLICY_DATA, "192.0.2.1", "action=PREPEND "},
                {POLICY_END, "192.0.2.1", "action=DUNNO\n\n"},
                {POLICY_DATA, "203.0.113.66", "action=550 5.7.23 "},
                {POLICY_END, "203.0.113.66", "action=550 5.7.23 "}};

    (void)state;
    for (size_t row = 0; row < sizeof rows / sizeof *rows; row++) {
        struct transaction transaction = {.session = NULL};
        struct request request = usual_request;

        request.state = rows[row].state;
        request.client_address = rows[row].client;
        expect(&transaction, &request, rows[row].answer);
        transaction_end(&transaction);
    }
}

/* A quarantine goes before the field: who asks at the end may do so once. */
static void test_quarantine(void **state)
{
    static const enum policy_state steps[] = {POLICY_RCPT, POLICY_DATA, POLICY_END};

    (void)state;
    for (size_t i = 0; i < sizeof steps / sizeof *steps; i++) {
        struct transaction transaction = {.session = NULL};
        struct request request = usual_request;

        request.state = steps[i];
        request.sender = "a@soft.example.org";
        expect(&transaction, &request, "action=HOLD ");
        expect(&transaction, &request, steps[i] == POLICY_END ? "action=DUNNO\n\n" : "action=PREPEND ");
        expect(&transaction, &request, "action=DUNNO\n\n");
        transaction_end(&transaction);
    }
}

static void test_quarantine_without_a_field(void **state)
{
    struct transaction transaction = {.session = NULL};
    struct request request = usual_request;

    (void)state;
    request.sender = "a@soft.example.org";
    expect(&transaction, &request, "action=HOLD ");
    expect(&transaction, &request, "action=DUNNO\n\n");
    transaction_end(&transaction);
}

/* A refusal is the message's, and no answer to anything else. */
static void test_other_steps_are_let_through(void **state)
{
    static const enum policy_state others[] = {POLICY_CONNECT, POLICY_HELO, POLICY_OTHER};

    (void)state;
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        struct transaction transaction = {.session = NULL};
        struct request request = usual_request;

        request.client_address = "203.0.113.66";
        expect(&transaction, &request, "action=550 5.7.23 ");
        request.state = others[i];
        expect(&transaction, &request, "action=DUNNO\n\n");
        transaction_end(&transaction);
    }
}

/* Only a message of which every recipient was refused has no end that Postfix would ask about. */
static void test_rest(void **state)
{
    struct transaction transaction = {.session = NULL};
    struct request request = usual_request;

    (void)state;
    assert_false(transaction_rest(&transaction, false));
    expect(&transaction, &request, "action=PREPEND ");
    assert_false(transaction_rest(&transaction, false));
    assert_false(transaction_rest(&transaction, true));
    assert_true(transaction.has_message);
    request.client_address = "203.0.113.66";
    expect(&transaction, &request, "action=550 5.7.23 ");
    assert_true(transaction_rest(&transaction, false));
    assert_true(transaction.has_message);
    assert_false(transaction_rest(&transaction, true));
    assert_false(transaction.has_message);
    transaction_end(&transaction);
}

static int open_service_with(const char *lines)
{
    static const char zone[] =
        "$TTL 300\nexample.org. TXT \"v=spf1 ip4:192.0.2.1 -all\"\nsoft.example.org. TXT \"v=spf1 ~all\"\n";
    char path[] = "/tmp/test_transaction.XXXXXX", text[1024];
    int fd = mkstemp(path);
    struct strbuf errors = STRBUF_INIT;
    const struct config *config;

    if (fd < 0 || write(fd, zone, sizeof zone - 1) != (ssize_t)(sizeof zone - 1))
        return -1;
    close(fd);
    snprintf(text, sizeof text, "ZoneFile %s\nSyslog none\nCheckHelo off\n%s\nRejectReason %s\n", path, lines,
             REASON_OF_400);
    config = config_parse(text, strlen(text), "test", &errors);
    service = config != NULL ? service_create(config, &errors) : NULL;
    if (service == NULL)
        print_message("%s\n", strbuf_text(&errors));
    config_release(config);
    strbuf_free(&errors);
    unlink(path);
    return service != NULL ? 0 : -1;
}

static int open_service(void **state)
{
    (void)state;
    return open_service_with("RefuseAt rcpt");
}

static int open_service_at_mail(void **state)
{
    (void)state;
    return open_service_with("RefuseAt mail");
}

static int open_service_that_holds(void **state)
{
    (void)state;
    return open_service_with("RefuseAt rcpt\nQuarantine hold");
}

static int open_service_that_only_holds(void **state)
{
    (void)state;
    return open_service_with("RefuseAt rcpt\nQuarantine hold\nAddHeader off");
}

static int close_service(void **state)
{
    (void)state;
    service_destroy(service);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_out_of_memory, open_service, close_service),
        cmocka_unit_test_setup_teardown(test_session_ends_with_the_message, open_service, close_service),
        cmocka_unit_test_setup_teardown(test_recipients_have_one_message, open_service, close_service),
        cmocka_unit_test_setup_teardown(test_asked_once, open_service, close_service),
        cmocka_unit_test_setup_teardown(test_quarantine, open_service_that_holds, close_service),
        cmocka_unit_test_setup_teardown(test_quarantine_without_a_field, open_service_that_only_holds, close_service),
        cmocka_unit_test_setup_teardown(test_other_steps_are_let_through, open_service, close_service),
        cmocka_unit_test_setup_teardown(test_other_steps_are_let_through, open_service_at_mail, close_service),
        cmocka_unit_test_setup_teardown(test_rest, open_service, close_service),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
