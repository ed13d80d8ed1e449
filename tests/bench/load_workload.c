/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The senders of each workload, by the kinds of domains that the DNS responder knows. */
#include "load_workload.h"

#include <inttypes.h>
#include <pthread.h>
#include <stddef.h>
#include <string.h>

enum {
    ZIPF_DOMAINS = 1000,
    EXISTS_DOMAINS = 50,
    ATTACKERS = 50,
    REGULARS = 1000,
    FLOOD_HOT_DOMAINS = 100, /* of the hot set beside a flood */
    FLOOD_HOT_SHARE = 10,    /* messages in a hundred that come from it */
};

struct workload {
    const char *name, *help;
    void (*pick)(uint64_t seq, uint64_t *random, struct mail *mail);
};

/* Marsaglia's xorshift: quick, and good enough for a choice. */
uint64_t workload_random(uint64_t *state)
{
    *state ^= *state << 13U;
    *state ^= *state >> 7U;
    *state ^= *state << 17U;
    return *state;
}

static unsigned below(uint64_t *random, unsigned limit)
{
    return (unsigned)(workload_random(random) % limit);
}

static void fill(struct mail *mail, const char *kind, uint64_t number, const char *expected)
{
    memcpy(mail->local, "someone", sizeof "someone");
    (void)snprintf(mail->domain, sizeof mail->domain, "d%" PRIu64 ".%s.test", number, kind);
    mail->expected = expected;
}

