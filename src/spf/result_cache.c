/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Keeps outcomes under keys that hold all that they depend on. */
#include "spf/result_cache.h"

#include "spf/macro.h"

#include <stdlib.h>
#include <string.h>

enum {
    KEY_MAX = 1024,                                                     /* octets of the longest key that is kept */
    VALUE_MAX = 1024,                                                   /* more than any outcome takes */
    VARYING = MACRO_USED_LOCAL | MACRO_USED_HELO | MACRO_USED_RECEIVER, /* all else is in every key */
};

/* The first octet of a value. */
enum { VALUE_OUTCOME = 'o', VALUE_NOTE = 'n' };

struct result_cache {
    struct ttl_cache *entries;
    uint32_t ttl_s;
};

/* Octets being written; too much sticks. */
struct octets {
    uint8_t octets[KEY_MAX];
    size_t len;
    bool too_long;
};

_Static_assert((int)KEY_MAX == (int)VALUE_MAX, "struct octets is used for both");
_Static_assert(SPF_TERM_SIZE + SPF_PROBLEM_SIZE + SPF_EXPLANATION_SIZE + 16 <= VALUE_MAX, "an outcome fits");

static void add(struct octets *to, const void *octets, size_t len)
{
    if (to->too_long || len > sizeof(to->octets) - to->len) {
        to->too_long = true;
        return;
    }
    memcpy(to->octets + to->len, octets, len);
    to->len += len;
}

static void add_octet(struct octets *to, unsigned octet)
{
    uint8_t value = (uint8_t)octet;

    add(to, &value, 1);
}

/* Adds a text with its length before it. */
static void add_text(struct octets *to, const char *text, bool fold)
{
    size_t len = strlen(text);

    if (len > KEY_MAX)
        len = KEY_MAX + 1; /* too long in any case */
    add_octet(to, (unsigned)(len >> 8U));
    add_octet(to, (unsigned)(len & 0xffU));
    for (size_t i = 0; i < len && !to->too_long; i++)
        add_octet(to, fold && text[i] >= 'A' && text[i] <= 'Z' ? (unsigned)(text[i] + ('a' - 'A'))
                                                               : (unsigned)(unsigned char)text[i]);
}

/* The key of a question that holds the parts of `varying`. */
static void make_key(const struct spf_question *question, unsigned varying, struct octets *key)
{
    key->len = 0;
    key->too_long = false;
    add_octet(key, varying);
    add_octet(key, question->best_guess);
    add_octet(key, question->client.family);
    add(key, question->client.bytes, sizeof(question->client.bytes));
    add_text(key, question->domain, true);
    if (varying & MACRO_USED_LOCAL)
        add_text(key, question->local, false);
    if (varying & MACRO_USED_HELO)
        add_text(key, question->helo, true);
    if (varying & MACRO_USED_RECEIVER)
        add_text(key, question->receiver, true);
}

static void write_outcome(const struct spf_outcome *outcome, struct octets *value)
{
    value->len = 0;
    value->too_long = false;
    add_octet(value, VALUE_OUTCOME);
    add_octet(value, outcome->result);
    add_octet(value, outcome->guessed);
    add_octet(value, outcome->no_mail);
    add(value, &outcome->ttl_s, sizeof(outcome->ttl_s));
    add(value, outcome->mechanism, strlen(outcome->mechanism) + 1);
    add(value, outcome->problem, strlen(outcome->problem) + 1);
    add(value, outcome->explanation, strlen(outcome->explanation) + 1);
}

/* Takes what write_outcome wrote, which is the only writer. */
static void read_outcome(const struct octets *value, struct spf_outcome *outcome)
{
    const uint8_t *octets = value->octets;
    const char *text = (const char *)octets + 4 + sizeof(outcome->ttl_s);

    *outcome = (struct spf_outcome){.result = octets[1], .cached = true, .guessed = octets[2], .no_mail = octets[3]};
    memcpy(&outcome->ttl_s, octets + 4, sizeof(outcome->ttl_s));
    memcpy(outcome->mechanism, text, strlen(text) + 1);
    text += strlen(text) + 1;
    memcpy(outcome->problem, text, strlen(text) + 1);
    text += strlen(text) + 1;
    memcpy(outcome->explanation, text, strlen(text) + 1);
}

static bool get(struct result_cache *cache, const struct octets *key, struct octets *value)
{
    value->len = sizeof(value->octets);
    return !key->too_long && ttl_cache_get(cache->entries, key->octets, key->len, value->octets, &value->len);
}

static void put(struct result_cache *cache, const struct octets *key, const struct octets *value, uint32_t ttl_s)
{
    if (!key->too_long && !value->too_long)
        ttl_cache_put(cache->entries, key->octets, key->len, value->octets, value->len, (int64_t)ttl_s * 1000);
}

struct result_cache *result_cache_create(size_t max_octets, uint32_t ttl_s, const uint8_t seed[16],
                                         const struct clock *clock)
{
    struct result_cache *cache = calloc(1, sizeof(*cache));

    if (!cache)
        return NULL;
    cache->ttl_s = ttl_s;
    cache->entries = ttl_cache_create(ttl_s > 0 ? max_octets : 0, seed, clock);
    if (cache->entries)
        return cache;
    free(cache);
    return NULL;
}

void result_cache_destroy(struct result_cache *cache)
{
    if (!cache)
        return;
    ttl_cache_destroy(cache->entries);
    free(cache);
}

bool result_cache_get(struct result_cache *cache, const struct spf_question *question, struct spf_outcome *outcome)
{
    struct octets key, value;

    make_key(question, 0, &key);
    if (!get(cache, &key, &value))
        return false;
    if (value.octets[0] == VALUE_NOTE) {
        make_key(question, value.octets[1], &key);
        if (!get(cache, &key, &value))
            return false;
    }
    read_outcome(&value, outcome);
    return true;
}

/* Writes or widens the note under the short key; returns all that the domain's outcomes depend on. */
static unsigned put_note(struct result_cache *cache, const struct spf_question *question, unsigned varying,
                         uint32_t ttl_s)
{
    struct octets key, value;

    make_key(question, 0, &key);
    if (get(cache, &key, &value) && value.octets[0] == VALUE_NOTE)
        varying |= value.octets[1];
    value.len = 0;
    value.too_long = false;
    add_octet(&value, VALUE_NOTE);
    add_octet(&value, varying);
    put(cache, &key, &value, ttl_s);
    return varying;
}

void result_cache_put(struct result_cache *cache, const struct spf_question *question,
                      const struct spf_outcome *outcome, unsigned macros_used)
{
    uint32_t ttl_s = outcome->ttl_s < cache->ttl_s ? outcome->ttl_s : cache->ttl_s;
    unsigned varying = macros_used & VARYING;
    struct octets key, value;

    if (ttl_s == 0 || outcome->result == RESULT_TEMPERROR || (macros_used & MACRO_USED_TIME))
        return;
    if (varying)
        varying = put_note(cache, question, varying, ttl_s);
    make_key(question, varying, &key);
    write_outcome(outcome, &value);
    put(cache, &key, &value, ttl_s);
}

struct ttl_cache_stats result_cache_stats(struct result_cache *cache)
{
    return ttl_cache_stats(cache->entries);
}
