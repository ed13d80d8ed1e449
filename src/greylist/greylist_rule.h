/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The rule of greylisting: what is stored and the time in, the decision and what is stored from now on out. Pure: both
 * stores and the tests' model go by it, and no other file knows it. */
#ifndef SMF_GREYLIST_GREYLIST_RULE_H
#define SMF_GREYLIST_GREYLIST_RULE_H

#include "greylist/greylist_settings.h"

#include <stdbool.h>
#include <stdint.h>

/* What is stored under one key. Times are seconds since 1970. Zeroed: nothing. */
struct greylist_record {
    int64_t first_s; /* of the first contact; of a sender: of the first entry that came back */
    int64_t last_s;  /* of the last message of one that has come back; 0: it has not. Renewed once an hour at most */
    uint32_t count;  /* entry: messages since it has come back, one an hour at most; sender: entries that have */
    bool is_learned; /* entry: one of its messages went on before it came back, as with GREYLIST_LEARN */
};

struct greylist_stored {
    struct greylist_record entry, sender;
};

enum greylist_reason {
    GREYLIST_NEW,          /* first contact */
    GREYLIST_EARLY,        /* again, before delay_s */
    GREYLIST_LATE,         /* again, after window_s: a first contact once more. After twice that time it is new */
    GREYLIST_CAME_BACK,    /* within both: from now on it is known */
    GREYLIST_KNOWN_ENTRY,  /* it has come back before */
    GREYLIST_KNOWN_SENDER, /* so many of this sender's have come back that this one is not deferred */
};

struct greylist_decision {
    bool defers; /* never with GREYLIST_LEARN */
    enum greylist_reason reason;
    uint32_t wait_s;   /* NEW, EARLY, LATE: from now on until a retry passes; else 0 */
    uint32_t waited_s; /* CAME_BACK: since the first contact; 0 if that one was not deferred */
    struct greylist_stored next;
    bool changes_entry, changes_sender;    /* what of `next` is to be stored */
    int64_t entry_until_s, sender_until_s; /* from then on it is nothing, and may be deleted */
};

/* The clock of a host may jump: a first contact in the future is one of this moment, and nobody waits longer than
 * delay_s from now. What is renewed by use is so at most once an hour, so that frequent senders cost no writes. What
 * is over by now counts as nothing, whether the store still has it or not. Any numbers may be stored. */
struct greylist_decision greylist_decide(const struct greylist_terms *terms, const struct greylist_stored *stored,
                                         int64_t now_s);

/* From when on a record is nothing under these terms: is_sender tells which of the two it is. One that has not come
 * back is there for twice window_s, so that who is late is told from who is new. */
int64_t greylist_record_until(const struct greylist_terms *terms, const struct greylist_record *record, bool is_sender);

/* "new", "early", "late", "came-back", "known", "known-sender": for the log and the metrics. */
const char *greylist_reason_name(enum greylist_reason reason);

#endif
