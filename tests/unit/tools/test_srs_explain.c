/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Tests of the words for each step of SRS. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "srs/srs_forward.h"
#include "srs/srs_reverse.h"
#include "support/alloc_fail.h"
#include "tools/srs_explain.h"

#include <string.h>

#define NOW   INT64_C(1795780800) /* 2026-11-27 12:00 UTC, whose stamp is JQ */
#define DAY_S INT64_C(86400)

#define OURS "  its domain is SRSDomain, fwd.example\n"

static char first[] = "newsecret", second[] = "tops3cr3t";
static char *secrets[] = {first, second};

static struct srs_settings settings = {
    .domain = "fwd.example",
    .secrets = {secrets, 2},
    .separator = '=',
    .hash_len = 4,
    .hash_min_len = 4,
    .max_age_days = 21,
};

static const struct row {
    const char *address;
    int days; /* after the 27th */
    const char *words;
} recipients[] = {
    {"SRS0=UoEz=JQ=example.com=alice@fwd.example", 0,
     OURS "  its hash UoEz is right with secret 2 of 2\n"
          "  its day JQ is 2026-11-27, 0 days ago, and SRSMaxAge is 21: valid\n"
          "  it stands for a sender at example.com\n"},
    {"srs0+uoez=jq=EXAMPLE.com=alice@FWD.example", 1,
     OURS "  its hash uoez is right with secret 2 of 2\n"
          "  its day jq is 2026-11-27, 1 day ago, and SRSMaxAge is 21: valid\n"
          "  it stands for a sender at EXAMPLE.com\n"},
    {"SRS0=LJBD=JQ=example.com=alice@fwd.example", -1,
     OURS "  its hash LJBD is right with secret 1 of 2\n"
          "  its day JQ is tomorrow, as where a host's clock is ahead: valid\n"
          "  it stands for a sender at example.com\n"},
    {"SRS0=UoEz=JQ=example.com=alice@fwd.example", 22,
     OURS "  its hash UoEz is right with secret 2 of 2\n"
          "  its day JQ is 2026-11-27, 22 days ago, and SRSMaxAge is 21: expired\n"},
    {"SRS0=UoEz=JQ=example.com=alice@fwd.example", -2,
     OURS "  its hash UoEz is right with secret 2 of 2\n"
          "  its day JQ is 2024-02-07, 1022 days ago, and SRSMaxAge is 21: expired\n"},
    {"SRS0=UoEy=JQ=example.com=alice@fwd.example", 0,
     OURS "  its hash UoEy is right with none of 2 secrets: the address is forged, or its secret is gone\n"},
    {"SRS0=UoE=JQ=example.com=alice@fwd.example", 0,
     OURS "  its hash UoE has 3 characters, and SRSHashMinimum is 4: refused\n"},
    {"SRS0=U=JQ=example.com=alice@fwd.example", 0,
     OURS "  its hash U has 1 character, and SRSHashMinimum is 4: refused\n"},
    {"SRS1=KemA=hop1.example==abcd=JQ=orig.example=bob@fwd.example", 0,
     OURS "  its hash KemA is right with none of 2 secrets: the address is forged, or its secret is gone\n"},
    {"alice@fwd.example", 0, OURS "  it is no SRS address, which would begin with SRS0= or SRS1=\n"},
    {"SRS0=UoEz=JQ=example.com@fwd.example", 0,
     OURS "  it is not whole: SRS0=hash=day=host=user, or SRS1=hash=host==hash=day=host=user, is\n"},
    {"SRS0=UoEz=JQ=example.com=alice@other.example", 0, "  its domain is not SRSDomain, fwd.example: it is not ours\n"},
};

static void check_reverse(const char *address, int64_t now_s, const char *words)
{
    struct strbuf out = STRBUF_INIT;
    struct address parsed;

    assert_int_equal(address_parse(address, &parsed), ADDRESS_OK);
    srs_explain_reverse(&settings, &parsed, now_s, &out);
    assert_false(out.failed);
    assert_string_equal(strbuf_text(&out), words);
    address_free(&parsed);
    strbuf_free(&out);
}

static void each_step_of_a_recipient_has_its_line(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof recipients / sizeof *recipients; i++)
        check_reverse(recipients[i].address, NOW + recipients[i].days * DAY_S, recipients[i].words);
}

/* Rewrites `sender`, which may be long. */
static enum srs_status forward(const char *sender, struct address *parsed, struct address *out)
{
    const enum address_status status = address_parse(sender, parsed);

    assert_true(status == ADDRESS_OK || status == ADDRESS_LOCAL_TOO_LONG);
    return srs_forward(&settings, parsed, NOW, out);
}

