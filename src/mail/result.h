/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The outcomes of an SPF evaluation (RFC 7208 2.6), and sets of them. */
#ifndef SMF_MAIL_RESULT_H
#define SMF_MAIL_RESULT_H

#include <stdbool.h>
#include <stddef.h>

enum spf_result {
    RESULT_NONE,
    RESULT_NEUTRAL,
    RESULT_PASS,
    RESULT_FAIL,
    RESULT_SOFTFAIL,
    RESULT_TEMPERROR,
    RESULT_PERMERROR,
    RESULT_COUNT
};

/* A set of results: bit n is result n. */
typedef unsigned result_set;

#define RESULT_BIT(result) (1U << (result))

static inline bool result_set_has(result_set set, enum spf_result result)
{
    return (set & RESULT_BIT(result)) != 0;
}

/* The lower-case word of RFC 7208 and RFC 8601: "none", "pass", ... */
const char *result_name(enum spf_result result);

/* The result whose name this is, compared without case; false, with *out untouched, for any other text. */
bool result_from_name(const char *name, enum spf_result *out);

#endif
