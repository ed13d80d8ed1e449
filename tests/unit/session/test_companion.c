/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a milter's client and the policy service's hand to each other, and to nobody else. */
#include "session/companion.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

enum { CLIENTS = 3000, KEPT_ANSWERS = 8 };

static struct companion_key key_of(const char *address, unsigned port)
{
    struct companion_key key = {.port = port};

    assert_true(addr_parse(address, &key.address));
    return key;
}

/* Makes a message that is to be checked. */
static void begin(struct message *message, const char *sender)
{
    message_init(message);
    message_begin(message, "mx.example.net", "mx.example.net");
    message_record_begin(&message->record, false);
    assert_int_equal(address_parse(sender, &message->sender), ADDRESS_OK);
    message_add_check(message, IDENTITY_MAILFROM, "example.org");
}

/* One message, as the milter and as the policy service see it. */
struct pair {
    struct companion_key key;
    struct companion *companion;
    struct message milter, policy;
};

static void begin_pair(struct pair *pair)
{
    pair->key = key_of("192.0.2.1", 4711);
    pair->companion = companion_open(&pair->key);
    assert_non_null(pair->companion);
    begin(&pair->milter, "<a@example.org>");
    begin(&pair->policy, "<a@example.org>");
    companion_begin_message(pair->companion, &pair->milter);
}

static void end_pair(struct pair *pair)
{
    companion_close(pair->companion);
    message_free(&pair->milter);
    message_free(&pair->policy);
}

static void a_client_is_known_by_its_address_and_port_while_it_is_open(void **state)
{
    const struct companion_key key = key_of("192.0.2.1", 4711), other_port = key_of("192.0.2.1", 4712),
                               other_address = key_of("192.0.2.2", 4711), other_family = key_of("2001:db8::1", 4711),
                               none = key_of("192.0.2.1", 0);
    struct companion *first, *second;

    (void)state;
    assert_false(companion_has_client(&key));
    assert_null(companion_open(&none));
    first = companion_open(&key);
    second = companion_open(&key);
    assert_true(companion_has_client(&key));
    assert_false(companion_has_client(&other_port));
    assert_false(companion_has_client(&other_address));
    assert_false(companion_has_client(&other_family));
    assert_false(companion_has_client(&none));
    companion_close(second);
    assert_true(companion_has_client(&key));
    companion_close(first);
    companion_close(NULL);
    assert_false(companion_has_client(&key));
}

/* More of them than there are buckets, so that many share one. */
static void each_of_many_clients_is_found(void **state)
{
    static struct companion *companions[CLIENTS];

    (void)state;
    for (unsigned i = 0; i < CLIENTS; i++) {
        const struct companion_key key = key_of("192.0.2.1", i + 1);

        companions[i] = companion_open(&key);
        assert_non_null(companions[i]);
    }
    for (unsigned i = 0; i < 2 * CLIENTS; i++) {
        const struct companion_key key = key_of("192.0.2.1", i + 1);

        assert_int_equal(companion_has_client(&key), i < CLIENTS);
    }
    for (unsigned i = 0; i < CLIENTS; i++)
        companion_close(companions[i]);
}

static void a_message_is_known_by_its_sender_until_it_ends(void **state)
{
    struct pair pair;
    struct message other;

    (void)state;
    begin_pair(&pair);
    begin(&other, "<b@example.org>");
    assert_true(companion_has_message(&pair.key, &pair.policy));
    assert_false(companion_has_message(&pair.key, &other));
    companion_begin_message(pair.companion, &other);
    assert_false(companion_has_message(&pair.key, &pair.policy));
    assert_true(companion_has_message(&pair.key, &other));
    companion_end_message(pair.companion, &other);
    assert_false(companion_has_message(&pair.key, &other));
    message_free(&other);
    end_pair(&pair);
}

/* ---- Results ---- */

static void put_result(struct pair *pair, enum spf_result result)
{
    pair->policy.checks[0].outcome.result = result;
    pair->policy.checks[0].has_outcome = true;
    companion_put_outcomes(&pair->key, &pair->policy);
}

static void results_are_taken_once_they_are_there(void **state)
{
    struct pair pair;

    (void)state;
    begin_pair(&pair);
    companion_take_outcomes(&pair.key, &pair.milter);
    assert_false(pair.milter.checks[0].has_outcome);
    put_result(&pair, RESULT_SOFTFAIL);
    put_result(&pair, RESULT_FAIL); /* the first ones are shared */
    companion_take_outcomes(&pair.key, &pair.milter);
    assert_true(pair.milter.checks[0].has_outcome);
    assert_int_equal(pair.milter.checks[0].outcome.result, RESULT_SOFTFAIL);
    end_pair(&pair);
}

static void results_of_the_message_before_are_not_taken(void **state)
{
    struct pair pair;

    (void)state;
    begin_pair(&pair);
    put_result(&pair, RESULT_FAIL);
    companion_begin_message(pair.companion, &pair.milter);
    companion_take_outcomes(&pair.key, &pair.milter);
    assert_false(pair.milter.checks[0].has_outcome);
    put_result(&pair, RESULT_PASS);
    companion_take_outcomes(&pair.key, &pair.milter);
    assert_int_equal(pair.milter.checks[0].outcome.result, RESULT_PASS);
    end_pair(&pair);
}

