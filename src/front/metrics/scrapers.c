/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Who is late. */
#include "front/metrics/scrapers.h"

#include <stddef.h>
#include <sys/socket.h>

struct scraper *scrapers_come(struct scrapers *scrapers, int fd, int64_t now_ms)
{
    for (size_t i = 0; i < SCRAPERS_MAX; i++) {
        struct scraper *scraper = &scrapers->all[i];

        if (scraper->is_here)
            continue;
        *scraper = (struct scraper){.is_here = true, .fd = fd, .since_ms = now_ms};
        return scraper;
    }
    return NULL;
}

void scrapers_go(struct scraper *scraper)
{
    if (scraper != NULL)
        scraper->is_here = false;
}

void scrapers_answered(struct scraper *scraper, int64_t now_ms)
{
    if (scraper != NULL)
        scraper->since_ms = now_ms;
}

void scrapers_end_late(struct scrapers *scrapers, int64_t now_ms, int64_t patience_ms)
{
    for (size_t i = 0; i < SCRAPERS_MAX; i++) {
        const struct scraper *scraper = &scrapers->all[i];

        if (scraper->is_here && now_ms - scraper->since_ms >= patience_ms)
            (void)shutdown(scraper->fd, SHUT_RDWR);
    }
}
