/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Signs and checks by HMAC-SHA1 (RFC 2104), which is what all programs of SRS share; nettle has it, libsodium has not.
 */
#include "srs/srs_hash.h"

#include <nettle/hmac.h>
#include <nettle/version.h>
#include <sodium.h>
#include <string.h>

enum { BLOCK_OCTETS = 64, BASE64_BITS = 6 };

/* US-ASCII alone, whatever the locale. */
static uint8_t lower(char c)
{
    uint8_t octet = (uint8_t)c;

    return octet >= 'A' && octet <= 'Z' ? octet | 0x20 : octet;
}

/* Both alphabets, in any case, as one. */
static uint8_t folded(char c)
{
    switch (c) {
    case '-':
        return '+';
    case '_':
        return '/';
    default:
        return lower(c);
    }
}

static void add_lower(struct hmac_sha1_ctx *hmac, struct srs_part part)
{
    uint8_t block[BLOCK_OCTETS];

    while (part.len > 0) {
        size_t len = part.len < sizeof block ? part.len : sizeof block;

        for (size_t i = 0; i < len; i++)
            block[i] = lower(part.octets[i]);
        hmac_sha1_update(hmac, len, block);
        part.octets += len;
        part.len -= len;
    }
}

static void finish(struct hmac_sha1_ctx *hmac, uint8_t digest[SHA1_DIGEST_SIZE])
{
#if NETTLE_VERSION_MAJOR >= 4
    hmac_sha1_digest(hmac, digest);
#else
    hmac_sha1_digest(hmac, SHA1_DIGEST_SIZE, digest);
#endif
}

void srs_hash_write(const char *secret, const struct srs_part *parts, size_t count, size_t len, bool is_classic,
                    char out[SRS_HASH_SIZE])
{
    struct hmac_sha1_ctx hmac;
    uint8_t digest[SHA1_DIGEST_SIZE];
    const size_t octets = (len * BASE64_BITS + 7) / 8; /* that these characters need; the last of 27 is not all used */

    hmac_sha1_set_key(&hmac, strlen(secret), (const uint8_t *)secret);
    for (size_t i = 0; i < count; i++)
        add_lower(&hmac, parts[i]);
    finish(&hmac, digest);
    sodium_bin2base64(out, SRS_HASH_SIZE, digest, octets < sizeof digest ? octets : sizeof digest,
                      is_classic ? sodium_base64_VARIANT_ORIGINAL_NO_PADDING
                                 : sodium_base64_VARIANT_URLSAFE_NO_PADDING);
    out[len] = '\0';
    sodium_memzero(&hmac, sizeof hmac);
    sodium_memzero(digest, sizeof digest);
}

bool srs_hash_matches(struct srs_part given, size_t len, const char *secret, const struct srs_part *parts, size_t count)
{
    char hash[SRS_HASH_SIZE];
    uint8_t ours[SRS_HASH_SIZE], theirs[SRS_HASH_SIZE];

    if (len > given.len)
        len = given.len;
    srs_hash_write(secret, parts, count, len, true, hash);
    for (size_t i = 0; i < len; i++) {
        ours[i] = folded(hash[i]);
        theirs[i] = folded(given.octets[i]);
    }
    bool matches = len > 0 && sodium_memcmp(ours, theirs, len) == 0;
    sodium_memzero(hash, sizeof hash);
    sodium_memzero(ours, sizeof ours);
    return matches;
}
