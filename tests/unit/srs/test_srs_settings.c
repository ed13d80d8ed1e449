/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which settings are refused, and that they are for one reason only. */
#include "srs/srs_settings.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static char secret[] = "tops3cr3t", no_secret[] = "";
static char *one[] = {secret}, *with_empty[] = {secret, no_secret};

static struct srs_settings right(void)
{
    return (struct srs_settings){.domain = "fwd.example",
                                 .secrets = {one, 1},
                                 .separator = '=',
                                 .hash_len = 4,
                                 .hash_min_len = 4,
                                 .max_age_days = 21};
}

/* Checks that `member` may be `good`, and is refused with a text about `about` where it is `bad`. */
#define CHECK(member, good, bad, about)                                                                                \
    do {                                                                                                               \
        struct srs_settings settings = right();                                                                        \
        settings.member = (good);                                                                                      \
        assert_null(srs_settings_problem(&settings));                                                                  \
        settings.member = (bad);                                                                                       \
        assert_non_null(srs_settings_problem(&settings));                                                              \
        assert_non_null(strstr(srs_settings_problem(&settings), about));                                               \
    } while (0)

static void test_domain(void **state)
{
    (void)state;
    CHECK(domain, "a", NULL, "domain");
    CHECK(domain,
          "b\xc3\xbc"
          "cher.example",
          "", "domain");
    CHECK(domain, "a.example", "$myhostname", "domain");
    CHECK(domain, "a.example", "[192.0.2.1]", "domain");
    CHECK(domain, "a.example", "192.0.2.1", "domain");
    CHECK(domain, "a.example", "a b", "domain");
    CHECK(domain, "a.example", "a.example.", "domain");
}

static void test_secrets(void **state)
{
    (void)state;
    CHECK(secrets.count, 1, 0, "secret");
    struct srs_settings settings = right();
    settings.secrets = (struct text_list){with_empty, 2};
    assert_non_null(strstr(srs_settings_problem(&settings), "secret"));
}

static void test_numbers(void **state)
{
    (void)state;
    CHECK(separator, '+', '_', "separator");
    CHECK(separator, '-', '\0', "separator");
    CHECK(hash_len, 27, 28, "length");
    CHECK(hash_len, 4, 3, "minimum");
    CHECK(hash_min_len, 1, 0, "minimum");
    CHECK(hash_min_len, 4, 5, "minimum");
    CHECK(max_age_days, 1, 0, "lifetime");
    CHECK(max_age_days, 1022, 1023, "lifetime");

    struct srs_settings settings = right();
    settings.hash_len = 0;
    assert_non_null(strstr(srs_settings_problem(&settings), "length"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_domain), cmocka_unit_test(test_secrets),
                                       cmocka_unit_test(test_numbers)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
