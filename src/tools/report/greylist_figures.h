/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is counted of greylisting: what was answered, how long mail waited, and who never came back. In bounded memory;
 * plain data, without a lock. */
#ifndef SMF_TOOLS_REPORT_GREYLIST_FIGURES_H
#define SMF_TOOLS_REPORT_GREYLIST_FIGURES_H

#include "tools/report/counted_table.h"
#include "tools/report/log_entry.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { GREYLIST_BACK_WITHIN_S = 24 * 60 * 60 }; /* who has not come back by then never will (GreylistWindow) */

/* Of an answer, such as "new". */
struct answer_figures {
    uint32_t deferred, passed; /* recipients */
};

/* Of a sender's organizational domain and a recipient that were deferred. */
struct contact_figures {
    int64_t last_s; /* when it was deferred last; ENTRY_NO_TIME: not known */
    bool is_back;   /* a message went on since */
    char client[46], name[80];
};

enum contact_outcome { CONTACT_BACK, CONTACT_LOST, CONTACT_OPEN, CONTACT_OUTCOMES };

struct greylist_figures;

struct greylist_figures *greylist_figures_create(void); /* NULL without memory */
void greylist_figures_destroy(struct greylist_figures *figures);

/* Counts what greylisting said of a message's recipients. In TestMode nobody was deferred, so that nobody is expected
 * back. */
void greylist_figures_add(struct greylist_figures *figures, const struct log_entry *message);

/* By answer, data struct answer_figures. */
const struct counted_table *greylist_figures_answers(const struct greylist_figures *figures);
/* By domain and recipient, data struct contact_figures. */
const struct counted_table *greylist_figures_contacts(const struct greylist_figures *figures);

/* What became of a contact in a log that ends at `end_s`: OPEN while it may still come back, or where times are not
 * known. */
enum contact_outcome greylist_contact_outcome(const struct contact_figures *contact, int64_t end_s);

/* How many waits are known, and the seconds that `percent` of them did not exceed; above an hour the minute, above a
 * day the hour is rounded up. 0 if none is known. The longest is exact. */
uint64_t greylist_figures_waits(const struct greylist_figures *figures);
uint32_t greylist_figures_wait(const struct greylist_figures *figures, unsigned percent);

/* Counts of keys that were dropped, as tables were full. */
uint64_t greylist_figures_dropped(const struct greylist_figures *figures);

#endif