static void results_of_other_identities_are_not_taken(void **state)
{
    struct pair pair;

    (void)state;
    begin_pair(&pair);
    put_result(&pair, RESULT_FAIL);
    pair.milter.checks[0].identity = IDENTITY_HELO;
    companion_take_outcomes(&pair.key, &pair.milter);
    assert_false(pair.milter.checks[0].has_outcome);
    pair.milter.checks[0].identity = IDENTITY_MAILFROM;
    message_add_check(&pair.milter, IDENTITY_HELO, "mx.example.org");
    companion_take_outcomes(&pair.key, &pair.milter);
    assert_false(pair.milter.checks[0].has_outcome);
    end_pair(&pair);
}

/* ---- Refusals ---- */

static const struct record_reply refusal = {.code = "550", .enhanced = "5.7.23", .reason = REASON_RESULT};

static void refused_recipients_are_handed_over_with_the_results(void **state)
{
    struct pair pair;

    (void)state;
    begin_pair(&pair);
    put_result(&pair, RESULT_FAIL);
    companion_refuse_recipient(&pair.key, "x@example.net", &refusal);
    companion_end_message(pair.companion, &pair.milter);
    assert_int_equal(pair.milter.record.refused_count, 1);
    assert_string_equal(pair.milter.record.refused[0].address, "x@example.net");
    assert_int_equal(pair.milter.record.check_count, 1);
    assert_int_equal(pair.milter.checks[0].outcome.result, RESULT_FAIL);
    assert_int_equal(pair.milter.stage, MESSAGE_PENDING);
    end_pair(&pair);
}

static void without_results_a_refused_message_has_none(void **state)
{
    struct pair pair;

    (void)state;
    begin_pair(&pair);
    companion_refuse(&pair.key, &refusal);
    companion_end_message(pair.companion, &pair.milter);
    assert_string_equal(pair.milter.record.whole.code, "550");
    assert_int_equal(pair.milter.record.check_count, 0);
    assert_false(pair.milter.checks[0].has_outcome);
    end_pair(&pair);
}

static void what_is_not_refused_takes_no_results_at_its_end(void **state)
{
    struct pair pair;

    (void)state;
    begin_pair(&pair);
    put_result(&pair, RESULT_PASS);
    companion_end_message(pair.companion, &pair.milter);
    assert_int_equal(pair.milter.record.refused_count, 0);
    assert_false(pair.milter.checks[0].has_outcome);
    end_pair(&pair);
}

static void refusals_of_the_message_before_or_of_another_client_are_not_taken(void **state)
{
    const struct companion_key other = key_of("192.0.2.1", 4712);
    struct pair pair;

    (void)state;
    begin_pair(&pair);
    companion_refuse_recipient(&other, "x@example.net", &refusal);
    companion_refuse(&other, &refusal);
    companion_refuse_recipient(&pair.key, "y@example.net", &refusal);
    companion_refuse(&pair.key, &refusal);
    companion_begin_message(pair.companion, &pair.milter);
    companion_end_message(pair.companion, &pair.milter);
    assert_int_equal(pair.milter.record.refused_count, 0);
    assert_null(pair.milter.record.whole.code);
    end_pair(&pair);
}

/* A connection that breaks off has no end of its message: what is left is freed. */
static void a_client_that_goes_takes_all_with_it(void **state)
{
    const struct greylist_answer answer = {.wait_s = 1};
    struct pair pair;

    (void)state;
    begin_pair(&pair);
    companion_refuse_recipient(&pair.key, "x@example.net", &refusal);
    companion_put_greylist(&pair.key, &pair.policy, "x@example.net", &answer);
    end_pair(&pair);
}

/* ---- Greylisting ---- */

static void put_answer(struct pair *pair, unsigned n)
{
    const struct greylist_answer answer = {.wait_s = n};
    char recipient[32];

    (void)snprintf(recipient, sizeof recipient, "r%u@example.net", n);
    companion_put_greylist(&pair->key, &pair->policy, recipient, &answer);
}

static bool takes_answer(const struct pair *pair, unsigned n)
{
    struct greylist_answer answer = {.wait_s = 0};
    char recipient[32];

    (void)snprintf(recipient, sizeof recipient, "r%u@example.net", n);
    if (!companion_take_greylist(&pair->key, &pair->milter, recipient, &answer))
        return false;
    assert_int_equal(answer.wait_s, n);
    return true;
}

static void the_last_answers_of_greylisting_are_kept(void **state)
{
    struct pair pair;

    (void)state;
    begin_pair(&pair);
    for (unsigned n = 1; n <= 3 * KEPT_ANSWERS; n++) {
        assert_false(takes_answer(&pair, n));
        put_answer(&pair, n);
        for (unsigned known = 1; known <= n; known++)
            assert_int_equal(takes_answer(&pair, known), known + KEPT_ANSWERS > n);
    }
    companion_begin_message(pair.companion, &pair.milter);
    for (unsigned n = 1; n <= 3 * KEPT_ANSWERS; n++)
        assert_false(takes_answer(&pair, n));
    end_pair(&pair);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_client_is_known_by_its_address_and_port_while_it_is_open),
        cmocka_unit_test(each_of_many_clients_is_found),
        cmocka_unit_test(a_message_is_known_by_its_sender_until_it_ends),
        cmocka_unit_test(results_are_taken_once_they_are_there),
        cmocka_unit_test(results_of_the_message_before_are_not_taken),
        cmocka_unit_test(results_of_other_identities_are_not_taken),
        cmocka_unit_test(refused_recipients_are_handed_over_with_the_results),
        cmocka_unit_test(without_results_a_refused_message_has_none),
        cmocka_unit_test(what_is_not_refused_takes_no_results_at_its_end),
        cmocka_unit_test(refusals_of_the_message_before_or_of_another_client_are_not_taken),
        cmocka_unit_test(a_client_that_goes_takes_all_with_it),
        cmocka_unit_test(the_last_answers_of_greylisting_are_kept),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
