/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A DNS cache for tests: answers with a TTL are kept for ever, and the same queries under way are joined. */
#ifndef SMF_TESTS_SIMPLE_CACHE_H
#define SMF_TESTS_SIMPLE_CACHE_H

#include "dns/dns.h"

/* Takes `backend` over, also if it fails: NULL if out of memory. */
struct dns *simple_cache_create(struct dns *backend);

#endif
