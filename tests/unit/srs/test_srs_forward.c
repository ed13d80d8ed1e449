/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Senders that stay, and how those that do not are written. */
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
        srs_case_check_forward(settings, &rows[i], SRS_CASE_NOW);
}

static void test_kept(void **state)
{
    static const struct srs_case rows[] = {
        {"<>", SRS_NULL_SENDER, NULL},
        {"postmaster", SRS_NO_DOMAIN, NULL},
        {"alice@FWD.Example.", SRS_OWN_DOMAIN, NULL},
        {"SRS0=UoEz=JQ=example.com=alice@fwd.example", SRS_OWN_DOMAIN, NULL}, /* Postfix looks an answer up again */
        {"SRS1=KemA=hop1.example==abcd=XY=orig.example=bob@fwd.example", SRS_OWN_DOMAIN, NULL},
        {"alice@192.0.2.1", SRS_BAD_HOST, NULL},
        {"alice@[192.0.2.300]", SRS_BAD_HOST, NULL},
        {"alice@exam=ple.com", SRS_BAD_HOST, NULL},
        {"SRS0=abcd=XY=orig.example=bob@192.0.2.1", SRS_BAD_HOST, NULL},
    };
    struct srs_settings settings = srs_case_settings();

    (void)state;
    check_all(&settings, rows, ARRAY_SIZE(rows));
}

/* Whatever is one already stays, right or not: a second hash would make none of them better. */
static void test_own_srs_address_stays(void **state)
{
    static const struct srs_case rows[] = {
        {"SRS0=UoEz=JQ=example.com=alice@fwd.example", SRS_OWN_DOMAIN, NULL},
        {"SRS0=UoEz@FWD.example", SRS_OWN_DOMAIN, NULL},
        {"SRS1=KemA=hop1.example==abcd=XY=orig.example=bob@fwd.example", SRS_OWN_DOMAIN, NULL},
    };
    struct srs_settings settings = srs_case_settings();

    (void)state;
    settings.rewrites_own_domain = true;
    check_all(&settings, rows, ARRAY_SIZE(rows));
}

static void test_kept_domains(void **state)
{
    static const struct srs_case rows[] = {
        {"alice@example.com", SRS_KEPT_DOMAIN, NULL},
        {"alice@sub.EXAMPLE.org", SRS_KEPT_DOMAIN, NULL},
        {"alice@sub.fwd.example", SRS_DONE, "SRS0=bLYU=JQ=sub.fwd.example=alice@fwd.example"}, /* another's, perhaps */
        {"alice@fwd.example", SRS_KEPT_DOMAIN, NULL},
        {"alice@b\xc3\xbc"
         "cher.example",
         SRS_KEPT_DOMAIN, NULL},
        {"alice@xn--bcher-kva.example", SRS_KEPT_DOMAIN, NULL},
    };
    static const char *const kept[] = {"example.com", "fwd.example", "b\303\274cher.example", ".example.org"};
    struct srs_settings settings = srs_case_settings();

    (void)state;
    settings.rewrites_own_domain = true;
    for (size_t i = 0; i < ARRAY_SIZE(kept); i++)
        assert_true(host_list_add(&settings.kept_domains, kept[i]));
    check_all(&settings, rows, ARRAY_SIZE(rows));
    host_list_free(&settings.kept_domains);
}

