/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The connections of those who read the metrics, and since when each has had no whole answer. libmicrohttpd's bound on
 * time begins anew with each octet, so that a few clients who send or take one at a time would keep out all others. */
#ifndef SMF_FRONT_METRICS_SCRAPERS_H
#define SMF_FRONT_METRICS_SCRAPERS_H

#include <stdbool.h>
#include <stdint.h>

enum { SCRAPERS_MAX = 16 };

struct scraper {
    bool is_here;
    int fd;
    int64_t since_ms; /* when it came, or its last answer was complete */
};

/* Zeroed: nobody is here. The caller has a lock for it. */
struct scrapers {
    struct scraper all[SCRAPERS_MAX];
};

/* NULL if SCRAPERS_MAX are here. */
struct scraper *scrapers_come(struct scrapers *scrapers, int fd, int64_t now_ms);

/* Before its descriptor is closed. NULL is fine. */
void scrapers_go(struct scraper *scraper);

/* It has a whole answer. NULL is fine. */
void scrapers_answered(struct scraper *scraper, int64_t now_ms);

/* Shuts the connections down on which nothing was completed for `patience_ms`; their clients go then. */
void scrapers_end_late(struct scrapers *scrapers, int64_t now_ms, int64_t patience_ms);

#endif
