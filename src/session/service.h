/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The configuration in force with the checker built from it, and its exchange for another while mail goes on. */
#ifndef SMF_SESSION_SERVICE_H
#define SMF_SESSION_SERVICE_H

#include "base/strbuf.h"
#include "config/config.h"
#include "session/session.h"
#include "spf/spf_check.h"

#include <stdbool.h>

struct service;

/* Opens the DNS that `config` names: its zone file, its name servers, those of resolv.conf, or none (from the root on).
 * `server`: ask this one in the place of all of them; NULL: do as it says. NULL, with a message in `error`. */
struct dns *service_open_dns(const struct config *config, const char *server, struct strbuf *error);

/* Builds a checker on `dns`, which it takes over, with the cache and timeout of `config`. NULL, with a message in
 * `error`. */
struct spf_checker *service_build_checker(const struct config *config, struct dns *dns, struct strbuf *error);

/* Puts `config` (a reference is taken) in force. NULL, with a message in `error`, if its checker cannot be built. */
struct service *service_create(const struct config *config, struct strbuf *error);

/* Connections that still live keep what they pinned. NULL is fine. */
void service_destroy(struct service *service);

/* Exchanges configuration and checker; the caches begin empty. False, with a message in `error`, leaving all as it was.
 * Connections that live go on with what they pinned. Locks: the service's own, a leaf, held for an exchange of
 * pointers. */
bool service_replace(struct service *service, const struct config *config, struct strbuf *error);

/* The configuration in force; the caller releases it. */
const struct config *service_config(struct service *service);

struct ttl_cache_stats service_cache_stats(struct service *service);

/* For front ends; any thread. The session belongs to the caller; NULL if out of memory. */
struct session *service_begin_session(struct service *service, const struct session_abilities *abilities);
struct session_needs service_needs(struct service *service);

#endif
