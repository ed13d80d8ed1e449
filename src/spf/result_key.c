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

static uint8_t fold(char c)
{
    return (uint8_t)(c >= 'A' && c <= 'Z' ? c + ('a' - 'A') : c);
}

/* Adds the length of a text. False if the text has no room after it. */
static bool add_length(struct result_key *key, size_t len)
{
    const uint8_t length[2] = {(uint8_t)(len >> 8U), (uint8_t)len};

    add(key, length, sizeof(length));
    key->too_long |= len > sizeof(key->octets) - key->len;
    return !key->too_long;
}

/* Each adds a text with its length before it. */
static void add_text(struct result_key *key, const char *text)
{
    const size_t len = strlen(text);

    if (add_length(key, len))
        add(key, text, len);
}

static void add_folded(struct result_key *key, const char *text)
{
    const size_t len = strlen(text);

    if (!add_length(key, len))
        return;
    for (size_t i = 0; i < len; i++)
        key->octets[key->len + i] = fold(text[i]);
    key->len += len;
}

void result_key_make(struct result_key *key, const struct spf_request *request, unsigned varying)
{
    const struct addr *client = &request->client;

    key->varying = varying;
    key->too_long = false;
    key->octets[0] = (uint8_t)varying;
    key->octets[1] = request->best_guess;
    key->octets[2] = client->family;
    memcpy(key->octets + 3, client->bytes, sizeof(client->bytes));
    key->len = 3 + (client->family == ADDR_V4 ? 4 : sizeof(client->bytes));
    add_folded(key, request->domain);
    if (varying & MACRO_USED_LOCAL)
        add_text(key, request->local);
    if (varying & MACRO_USED_HELO)
        add_folded(key, request->helo);
    if (varying & MACRO_USED_RECEIVER)
        add_folded(key, request->receiver);
}

bool result_key_equal(const struct result_key *a, const struct result_key *b)
{
    return !a->too_long && !b->too_long && a->len == b->len && memcmp(a->octets, b->octets, a->len) == 0;
}
