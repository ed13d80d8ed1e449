/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Decides how long an answer or a failure is remembered, and what it is good for at a moment. */
#include "dns/dns_memory.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

enum {
    POSITIVE_TTL_MAX_S = 24 * 3600, /* a mistake in a zone need not stay for the week that RFC 8767 4 allows */
    NEGATIVE_TTL_MAX_S = 3 * 3600,  /* RFC 2308 5 */
    STALE_S = 3600,                 /* how long after its TTL an answer may be given */
    STALE_TTL_S = 30,               /* the TTL that it has then (RFC 8767 4) */
    REFRESH_PART = 10,              /* the last tenth of its TTL, an answer is asked for again */
    RETRY_MS = 5 * 1000,            /* after a first failure */
    RETRY_UNSURE_MS = 2 * 1000,     /* where the fault may be the servers' */
    FAILURES_UNSURE = 3,            /* failures in a row that may be the servers' fault */
    RETRY_MAX_MS = 300 * 1000,      /* RFC 9520 3.2 */
};

struct dns_memory {
    struct ttl_cache *notes;
    const struct clock *clock;
    bool keeps;
    bool serve_stale;
    _Atomic int64_t failures_since_ms; /* older failures are forgotten */

    /* Those below are covered by the caller's lock. */
    int64_t answered_ms;      /* when something was answered last */
    unsigned failures_in_row; /* since then */
};

/* The value in the cache. */
struct note {
    const struct dns_answer *answer; /* NULL: none; a reference */
    int64_t refresh_at_ms, fresh_until_ms, usable_until_ms;
    int64_t failed_ms;             /* 0: the last question was answered */
    int64_t retry_at_ms, retry_ms; /* when it is due again; how long that was put off where the fault is its own */
    enum dns_status failure;
};

struct dns_key dns_key_make(const char *name, enum dns_type type)
{
    struct dns_key key = {.len = 1 + strlen(name)};

    key.octets[0] = (unsigned char)type;
    for (size_t i = 1; i < key.len; i++, name++)
        key.octets[i] = (unsigned char)(*name >= 'A' && *name <= 'Z' ? *name - 'A' + 'a' : *name);
    return key;
}

static struct note note_at(const void *value)
{
    struct note note;

    memcpy(&note, value, sizeof(note));
    return note;
}

static size_t weigh(const void *value)
{
    const struct note note = note_at(value);

    return note.answer ? (dns_answer_octets(note.answer) + sizeof(size_t) + 15) / 16 * 16 : 0; /* as malloc rounds it */
}

static void acquire(const void *value)
{
    const struct note note = note_at(value);

    if (note.answer)
        dns_answer_acquire(note.answer);
}

static void release(const void *value)
{
    const struct note note = note_at(value);

    dns_answer_release(note.answer);
}

static const struct ttl_cache_references references = {.weigh = weigh, .acquire = acquire, .release = release};

struct dns_memory *dns_memory_create(size_t max_octets, bool serve_stale, const uint8_t seed[16],
                                     const struct clock *clock)
{
    struct dns_memory *memory = calloc(1, sizeof(*memory));

    if (!memory)
        return NULL;
    memory->clock = clock;
    memory->keeps = max_octets > 0;
    memory->serve_stale = serve_stale;
    memory->answered_ms = INT64_MIN;
    memory->notes = ttl_cache_create_of_references(max_octets, seed, clock, &references);
    if (memory->notes)
        return memory;
    free(memory);
    return NULL;
}

void dns_memory_destroy(struct dns_memory *memory)
{
    if (!memory)
        return;
    ttl_cache_destroy(memory->notes);
    free(memory);
}

/* The note's answer, if it has one, is the caller's to release. */
static bool get(struct dns_memory *memory, const struct dns_key *key, struct note *note)
{
    size_t len = sizeof(*note);

    if (!memory->keeps || !ttl_cache_get(memory->notes, key->octets, key->len, note, &len))
        return false;
    if (note->failed_ms < atomic_load_explicit(&memory->failures_since_ms, memory_order_relaxed)) {
        note->failed_ms = 0;
        note->retry_at_ms = 0;
        note->retry_ms = 0;
    }
    return true;
}

/* Takes over the reference to the note's answer. */
static void put(struct dns_memory *memory, const struct dns_key *key, const struct note *note, int64_t keep_ms)
{
    ttl_cache_put(memory->notes, key->octets, key->len, note, sizeof(*note), keep_ms);
}

