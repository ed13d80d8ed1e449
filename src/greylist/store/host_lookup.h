/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The addresses of a host by the system's resolver (getaddrinfo), within a bound of time: the resolver has none that we
 * could set, and may wait for silent name servers for half a minute. So it is asked on a thread of its own, which is
 * left alone when it takes too long; what it finds is there for the next call. */
#ifndef SMF_GREYLIST_STORE_HOST_LOOKUP_H
#define SMF_GREYLIST_STORE_HOST_LOOKUP_H

#include "base/strbuf.h"

#include <stdint.h>

struct addrinfo;
struct host_lookup;

/* The host is a name or an address, and is copied. NULL without memory. */
struct host_lookup *host_lookup_create(const char *host, unsigned port);

/* A lookup that is under way ends by itself, later. NULL is fine. */
void host_lookup_destroy(struct host_lookup *lookup);

/* The addresses for a stream, which the caller frees (freeaddrinfo); NULL, with the reason appended to `problem`, if
 * there are none, or none within `timeout_ms` (1 or more). An address needs no thread. One thread at a time. */
struct addrinfo *host_lookup_get(struct host_lookup *lookup, int64_t timeout_ms, struct strbuf *problem);

#endif
