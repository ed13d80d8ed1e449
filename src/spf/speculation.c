/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Evaluations that nobody waits for yet. */
#include "spf/checker.h"

#include <stdlib.h>

struct spf_speculation {
    struct spf_checker *checker;
    struct inflight_follower follower;
    atomic_uint references; /* that of the caller, and of the follower until it was called or has left */
};

static void release_speculation(struct spf_speculation *speculation, unsigned references)
{
    if (atomic_fetch_sub(&speculation->references, references) == references)
        free(speculation);
}

static void end_follower(void *context, const struct published *published)
{
    (void)published;
    release_speculation(context, 1);
}

/* NULL if it cannot be begun. */
static struct spf_speculation *begin_speculation(struct spf_checker *checker, const struct spf_request *normal,
                                                 unsigned varying)
{
    struct spf_speculation *speculation = malloc(sizeof(*speculation));

    if (!speculation)
        return NULL;
    *speculation = (struct spf_speculation){
        .checker = checker, .follower = {.published = end_follower, .context = speculation}, .references = 2};
    if (inflight_join(checker->inflight, normal, varying, checker_deadline_of(checker, normal), INFLIGHT_SPECULATIVE,
                      &speculation->follower) == INFLIGHT_JOINED) {
        spf_checker_acquire(checker);
        return speculation;
    }
    free(speculation);
    return NULL;
}

struct spf_speculation *spf_check_speculate(struct spf_checker *checker, const struct spf_request *request)
{
    struct spf_request normal = *request;
    char domain[DNS_NAME_MAX + 1];
    struct spf_outcome known;
    unsigned varying;

    if (!checker->has_lookahead || !checker->dns->keeps_answers || !checker_normalize(&normal, domain))
        return NULL;
    normal.trace = NULL;
    return result_cache_look(checker->cache, &normal, &known, &varying) ? NULL
                                                                        : begin_speculation(checker, &normal, varying);
}

void spf_speculation_end(struct spf_speculation *speculation)
{
    struct spf_checker *checker;

    if (!speculation)
        return;
    checker = speculation->checker;
    release_speculation(speculation, inflight_leave(checker->inflight, &speculation->follower) ? 2 : 1);
    spf_checker_release(checker);
}
