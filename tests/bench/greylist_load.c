/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Fills a store of greylisting, and measures what a decision costs in it then. Figures, one a line: name and number.
 *
 * usage: greylist_load STORE ENTRIES    (STORE as in GreylistStore) */
#include "base/clock.h"
#include "greylist/store/backend.h"
#include "greylist/store/greylist_store.h"
#include "greylist/store_address.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>

enum { UNDER_WAY_MAX = 2000, ASKED = 20000, RSS_LINE = 256, WAIT_MS = 60000 };

static const struct greylist_terms terms = {
    .mode = GREYLIST_ON, .delay_s = 60, .window_s = 86400, .life_s = 36 * 86400, .known_after = 2};

/* A clock that can be set. */
static _Atomic int64_t ahead_s;

static int64_t unix_s(void *context)
{
    (void)context;
    return clock_unix_s(&clock_system) + ahead_s;
}

static int64_t monotonic_ms(void *context)
{
    (void)context;
    return clock_monotonic_ms(&clock_system);
}

static const struct clock own_clock = {.unix_s = unix_s, .monotonic_ms = monotonic_ms};

/* --- Who has been answered. --- */

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static size_t under_way;
static unsigned long answers[STORE_ANSWER_COUNT], reasons[GREYLIST_KNOWN_SENDER + 1];

static void done(void *context, enum store_answer answer, const struct greylist_decision *decision)
{
    (void)context;
    pthread_mutex_lock(&lock);
    under_way--;
    answers[answer]++;
    if (decision != NULL)
        reasons[decision->reason]++;
    pthread_cond_signal(&changed);
    pthread_mutex_unlock(&lock);
}

static void wait_until_under_way(size_t most)
{
    pthread_mutex_lock(&lock);
    while (under_way > most)
        pthread_cond_wait(&changed, &lock);
    pthread_mutex_unlock(&lock);
}

/* Subjects that look like those of mail: a network, a domain, a recipient, in no order. */
static struct greylist_subject subject_of(unsigned long n)
{
    const unsigned long mixed = n * 2654435761UL % 4294967296UL;
    struct greylist_subject subject;

    (void)snprintf(subject.entry, sizeof subject.entry, "%lu.%lu.%lu.0/24 domain%lu.example user%lu@recipient.example",
                   mixed >> 24, mixed >> 16 & 255, mixed >> 8 & 255, n % 100003, mixed % 5000);
    (void)snprintf(subject.sender, sizeof subject.sender, "%lu.%lu.%lu.0/24 domain%lu.example", mixed >> 24,
                   mixed >> 16 & 255, mixed >> 8 & 255, n % 100003);
    return subject;
}

static void visit(struct greylist_store *store, unsigned long n)
{
    const struct greylist_subject subject = subject_of(n);

    pthread_mutex_lock(&lock);
    under_way++;
    pthread_mutex_unlock(&lock);
    greylist_store_visit(store, &subject, &terms, done, NULL);
}

static double now_us(void)
{
    struct timespec now;

    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec * 1e6 + (double)now.tv_nsec / 1e3;
}

/* What all threads have taken of the processors: the same on a machine that has other things to do. */
static double cpu_us(void)
{
    struct rusage used;

    (void)getrusage(RUSAGE_SELF, &used);
    return (double)(used.ru_utime.tv_sec + used.ru_stime.tv_sec) * 1e6 +
           (double)(used.ru_utime.tv_usec + used.ru_stime.tv_usec);
}

/* --- What is measured. --- */

static int compare(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

/* One after the other, as a message waits for it. */
static void time_each(struct greylist_store *store, const char *name, unsigned long first, unsigned long step)
{
    static double times[ASKED];
    const double cpu_begin = cpu_us();

    for (size_t i = 0; i < ASKED; i++) {
        const double begin = now_us();

        visit(store, first + i * step);
        wait_until_under_way(0);
        times[i] = now_us() - begin;
    }
    printf("%s-cpu-us %.1f\n", name, (cpu_us() - cpu_begin) / (double)ASKED);
    qsort(times, ASKED, sizeof *times, compare);
    printf("%s-us-p50 %.0f\n%s-us-p99 %.0f\n%s-us-max %.0f\n", name, times[ASKED / 2], name, times[ASKED * 99 / 100],
           name, times[ASKED - 1]);
}

/* As many at a time as come while the store is at work. */
static void time_all(struct greylist_store *store, const char *name, unsigned long first, unsigned long count)
{
    const double begin = now_us(), cpu_begin = cpu_us();

    for (unsigned long i = 0; i < count; i++) {
        wait_until_under_way(UNDER_WAY_MAX);
        visit(store, first + i);
    }
    wait_until_under_way(0);
    printf("%s-cpu-us %.1f\n%s-per-s %.0f\n", name, (cpu_us() - cpu_begin) / (double)count, name,
           (double)count * 1e6 / (now_us() - begin));
}

static void print_rss(const char *name)
{
    char line[RSS_LINE];
    FILE *status = fopen("/proc/self/status", "r");

    while (status != NULL && fgets(line, sizeof line, status) != NULL)
        if (strncmp(line, "VmRSS:", 6) == 0)
            printf("%s-rss-kb %ld\n", name, strtol(line + 6, NULL, 10));
    if (status != NULL)
        (void)fclose(status);
}

static void print_size(const struct store_address *address)
{
    struct stat status;

    if (address->kind == STORE_SQLITE && stat(address->path, &status) == 0)
        printf("file-kb %lld\n", (long long)status.st_size / 1024);
}

static void print_answers(void)
{
    for (unsigned i = 0; i < STORE_ANSWER_COUNT; i++)
        printf("answers-%s %lu\n", store_answer_name(i), answers[i]);
    for (unsigned i = 0; i <= GREYLIST_KNOWN_SENDER; i++)
        printf("reason-%u %lu\n", i, reasons[i]);
}

static void measure(struct greylist_store *store, const struct store_address *address, unsigned long entries)
{
    (void)setvbuf(stdout, NULL, _IOLBF, 0);
    print_rss("begin");
    time_all(store, "new", 0, entries);
    print_rss("filled");
    print_size(address);
    ahead_s = 120;
    time_each(store, "new-each", entries, 1);
    time_each(store, "back-each", 7, entries / ASKED);
    time_each(store, "known-cached", 7, entries / ASKED);
    time_each(store, "early-each", entries, 1);
    print_rss("end");
    print_size(address);
    print_answers();
}

int main(int argc, char **argv)
{
    struct greylist_store_config config = {.clock = &own_clock};
    struct strbuf error = STRBUF_INIT;
    const unsigned long entries = argc == 3 ? strtoul(argv[2], NULL, 10) : 0;
    struct greylist_store *store;
    struct backend *backend;

    if (entries < ASKED || !store_address_parse(argv[1], &config.address)) {
        (void)fprintf(stderr, "usage: greylist_load STORE ENTRIES\n");
        return 64;
    }
    config.entries_max = entries + entries / 10 + 2UL * ASKED;
    backend = backend_create(&config);
    store = backend == NULL ? NULL : greylist_store_create_on(backend, &own_clock, WAIT_MS, &error);
    if (store == NULL) {
        (void)fprintf(stderr, "greylist_load: %s\n", strbuf_text(&error));
        return 1;
    }
    measure(store, &config.address, entries);
    greylist_store_release(store);
    greylist_store_await_ends();
    return answers[STORE_ANSWERED] > 0 ? 0 : 1;
}
