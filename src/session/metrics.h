/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The metrics of the process: every family, with its name, help and labels, out of the counters that there are. */
#ifndef SMF_SESSION_METRICS_H
#define SMF_SESSION_METRICS_H

#include "base/strbuf.h"
#include "config/config_hash.h"
#include "dns/dns.h"
#include "greylist/store/greylist_store.h"
#include "session/cache_metrics.h"
#include "session/load_metrics.h"

#include <stdbool.h>
#include <stdint.h>

/* The steps at which an MTA waits for an answer. */
enum metrics_step { METRICS_MAIL, METRICS_RCPT, METRICS_DATA, METRICS_EOM, METRICS_STEP_COUNT };

/* An MTA has waited so long for an answer. Any thread. */
void metrics_waited(enum metrics_step step, uint64_t waited_us);

/* What the counters do not hold. */
struct metrics_state {
    struct cache_state caches;
    struct front_load load; /* of all front ends */
    struct dns_state dns;
    struct greylist_store_state greylist; /* zeroed: there is no store */
    const char *version, *libmilter;      /* versions of the program, and of the library of the front end */
    char config_hash[CONFIG_HASH_SIZE];
    uint64_t reloads, failed_reloads;
    bool has_failed_reload;      /* the last one */
    int64_t started_s, loaded_s; /* when the process began, and when the effective configuration was read (Unix time) */
};

/* Appends all families, in OpenMetrics 1.0 or in version 0.0.4 of the older format. Every sample is there from the
 * start on, with 0. */
void metrics_write(const struct metrics_state *state, bool is_openmetrics, struct strbuf *out);

#endif
