/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The name servers of the system, resolv.conf(5), and whether they have changed. */
#ifndef SMF_DNS_RESOLV_CONF_H
#define SMF_DNS_RESOLV_CONF_H

#include "dns/dns_server.h"

#include <stdbool.h>
#include <stddef.h>
#include <sys/stat.h>

enum { RESOLV_CONF_SERVERS = 8 }; /* those beyond are ignored; glibc takes three */

/* Starts as {0}: never read. */
struct resolv_conf {
    struct dns_server servers[RESOLV_CONF_SERVERS]; /* as dns_server_read writes them */
    size_t count;
    bool was_read;    /* it has been looked for */
    struct stat file; /* as it was then; zeros: it could not be read */
};

/* Reads the file at `path` unless it is the one that was read before. True if the servers are others now (the first
 * time: always). Lines that are no name server, or none that can be understood, are passed over. */
bool resolv_conf_update(struct resolv_conf *conf, const char *path);

#endif
