/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is refused, and that what comes out is one address. */
#include "srs/srs_reverse.h"

#include "srs/srs_forward.h"
#include "srs_case.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define ARRAY_SIZE(array) (sizeof(array) / sizeof *(array))

static void check_all(const struct srs_settings *settings, const struct srs_case *rows, size_t count)
{
    for (size_t i = 0; i < count; i++)
        srs_case_check_reverse(settings, &rows[i], SRS_CASE_NOW);
}

static void test_domain(void **state)
{
    static const struct srs_case rows[] = {
        {"SRS0=UoEz=JQ=example.com=alice@FWD.Example", SRS_DONE, "alice@example.com"},
        {"SRS0=UoEz=JQ=example.com=alice@fwd.example.", SRS_DONE, "alice@example.com"},
        {"\"SRS0=UoEz=JQ=example.com=alice\"@fwd.example", SRS_DONE, "alice@example.com"},
        {"SRS0=UoEz=JQ=example.com=alice@sub.fwd.example", SRS_FOREIGN, NULL},
        {"SRS0=UoEz=JQ=example.com=alice@example", SRS_FOREIGN, NULL},
        {"alice@other.example", SRS_FOREIGN, NULL},
        {"alice", SRS_FOREIGN, NULL},
    };
    struct srs_settings settings = srs_case_settings();

    (void)state;
    check_all(&settings, rows, ARRAY_SIZE(rows));
}

/* Each of them was signed: by a program that writes what it gets. */
static void test_one_address(void **state)
{
    static const struct srs_case rows[] = {
        {"\"SRS0=JUtR=JQ=example.com=a b\"@fwd.example", SRS_DONE, "\"a b\"@example.com"},
        {"\"SRS0=3WyF=JQ=example.com=a@b\"@fwd.example", SRS_DONE, "\"a@b\"@example.com"},
        {"\"SRS0=muHU=JQ=example.com=a@b.example, c\"@fwd.example", SRS_DONE, "\"a@b.example, c\"@example.com"},
        {"\"SRS0=h1pN=JQ=example.com=\\\"a\\\\\"@fwd.example", SRS_DONE, "\"\\\"a\\\\\"@example.com"},
        {"\"SRS0=iyaT=JQ=x,victim@example.com=a\"@fwd.example", SRS_INCOMPLETE, NULL},
        {"\"SRS0=n0qV=JQ=example.com =a\"@fwd.example", SRS_INCOMPLETE, NULL},
        {"SRS0=09kT=JQ=example.com.=a@fwd.example", SRS_INCOMPLETE, NULL},
        {"\"SRS1=gPLz=a,b==abcd=JQ=h=u\"@fwd.example", SRS_INCOMPLETE, NULL},
        {"\"SRS1=IQEa=hop1.example==abcd=JQ=h=u, v\"@fwd.example", SRS_DONE, "\"SRS0=abcd=JQ=h=u, v\"@hop1.example"},
        {"SRS0=gZ9T=JQ=[192.0.2.1]=alice@fwd.example", SRS_DONE, "alice@[192.0.2.1]"},
        {"\"SRS0=gZ9T=JQ=[192.0.2.1]=alice\"@fwd.example", SRS_DONE, "alice@[192.0.2.1]"},
        {"SRS0=OKo7=JQ=b\xc3\xbc"
         "cher.example=a@fwd.example",
         SRS_DONE, "a@xn--bcher-kva.example"},
    };
    struct srs_settings settings = srs_case_settings();

    (void)state;
    check_all(&settings, rows, ARRAY_SIZE(rows));
}

/* Only what we signed has expired. */
static void test_forged_before_expired(void **state)
{
    static const struct srs_case rows[] = {
        {"SRS0=UoEz=JQ=example.com=alice@fwd.example", SRS_EXPIRED, NULL},
        {"SRS0=UoEy=JQ=example.com=alice@fwd.example", SRS_WRONG_HASH, NULL},
    };
    struct srs_settings settings = srs_case_settings();

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
        srs_case_check_reverse(&settings, &rows[i], SRS_CASE_NOW + 22 * SRS_CASE_DAY_S);
    settings.max_age_days = 22;
    static const struct srs_case longer = {"SRS0=UoEz=JQ=example.com=alice@fwd.example", SRS_DONE, "alice@example.com"};
    srs_case_check_reverse(&settings, &longer, SRS_CASE_NOW + 22 * SRS_CASE_DAY_S);
}

/* A message that came through us before comes again: SRS0 of ours, wrapped by another host, and then by us. */
static void test_first_host_is_ours(void **state)
{
    static const struct srs_case again = {"SRS1=abcd=fwd.example==UoEz=JQ=example.com=alice@hop2.example", SRS_DONE,
                                          "SRS1=2YVr=fwd.example==UoEz=JQ=example.com=alice@fwd.example"};
    static const struct srs_case rows[] = {
        {"SRS1=2YVr=fwd.example==UoEz=JQ=example.com=alice@fwd.example", SRS_DONE, "alice@example.com"},
        {"SRS1=snLZ=fwd.example==UoEy=JQ=example.com=alice@fwd.example", SRS_WRONG_HASH, NULL},
        {"SRS1=CStZ=fwd.example==Uo=JQ=example.com=alice@fwd.example", SRS_SHORT_HASH, NULL},
    };
    struct srs_settings settings = srs_case_settings();

    (void)state;
    srs_case_check_forward(&settings, &again, SRS_CASE_NOW);
    check_all(&settings, rows, ARRAY_SIZE(rows));
}

/* Of an SRS0 no second one is reversed: our own domain may be a sender's. */
static void test_own_sender(void **state)
{
    static const struct srs_case row = {"SRS0=a54f=JQ=fwd.example=alice@fwd.example", SRS_DONE, "alice@fwd.example"};
    struct srs_settings settings = srs_case_settings();

    (void)state;
    check_all(&settings, &row, 1);
}

/* One that stands in the list twice signs no less than once. */
static void test_secret_twice(void **state)
{
    static const struct srs_case row = {"SRS0=UoEz=JQ=example.com=alice@fwd.example", SRS_DONE, "alice@example.com"};
    char secret[] = "tops3cr3t";
    char *secrets[] = {secret, secret};
    struct srs_settings settings = srs_case_settings();

    (void)state;
    settings.secrets = (struct text_list){secrets, 2};
    check_all(&settings, &row, 1);
}

static void test_no_memory(void **state)
{
    static const char *const recipients[] = {"\"SRS0=JUtR=JQ=example.com=a b\"@fwd.example",
                                             "SRS1=2YVr=fwd.example==UoEz=JQ=example.com=alice@fwd.example"};
    struct srs_settings settings = srs_case_settings();

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(recipients); i++)
        assert_true(srs_case_fail_allocations(srs_reverse, &settings, recipients[i]) >= 2 * (i + 1));
}

static void test_texts(void **state)
{
    (void)state;
    for (int a = SRS_DONE; a <= SRS_EXPIRED; a++) {
        const char *text = srs_status_text((enum srs_status)a);

        assert_non_null(text);
        for (int b = a + 1; b <= SRS_EXPIRED; b++)
            assert_string_not_equal(text, srs_status_text((enum srs_status)b));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_domain),
        cmocka_unit_test(test_one_address),
        cmocka_unit_test(test_forged_before_expired),
        cmocka_unit_test(test_first_host_is_ours),
        cmocka_unit_test(test_own_sender),
        cmocka_unit_test(test_no_memory),
        cmocka_unit_test(test_texts),
        cmocka_unit_test(test_secret_twice),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
