/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The text of replies: its macros, what it cannot hold, and its bound. */
#include "policy/verdict_reply.h"

#include "spf/macro.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

static const struct verdict_words usual = {
    .sender = "a@example.org",
    .local = "a",
    .domain = "example.org",
    .client = {.family = ADDR_V4, .bytes = {192, 0, 2, 1}},
    .helo = "mx.example.net",
    .receiver = "in.example.com",
};

static const struct verdict_words null_sender = {
    .sender = "",
    .local = "postmaster",
    .domain = "mx.example.net",
    .client = {.family = ADDR_V6, .bytes = {0x20, 0x01, 0x0d, 0xb8, [15] = 0x1f}},
    .helo = "mx.example.net",
    .receiver = "in.example.com",
};

static const struct verdict_words hostile = {
    .sender = "a\r\n550 x%n@ex\xC3\xA4mple.org",
    .local = "a+b/c%",
    .domain = "ex\xC3\xA4mple.org",
    .client = {.family = ADDR_V4, .bytes = {192, 0, 2, 1}},
    .helo = "x;\x01y",
    .receiver = "in.example.com",
};

static const struct verdict_words quoted = {
    .sender = "\"a b\"@example.org",
    .local = "a b",
    .domain = "example.org",
    .helo = "",
    .receiver = "in.example.com",
};

static const struct verdict_words bare = {
    .sender = "root", .local = "root", .domain = "", .helo = "", .receiver = "in.example.com"};

struct reply_case {
    const char *reason;
    const struct verdict_words *words;
    enum spf_result result;
    const char *detail; /* the explanation of a fail, the problem of an error */
    const char *expected;
};

#define DEFAULT_REASON "SPF: mail from %{s} is not permitted from %{c}. %{e}"

static const struct reply_case reply_cases[] = {
    {DEFAULT_REASON, &usual, RESULT_FAIL, "", "SPF: mail from a@example.org is not permitted from 192.0.2.1."},
    {DEFAULT_REASON, &usual, RESULT_FAIL, "see https://example.org/",
     "SPF: mail from a@example.org is not permitted from 192.0.2.1. example.org explains: see https://example.org/"},
    {DEFAULT_REASON, &null_sender, RESULT_NONE, "",
     "SPF: mail from postmaster@mx.example.net is not permitted from 2001:db8::1f."},
    {"%s %s %s|%s|%s", &usual, RESULT_FAIL, "", "a@example.org 192.0.2.1 in.example.com||"},
    {"%2$s %1$s %3$s|%4$s|%0$s", &usual, RESULT_FAIL, "", "192.0.2.1 a@example.org in.example.com||%0$s"},
    {"%{l} %{o} %{d} %{i} %{h} %{r}", &usual, RESULT_FAIL, "",
     "a example.org example.org 192.0.2.1 mx.example.net in.example.com"},
    {"%{i}", &null_sender, RESULT_FAIL, "", "2.0.0.1.0.d.b.8.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.1.f"},
    {"%{I}", &null_sender, RESULT_FAIL, "", "2.0.0.1.0.d.b.8.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.1.f"},
    {"%{s} %{S} %{l} %s", &quoted, RESULT_FAIL, "",
     "\"a b\"@example.org %22a%20b%22%40example.org a b \"a b\"@example.org"},
    {"%{s} %{S}", &bare, RESULT_FAIL, "", "root root"},
    {"?s=%{S}&c=%{C}&l=%{L}&h=%{H}", &null_sender, RESULT_FAIL, "",
     "?s=postmaster%40mx.example.net&c=2001%3Adb8%3A%3A1f&l=postmaster&h=mx.example.net"},
    {"%{S} %{L}", &hostile, RESULT_FAIL, "", "a%0D%0A550%20x%25n%40xn--exmple-cua.org a%2Bb%2Fc%25"},
    {"%{s} %{d} %{h}", &hostile, RESULT_FAIL, "", "a??550 x%n@xn--exmple-cua.org xn--exmple-cua.org x;?y"},
    {"100% %% %{x} %{s %d %{ss} %{E} %n %", &usual, RESULT_FAIL, "", "100% %% %{x} %{s %d %{ss} %{E} %n %"},
    {"a\tb\xFF", &usual, RESULT_FAIL, "", "a?b?"},
    {"%{e}", &usual, RESULT_FAIL, "", ""},
    {"", &usual, RESULT_FAIL, "", ""},
    {"%", &usual, RESULT_FAIL, "", "%"},
    {"%{", &usual, RESULT_FAIL, "", "%{"},
    {"never shown", &usual, RESULT_TEMPERROR, "example.org TXT: timeout",
     "SPF: the policy of example.org cannot be evaluated now: example.org TXT: timeout"},
    {"never shown", &usual, RESULT_PERMERROR, "", "SPF: the policy of example.org cannot be evaluated"},
};

