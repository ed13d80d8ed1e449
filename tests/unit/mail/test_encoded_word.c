/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Encoded words, in the right and the wrong places. */
#include "mail/encoded_word.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

struct decode_case {
    const char *text, *decoded; /* NULL: it has no encoded word */
};

static const struct decode_case cases[] = {
    {"=?us-ascii?q?spf=3Dpass?=", "spf=pass"},
    {"=?US-ASCII?Q?a_b?=", "a b"},
    {"=?utf-8?B?c3BmPXBhc3M=?=", "spf=pass"},
    {"=?utf-8?b?c3BmPXBhc3M?=", "spf=pass"},
    {"=?utf-8?b?c3 Bm?=", "spf"},
    {"=?utf-8*en?q?gr=c3=bcn?=", "gr\xC3\xBCn"},
    {"x=?us-ascii?q?y?=z", "xyz"},
    {"\"=?us-ascii?q?y?=\" (=?us-ascii?q?z?=)", "\"y\" (z)"},
    {"=?us-ascii?q?a?= \r\n\t=?us-ascii?q?b?= c", "ab c"},
    {"=?us-ascii?q?a?==?us-ascii?q?b?=", "ab"},
    {"=?us-ascii?q?\?=", ""},
    {"=?us-ascii?q?=73pf?=", "spf"},
    {"=?us-ascii?q?a=zz=4?=", "a=zz=4"},
    {"=?us-ascii?q?a?b?=", "a?b"},
    {"=?us-ascii?q?a b?=", "a b"},
    {"=?us-ascii?q?a=00=01=7Fb=0Ac?=", "a\x01\x01\x01"
                                       "b\nc"},
    {"=?\?q?a?=", "a"},
    {"=?x-unknown?q?a?=", "\x02"
                          "a"},
    {"=?utf-7?q?a?=", "\x02"
                      "a"},
    {"=?iso-2022-jp?q?a?=", "\x02"
                            "a"},
    {"=?=?us-ascii?q?a?=", "=?a"},
    {"=?us-ascii?x?a?= =?us-ascii?q?b?=", "=?us-ascii?x?a?= b"},
    {"=?us-ascii?qq?a?=", NULL},
    {"=?us-ascii?q?a", NULL},
    {"=?us-ascii?q?a?", NULL},
    {"=?us-ascii", NULL},
    {"=?", NULL},
    {"?=", NULL},
    {"?==?", NULL},
    {"", NULL},
};

static void encoded_words_are_decoded_wherever_they_stand(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        char *text = strdup(cases[i].text); /* of its own, for the sanitizers */

        assert_non_null(text);
        assert_int_equal(encoded_words_decode(text), cases[i].decoded != NULL);
        assert_string_equal(text, cases[i].decoded != NULL ? cases[i].decoded : cases[i].text);
        free(text);
    }
}

/* Beginnings without an end, and ends without a beginning: each is looked at once. */
static void long_texts_are_read(void **state)
{
    static const char *const fills[] = {"=?x?q?a", "?=", "=?", "=?us-ascii?q?a?=", "=?x?b?", "?"};

    (void)state;
    for (size_t i = 0; i < COUNT(fills); i++) {
        enum { TIMES = 10000 };
        size_t len = strlen(fills[i]);
        char *text = malloc(TIMES * len + 1);

        assert_non_null(text);
        for (size_t n = 0; n < TIMES; n++)
            memcpy(text + n * len, fills[i], len + 1);
        encoded_words_decode(text);
        assert_in_range(strlen(text), 0, TIMES * len);
        free(text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(encoded_words_are_decoded_wherever_they_stand),
        cmocka_unit_test(long_texts_are_read),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
