/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Writes keys. */
#include "spf/result_key.h"

#include <string.h>

static void add(struct result_key *key, const void *octets, size_t len)
{
    if (key->too_long || len > sizeof(key->octets) - key->len) {
        key->too_long = true;
        return;
    }
    memcpy(key->octets + key->len, octets, len);
    key->len += len;
}

static void fold(uint8_t *octets, size_t len)
{
    for (size_t i = 0; i < len; i++)
        if (octets[i] >= 'A' && octets[i] <= 'Z')
            octets[i] = (uint8_t)(octets[i] + ('a' - 'A'));
}

/* Adds a text with its length before it. */
static void add_text(struct result_key *key, const char *text, bool folded)
{
    size_t len = strlen(text), start;
    uint8_t length[2] = {(uint8_t)(len >> 8U), (uint8_t)len};

    if (len > RESULT_KEY_MAX)
        key->too_long = true;
    add(key, length, sizeof(length));
    start = key->len;
    add(key, text, len);
    if (folded)
        fold(key->octets + start, key->len - start);
}

void result_key_make(struct result_key *key, const struct spf_request *request, unsigned varying)
{
    uint8_t head[3] = {(uint8_t)varying, request->best_guess, (uint8_t)request->client.family};

    key->len = 0;
    key->varying = varying;
    key->too_long = false;
    add(key, head, sizeof(head));
    add(key, request->client.bytes, sizeof(request->client.bytes));
    add_text(key, request->domain, true);
    if (varying & MACRO_USED_LOCAL)
        add_text(key, request->local, false);
    if (varying & MACRO_USED_HELO)
        add_text(key, request->helo, true);
    if (varying & MACRO_USED_RECEIVER)
        add_text(key, request->receiver, true);
}

bool result_key_equal(const struct result_key *a, const struct result_key *b)
{
    return !a->too_long && !b->too_long && a->len == b->len && memcmp(a->octets, b->octets, a->len) == 0;
}