static void the_reply_text_is_filled_in(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(reply_cases); i++) {
        const struct reply_case *c = &reply_cases[i];
        struct spf_outcome outcome = {.result = c->result};
        struct strbuf out = STRBUF_INIT;

        strcpy(c->result == RESULT_FAIL ? outcome.explanation : outcome.problem, c->detail);
        verdict_reply_text(c->reason, &outcome, c->words, &out);
        assert_false(out.failed);
        assert_string_equal(strbuf_text(&out), c->expected);
        strbuf_free(&out);
    }
}

static void a_reply_text_is_bounded(void **state)
{
    char long_text[5000];
    struct verdict_words words = usual;
    const char *const reasons[] = {"%{s}", "%{S}", "x%s%s%s", long_text};

    (void)state;
    memset(long_text, '%', sizeof(long_text) - 1);
    long_text[sizeof(long_text) - 1] = '\0';
    words.sender = long_text;
    for (size_t i = 0; i < COUNT(reasons); i++) {
        struct spf_outcome outcome = {.result = RESULT_FAIL};
        struct strbuf out = STRBUF_INIT;
        size_t doubled = 0;

        verdict_reply_text(reasons[i], &outcome, &words, &out);
        assert_false(out.failed);
        for (const char *c = strbuf_text(&out); *c != '\0'; c++)
            doubled += *c == '%' ? 2 : 1;
        assert_in_range(doubled, 890, 900);
        strbuf_free(&out);
    }
}

/* A reply and an explanation write a client in the same way (RFC 7208 7.4: in lower case). */
static void a_reply_and_an_explanation_expand_alike(void **state)
{
    static const char text[] = "%{i} %{c} %{d} %{h} %{l} %{L} %{o} %{r}";
    const struct macro_values values = {
        .local = "a+b",
        .sender = "example.org",
        .domain = "example.org",
        .helo = "mx.example.net",
        .receiver = "in.example.com",
        .client = {.family = ADDR_V6, .bytes = {0x20, 0x01, 0x0d, 0xb8, [14] = 0xcb, [15] = 0x01}},
    };
    const struct verdict_words words = {.sender = "a+b@example.org",
                                        .local = values.local,
                                        .domain = values.domain,
                                        .client = values.client,
                                        .helo = values.helo,
                                        .receiver = values.receiver};
    struct spf_outcome outcome = {.result = RESULT_FAIL};
    struct strbuf reply = STRBUF_INIT, explanation = STRBUF_INIT;
    unsigned used = 0;

    (void)state;
    verdict_reply_text(text, &outcome, &words, &reply);
    assert_true(macro_expand(text, strlen(text), MACRO_IN_EXPLANATION, &values, &explanation, &used));
    assert_string_equal(strbuf_text(&reply), strbuf_text(&explanation));
    assert_memory_equal(strbuf_text(&reply), "2.0.0.1.0.d.b.8.", 16);
    strbuf_free(&reply);
    strbuf_free(&explanation);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_reply_text_is_filled_in),
        cmocka_unit_test(a_reply_and_an_explanation_expand_alike),
        cmocka_unit_test(a_reply_text_is_bounded),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