/* One domain of its own for each message. */
#define PICK_NEW(kind, expected)                                                                                       \
    static void pick_##kind(uint64_t seq, uint64_t *random, struct mail *mail)                                         \
    {                                                                                                                  \
        (void)random;                                                                                                  \
        fill(mail, #kind, seq, expected);                                                                              \
    }

PICK_NEW(new, "pass")
PICK_NEW(nested, "pass")
PICK_NEW(sibling, "pass")
PICK_NEW(provider, "pass")
PICK_NEW(mx, "pass")
PICK_NEW(terms, "pass")
PICK_NEW(large, "pass")
PICK_NEW(soft, "softfail")
PICK_NEW(bare, "none")
PICK_NEW(refused, "refused")

static void pick_hot(uint64_t seq, uint64_t *random, struct mail *mail)
{
    (void)seq, (void)random;
    fill(mail, "hot", 0, "pass");
}

/* ---- Zipf's law: the n-th most frequent domain has a share of 1/n ---- */

static double zipf_sums[ZIPF_DOMAINS];
static pthread_once_t zipf_once = PTHREAD_ONCE_INIT;

static void sum_zipf(void)
{
    double sum = 0;

    for (unsigned i = 0; i < ZIPF_DOMAINS; i++) {
        sum += 1.0 / (i + 1);
        zipf_sums[i] = sum;
    }
}

static void pick_zipf(uint64_t seq, uint64_t *random, struct mail *mail)
{
    unsigned low = 0, high = ZIPF_DOMAINS - 1;
    double wanted;

    (void)seq;
    (void)pthread_once(&zipf_once, sum_zipf);
    wanted = zipf_sums[ZIPF_DOMAINS - 1] * ((double)(workload_random(random) >> 11U) / (double)(1ULL << 53U));
    while (low < high) {
        unsigned middle = (low + high) / 2;

        if (zipf_sums[middle] < wanted)
            low = middle + 1;
        else
            high = middle;
    }
    fill(mail, "zipf", low, "pass");
}

/* ---- Macros, mixtures, floods ---- */

static void pick_exists(uint64_t seq, uint64_t *random, struct mail *mail)
{
    fill(mail, "exists", below(random, EXISTS_DOMAINS), "pass");
    (void)snprintf(mail->local, sizeof mail->local, "u%" PRIu64, seq);
}

/* Two of three messages come from domains that write often; the others from domains of every kind not seen before. */
static void pick_mixed(uint64_t seq, uint64_t *random, struct mail *mail)
{
    static void (*const others[])(uint64_t, uint64_t *, struct mail *) = {
        pick_new,     pick_new, pick_new, pick_provider, pick_provider, pick_provider, pick_nested, pick_nested,
        pick_sibling, pick_mx,  pick_mx,  pick_exists,   pick_soft,     pick_bare,     pick_large,
    };

    if (below(random, 3) < 2)
        pick_zipf(seq, random, mail);
    else
        others[below(random, sizeof others / sizeof *others)](seq, random, mail);
}

/* One of 50 attackers, with a sender that is new: no cache has the names of its record. */
static void pick_attacker(const char *kind, uint64_t seq, const char *expected, struct mail *mail)
{
    char own_kind[16];

    (void)snprintf(own_kind, sizeof own_kind, "%s%u", kind, (unsigned)(seq % ATTACKERS));
    fill(mail, own_kind, 0, expected);
    (void)snprintf(mail->local, sizeof mail->local, "u%" PRIu64, seq);
}

static void pick_dead(uint64_t seq, uint64_t *random, struct mail *mail)
{
    (void)random;
    pick_attacker("dead", seq, "temperror", mail);
}

static void pick_tardy(uint64_t seq, uint64_t *random, struct mail *mail)
{
    (void)random;
    pick_attacker("tardy", seq, "pass", mail);
}

/* Of an owner of its own, who is not known by another one's mail. */
static void pick_softfail(uint64_t owner, struct mail *mail)
{
    char own_kind[32];

    (void)snprintf(own_kind, sizeof own_kind, "soft%" PRIu64, owner);
    fill(mail, own_kind, 0, "softfail");
}

static void pick_regulars(uint64_t seq, uint64_t *random, struct mail *mail)
{
    (void)random;
    pick_softfail(seq % REGULARS, mail);
}

static void pick_strangers(uint64_t seq, uint64_t *random, struct mail *mail)
{
    (void)random;
    pick_softfail(REGULARS + seq, mail);
}

static void pick_flood(uint64_t seq, uint64_t *random, struct mail *mail)
{
    if (below(random, 100) < FLOOD_HOT_SHARE)
        fill(mail, "hot", below(random, FLOOD_HOT_DOMAINS), "pass");
    else
        fill(mail, "new", seq, "pass");
}

static const struct workload workloads[] = {
    {"hot", "one domain", pick_hot},
    {"zipf", "1,000 domains, by Zipf's law", pick_zipf},
    {"new", "a new domain for each message, with one network in its record", pick_new},
    {"nested", "a new domain for each message, with 4 includes, one in the other", pick_nested},
    {"sibling", "a new domain for each message, with 4 includes beside each other", pick_sibling},
    {"provider", "a new domain for each message, which includes two known ones", pick_provider},
    {"mx", "a new domain for each message, with a and an mx of 5 hosts", pick_mx},
    {"exists", "50 domains with exists:%{l}, a new local part for each message", pick_exists},
    {"terms", "a new domain for each message, with 10 terms that ask the DNS, of every kind", pick_terms},
    {"large", "a new domain for each message, with a record too long for UDP", pick_large},
    {"soft", "a new domain for each message, softfail", pick_soft},
    {"bare", "a new domain for each message, without a record", pick_bare},
    {"refused", "a new domain for each message, fail", pick_refused},
    {"mixed", "two thirds as zipf, the rest new domains of every kind", pick_mixed},
    {"dead", "50 domains whose records name what is never answered", pick_dead},
    {"tardy", "50 domains whose records name what is answered after 0.9 s", pick_tardy},
    {"regulars", "1,000 domains of as many owners in turns, softfail", pick_regulars},
    {"strangers", "a new domain of a new owner for each message, softfail", pick_strangers},
    {"flood", "a tenth from 100 domains, the rest new ones", pick_flood},
};

enum { WORKLOAD_COUNT = sizeof workloads / sizeof *workloads };

const struct workload *workload_find(const char *name)
{
    for (size_t i = 0; i < WORKLOAD_COUNT; i++)
        if (strcmp(workloads[i].name, name) == 0)
            return &workloads[i];
    return NULL;
}

void workload_list(FILE *out)
{
    for (size_t i = 0; i < WORKLOAD_COUNT; i++)
        (void)fprintf(out, "  %-9s %s\n", workloads[i].name, workloads[i].help);
}

void workload_next(const struct workload *workload, uint64_t seq, uint64_t *random, struct mail *mail)
{
    workload->pick(seq, random, mail);
}