/* What another host has forwarded before, and what this host has forwarded twice. */
static void an_address_in_an_address_is_said(void **state)
{
    struct address parsed, once, twice;

    (void)state;
    assert_int_equal(forward("SRS0=abcd=JQ=orig.example=bob@hop1.example", &parsed, &once), SRS_DONE);
    address_free(&parsed);
    struct strbuf out = STRBUF_INIT;
    srs_explain_reverse(&settings, &once, NOW, &out);
    assert_non_null(strstr(strbuf_text(&out), "  its day JQ is 2026-11-27, 0 days ago, and SRSMaxAge is 21: valid\n"
                                              "  it leads back to the host that forwarded first, hop1.example, which "
                                              "alone can check what it wrote\n"));
    strbuf_free(&out);
    address_free(&once);

    const char *const host_is_us = "SRS0=UoEz=JQ=example.com=alice@fwd.example";
    const struct srs_settings other = {.domain = "hop.example",
                                       .secrets = settings.secrets,
                                       .separator = '=',
                                       .hash_len = 4,
                                       .hash_min_len = 4,
                                       .max_age_days = 21};
    assert_int_equal(address_parse(host_is_us, &parsed), ADDRESS_OK);
    assert_int_equal(srs_forward(&other, &parsed, NOW, &once), SRS_DONE); /* SRS1 of fwd.example at hop.example */
    assert_int_equal(address_make(once.local, "fwd.example", &twice), ADDRESS_OK);
    srs_explain_reverse(&settings, &twice, NOW, &out);
    assert_non_null(strstr(strbuf_text(&out), "  it leads back to the host that forwarded first, fwd.example, which is "
                                              "this one:\n"
                                              "  its hash UoEz is right with secret 2 of 2\n"));
    address_free(&parsed);
    address_free(&once);
    address_free(&twice);
    strbuf_free(&out);
}

static const struct {
    const char *sender, *words;
} senders[] = {
    {"alice@example.com", "  it is rewritten for the first time: the new address holds it\n"
                          "  it is signed with secret 1 of 2\n"},
    {"SRS0=abcd=JQ=orig.example=bob@hop1.example",
     "  another host has rewritten it before: the new address leads a bounce back to that host\n"
     "  it is signed with secret 1 of 2\n"},
    {"aaaaaaaaaabbbbbbbbbbccccccccccddddddddddeeeeeeeeeeffffffffffgggg@a-rather-long-domain-name.example.com",
     "  it is rewritten for the first time: the new address holds it\n"
     "  it is signed with secret 1 of 2\n"
     "  it has 115 octets before the @, more than 64 (RFC 5321 4.5.3.1.1): some hosts refuse that\n"},
    {"alice@fwd.example", "  its domain is SRSDomain, fwd.example, whose mail this host may send: it stays\n"},
    {"alice@kept.example", "  kept.example is excluded by SRSExclude: it stays\n"},
    {"alice", "  it stays: an address without a domain\n"},
};

static void a_sender_has_its_reason(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof senders / sizeof *senders; i++) {
        struct address parsed, rewritten = {0};
        struct strbuf out = STRBUF_INIT;
        const enum srs_status status = forward(senders[i].sender, &parsed, &rewritten);

        srs_explain_forward(&settings, &parsed, status, rewritten.text, &out);
        assert_string_equal(strbuf_text(&out), senders[i].words);
        address_free(&parsed);
        address_free(&rewritten);
        strbuf_free(&out);
    }
}

static void statuses_without_an_address(void **state)
{
    struct strbuf out = STRBUF_INIT;
    struct srs_settings strict = settings;

    (void)state;
    srs_explain_forward(&settings, NULL, SRS_NULL_SENDER, NULL, &out);
    assert_string_equal(strbuf_text(&out),
                        "  it is the null sender of bounces, to which nothing is sent: it stays (RFC 5321 4.5.5)\n");
    strbuf_truncate(&out, 0);
    srs_explain_forward(&settings, NULL, SRS_TOO_LONG, NULL, &out);
    assert_non_null(strstr(strbuf_text(&out), "(254 octets in all"));
    strbuf_truncate(&out, 0);
    strict.keeps_overlong = true;
    srs_explain_forward(&strict, NULL, SRS_TOO_LONG, NULL, &out);
    assert_non_null(strstr(strbuf_text(&out), "SRSTooLong leave"));
    strbuf_free(&out);
}

static void survives_no_memory(void **state)
{
    struct address parsed;

    (void)state;
    assert_int_equal(address_parse("SRS0=UoEz=JQ=example.com=alice@fwd.example", &parsed), ADDRESS_OK);
    for (unsigned n = 1;; n++) {
        struct strbuf out = STRBUF_INIT;
        bool happened;

        alloc_fail_at(n);
        srs_explain_reverse(&settings, &parsed, NOW, &out);
        happened = alloc_fail_happened();
        alloc_fail_at(0);
        assert_int_equal(out.failed, happened);
        strbuf_free(&out);
        if (!happened)
            break;
    }
    address_free(&parsed);
}

static int keep_a_domain(void **state)
{
    (void)state;
    return host_list_add(&settings.kept_domains, "kept.example") ? 0 : -1;
}

static int keep_none(void **state)
{
    (void)state;
    host_list_free(&settings.kept_domains);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_step_of_a_recipient_has_its_line),
        cmocka_unit_test(an_address_in_an_address_is_said),
        cmocka_unit_test(a_sender_has_its_reason),
        cmocka_unit_test(statuses_without_an_address),
        cmocka_unit_test(survives_no_memory),
    };

    return cmocka_run_group_tests(tests, keep_a_domain, keep_none);
}
