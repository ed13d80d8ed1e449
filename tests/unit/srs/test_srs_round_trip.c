/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Random addresses through random hosts: whatever is rewritten finds back, and is written as one address. */
#include "srs/srs_fields.h"
#include "srs/srs_forward.h"
#include "srs/srs_host.h"
#include "srs/srs_reverse.h"
#include "srs/srs_stamp.h"

#include "srs_case.h"

#include <ctype.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <cmocka.h>

#define ARRAY_SIZE(array) (sizeof(array) / sizeof *(array))

enum { ROUNDS = 20000, HOPS_MAX = 4, USER_SIZE = 100 };

static uint64_t seed = 20261127;

/* A number below `limit` (xorshift64*). */
static unsigned below(unsigned limit)
{
    seed ^= seed >> 12;
    seed ^= seed << 25;
    seed ^= seed >> 27;
    return (unsigned)(seed * UINT64_C(2685821657736338717) >> 33) % limit;
}

static const char *one_of(const char *const *texts, size_t count)
{
    return texts[below((unsigned)count)];
}

/* A local part without quotes, of pieces that mean something somewhere. */
static void make_user(char *out)
{
    static const char *const pieces[] = {
        "a",    "B",     "=",     "+",   "-", ".",        "@",     " ",      "\"",   "\\",
        ",",    "SRS0=", "srs1+", "JQ=", "(", "\xc3\xa4", "abcd=", "h.org=", "\\\"", "\xe2\x82\xac",
        "user", "%",     "!",     "<>"};
    size_t count = 1 + below(8);

    *out = '\0';
    for (size_t i = 0; i < count; i++)
        (void)strcat(out, one_of(pieces, ARRAY_SIZE(pieces)));
}

/* A host with settings of its own. */
struct host {
    struct srs_settings settings;
    char domain[32], secret[16];
    char *secrets[1];
};

static void make_host(struct host *host, unsigned number)
{
    static const char separators[] = {'=', '+', '-'};

    snprintf(host->domain, sizeof host->domain, "Hop-%u.example", number);
    snprintf(host->secret, sizeof host->secret, "secret%u", below(1000));
    host->secrets[0] = host->secret;
    host->settings = srs_case_settings();
    host->settings.domain = host->domain;
    host->settings.secrets = (struct text_list){host->secrets, 1};
    host->settings.separator = separators[below(3)];
    host->settings.hash_len = 4 + below(24);
    host->settings.hash_min_len = 1 + below(host->settings.hash_len);
    host->settings.writes_classic_hash = below(2) == 0;
}

/* Reads again what was written, as the next host does: it is the same address. */
static void check_text(const struct address *address)
{
    char bracketed[SRS_CASE_SIZE];
    struct address again;
    enum address_status status;

    snprintf(bracketed, sizeof bracketed, "<%s>", address->text);
    status = address_parse(bracketed, &again);
    assert_true(status == ADDRESS_OK || status == ADDRESS_LOCAL_TOO_LONG);
    assert_string_equal(again.text, address->text);
    assert_string_equal(again.local, address->local);
    assert_string_equal(again.domain, address->domain);
    address_free(&again);
}

static void make_address(const char *local, const char *domain, struct address *out)
{
    assert_int_not_equal(address_make(local, domain, out), ADDRESS_NO_MEMORY);
}

/* What becomes of the letters of an address on its way back. */
static void change_case(char *local)
{
    unsigned how = below(3);

    for (; *local != '\0'; local++)
        if (how > 0 && (unsigned char)*local < 0x80)
            *local = (char)(how == 1 ? tolower(*local) : toupper(*local));
}

/* Reverses at `host` an address whose letters an MTA may have changed. */
static enum srs_status reverse_at(const struct host *host, struct address *address, int64_t now_s)
{
    char local[SRS_CASE_SIZE];
    struct address changed, out;

    snprintf(local, sizeof local, "%s", address->local);
    change_case(local);
    make_address(local, address->domain, &changed);
    enum srs_status status = srs_reverse(&host->settings, &changed, now_s, &out);
    address_free(&changed);
    if (status != SRS_DONE)
        return status;
    check_text(&out);
    address_free(address);
    *address = out;
    return SRS_DONE;
}

/* Sends `address` through the hosts; returns how many of them rewrote it. */
static unsigned forward_through(struct host *hosts, unsigned count, struct address *address, int64_t now_s)
{
    for (unsigned i = 0; i < count; i++) {
        struct address out, again = {0};
        enum srs_status status = srs_forward(&hosts[i].settings, address, now_s, &out);

        if (status == SRS_TOO_LONG)
            return i;
        assert_int_equal(status, SRS_DONE);
        check_text(&out);
        assert_string_equal(out.domain, hosts[i].domain);
        assert_int_equal(srs_forward(&hosts[i].settings, &out, now_s, &again), SRS_OWN_DOMAIN);
        address_free(address);
        *address = out;
    }
    return count;
}

