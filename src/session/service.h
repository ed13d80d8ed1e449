/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The effective configuration with the checker built from it, and its replacement while mail goes on. */
#ifndef SMF_SESSION_SERVICE_H
#define SMF_SESSION_SERVICE_H

#include "base/strbuf.h"
#include "config/config.h"
#include "greylist/store/greylist_store.h"
#include "session/cache_metrics.h"
#include "session/session.h"
#include "spf/spf_check.h"

#include <stdbool.h>

struct service;

/* Opens the DNS that `config` names: its zone file, its name servers, those of resolv.conf, or none (from the root on).
 * `server`: use this one instead of all of them; NULL: as `config` says. NULL, with a message in `error`. */
struct dns *service_open_dns(const struct config *config, const char *server, struct strbuf *error);

/* Builds a checker on `dns`, which it takes over, with the cache and timeout of `config`. NULL, with a message in
 * `error`. */
struct spf_checker *service_build_checker(const struct config *config, struct dns *dns, struct strbuf *error);

/* Makes `config` effective (a reference is taken). NULL, with a message in `error`, if its checker cannot be built. */
struct service *service_create(const struct config *config, struct strbuf *error);

/* Connections that still live keep what they pinned; lookups end first. NULL is fine. */
void service_destroy(struct service *service);

/* A replacement of the configuration in two steps: all that can fail, and the swap. The DNS lives on, with what it has
 * cached, where its settings and the text of its zone file are the same, and then so do cached results where theirs
 * are. One thread at a time. NULL, with a message in `error`: then nothing has changed. */
struct service_change *service_prepare(struct service *service, const struct config *config, struct strbuf *error);

/* Connections that live go on with the configuration that they pinned; but TTL, CacheSize, DNSTimeout, MaxChecks and
 * DNSLookahead are those of the checker, which they may share with new ones. Where the DNS is another from now on,
 * waits for the lookups that were begun with the one before, so not on a thread that answers them. Frees the change.
 * Locks: the service's own, a leaf, held to swap pointers. */
void service_commit(struct service *service, struct service_change *change);
void service_discard(struct service_change *change); /* NULL is fine */

/* True if the change brings nothing new. */
bool service_change_is_empty(const struct service_change *change);

/* Both steps. False, with a message in `error`, leaving all as it was. */
bool service_replace(struct service *service, const struct config *config, struct strbuf *error);

/* The effective configuration; the caller releases it. */
const struct config *service_config(struct service *service);

/* What the caches hold, and the counters of all that there have been: no reload sets them back. */
struct cache_state service_caches(struct service *service);

/* How the DNS in use is now. */
void service_dns_state(struct service *service, struct dns_state *state);

/* How the store of greylisting is, with the counters of all that there have been; zeroed: there is none. */
void service_greylist_state(struct service *service, struct greylist_store_state *state);

/* What is effective now, with references that service_release gives back. Any thread but the DNS's. */
struct session_shared service_acquire(struct service *service);
void service_release(const struct session_shared *shared);

/* What may be over on a thread of the DNS, where the last reference to a checker must not be given back, since the
 * checker's DNS ends its threads then: service_commit and service_destroy wait for its end. */
struct service_lookup {
    struct session_shared shared; /* what is effective at its beginning; without the store of greylisting */
    struct service *service;
    unsigned generation;
};

/* Each lookup that was begun is to end within its deadline. Any thread; hold no lock. */
struct service_lookup service_lookup_begin(struct service *service);
void service_lookup_end(const struct service_lookup *lookup);

/* For front ends; any thread. The session belongs to the caller; NULL if out of memory. */
struct session *service_begin_session(struct service *service, const struct session_abilities *abilities);
struct session_needs service_needs(struct service *service);

#endif
