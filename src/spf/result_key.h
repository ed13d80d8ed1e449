/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the outcome of a request is known by: client and domain, and where macros looked at more, exactly that. Keys
 * hold the length of each part and are never cut. */
#ifndef SMF_SPF_RESULT_KEY_H
#define SMF_SPF_RESULT_KEY_H

#include "spf/macro.h"
#include "spf/spf_check.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    RESULT_KEY_MAX = 1024,                                                     /* octets of the longest key */
    RESULT_VARYING = MACRO_USED_LOCAL | MACRO_USED_HELO | MACRO_USED_RECEIVER, /* what is not in every key */
};

struct result_key {
    uint8_t octets[RESULT_KEY_MAX];
    size_t len;
    unsigned varying; /* what it was made with */
    bool too_long;    /* there is no key */
};

/* Makes the key of a request that holds the parts of `varying`, bits of RESULT_VARYING. Domain and HELO are compared
 * without case, the local part exactly. */
void result_key_make(struct result_key *key, const struct spf_request *request, unsigned varying);

/* False if either is too long. */
bool result_key_equal(const struct result_key *a, const struct result_key *b);

#endif
