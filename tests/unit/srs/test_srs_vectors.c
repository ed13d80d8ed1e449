/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What other programs write and read: postsrsd 1.10 and 2.4.0, and Mail::SRS 0.31, ran with these addresses. Where we
 * do otherwise, the row says why. */
#include "srs_case.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define ARRAY_SIZE(array) (sizeof(array) / sizeof *(array))

/* A local part of 64 octets. */
#define LONG_USER "aaaaaaaaaabbbbbbbbbbccccccccccddddddddddeeeeeeeeeeffffffffffgggg"
#define LONG_HOST "a-rather-long-domain-name.example.com"

/* The stamp XY is current on 2028-02-26 and for three weeks. */
#define XY_NOW (SRS_CASE_NOW + 456 * SRS_CASE_DAY_S)

static void check_forward(const struct srs_settings *settings, const struct srs_case *rows, size_t count)
{
    for (size_t i = 0; i < count; i++)
        srs_case_check_forward(settings, &rows[i], SRS_CASE_NOW);
}

static void check_reverse(const struct srs_settings *settings, const struct srs_case *rows, size_t count)
{
    for (size_t i = 0; i < count; i++)
        srs_case_check_reverse(settings, &rows[i], SRS_CASE_NOW);
}

static void test_first_hop(void **state)
{
    static const struct srs_case rows[] = {
        {"alice@example.com", SRS_DONE, "SRS0=UoEz=JQ=example.com=alice@fwd.example"},
        {"Alice@Example.COM", SRS_DONE, "SRS0=UoEz=JQ=Example.COM=Alice@fwd.example"},
        {"alice@fwd.example", SRS_OWN_DOMAIN, NULL},
        {"alice@FWD.example", SRS_OWN_DOMAIN, NULL},
        {"alice@sub.fwd.example", SRS_DONE, "SRS0=bLYU=JQ=sub.fwd.example=alice@fwd.example"},
        {"a=b+c@example.com", SRS_DONE, "SRS0=9YRS=JQ=example.com=a=b+c@fwd.example"},
        {"prvs=1234abcdef=alice@example.com", SRS_DONE, "SRS0=bFUa=JQ=example.com=prvs=1234abcdef=alice@fwd.example"},
        /* The others write it without quotes, but brackets are none of the characters of a dot-string (RFC 5321 4.1.2).
         */
        {"alice@[192.0.2.1]", SRS_DONE, "\"SRS0=gZ9T=JQ=[192.0.2.1]=alice\"@fwd.example"},
        /* postsrsd divides it at the first @, and so writes an address that leads nowhere; Mail::SRS refuses it. */
        {"\"a@b\"@example.com", SRS_DONE, "\"SRS0=3WyF=JQ=example.com=a@b\"@fwd.example"},
        /* postsrsd writes the quotes within the local part, where RFC 5321 4.1.2 has none, and signs them. */
        {"\"a b\"@example.com", SRS_DONE, "\"SRS0=JUtR=JQ=example.com=a b\"@fwd.example"},
        {"alice", SRS_NO_DOMAIN, NULL},
        {"", SRS_NULL_SENDER, NULL},
        {"<>", SRS_NULL_SENDER, NULL},
        {"SRS0abc@hop1.example", SRS_DONE, "SRS0=KSHN=JQ=hop1.example=SRS0abc@fwd.example"},
        {"SRS2=abc@hop1.example", SRS_DONE, "SRS0=2wsX=JQ=hop1.example=SRS2=abc@fwd.example"},
        {LONG_USER "@" LONG_HOST, SRS_DONE, "SRS0=e-a_=JQ=" LONG_HOST "=" LONG_USER "@fwd.example"},
    };
    struct srs_settings settings = srs_case_settings();

    (void)state;
    check_forward(&settings, rows, ARRAY_SIZE(rows));
}

static void test_own_domain_rewritten(void **state)
{
    static const struct srs_case rows[] = {
        {"alice@fwd.example", SRS_DONE, "SRS0+a54f=JQ=fwd.example=alice@fwd.example"},
    };
    struct srs_settings settings = srs_case_settings();

    (void)state;
    settings.separator = '+';
    settings.rewrites_own_domain = true;
    check_forward(&settings, rows, ARRAY_SIZE(rows));
}

static void test_classic_hash(void **state)
{
    static const struct srs_case rows[] = {
        {LONG_USER "@" LONG_HOST, SRS_DONE, "SRS0=e+a/=JQ=" LONG_HOST "=" LONG_USER "@fwd.example"},
    };
    static const struct srs_case back[] = {
        {"SRS0=e+a/=JQ=" LONG_HOST "=" LONG_USER "@fwd.example", SRS_DONE, LONG_USER "@" LONG_HOST},
        /* As postsrsd 2.4 does; 1.10 and Mail::SRS refuse it. */
        {"SRS0=e-a_=JQ=" LONG_HOST "=" LONG_USER "@fwd.example", SRS_DONE, LONG_USER "@" LONG_HOST},
    };
    struct srs_settings settings = srs_case_settings();

    (void)state;
    check_reverse(&settings, back, ARRAY_SIZE(back));
    settings.writes_classic_hash = true;
    check_forward(&settings, rows, ARRAY_SIZE(rows));
    check_reverse(&settings, back, ARRAY_SIZE(back));
}

