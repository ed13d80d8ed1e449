/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Any octets as the records of a zone, evaluated: no crash, no loop, no more questions than RFC 7208 4.6.4 allows, and
 * texts that can be shown. The same comes out where each answer arrives later, on another thread, and there is
 * lookahead.
 *
 * The first line is local part and HELO, with a tab between; the others are a zone (octet_zone.h). The domain asked is
 * a.org. */
#include "octet_zone.h"

#include "base/stats.h"
#include "base/thread.h"
#include "spf/spf_check.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

/* The record; ten terms, each a MX and ten names; the client's names; the explanation. */
enum { QUESTIONS_MAX = 1 + 10 * 11 + 11 + 1, TIMEOUT_MS = 60000 };

/* A question whose answer comes later. */
struct late_question {
    struct late_question *next;
    dns_callback done;
    void *context;
    const struct dns_answer *answer;
};

struct fuzz_dns {
    struct dns dns;
    struct octet_zone zone;
    bool is_late;       /* answers come from another thread */
    bool is_last_first; /* in the opposite order */
    atomic_uint questions;
    pthread_mutex_t lock; /* covers the rest */
    pthread_cond_t changed;
    struct late_question *late, **late_end;
    unsigned under_way;
    bool is_ending;
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void ask_late(struct fuzz_dns *fuzz, const struct dns_answer *found, dns_callback done, void *context)
{
    struct late_question *question = malloc(sizeof(*question));

    if (!question)
        abort();
    *question = (struct late_question){.done = done, .context = context, .answer = found};
    pthread_mutex_lock(&fuzz->lock);
    if (fuzz->is_last_first) {
        question->next = fuzz->late;
        fuzz->late = question;
    } else {
        *fuzz->late_end = question;
        fuzz->late_end = &question->next;
    }
    fuzz->under_way++;
    pthread_cond_broadcast(&fuzz->changed);
    pthread_mutex_unlock(&fuzz->lock);
}

/* Answers what was asked, until the end. */
static void *answer_late(void *context)
{
    struct fuzz_dns *fuzz = context;

    pthread_mutex_lock(&fuzz->lock);
    while (!fuzz->is_ending || fuzz->under_way > 0) {
        struct late_question *question = fuzz->late;

        if (!question) {
            pthread_cond_wait(&fuzz->changed, &fuzz->lock);
            continue;
        }
        fuzz->late = question->next;
        if (!fuzz->late)
            fuzz->late_end = &fuzz->late;
        pthread_mutex_unlock(&fuzz->lock);
        question->done(question->context, question->answer);
        free(question);
        pthread_mutex_lock(&fuzz->lock);
        fuzz->under_way--;
    }
    pthread_mutex_unlock(&fuzz->lock);
    return NULL;
}

static void query(struct dns *dns, const char *name, enum dns_type type, int64_t deadline_ms, dns_callback done,
                  void *context)
{
    struct fuzz_dns *fuzz = (struct fuzz_dns *)dns;

    (void)deadline_ms;
    if (++fuzz->questions > QUESTIONS_MAX)
        abort();
    if (fuzz->is_late)
        ask_late(fuzz, octet_zone_answer(&fuzz->zone, name, type), done, context);
    else
        done(context, octet_zone_answer(&fuzz->zone, name, type));
}

static void destroy(struct dns *dns)
{
    (void)dns;
}

static int64_t no_time(void *context)
{
    (void)context;
    return 0;
}

static const struct clock stopped_clock = {.monotonic_ms = no_time, .unix_s = no_time};
static const struct dns_ops fuzz_ops = {.query = query, .destroy = destroy};

static void check_text(const char *text, size_t size)
{
    size_t len = strnlen(text, size);

    if (len == size)
        abort();
    for (size_t i = 0; i < len; i++)
        if (text[i] < ' ' || text[i] > '~')
            abort();
}

static struct spf_outcome check(struct fuzz_dns *fuzz, struct spf_checker *checker, const char *client,
                                const char *local, const char *helo)
{
    struct spf_request question = {.local = local, .helo = helo, .domain = "a.org", .receiver = "r.example"};
    struct spf_outcome outcome;

    if (!addr_parse(client, &question.client))
        abort();
    fuzz->questions = 0;
    question.best_guess = local[0] == 'g';
    spf_check(checker, &question, &outcome);
    if (outcome.result >= RESULT_COUNT || stats_get(STATS_SPF_DISAGREEMENTS) > 0)
        abort();
    check_text(outcome.mechanism, sizeof(outcome.mechanism));
    check_text(outcome.problem, sizeof(outcome.problem));
    check_text(outcome.explanation, sizeof(outcome.explanation));
    return outcome;
}

/* What stands behind the end of a text is not a part of it. */
static bool is_same(const struct spf_outcome *a, const struct spf_outcome *b)
{
    return a->result == b->result && a->cached == b->cached && a->guessed == b->guessed && a->is_shed == b->is_shed &&
           a->no_mail == b->no_mail && a->matched_bits == b->matched_bits && a->ttl_s == b->ttl_s &&
           strcmp(a->mechanism, b->mechanism) == 0 && strcmp(a->problem, b->problem) == 0 &&
           strcmp(a->explanation, b->explanation) == 0;
}

/* Asks twice: what comes out of the cache is what went in. */
static struct spf_outcome check_twice(struct fuzz_dns *fuzz, struct spf_checker *checker, const char *client,
                                      const char *local, const char *helo)
{
    struct spf_outcome first = check(fuzz, checker, client, local, helo);
    struct spf_outcome second = check(fuzz, checker, client, local, helo);

    second.cached = first.cached;
    if (!is_same(&first, &second))
        abort();
    return first;
}

/* Takes the input apart. Returns the HELO name, which lies in `local`. */
static const char *read_input(struct fuzz_dns *fuzz, char local[128], const uint8_t *data, size_t size)
{
    const struct octet_line first = octet_zone_read(&fuzz->zone, data, size);
    char *helo = local;

    memset(local, 0, 128);
    if (first.len > 0)
        memcpy(local, first.text, first.len < 127 ? first.len : 127);
    strsep(&helo, "\t");
    return helo ? helo : "";
}

static struct spf_checker *create_checker(struct fuzz_dns *fuzz)
{
    struct spf_checker_config config = {.dns = &fuzz->dns,
                                        .clock = &stopped_clock,
                                        .timeout_ms = TIMEOUT_MS,
                                        .cache_octets = 1 << 16,
                                        .result_ttl_s = 60,
                                        .has_lookahead = fuzz->is_late};
    struct spf_checker *checker = spf_checker_create(&config);

