/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Keeps one session. */
#include "session/session_spare.h"

#include "greylist/store/greylist_store.h"
#include "session/srs_rules.h"
#include "session/state.h"

#include <stdatomic.h>
#include <stdlib.h>

struct session_spare {
    _Atomic(struct session *) session; /* NULL: none */
    atomic_uint generation;
    atomic_uint references;
};

struct session_spare *session_spare_create(void)
{
    struct session_spare *spare = calloc(1, sizeof *spare);

    if (spare != NULL)
        spare->references = 1;
    return spare;
}

struct session_spare *session_spare_acquire(struct session_spare *spare)
{
    if (spare != NULL)
        atomic_fetch_add_explicit(&spare->references, 1, memory_order_relaxed);
    return spare;
}

void session_spare_release(struct session_spare *spare)
{
    if (spare != NULL && atomic_fetch_sub_explicit(&spare->references, 1, memory_order_acq_rel) == 1)
        free(spare); /* without a session, as that would hold a reference */
}

void session_spare_free(struct session *session)
{
    if (session == NULL)
        return;
    config_release(session->shared.config);
    spf_checker_release(session->shared.checker);
    srs_rules_release(session->shared.srs);
    greylist_store_release(session->shared.greylist);
    session_spare_release(session->shared.spare);
    free(session);
}

unsigned session_spare_generation(const struct session_spare *spare)
{
    return spare->generation;
}

void session_spare_renew(struct session_spare *spare)
{
    spare->generation++;
    session_spare_free(atomic_exchange(&spare->session, NULL));
}

struct session *session_spare_take(struct session_spare *spare)
{
    struct session *session = atomic_exchange(&spare->session, NULL);

    if (session == NULL || session->shared.generation == spare->generation)
        return session;
    session_spare_free(session);
    return NULL;
}

bool session_spare_put(struct session_spare *spare, struct session *session)
{
    const unsigned generation = session->shared.generation;

    if (generation != spare->generation)
        return false;
    session_spare_acquire(spare); /* the session, whose reference is not the caller's, may go in this moment */
    session_spare_free(atomic_exchange(&spare->session, session));
    if (generation != spare->generation) /* another began in between, and may not have seen it */
        session_spare_free(atomic_exchange(&spare->session, NULL));
    session_spare_release(spare);
    return true;
}
