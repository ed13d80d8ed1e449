/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Requests of the policy delegation protocol, whole, octet by octet, and broken. */
#include "front/policy/request.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define TYPE "request=smtpd_access_policy\n"

struct whole {
    char octets[2 * REQUEST_MAX];
    size_t scanned, taken;
    struct request request;
    const char *problem;
};

static enum request_reading read_text(struct whole *whole, const char *text, size_t len)
{
    memcpy(whole->octets, text, len);
    return request_read(whole->octets, len, &whole->scanned, &whole->request, &whole->taken, &whole->problem);
}

/* However it comes; what follows is left alone. */
static void test_attributes(void **state)
{
    static const char text[] = TYPE "protocol_state=RCPT\nsender=a=b@example.org\nrecipient=\nhelo_name=first\n"
                                    "helo_name=second\nunknown=x\nclient_address=2001:db8::1\ninstance=1.2\n\nrequest=";
    const size_t len = strlen(text) - strlen("request=");

    (void)state;
    for (size_t at_once = 1; at_once < sizeof text; at_once++) {
        static struct whole whole;
        enum request_reading reading = REQUEST_INCOMPLETE;
        size_t have = 0;

        whole.scanned = 0;
        while (reading == REQUEST_INCOMPLETE) {
            have = have + at_once < sizeof text - 1 ? have + at_once : sizeof text - 1;
            reading = read_text(&whole, text, have);
            assert_int_equal(whole.scanned, reading == REQUEST_INCOMPLETE ? have : whole.scanned);
        }
        assert_int_equal(reading, REQUEST_COMPLETE);
        assert_true(have >= len);
        assert_int_equal(whole.taken, len);
        assert_int_equal(whole.request.state, POLICY_RCPT);
        assert_string_equal(whole.request.sender, "a=b@example.org");
        assert_string_equal(whole.request.recipient, "");
        assert_string_equal(whole.request.helo_name, "second");
        assert_string_equal(whole.request.client_address, "2001:db8::1");
        assert_string_equal(whole.request.instance, "1.2");
        assert_string_equal(whole.request.sasl_username, "");
    }
}

static const struct {
    const char *name;
    size_t offset;
} used[] = {
    {"client_address", offsetof(struct request, client_address)},
    {"client_name", offsetof(struct request, client_name)},
    {"client_port", offsetof(struct request, client_port)},
    {"helo_name", offsetof(struct request, helo_name)},
    {"instance", offsetof(struct request, instance)},
    {"queue_id", offsetof(struct request, queue_id)},
    {"sender", offsetof(struct request, sender)},
    {"recipient", offsetof(struct request, recipient)},
    {"sasl_username", offsetof(struct request, sasl_username)},
    {"ccert_subject", offsetof(struct request, ccert_subject)},
    {"ccert_issuer", offsetof(struct request, ccert_issuer)},
};

/* Each attribute that is used by its whole name, and by no other that is as long. */
static void test_names(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof used / sizeof *used; i++) {
        static struct whole whole;
        char text[256], last = used[i].name[strlen(used[i].name) - 1];

        snprintf(text, sizeof text, TYPE "%s=a\n%.*s%c=b\nX%s=c\n\n", used[i].name, (int)strlen(used[i].name) - 1,
                 used[i].name, last + 1, used[i].name + 1);
        whole.scanned = 0;
        assert_int_equal(read_text(&whole, text, strlen(text)), REQUEST_COMPLETE);
        for (size_t k = 0; k < sizeof used / sizeof *used; k++) {
            const char *value;

            memcpy(&value, (const char *)&whole.request + used[k].offset, sizeof value);
            assert_string_equal(value, k == i ? "a" : "");
        }
    }
}

/* Lines of Postfix in its own order, its reverse, with one left out, and with one between them that is of nobody: each
 * value is that of its line, if it is empty, too. */
