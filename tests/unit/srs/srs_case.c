/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Puts addresses as texts through the functions of SRS. */
#include "srs_case.h"

#include "srs/srs_forward.h"
#include "srs/srs_reverse.h"
#include "support/alloc_fail.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

struct srs_settings srs_case_settings(void)
{
    static char secret[] = "tops3cr3t";
    static char *secrets[] = {secret};

    return (struct srs_settings){
        .domain = "fwd.example",
        .secrets = {secrets, 1},
        .separator = '=',
        .hash_len = 4,
        .hash_min_len = 4,
        .max_age_days = 21,
    };
}

/* What is read of it; false for the null sender. */
static bool read_address(const char *text, struct address *out)
{
    switch (address_parse(text, out)) {
    case ADDRESS_OK:
    case ADDRESS_LOCAL_TOO_LONG:
        return true;
    case ADDRESS_NULL:
        return false;
    case ADDRESS_NO_MEMORY:
    case ADDRESS_MALFORMED:
        break;
    }
    fail_msg("no address: %s", text);
    return false;
}

static enum srs_status show(enum srs_status status, struct address *made, char out[SRS_CASE_SIZE])
{
    *out = '\0';
    if (status == SRS_DONE) {
        snprintf(out, SRS_CASE_SIZE, "%s", made->text);
        address_free(made);
    } else {
        assert_null(made->text); /* untouched */
    }
    return status;
}

enum srs_status srs_case_forward(const struct srs_settings *settings, const char *sender, int64_t now_s,
                                 char out[SRS_CASE_SIZE])
{
    struct address address = {0}, made = {0};
    bool is_address = read_address(sender, &address);
    enum srs_status status = srs_forward(settings, is_address ? &address : NULL, now_s, &made);

    address_free(&address);
    return show(status, &made, out);
}

enum srs_status srs_case_reverse(const struct srs_settings *settings, const char *recipient, int64_t now_s,
                                 char out[SRS_CASE_SIZE])
{
    struct address address = {0}, made = {0};

    assert_true(read_address(recipient, &address));
    enum srs_status status = srs_reverse(settings, &address, now_s, &made);
    address_free(&address);
    return show(status, &made, out);
}

/* True if it failed. */
static bool fail_allocation(unsigned n, srs_case_rewrite rewrite, const struct srs_settings *settings,
                            const struct address *address)
{
    struct address out = {0};

    alloc_fail_at(n);
    enum srs_status status = rewrite(settings, address, SRS_CASE_NOW, &out);
    bool failed = alloc_fail_happened();
    alloc_fail_at(0);
    assert_int_equal(status, failed ? SRS_NO_MEMORY : SRS_DONE);
    assert_int_equal(out.text == NULL, failed);
    address_free(&out);
    return failed;
}

unsigned srs_case_fail_allocations(srs_case_rewrite rewrite, const struct srs_settings *settings, const char *address)
{
    unsigned failures = 0;
    struct address parsed;

    assert_true(read_address(address, &parsed));
    while (fail_allocation(failures + 1, rewrite, settings, &parsed))
        failures++;
    address_free(&parsed);
    return failures;
}

static void check(const struct srs_case *row, enum srs_status status, const char *out)
{
    const char *expected = row->status == SRS_DONE ? row->expected : "";

    if (status != row->status || strcmp(out, expected) != 0)
        fail_msg("%s: got '%s' (%s), wanted '%s' (%s)", row->address, out, srs_status_text(status), expected,
                 srs_status_text(row->status));
}

void srs_case_check_forward(const struct srs_settings *settings, const struct srs_case *row, int64_t now_s)
{
    char out[SRS_CASE_SIZE];
    enum srs_status status = srs_case_forward(settings, row->address, now_s, out);

    check(row, status, out);
}

void srs_case_check_reverse(const struct srs_settings *settings, const struct srs_case *row, int64_t now_s)
{
    char out[SRS_CASE_SIZE];
    enum srs_status status = srs_case_reverse(settings, row->address, now_s, out);

    check(row, status, out);
}
