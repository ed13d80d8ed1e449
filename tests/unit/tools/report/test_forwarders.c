/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which clients look like forwarders, and the line for each. */
#include "tools/report/forwarders.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct text_list own;
static struct summary_options options = {.since_s = INT64_MIN, .until_s = INT64_MAX, .own = &own};

/* Messages of a client for unrelated domains, `first` and those after it. */
static void add_messages(struct summary *summary, const char *client, const char *name, int first, int senders,
                         enum spf_result result)
{
    static struct log_entry message;

    for (int i = first; i < first + senders; i++) {
        log_entry_clear(&message);
        message.kind = ENTRY_MESSAGE;
        message.fate = FATE_REFUSED;
        (void)snprintf(message.client, sizeof message.client, "%s", client);
        (void)snprintf(message.name, sizeof message.name, "%s", name);
        (void)snprintf(message.sender, sizeof message.sender, "a@mail.sender%d.example", i);
        message.mail_from.is_known = true;
        message.mail_from.result = result;
        summary_add(summary, &message);
    }
}

static void add(struct summary *summary, const char *client, const char *name, int senders, enum spf_result result)
{
    add_messages(summary, client, name, 0, senders, result);
}

static void add_from(struct summary *summary, const char *client, const char *name, int first, int senders)
{
    add_messages(summary, client, name, first, senders, RESULT_FAIL);
}

static void add_pass(struct summary *summary, const char *client, const char *name, const char *sender)
{
    static struct log_entry message;

    log_entry_clear(&message);
    message.fate = FATE_ACCEPTED;
    (void)snprintf(message.client, sizeof message.client, "%s", client);
    (void)snprintf(message.name, sizeof message.name, "%s", name);
    (void)snprintf(message.sender, sizeof message.sender, "%s", sender);
    message.mail_from.is_known = true;
    message.mail_from.result = RESULT_PASS;
    summary_add(summary, &message);
}

/* The lines, with "; " between them. */
static void check(struct summary *summary, const char *expected, size_t expected_left_out)
{
    size_t count, left_out;
    bool failed;
    struct forwarder *all = forwarders_find(summary, &count, &left_out, &failed);
    char lines[1000] = "";

    assert_false(failed);
    for (size_t i = 0; i < count; i++)
        (void)snprintf(lines + strlen(lines), sizeof lines - strlen(lines), "%s; ", all[i].line);
    assert_string_equal(lines, expected);
    assert_int_equal(left_out, expected_left_out);
    free(all);
    summary_free(summary);
}

static void test_lines(void **state)
{
    struct summary summary;

    (void)state;
    assert_true(summary_begin(&summary, &options));
    check(&summary, "", 0);

    assert_true(summary_begin(&summary, &options));
    add(&summary, "192.0.2.1", "out1.mx.forwarder.org", 9, RESULT_FAIL); /* names of one owner */
    add(&summary, "192.0.2.2", "out2.mx.forwarder.org.", 8, RESULT_SOFTFAIL);
    add(&summary, "192.0.2.3", "one.host.com", 7, RESULT_FAIL);
    add(&summary, "192.0.2.4", "few.example.net", 2, RESULT_FAIL); /* too few */
    add(&summary, "192.0.2.5", "", 20, RESULT_FAIL);               /* no name */
    add(&summary, "192.0.2.6", "passes.example.net", 20, RESULT_PASS);
    add(&summary, "192.0.2.7", "192-0-2-7.line.example.net", 20, RESULT_FAIL);
    add(&summary, "192.0.2.8", "host8.pool.example.net", 20, RESULT_FAIL);
    check(&summary, "WhitelistPTR mx.forwarder.org; WhitelistPTR one.host.com; ", 2);

    /* The forwarder's own mail passes: its record names all its hosts. */
    assert_true(summary_begin(&summary, &options));
    add_pass(&summary, "192.0.2.1", "out.forwarder.org", "news@mail.forwarder.org");
    add(&summary, "192.0.2.1", "out.forwarder.org", 5, RESULT_FAIL);
    check(&summary, "WhitelistSPF mail.forwarder.org; ", 0);

    /* Each host of a pool fails for a few only; a host that fails for the same ones adds nothing to them. */
    assert_true(summary_begin(&summary, &options));
    add_from(&summary, "192.0.2.1", "out0.big.example.org", 0, 1);
    add_from(&summary, "192.0.2.2", "out1.big.example.org", 1, 1);
    add_from(&summary, "192.0.2.3", "out2.big.example.org", 2, 1);
    add_from(&summary, "198.51.100.1", "a.same.example.net", 0, 2);
    add_from(&summary, "198.51.100.2", "b.same.example.net", 0, 2);
    add_from(&summary, "198.51.100.3", "c.same.example.net", 1, 1);
    add_from(&summary, "203.0.113.1", "192-0-2-1.line.example.com", 0, 1); /* customers' lines do not add up */
    add_from(&summary, "203.0.113.2", "192-0-2-2.line.example.com", 1, 1);
    add_from(&summary, "203.0.113.3", "192-0-2-3.line.example.com", 2, 1);
    add_from(&summary, "10.0.0.1", "", 0, 1); /* neither do relays, each of which has a line of its own */
    add_from(&summary, "10.0.0.2", "", 1, 1);
    add_from(&summary, "10.0.0.3", "", 2, 1);
    check(&summary, "WhitelistPTR big.example.org; ", 0);

    /* A relay of ours hides its clients. */
    assert_true(summary_begin(&summary, &options));
    add(&summary, "10.1.2.3", "", 5, RESULT_FAIL);
    add(&summary, "192.0.2.9", "mx2.ours.example", 4, RESULT_FAIL);
    check(&summary, "TrustedRelay 10.1.2.3; TrustedRelay 192.0.2.9; ", 0);

    /* A name that could not stand in the configuration gives no line. */
    assert_true(summary_begin(&summary, &options));
    add(&summary, "192.0.2.1", "a#b\" c.example.org", 5, RESULT_FAIL);
    check(&summary, "; ", 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_lines)};
    int failed;

    if (!text_list_add(&own, "ours.example"))
        return 1;
    failed = cmocka_run_group_tests(tests, NULL, NULL);
    text_list_free(&own);
    return failed;
}