static void test_written(void **state)
{
    static const struct srs_case rows[] = {
        /* Quotes are about how it is written, and so not signed. */
        {"\"alice\"@example.com", SRS_DONE, "SRS0=UoEz=JQ=example.com=alice@fwd.example"},
        {"<@relay.example:alice@example.com> SIZE=1", SRS_DONE, "SRS0=UoEz=JQ=example.com=alice@fwd.example"},
        {"\"a\\\"b\\\\c\"@example.com", SRS_DONE, "\"SRS0=ewY6=JQ=example.com=a\\\"b\\\\c\"@fwd.example"},
        {"\"a,b@c\"@example.com", SRS_DONE, "\"SRS0=g1EY=JQ=example.com=a,b@c\"@fwd.example"},
        {"\".a\"@example.com", SRS_DONE, "SRS0=09kT=JQ=example.com=.a@fwd.example"},
        {"\"a.\"@example.com", SRS_DONE, "\"SRS0=4_bk=JQ=example.com=a.\"@fwd.example"},
        {"alice@b\xc3\xbc"
         "cher.example",
         SRS_DONE, "SRS0=pJh9=JQ=xn--bcher-kva.example=alice@fwd.example"},
        {"\xc3\xa4lice@example.com", SRS_DONE, "SRS0=FIUO=JQ=example.com=\xc3\xa4lice@fwd.example"},
        {"alice@[IPv6:2001:db8::1]", SRS_DONE, "\"SRS0=qZlY=JQ=[IPv6:2001:db8::1]=alice\"@fwd.example"},
        /* What is incomplete, or wraps no SRS0, or wraps it for no host, is an address like others. */
        {"SRS0=abcd@hop1.example", SRS_DONE, "SRS0=DJgA=JQ=hop1.example=SRS0=abcd@fwd.example"},
        {"SRS0=abcd=X1=h=u@hop1.example", SRS_DONE, "SRS0=8GxB=JQ=hop1.example=SRS0=abcd=X1=h=u@fwd.example"},
        {"SRS1=k=h_0%==abcd=XY=h=u@hop1.example", SRS_DONE,
         "SRS0=vrtp=JQ=hop1.example=SRS1=k=h_0%==abcd=XY=h=u@fwd.example"},
        {"\"SRS0=abcd=XY=h=u v\"@hop1.example", SRS_DONE, "\"SRS1=3KOh=hop1.example==abcd=XY=h=u v\"@fwd.example"},
        {"SRS0=abcd=XY=h=u@b\xc3\xbc"
         "cher.example",
         SRS_DONE, "SRS1=jDcZ=xn--bcher-kva.example==abcd=XY=h=u@fwd.example"},
        {"SRS1=k=b\xc3\xbc"
         "cher.example==abcd=XY=h=u@hop1.example",
         SRS_DONE, "SRS1=jDcZ=xn--bcher-kva.example==abcd=XY=h=u@fwd.example"},
    };
    struct srs_settings settings = srs_case_settings();

    (void)state;
    check_all(&settings, rows, ARRAY_SIZE(rows));
}

static void test_settings(void **state)
{
    static const struct srs_case minus = {"alice@example.com", SRS_DONE, "SRS0-UoEz=JQ=example.com=alice@fwd.example"};
    static const struct srs_case whole = {"alice@example.com", SRS_DONE,
                                          "SRS0=UoEzZQ6zh2mQCwegI3squ-al3kQ=JQ=example.com=alice@fwd.example"};
    static const struct srs_case domain = {"alice@example.com", SRS_DONE,
                                           "SRS0=UoEz=JQ=example.com=alice@xn--bcher-kva.example"};
    struct srs_settings settings = srs_case_settings();

    (void)state;
    settings.separator = '-';
    check_all(&settings, &minus, 1);
    settings = srs_case_settings();
    settings.hash_len = 27;
    check_all(&settings, &whole, 1);
    settings = srs_case_settings();
    settings.domain = "b\xc3\xbc"
                      "cher.example";
    check_all(&settings, &domain, 1);
}

/* `SRS0=hash=JQ=example.com=` has 25 octets. */
static void test_overlong_local(void **state)
{
    static const struct {
        int octets;
        const char *format;
        bool keeps;
        enum srs_status status;
    } rows[] = {
        {39, "%s@example.com", true, SRS_DONE},
        {40, "%s@example.com", true, SRS_TOO_LONG},
        {40, "%s@example.com", false, SRS_DONE},
        {36, "\"%s \"@example.com", true, SRS_DONE},
        {37, "\"%s \"@example.com", true, SRS_TOO_LONG},
        {37, "\"%s \"@example.com", false, SRS_DONE},
        {208, "%s@example.com", true, SRS_TOO_LONG},
        /* 25 + 217 + @fwd.example: 254 octets */
        {217, "%s@example.com", false, SRS_DONE},
        {218, "%s@example.com", false, SRS_TOO_LONG},
        {900, "%s@example.com", false, SRS_TOO_LONG},
    };
    struct srs_settings settings = srs_case_settings();

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        char user[1000] = "", sender[1100], out[SRS_CASE_SIZE];

        memset(user, 'u', (size_t)rows[i].octets);
        snprintf(sender, sizeof sender, rows[i].format, user);
        settings.keeps_overlong = rows[i].keeps;
        if (srs_case_forward(&settings, sender, SRS_CASE_NOW, out) != rows[i].status)
            fail_msg("%d octets, %s: %s", rows[i].octets, rows[i].format, out);
    }
}

static void test_no_memory(void **state)
{
    static const char *const senders[] = {"\"a b\"@example.com", "SRS0=abcd=XY=h=u@hop1.example"};
    struct srs_settings settings = srs_case_settings();

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(senders); i++)
        assert_true(srs_case_fail_allocations(srs_forward, &settings, senders[i]) >= 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_kept),         cmocka_unit_test(test_own_srs_address_stays),
        cmocka_unit_test(test_kept_domains), cmocka_unit_test(test_written),
        cmocka_unit_test(test_settings),     cmocka_unit_test(test_overlong_local),
        cmocka_unit_test(test_no_memory),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