    if (!checker)
        abort();
    return checker;
}

/* Asks with answers that come late: no difference to `expected`. */
static void check_late(struct fuzz_dns *fuzz, const struct spf_outcome *expected, const char *client, const char *local,
                       const char *helo)
{
    struct spf_checker *checker = create_checker(fuzz);
    struct spf_outcome outcome;
    pthread_t thread;

    fuzz->late_end = &fuzz->late;
    fuzz->is_ending = false;
    if (thread_start(&thread, answer_late, fuzz) != 0)
        abort();
    outcome = check(fuzz, checker, client, local, helo);
    pthread_mutex_lock(&fuzz->lock);
    fuzz->is_ending = true;
    pthread_cond_broadcast(&fuzz->changed);
    pthread_mutex_unlock(&fuzz->lock);
    pthread_join(thread, NULL);
    spf_checker_release(checker);
    if (!is_same(&outcome, expected))
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const clients[] = {"192.0.2.1", "2001:db8::1"};
    struct fuzz_dns fuzz = {.dns = {.ops = &fuzz_ops, .clock = &stopped_clock},
                            .lock = PTHREAD_MUTEX_INITIALIZER,
                            .changed = PTHREAD_COND_INITIALIZER};
    char local[128];
    const char *helo = read_input(&fuzz, local, data, size);
    struct spf_checker *checker = create_checker(&fuzz);
    struct spf_outcome outcomes[2];

    for (size_t i = 0; i < 2; i++)
        outcomes[i] = check_twice(&fuzz, checker, clients[i], local, helo);
    spf_checker_release(checker);
    fuzz.is_late = true;
    for (size_t i = 0; i < 2; i++) {
        fuzz.is_last_first = i == size % 2;
        check_late(&fuzz, &outcomes[i], clients[i], local, helo);
    }
    return 0;
}
