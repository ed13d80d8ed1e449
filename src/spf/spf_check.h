/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The front of this room: the SPF outcome for one identity of one client, out of the result cache or by an evaluation.
 */
#ifndef SMF_SPF_SPF_CHECK_H
#define SMF_SPF_SPF_CHECK_H

#include "base/addr.h"
#include "base/clock.h"
#include "base/tristate.h"
#include "base/ttl_cache.h"
#include "dns/dns.h"
#include "mail/result.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct spf_trace;

enum spf_identity { IDENTITY_MAILFROM, IDENTITY_HELO }; /* RFC 7208 2.4, 2.3 */

/* What is asked. All texts are NUL-terminated, not NULL, and belong to the caller. They may hold anything: what is no
 * valid domain gives `none` (RFC 7208 4.3). */
struct spf_request {
    enum spf_identity identity;
    struct addr client;
    const char *helo;  /* the name in HELO, "" if there was none */
    const char *local; /* local part; "postmaster" for the HELO identity and where the sender has none (RFC 7208 4.3) */
    const char *domain;   /* the domain whose policy is asked for */
    const char *receiver; /* this host's name, for %{r} (RFC 7208 7.3) */
    bool best_guess;      /* where there is no record, evaluate `v=spf1 a/24 mx/24 ptr ?all` */
    bool is_speculated;   /* spf_check_speculate began it for an equal one: the outcome is its own, not a cached one */
    bool is_alone;        /* no evaluation that was begun for others is waited for, as its deadline is another */
    int64_t deadline_ms;  /* as spf_checker_deadline_ms gave it, for requests that share one; 0: the timeout from now */
    struct spf_trace *trace; /* told of each step (trace.h), if not NULL */
};

enum {
    SPF_TERM_SIZE = 256,        /* room for the term that decided */
    SPF_PROBLEM_SIZE = 240,     /* room for a reason */
    SPF_EXPLANATION_SIZE = 512, /* room for an explanation */
};

/* What came out. The texts are printable US-ASCII, or empty. */
struct spf_outcome {
    enum spf_result result;
    bool cached;  /* out of the result cache */
    bool guessed; /* there was no record: result of the best guess */
    bool is_shed; /* temperror without an evaluation to its end, for a lack or a fault of ours: too many are under way,
                     no memory, descriptor or thread is left, or the DNS thread itself is late: it answers each lookup
                     at its deadline at the latest, so silence past that is ours. It says nothing about the domain. What
                     the DNS did not answer in time is a temperror that is not shed (RFC 7208 2.6.6) */
    bool no_mail; /* the domain's record is `v=spf1 -all` and nothing else: it sends no mail at all */
    uint8_t matched_bits; /* pass: how many bits of the client's address the term had to match, of the record in which
                             it stands: 0 of all, ptr, and exists without a macro of the address; all of them where such
                             a macro is in the name, or in that of an include or redirect that leads there. Else 0 */
    uint32_t ttl_s;       /* smallest TTL of the DNS answers used */
    char
        mechanism[SPF_TERM_SIZE]; /* the term of the domain's record that decided, as written there ("ip4:192.0.2.0/24",
                                     "-all"); "default" where none matched; where a redirect led to another record, the
                                     term there ("-all of b.example"); empty for none and the errors */
    char problem[SPF_PROBLEM_SIZE];         /* temperror, permerror: what went wrong, with which name, and at which term
                                               ("..., at mx of b.example") */
    char explanation[SPF_EXPLANATION_SIZE]; /* fail: the domain's own words (RFC 7208 6.2), checked and expanded; else
                                               empty */
};

/* Makes it one that says nothing: none. */
void spf_outcome_clear(struct spf_outcome *outcome);

/* Copies one, of its texts what they have: an outcome has a kB, and mostly says little. */
void spf_outcome_copy(struct spf_outcome *to, const struct spf_outcome *from);

struct spf_checker;