/* Where a bounce arrives: at the sender, or, if that is an SRS1 address, at the first host's. */
static void make_expected(const struct address *sender, struct address *out)
{
    char host[IDNA_SIZE], local[SRS_CASE_SIZE];
    struct srs_fields fields;

    if (srs_fields_split(sender->local, &fields) == SRS_FORM_COMPLETE && fields.is_further &&
        srs_host_write(fields.host, host)) {
        snprintf(local, sizeof local, "SRS0%s", fields.user.octets);
        make_address(local, host, out);
    } else {
        make_address(sender->local, sender->domain, out);
    }
}

/* The status of a bounce: a sender may look like an SRS address whose day is over. */
static enum srs_status expected_status(const struct address *sender, int64_t back_s)
{
    struct srs_fields fields;
    char host[IDNA_SIZE];

    if (srs_fields_split(sender->local, &fields) != SRS_FORM_COMPLETE ||
        (fields.is_further && !srs_host_write(fields.host, host)))
        return SRS_DONE;
    return srs_stamp_is_current(fields.stamp.octets, back_s, 21) ? SRS_DONE : SRS_EXPIRED;
}

/* Lets a bounce to `address`, which `last` wrote, find back to who is expected. */
static void check_way_back(const struct host *hosts, unsigned last, struct address *address,
                           const struct address *sender, int64_t back_s)
{
    enum srs_status expected = expected_status(sender, back_s);
    enum srs_status status = reverse_at(&hosts[last], address, back_s);

    if (status != expected)
        fail_msg("%s: %s", address->text, srs_status_text(status));
    if (status != SRS_DONE)
        return;
    if (strncasecmp(address->domain, "Hop-", 4) == 0) /* an SRS1 leads to the first host, past all others */
        assert_int_equal(reverse_at(&hosts[address->domain[4] - '0'], address, back_s), SRS_DONE);

    struct address wanted;
    make_expected(sender, &wanted);
    if (strcasecmp(address->local, wanted.local) != 0 || strcasecmp(address->domain, wanted.domain) != 0)
        fail_msg("%s came back as %s", sender->text, address->text);
    address_free(&wanted);
}

/* One address through one to four hosts and back. Returns how many rewrote it. */
static unsigned round_trip(void)
{
    static const char *const domains[] = {"example.com", "Sub.Example.ORG", "[192.0.2.1]", "[IPv6:2001:db8::1]",
                                          "a-b_c"};
    int64_t now_s = SRS_CASE_NOW + below(50) * SRS_CASE_DAY_S + below(86400);
    int64_t back_s = now_s + ((int64_t)below(23) - 1) * SRS_CASE_DAY_S;
    char user[USER_SIZE];
    struct host hosts[HOPS_MAX];
    struct address address, sender;
    unsigned hops = 1 + below(HOPS_MAX);

    make_user(user);
    make_address(user, one_of(domains, ARRAY_SIZE(domains)), &sender);
    make_address(user, sender.domain, &address);
    for (unsigned i = 0; i < hops; i++)
        make_host(&hosts[i], i);
    hops = forward_through(hosts, hops, &address, now_s);
    if (hops > 0)
        check_way_back(hosts, hops - 1, &address, &sender, back_s);
    address_free(&address);
    address_free(&sender);
    return hops;
}

static void test_round_trips(void **state)
{
    unsigned several = 0;

    (void)state;
    for (int i = 0; i < ROUNDS; i++)
        several += round_trip() > 1;
    assert_true(several > ROUNDS / 2);
}

/* Whichever octet of an address is changed, it is not ours any more, but for the case of letters and what both
 * alphabets and all separators share; or the boundary moved of what is signed as one text. */
static void test_changed_octets(void **state)
{
    static const char sender[] = "alice@example.com";
    struct srs_settings settings = srs_case_settings();
    char written[SRS_CASE_SIZE], out[SRS_CASE_SIZE];
    unsigned refused = 0;

    (void)state;
    settings.hash_len = 27;
    settings.hash_min_len = 27;
    assert_int_equal(srs_case_forward(&settings, sender, SRS_CASE_NOW, written), SRS_DONE);
    for (char *at = written; *at != '@'; at++) {
        char kept = *at;

        for (char c = '!'; c < 0x7f; c++) {
            if (strchr("\"(),:;<>@[\\]", c) != NULL || tolower(c) == tolower(kept))
                continue;
            *at = c;
            if (srs_case_reverse(&settings, written, SRS_CASE_NOW, out) == SRS_DONE)
                assert_string_equal(out, sender);
            else
                refused++;
        }
        *at = kept;
    }
    assert_true(refused > 3000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_round_trips), cmocka_unit_test(test_changed_octets)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
