/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Counts answers of greylisting. */
#include "session/greylist_metrics.h"

#include "session/reason.h"

#include <stdatomic.h>
#include <stdint.h>

enum { REASONS = GREYLIST_KNOWN_SENDER + 1 };

static _Atomic uint64_t decided[REASONS], unanswered[STORE_ANSWER_COUNT];

void greylist_metrics_count(const struct greylist_answer *answer)
{
    _Atomic uint64_t *counter =
        answer->answer == STORE_ANSWERED ? &decided[answer->reason] : &unanswered[answer->answer];

    atomic_fetch_add_explicit(counter, 1, memory_order_relaxed);
}

static void write_answer(struct metrics_text *text, struct greylist_answer answer, const _Atomic uint64_t *counter)
{
    char name[GREYLIST_ANSWER_NAME_SIZE];

    metrics_sample(text, "reason", greylist_answer_name(&answer, name),
                   (double)atomic_load_explicit(counter, memory_order_relaxed));
}

static void write_one(struct metrics_text *text, const char *name, enum metrics_type type, const char *help,
                      double value)
{
    metrics_family(text, name, type, help);
    metrics_sample(text, NULL, NULL, value);
}

static void write_store(struct metrics_text *text, const struct greylist_store_state *store)
{
    metrics_family(text, "greylist_store_answers", METRICS_COUNTER, "Answers of the store of greylisting.");
    for (int n = 0; n < STORE_ANSWER_COUNT; n++)
        metrics_sample(text, "answer", store_answer_name((enum store_answer)n), (double)store->answers[n]);
    write_one(text, "greylist_store_cache_hits", METRICS_COUNTER, "Answers that the cache before the store gave.",
              (double)store->cache_hits);
    write_one(text, "greylist_store_batches", METRICS_COUNTER, "Batches of questions that the store was given.",
              (double)store->batches);
    write_one(text, "greylist_store_busy_seconds", METRICS_COUNTER, "How long the store took for them.",
              (double)store->busy_us / 1e6);
    write_one(text, "greylist_store_expired", METRICS_COUNTER, "Entries that were deleted from the store.",
              (double)store->expired);
    write_one(text, "greylist_store_entries", METRICS_GAUGE, "Entries in the store, as of the last count.",
              (double)store->entries);
    write_one(text, "greylist_store_away", METRICS_GAUGE,
              "Whether the store cannot be reached, so that nobody is deferred (1).", store->is_away ? 1 : 0);
}

void greylist_metrics_write(struct metrics_text *text, const struct greylist_store_state *store)
{
    metrics_family(text, "greylist", METRICS_COUNTER, "Recipients that greylisting was asked about.");
    for (int n = 0; n < REASONS; n++)
        write_answer(text, (struct greylist_answer){.answer = STORE_ANSWERED, .reason = (enum greylist_reason)n},
                     &decided[n]);
    for (int n = STORE_ANSWERED + 1; n < STORE_ANSWER_COUNT; n++)
        write_answer(text, (struct greylist_answer){.answer = (enum store_answer)n}, &unanswered[n]);
    write_one(text, "greylist_deferred", METRICS_COUNTER,
              "Recipients that greylisting deferred, and messages from the null sender.",
              (double)reason_cases(REASON_GREYLISTED));
    write_store(text, store);
}