/* Exchanges the note's answer for one that says how long it may still be used. */
static const struct dns_answer *answer_now(const struct note *note, int64_t now_ms)
{
    uint32_t ttl_s = STALE_TTL_S;
    const struct dns_answer *answer = NULL;

    if (now_ms < note->fresh_until_ms)
        ttl_s = (uint32_t)((note->fresh_until_ms - now_ms) / 1000);
    if (note->answer && now_ms < note->usable_until_ms)
        answer = dns_answer_with_ttl(note->answer, ttl_s);
    dns_answer_release(note->answer);
    return answer;
}

struct dns_recollection dns_memory_recall(struct dns_memory *memory, const struct dns_key *key)
{
    struct dns_recollection known = {.is_due = true};
    int64_t now_ms = clock_monotonic_ms(memory->clock);
    struct note note;

    if (!get(memory, key, &note))
        return known;
    known.answer = answer_now(&note, now_ms);
    known.is_fresh = known.answer && now_ms < note.fresh_until_ms;
    known.has_failed = note.failed_ms > 0;
    known.failure = note.failure;
    known.is_due = now_ms >= note.retry_at_ms && !(known.is_fresh && now_ms < note.refresh_at_ms);
    return known;
}

void dns_memory_keep(struct dns_memory *memory, const struct dns_key *key, const struct dns_answer *answer)
{
    bool is_positive = answer->status == DNS_OK;
    uint32_t max_s = is_positive ? POSITIVE_TTL_MAX_S : NEGATIVE_TTL_MAX_S;
    int64_t ttl_ms = (int64_t)(answer->ttl_s < max_s ? answer->ttl_s : max_s) * 1000;
    int64_t now_ms = clock_monotonic_ms(memory->clock);
    struct note note = {
        .answer = answer, .fresh_until_ms = now_ms + ttl_ms, .refresh_at_ms = now_ms + ttl_ms - ttl_ms / REFRESH_PART};

    memory->answered_ms = now_ms;
    if (memory->failures_in_row >= FAILURES_UNSURE)
        atomic_store_explicit(&memory->failures_since_ms, now_ms, memory_order_relaxed);
    memory->failures_in_row = 0;
    if (!memory->keeps)
        return;
    note.usable_until_ms = note.fresh_until_ms;
    if (ttl_ms > 0 && is_positive && memory->serve_stale) /* that there is nothing is not said after its time */
        note.usable_until_ms += (int64_t)STALE_S * 1000;
    dns_answer_acquire(answer);
    put(memory, key, &note, note.usable_until_ms - now_ms);
}

/* Says when a question that failed is due again. */
static void put_off(struct note *note, int64_t answered_ms, int64_t now_ms)
{
    bool others_are_well = answered_ms > (note->failed_ms > 0 ? note->failed_ms : now_ms - RETRY_MS);

    if (!others_are_well) {
        note->retry_at_ms = now_ms + RETRY_UNSURE_MS;
        return;
    }
    note->retry_ms = note->retry_ms > 0 ? 2 * note->retry_ms : RETRY_MS;
    if (note->retry_ms > RETRY_MAX_MS)
        note->retry_ms = RETRY_MAX_MS;
    note->retry_at_ms = now_ms + note->retry_ms;
}

void dns_memory_keep_failure(struct dns_memory *memory, const struct dns_key *key, enum dns_status failure)
{
    int64_t now_ms = clock_monotonic_ms(memory->clock), keep_ms;
    struct note note;

    memory->failures_in_row++;
    if (!memory->keeps)
        return;
    if (!get(memory, key, &note))
        note = (struct note){.answer = NULL};
    put_off(&note, memory->answered_ms, now_ms);
    note.failure = failure;
    note.failed_ms = now_ms;
    keep_ms = note.retry_at_ms - now_ms + RETRY_MAX_MS; /* a next failure in that time is one in a row */
    if (note.answer && note.usable_until_ms - now_ms > keep_ms)
        keep_ms = note.usable_until_ms - now_ms;
    put(memory, key, &note, keep_ms);
}

struct ttl_cache_stats dns_memory_stats(struct dns_memory *memory)
{
    return ttl_cache_stats(memory->notes);
}