static void test_further_hops(void **state)
{
    static const struct srs_case rows[] = {
        {"SRS0=abcd=XY=orig.example=bob@hop1.example", SRS_DONE,
         "SRS1=KemA=hop1.example==abcd=XY=orig.example=bob@fwd.example"},
        {"srs0=abcd=XY=orig.example=bob@hop1.example", SRS_DONE,
         "SRS1=KemA=hop1.example==abcd=XY=orig.example=bob@fwd.example"},
        {"SRS0+abcd=XY=orig.example=bob@hop1.example", SRS_DONE,
         "SRS1=OOdR=hop1.example=+abcd=XY=orig.example=bob@fwd.example"},
        {"SRS0-abcd=XY=orig.example=bob@hop1.example", SRS_DONE,
         "SRS1=LVab=hop1.example=-abcd=XY=orig.example=bob@fwd.example"},
        {"SRS1=abcd=hop0.example==wxyz=XY=orig.example=bob@hop1.example", SRS_DONE,
         "SRS1=fLdQ=hop0.example==wxyz=XY=orig.example=bob@fwd.example"},
        /* postsrsd has an error for it. It is an address, and so it can be rewritten like any other. */
        {"SRS1=abcd@hop1.example", SRS_DONE, "SRS0=JI79=JQ=hop1.example=SRS1=abcd@fwd.example"},
    };
    struct srs_settings settings = srs_case_settings();

    (void)state;
    check_forward(&settings, rows, ARRAY_SIZE(rows));
}

static void test_reverse(void **state)
{
    static const struct srs_case rows[] = {
        {"SRS0=UoEz=JQ=example.com=alice@fwd.example", SRS_DONE, "alice@example.com"},
        {"srs0=uoez=jq=example.com=alice@fwd.example", SRS_DONE, "alice@example.com"},
        {"SRS0+UoEz=JQ=example.com=alice@fwd.example", SRS_DONE, "alice@example.com"},
        {"SRS0-UoEz=JQ=example.com=alice@fwd.example", SRS_DONE, "alice@example.com"},
        {"SRS0=UoEzX=JQ=example.com=alice@fwd.example", SRS_DONE, "alice@example.com"}, /* Mail::SRS refuses it */
        /* None of the others looks at the domain, and so each leaves that to its caller. */
        {"SRS0=UoEz=JQ=example.com=alice@other.example", SRS_FOREIGN, NULL},
        {"SRS0=UoEz=JQ=example.com=alice", SRS_FOREIGN, NULL},
        {"SRS0=UoEy=JQ=example.com=alice@fwd.example", SRS_WRONG_HASH, NULL},
        {"SRS0=UoEz=JQ=example.com=bob@fwd.example", SRS_WRONG_HASH, NULL},
        {"SRS0=UoEz=JP=example.com=alice@fwd.example", SRS_WRONG_HASH, NULL},
        {"SRS0=UoE=JQ=example.com=alice@fwd.example", SRS_SHORT_HASH, NULL},
        {"SRS0=UoEz=J1=example.com=alice@fwd.example", SRS_INCOMPLETE, NULL},
        /* postsrsd reads three digits as a number, and then says that it is out of date; a stamp has two. */
        {"SRS0=UoEz=JQQ=example.com=alice@fwd.example", SRS_INCOMPLETE, NULL},
        {"SRS0=@fwd.example", SRS_INCOMPLETE, NULL},
        {"SRS0=UoEz@fwd.example", SRS_INCOMPLETE, NULL},
        {"SRS0=UoEz=JQ@fwd.example", SRS_INCOMPLETE, NULL},
        {"SRS0=UoEz=JQ=example.com@fwd.example", SRS_INCOMPLETE, NULL},
        {"SRS0@fwd.example", SRS_ORDINARY, NULL},
        {"alice@fwd.example", SRS_ORDINARY, NULL},
        {"SRS1=XXXX=hop1.example==abcd=XY=orig.example=bob@fwd.example", SRS_WRONG_HASH, NULL},
        {"SRS1=KemA@fwd.example", SRS_INCOMPLETE, NULL},
        {"SRS1=KemA=hop1.example@fwd.example", SRS_INCOMPLETE, NULL},
    };
    struct srs_settings settings = srs_case_settings();

    (void)state;
    check_reverse(&settings, rows, ARRAY_SIZE(rows));
}

