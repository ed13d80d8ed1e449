/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What signs an SRS address: the beginning of HMAC-SHA1 in base64. Pure.
 *
 * Each part is hashed in lower case (US-ASCII), one after the other and with nothing between them, as all programs do
 * that write such addresses. So a signature holds for a text, whatever part of it is called the host: who has seen one
 * for alice@example.com can write lice@example.coma with it. */
#ifndef SMF_SRS_SRS_HASH_H
#define SMF_SRS_SRS_HASH_H

#include "srs/srs_fields.h"

#include <stdbool.h>
#include <stddef.h>

enum {
    SRS_HASH_MAX_LEN = 27, /* characters of 20 octets in base64, without padding */
    SRS_HASH_SIZE = SRS_HASH_MAX_LEN + 1,
};

/* Writes the first `len` characters (1 to SRS_HASH_MAX_LEN) of the hash of `count` parts under `secret`: with
 * `is_classic` in the alphabet of base64, which has + and / in it, else in that of base64url (RFC 4648 5). */
void srs_hash_write(const char *secret, const struct srs_part *parts, size_t count, size_t len, bool is_classic,
                    char out[SRS_HASH_SIZE]);

/* True if `given` begins like that hash, in any case and of either alphabet: `len` characters (1 to SRS_HASH_MAX_LEN)
 * are compared, or all of `given` if it is shorter; an empty one never matches. How long it takes tells nothing about
 * the hash. */
bool srs_hash_matches(struct srs_part given, size_t len, const char *secret, const struct srs_part *parts,
                      size_t count);

#endif
