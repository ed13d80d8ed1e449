/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Counters of what the program did, for SIGUSR2 and monitoring. Lock-free. */
#ifndef SMF_BASE_STATS_H
#define SMF_BASE_STATS_H

#include <stdint.h>

/* One row per counter: its identifier and the name that people see. */
#define STATS_TABLE(X)                                                                                                 \
    X(STATS_CONNECTIONS, "connections")                                                                                \
    X(STATS_MESSAGES, "messages")                                                                                      \
    X(STATS_SKIPPED, "skipped")                                                                                        \
    X(STATS_NONE, "none")                                                                                              \
    X(STATS_NEUTRAL, "neutral")                                                                                        \
    X(STATS_PASS, "pass")                                                                                              \
    X(STATS_FAIL, "fail")                                                                                              \
    X(STATS_SOFTFAIL, "softfail")                                                                                      \
    X(STATS_TEMPERROR, "temperror")                                                                                    \
    X(STATS_PERMERROR, "permerror")                                                                                    \
    X(STATS_SHED, "shed")                                                                                              \
    X(STATS_CACHED, "cached")                                                                                          \
    X(STATS_JOINED, "joined")                                                                                          \
    X(STATS_EVALUATED, "evaluated")                                                                                    \
    X(STATS_REFUSED, "refused")                                                                                        \
    X(STATS_DEFERRED, "deferred")                                                                                      \
    X(STATS_LEFT_TO_DMARC, "left-to-dmarc")                                                                            \
    X(STATS_TAGGED, "tagged")                                                                                          \
    X(STATS_QUARANTINED, "quarantined")                                                                                \
    X(STATS_DNS_QUERIES, "dns-questions")                                                                              \
    X(STATS_DNS_TIMEOUTS, "dns-timeouts")                                                                              \
    X(STATS_DNS_FAILURES, "dns-failures")                                                                              \
    X(STATS_DNS_OUTAGES, "dns-outages")                                                                                \
    X(STATS_DNS_CACHE_HITS, "dns-cache-hits")                                                                          \
    X(STATS_DNS_CACHE_MISSES, "dns-cache-misses")                                                                      \
    X(STATS_DNS_CACHE_JOINED, "dns-cache-joined")                                                                      \
    X(STATS_DNS_CACHE_STALE, "dns-cache-stale")                                                                        \
    X(STATS_DNS_CACHE_FAILURES, "dns-cache-failures")                                                                  \
    X(STATS_DNS_LOOKAHEAD, "dns-ahead")                                                                                \
    X(STATS_DNS_LOOKAHEAD_USED, "dns-ahead-used")                                                                      \
    X(STATS_SPF_DISAGREEMENTS, "spf-disagreements")                                                                    \
    X(STATS_LOG_LINES_HELD, "log-lines-held")                                                                          \
    X(STATS_LOG_LINES_LOST, "log-lines-lost")                                                                          \
    X(STATS_FAULTS, "faults")

enum stats_counter {
#define STATS_ROW(id, name) id,
    STATS_TABLE(STATS_ROW)
#undef STATS_ROW
        STATS_COUNT
};

void stats_add(enum stats_counter counter, uint64_t n);
uint64_t stats_get(enum stats_counter counter);
const char *stats_name(enum stats_counter counter);

#endif