static void test_reverse_further_hops(void **state)
{
    static const struct srs_case rows[] = {
        {"SRS1=KemA=hop1.example==abcd=XY=orig.example=bob@fwd.example", SRS_DONE,
         "SRS0=abcd=XY=orig.example=bob@hop1.example"},
        {"SRS1=OOdR=hop1.example=+abcd=XY=orig.example=bob@fwd.example", SRS_DONE,
         "SRS0+abcd=XY=orig.example=bob@hop1.example"},
        {"srs1=kema=HOP1.example==ABCD=xy=orig.example=bob@fwd.example", SRS_DONE,
         "SRS0=ABCD=xy=orig.example=bob@HOP1.example"},
    };
    static const struct srs_case expired = {"SRS1=KemA=hop1.example==abcd=XY=orig.example=bob@fwd.example", SRS_EXPIRED,
                                            NULL};
    struct srs_settings settings = srs_case_settings();

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
        srs_case_check_reverse(&settings, &rows[i], XY_NOW);
    /* With the others, an SRS1 is valid for ever, so that whoever has ever seen one can send mail through the host to
     * the one that it wraps. The first host's stamp stands in it, signed by us. */
    srs_case_check_reverse(&settings, &expired, SRS_CASE_NOW);
    srs_case_check_reverse(&settings, &expired, XY_NOW + 365 * SRS_CASE_DAY_S);
}

static void test_lifetime(void **state)
{
    static const struct {
        int64_t now_s;
        enum srs_status status;
    } rows[] = {
        {INT64_C(1797638398), SRS_DONE},    /* 2026-12-18 23:59:58 */
        {INT64_C(1797638402), SRS_EXPIRED}, /* 2026-12-19 00:00:02 */
        /* A day before it was written: with the others, two hosts that share a secret lose bounces around midnight. */
        {SRS_CASE_NOW - SRS_CASE_DAY_S, SRS_DONE},
        {SRS_CASE_NOW - 2 * SRS_CASE_DAY_S, SRS_EXPIRED},
    };
    struct srs_settings settings = srs_case_settings();

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        struct srs_case row = {"SRS0=UoEz=JQ=example.com=alice@fwd.example", rows[i].status, "alice@example.com"};

        srs_case_check_reverse(&settings, &row, rows[i].now_s);
    }
}

static void test_several_secrets(void **state)
{
    static const struct srs_case forward = {"alice@example.com", SRS_DONE,
                                            "SRS0=LJBD=JQ=example.com=alice@fwd.example"};
    static const struct srs_case back[] = {
        {"SRS0=UoEz=JQ=example.com=alice@fwd.example", SRS_DONE, "alice@example.com"},
        {"SRS0=LJBD=JQ=example.com=alice@fwd.example", SRS_DONE, "alice@example.com"},
    };
    char old_secret[] = "tops3cr3t", new_secret[] = "newsecret";
    char *secrets[] = {new_secret, old_secret};
    struct srs_settings settings = srs_case_settings();

    (void)state;
    settings.secrets = (struct text_list){secrets, 2};
    check_forward(&settings, &forward, 1);
    check_reverse(&settings, back, ARRAY_SIZE(back));
}

static void test_longer_hash(void **state)
{
    static const struct srs_case forward = {"alice@example.com", SRS_DONE,
                                            "SRS0=UoEzZQ=JQ=example.com=alice@fwd.example"};
    static const struct srs_case four = {"SRS0=UoEz=JQ=example.com=alice@fwd.example", SRS_DONE, "alice@example.com"};
    static const struct srs_case four_of_six = {"SRS0=UoEz=JQ=example.com=alice@fwd.example", SRS_SHORT_HASH, NULL};
    struct srs_settings settings = srs_case_settings();

    (void)state;
    settings.hash_len = 6;
    check_forward(&settings, &forward, 1);
    check_reverse(&settings, &four, 1);
    settings.hash_min_len = 6;
    check_reverse(&settings, &four_of_six, 1);
}

static void test_kept_domains(void **state)
{
    static const struct srs_case rows[] = {
        {"alice@example.com", SRS_KEPT_DOMAIN, NULL},
        {"alice@sub.example.org", SRS_KEPT_DOMAIN, NULL},
        {"SRS0=abcd=XY=orig.example=bob@example.com", SRS_KEPT_DOMAIN, NULL},
        {"SRS0=abcd=XY=example.com=bob@hop1.example", SRS_DONE,
         "SRS1=7wxU=hop1.example==abcd=XY=example.com=bob@fwd.example"},
        {"alice@example.org", SRS_DONE, "SRS0=OFN3=JQ=example.org=alice@fwd.example"},
    };
    struct srs_settings settings = srs_case_settings();

    (void)state;
    assert_true(host_list_add(&settings.kept_domains, ".example.org"));
    assert_true(host_list_add(&settings.kept_domains, "EXAMPLE.com"));
    check_forward(&settings, rows, ARRAY_SIZE(rows));
    host_list_free(&settings.kept_domains);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_first_hop),    cmocka_unit_test(test_own_domain_rewritten),
        cmocka_unit_test(test_classic_hash), cmocka_unit_test(test_further_hops),
        cmocka_unit_test(test_reverse),      cmocka_unit_test(test_reverse_further_hops),
        cmocka_unit_test(test_lifetime),     cmocka_unit_test(test_several_secrets),
        cmocka_unit_test(test_longer_hash),  cmocka_unit_test(test_kept_domains),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