static void test_orders(void **state)
{
    static const char *const names[] = {
        "protocol_state",      "protocol_name",   "client_address",    "client_name",    "client_port",
        "reverse_client_name", "server_address",  "server_port",       "helo_name",      "sender",
        "recipient",           "recipient_count", "queue_id",          "instance",       "size",
        "etrn_domain",         "stress",          "sasl_method",       "sasl_username",  "sasl_sender",
        "ccert_subject",       "ccert_issuer",    "ccert_fingerprint", "policy_context", "mail_version"};
    enum { COUNT = sizeof names / sizeof *names };

    (void)state;
    for (size_t at = 0; at < COUNT; at++)
        for (unsigned form = 0; form < 4; form++) {
            static struct whole whole;
            char text[2048] = TYPE, value[32];
            const bool is_left_out = form == 1;

            for (size_t i = 0; i < COUNT; i++) {
                const size_t now = form == 2 ? COUNT - 1 - i : i;

                if (form == 3 && now == at)
                    sprintf(text + strlen(text), "other=of-nobody\nsender_=x\n");
                if (!(is_left_out && now == at))
                    sprintf(text + strlen(text), "%s=%s%s\n", names[now], now % 3 == 0 ? "" : "of-",
                            now % 3 == 0 ? "" : names[now]);
            }
            sprintf(text + strlen(text), "\n");
            whole.scanned = 0;
            assert_int_equal(read_text(&whole, text, strlen(text)), REQUEST_COMPLETE);
            assert_int_equal(whole.taken, strlen(text));
            for (size_t i = 0; i < sizeof used / sizeof *used; i++) {
                const char *given;
                size_t now = 0;

                while (now < COUNT && strcmp(names[now], used[i].name) != 0)
                    now++;
                snprintf(value, sizeof value, "of-%s", used[i].name);
                memcpy(&given, (const char *)&whole.request + used[i].offset, sizeof given);
                assert_string_equal(given, now % 3 == 0 || (is_left_out && now == at) ? "" : value);
            }
        }
}

static void test_states(void **state)
{
    static const struct {
        const char *word;
        enum policy_state state;
    } rows[] = {{"CONNECT", POLICY_CONNECT}, {"EHLO", POLICY_HELO},          {"HELO", POLICY_HELO},
                {"MAIL", POLICY_MAIL},       {"RCPT", POLICY_RCPT},          {"DATA", POLICY_DATA},
                {"BDAT", POLICY_DATA},       {"END-OF-MESSAGE", POLICY_END}, {"VRFY", POLICY_OTHER},
                {"", POLICY_OTHER},          {"rcpt", POLICY_OTHER}};

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        static struct whole whole;
        char text[128];

        whole.scanned = 0;
        snprintf(text, sizeof text, TYPE "protocol_state=%s\n\n", rows[i].word);
        assert_int_equal(read_text(&whole, text, strlen(text)), REQUEST_COMPLETE);
        assert_int_equal(whole.request.state, rows[i].state);
    }
}

static void test_broken(void **state)
{
    static const struct {
        const char *text;
        size_t len;
        const char *problem;
    } rows[] = {
        {"\n", 1, "no request=smtpd_access_policy"},
        {"request=other\n\n", 15, "no request=smtpd_access_policy"},
        {TYPE "sender\n\n", sizeof TYPE + 7, "a line that is not NAME=VALUE"},
        {TYPE "=x\n\n", sizeof TYPE + 3, "a line that is not NAME=VALUE"},
        {TYPE "a=x\r\n\n", sizeof TYPE + 5, "a CR"},
        {TYPE "a=\0\n\n", sizeof TYPE + 4, "a NUL"},
        {"request=smtpd_access_policy\r\na=x\r\n\r\n", 36, "a CR"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        static struct whole whole;

        whole.scanned = 0;
        assert_int_equal(read_text(&whole, rows[i].text, rows[i].len), REQUEST_BROKEN);
        assert_string_equal(whole.problem, rows[i].problem);
    }
}

/* As long as may be, and an octet or a line more. */
static void test_bounds(void **state)
{
    static struct whole whole;
    static char text[2 * REQUEST_MAX];

    (void)state;
    for (size_t len = REQUEST_MAX - 1; len <= REQUEST_MAX + 1; len++) {
        memset(text, 'x', sizeof text);
        memcpy(text, TYPE "a=", sizeof TYPE + 1);
        whole.scanned = 0;
        assert_int_equal(read_text(&whole, text, len), len < REQUEST_MAX ? REQUEST_INCOMPLETE : REQUEST_BROKEN);
        memcpy(text + len - 2, "\n\n", 2);
        whole.scanned = 0;
        assert_int_equal(read_text(&whole, text, len), len <= REQUEST_MAX ? REQUEST_COMPLETE : REQUEST_BROKEN);
    }
    for (unsigned lines = REQUEST_LINES_MAX - 1; lines <= REQUEST_LINES_MAX + 1; lines++) {
        size_t len = strlen(TYPE);

        memcpy(text, TYPE, len);
        for (unsigned line = 1; line < lines; line++)
            len += (size_t)sprintf(text + len, "a%u=\n", line);
        text[len++] = '\n';
        whole.scanned = 0;
        assert_int_equal(read_text(&whole, text, len), lines <= REQUEST_LINES_MAX ? REQUEST_COMPLETE : REQUEST_BROKEN);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_attributes), cmocka_unit_test(test_names),  cmocka_unit_test(test_orders),
        cmocka_unit_test(test_states),     cmocka_unit_test(test_broken), cmocka_unit_test(test_bounds),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
