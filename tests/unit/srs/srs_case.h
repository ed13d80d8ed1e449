/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Addresses as texts, for tests of SRS. */
#ifndef SMF_TESTS_SRS_CASE_H
#define SMF_TESTS_SRS_CASE_H

#include "mail/address.h"
#include "srs/srs_settings.h"
#include "srs/srs_status.h"

#include <stdint.h>

enum { SRS_CASE_SIZE = 2100 }; /* room for any address as text, with its NUL */

#define SRS_CASE_NOW   INT64_C(1795780800) /* 2026-11-27 12:00 UTC, whose stamp is JQ */
#define SRS_CASE_DAY_S INT64_C(86400)

/* The settings that a case begins with: fwd.example, one secret, =, 4 of 4 characters, 21 days, base64url. They own
 * nothing. */
struct srs_settings srs_case_settings(void);

/* Reads `sender` or `recipient` as a front end does, and has it rewritten or reversed. `out` gets the new address, or
 * "" where the status is not SRS_DONE. What is no address at all fails the test. */
enum srs_status srs_case_forward(const struct srs_settings *settings, const char *sender, int64_t now_s,
                                 char out[SRS_CASE_SIZE]);
enum srs_status srs_case_reverse(const struct srs_settings *settings, const char *recipient, int64_t now_s,
                                 char out[SRS_CASE_SIZE]);

/* A row of a table: `expected` is the address for SRS_DONE, and else not looked at. */
struct srs_case {
    const char *address;
    enum srs_status status;
    const char *expected;
};

/* Has each allocation fail in turn that `rewrite` makes for this address; returns how many there are. Each is to be
 * told. */
typedef enum srs_status (*srs_case_rewrite)(const struct srs_settings *settings, const struct address *address,
                                            int64_t now_s, struct address *out);
unsigned srs_case_fail_allocations(srs_case_rewrite rewrite, const struct srs_settings *settings, const char *address);

/* Check one row. */
void srs_case_check_forward(const struct srs_settings *settings, const struct srs_case *row, int64_t now_s);
void srs_case_check_reverse(const struct srs_settings *settings, const struct srs_case *row, int64_t now_s);

#endif