struct spf_checker_config {
    struct dns *dns; /* taken over: destroyed with the checker, or by a failed create */
    const struct clock *clock;
    size_t cache_octets;   /* bound of the result cache; 0: none */
    uint32_t result_ttl_s; /* longest life of a result; 0: no cache */
    uint32_t timeout_ms;   /* for one whole evaluation (RFC 7208 4.6.4) */
    uint8_t seed[16];      /* random octets for the cache's hash */
    bool has_lookahead;    /* ask the DNS for what the terms of a record name as soon as it is there (walk.h) */
    unsigned max_checks;   /* evaluations under way at once; past it a request is shed. 0: MAX_CHECKS_USUAL */
};

enum { MAX_CHECKS_USUAL = 1024 };

/* Creates a checker with one reference. NULL if out of memory. */
struct spf_checker *spf_checker_create(const struct spf_checker_config *config);
struct spf_checker *spf_checker_acquire(struct spf_checker *checker);
void spf_checker_release(struct spf_checker *checker); /* the last one destroys; NULL is fine */

/* Takes on cache_octets, result_ttl_s, timeout_ms, has_lookahead and max_checks of another configuration, while it is
 * used. The DNS stays, with its answers, and so do the results that are cached, where the first two are the same. One
 * thread at a time. */
void spf_checker_adjust(struct spf_checker *checker, const struct spf_checker_config *config);

/* The DNS that it asks, for other lookups. It lives as long as the checker. */
struct dns *spf_checker_dns(const struct spf_checker *checker);

/* When the timeout of an evaluation that begins now will be over, on the checker's monotonic clock. */
int64_t spf_checker_deadline_ms(const struct spf_checker *checker);

/* The moment by the clock of deadlines, and the same deadline for a check that begins in that moment. */
int64_t spf_checker_now_ms(const struct spf_checker *checker);
int64_t spf_checker_deadline_after_ms(const struct spf_checker *checker, int64_t now_ms);

/* Answers `request`, within the timeout. A fault of ours (out of memory) gives temperror with a problem that says so,
 * never fail, and so do too many evaluations under way (max_checks), at once. Any number of threads at once; hold no
 * lock. */
void spf_check(struct spf_checker *checker, const struct spf_request *request, struct spf_outcome *outcome);

/* Takes an outcome, which is gone after the call. Called once, on any thread, that of the DNS too; it must not block.
 */
typedef void (*spf_done)(void *context, const struct spf_outcome *outcome);

/* The same without waiting: `done` is called with the outcome, before this returns or later. The request is copied;
 * it must have no trace. The checker must be held until then. Any thread; hold no lock. */
void spf_check_start(struct spf_checker *checker, const struct spf_request *request, spf_done done, void *context);

/* Whether the outcome of `request` is pass, found as by spf_check; temperror, or no memory, is unknown. For lists of
 * clients that some domain permits: the outcome is nobody's result, and not counted. */
enum tristate spf_permits(struct spf_checker *checker, const struct spf_request *request);

/* The same without waiting: `done` is called as by spf_check_start, and spf_outcome_permits says what the outcome
 * means. */
void spf_permits_start(struct spf_checker *checker, const struct spf_request *request, spf_done done, void *context);
enum tristate spf_outcome_permits(const struct spf_outcome *outcome);

/* An evaluation that somebody will ask for. */
struct spf_speculation;

/* Starts to find out what spf_check will be asked with an equal request, and returns at once. Nobody is told; whoever
 * asks later has the outcome, or takes part. Returns what is to be ended once that was asked, or will not be. NULL, and
 * nothing happens, where the outcome is known, where answers are not cached (keeps_answers) or there is no lookahead,
 * if out of memory, or while three quarters of max_checks are under way: the rest is for those who wait. Any thread;
 * hold no lock. */
struct spf_speculation *spf_check_speculate(struct spf_checker *checker, const struct spf_request *request);

/* Ends one, NULL too: if nobody else follows the evaluation, it is cancelled. Any thread but the DNS's; hold no lock.
 */
void spf_speculation_end(struct spf_speculation *speculation);

/* Of the result cache (result_cache.h): what it holds, and the counters of all that there have been. */
struct ttl_cache_stats spf_checker_cache_stats(struct spf_checker *checker);

#endif
