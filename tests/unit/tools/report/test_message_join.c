/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Lines of one message become one message. */
#include "tools/report/message_join.h"

#include "tools/report/read_line.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* What was handed out, as "sender fate result+helo-result; ". */
static char seen[100000];

static void note(void *context, const struct log_entry *message)
{
    const size_t len = strlen(seen);

    (void)context;
    (void)snprintf(seen + len, sizeof seen - len, "%s %s %s+%s; ", message->sender, fate_name(message->fate),
                   message->mail_from.is_known ? result_name(message->mail_from.result) : "-",
                   message->helo_check.is_known ? result_name(message->helo_check.result) : "-");
}

static void join(const char *const *lines, size_t count)
{
    struct message_join *join = message_join_create(note, NULL);
    struct log_time time = {.now_s = 1800000000};
    static struct log_entry entry;

    seen[0] = '\0';
    assert_non_null(join);
    for (size_t i = 0; i < count; i++) {
        read_line(&time, lines[i], strlen(lines[i]), &entry);
        message_join_add(join, &entry);
    }
    message_join_finish(join);
}

#define A "ip=192.0.2.1, from=<a@x>"
#define B "ip=192.0.2.2, from=<b@x>"

static const struct {
    const char *lines[4], *seen;
} cases[] = {
    {{"SPF pass: " A ", reason=mx"}, "a@x accepted pass+-; "},
    {{"SPF fail: " A ", reason=-all", "SPF pass: " B, "SPF refused: " A}, "a@x refused fail+-; b@x accepted pass+-; "},
    {{"SPF helo none: " A, "SPF softfail: " A, "SPF tagged: " A, "SPF quarantined: " A},
     "a@x quarantined softfail+none; "},
    {{"SPF fail: " A ", reason=-all", "SPF refused: " A, "SPF fail (cached): " A ", reason=-all", "SPF refused: " A},
     "a@x refused fail+-; a@x refused fail+-; "},
    {{"SPF fail: " A}, "a@x unsaid fail+-; "}, /* smf-spf 2 */
    {{"SPF softfail: " A}, "a@x accepted softfail+-; "},
    {{"SPF fail: " A ", reason=-all", "SPF skipped (whitelisted recipient): " A ", to=<c@d>"}, "a@x accepted fail+-; "},
    {{"SPF skipped (authenticated sender): " A, "SPF skipped (authenticated sender): " A},
     "a@x exempt -+-; a@x exempt -+-; "},
    {{"SPF refused: " A, "SPF deferred: " A}, "a@x refused -+-; "},
};

static void test_joins(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        size_t count = 0;

        while (count < 4 && cases[i].lines[count] != NULL)
            count++;
        join(cases[i].lines, count);
        assert_string_equal(seen, cases[i].seen);
    }
}

/* However many messages there are between, none is lost. */
static void test_many(void **state)
{
    enum { MANY = 2000 };
    static char texts[MANY][64];
    static const char *lines[MANY];
    size_t found = 0;

    (void)state;
    for (int i = 0; i < MANY; i++) {
        (void)snprintf(texts[i], sizeof texts[i], "SPF pass: ip=192.0.2.1, from=<u%d@x>", i);
        lines[i] = texts[i];
    }
    join(lines, MANY);
    for (const char *at = seen; (at = strchr(at, ';')) != NULL; at++)
        found++;
    assert_int_equal(found, MANY);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_joins), cmocka_unit_test(test_many)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
