/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Lists the names of a walk, and chooses the organizational domain among them. */
#include "dmarc/dmarc_walk.h"

#include <stdbool.h>
#include <string.h>

enum { NOWHERE = DMARC_WALK_MAX };

static size_t count_labels(const char *domain)
{
    size_t count = 1;

    for (; *domain != '\0'; domain++)
        count += *domain == '.';
    return count;
}

static const char *without_label(const char *name)
{
    const char *dot = strchr(name, '.');

    return dot != NULL ? dot + 1 : NULL;
}

void dmarc_walk_begin(struct dmarc_walk *walk, const char *domain)
{
    const char *name = domain;
    size_t labels = count_labels(domain);

    walk->count = 0;
    while (name != NULL) {
        if (walk->count == 0 || labels < DMARC_WALK_MAX) /* above that, names between are left out (RFC 9989 4.10) */
            walk->names[walk->count++] = name;
        name = without_label(name);
        labels--;
    }
}

static bool is_record(enum dmarc_record found)
{
    return found == DMARC_RECORD_PLAIN || found == DMARC_RECORD_PSD_NO || found == DMARC_RECORD_PSD_YES;
}

/* Where the record of the organizational domain is (RFC 9989 4.10.2). */
static size_t organizational_record(const struct dmarc_walk *walk, const enum dmarc_record found[DMARC_WALK_MAX])
{
    size_t place = NOWHERE;

    for (size_t i = 1; i < walk->count; i++) {
        if (found[i] == DMARC_RECORD_PSD_NO)
            return i;
        if (found[i] == DMARC_RECORD_PSD_YES) /* the organizational domain is one label below */
            return is_record(found[i - 1]) ? i - 1 : NOWHERE;
        if (found[i] == DMARC_RECORD_PLAIN)
            place = i;
    }
    return place;
}

static size_t first_unknown(const struct dmarc_walk *walk, const enum dmarc_record found[DMARC_WALK_MAX])
{
    for (size_t i = 0; i < walk->count; i++)
        if (found[i] == DMARC_RECORD_UNKNOWN)
            return i;
    return NOWHERE;
}

enum tristate dmarc_walk_decide(const struct dmarc_walk *walk, const enum dmarc_record found[DMARC_WALK_MAX],
                                size_t *place)
{
    const size_t record = is_record(found[0]) ? 0 : organizational_record(walk, found);
    const size_t unknown = first_unknown(walk, found);

    if (record != NOWHERE) {
        *place = record;
        return TRISTATE_YES;
    }
    if (unknown != NOWHERE) {
        *place = unknown;
        return TRISTATE_UNKNOWN;
    }
    return TRISTATE_NO;
}
