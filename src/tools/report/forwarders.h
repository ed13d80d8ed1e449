/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Finds clients that look like forwarders: they fail for many senders that have nothing to do with each other, while
 * their own name verifies. */
#ifndef SMF_TOOLS_REPORT_FORWARDERS_H
#define SMF_TOOLS_REPORT_FORWARDERS_H

#include "tools/report/summary.h"

#include <stddef.h>
#include <stdint.h>

enum { FORWARDER_SENDERS_MIN = 3 }; /* owners of senders that the clients of one owner must fail for together */

struct forwarder {
    char owner[128]; /* of the names, or the address of a relay of ours */
    char name[128];  /* what all the names end with */
    char line[200];  /* for smf-spf.conf */
    char client[64]; /* one of them */
    uint32_t clients, senders, failed, refused;
    uint32_t sender_hashes[SUMMARY_UNRELATED_MAX]; /* `senders` of them */
    char own_domain[128];                          /* that they pass for; "" for none */
};

/* Finds them, most messages first. Returns an array, which the caller frees; NULL, with *count 0, if there is none or,
 * with *failed, out of memory. *left_out counts clients whose names look like those of customers' lines: they are more
 * likely to be infected than to forward. */
struct forwarder *forwarders_find(const struct summary *summary, size_t *count, size_t *left_out, bool *failed);

#endif
