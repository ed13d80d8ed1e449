/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Hashes a configuration as it prints. */
#include "config/config_hash.h"

#include <sodium.h>

void config_hash(const struct config *config, char out[CONFIG_HASH_SIZE])
{
    unsigned char hash[crypto_hash_sha256_BYTES];
    struct strbuf text = STRBUF_INIT;

    out[0] = '\0';
    config_print(config, &text);
    if (!text.failed) {
        crypto_hash_sha256(hash, (const unsigned char *)strbuf_text(&text), text.len);
        (void)sodium_bin2hex(out, CONFIG_HASH_SIZE, hash, sizeof hash);
    }
    strbuf_free(&text);
}
