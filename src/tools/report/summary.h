/* SPDX-License-Identifier: GPL-2.0-or-later */
/* All that is counted about the messages of a log, in bounded memory. Plain data, without a lock. */
#ifndef SMF_TOOLS_REPORT_SUMMARY_H
#define SMF_TOOLS_REPORT_SUMMARY_H

#include "config/config.h"
#include "policy/verdict.h"
#include "tools/report/counted_table.h"
#include "tools/report/greylist_figures.h"
#include "tools/report/log_entry.h"
#include "tools/report/pass_width.h"
#include "tools/report/timeline.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    SUMMARY_KEY_SIZE = 1100,    /* room for the parts of a key, with tabs between them */
    SUMMARY_UNRELATED_MAX = 48, /* different owners of senders that are told apart for a client */
    SUMMARY_WHAT_IF_KINDS = VERDICT_DEFER + 1,
};

/* Of the table `domains`. */
struct domain_figures {
    uint32_t results[RESULT_COUNT];
    uint32_t refused, deferred;            /* whatever the reason */
    uint32_t refused_after_pass;           /* for a result, when messages of the domain had passed before */
    char client[46], name[80], reason[80]; /* of the message that was refused last */
};

/* Of the table `clients`. */
struct client_figures {
    char name[128];       /* as verified last; "" for none */
    char owner[80];       /* its registrable part */
    char own_domain[128]; /* of that owner, for which this client passed; "" for none */
    uint32_t failed;      /* fail and softfail of senders that are not the owner's */
    uint32_t refused;     /* of these, refused or deferred */
    uint32_t unrelated_count;
    uint32_t unrelated[SUMMARY_UNRELATED_MAX]; /* hashes of the owners of these senders */
};

/* Of the table `passes`. */
struct pass_figures {
    enum pass_width width;
};

/* Of the table `forged`: own domain, client. */
struct forged_figures {
    char name[128];
    char result[12];
    uint32_t stopped; /* refused or deferred */
};

/* Of the table `what_if`: domain. */
struct what_if_figures {
    uint32_t changes[SUMMARY_WHAT_IF_KINDS][SUMMARY_WHAT_IF_KINDS]; /* [now][then] */
};

/* What counting goes by. The texts stay the caller's. */
struct summary_options {
    int64_t since_s, until_s;        /* messages outside are not counted; INT64_MIN, INT64_MAX: no bound */
    const struct text_list *own;     /* domains */
    const struct config *now, *then; /* for what-if; `then` NULL: not asked for */
};

struct summary {
    struct summary_options options;

    uint64_t lines, foreign, other, unread, cut; /* lines by what they are */
    uint64_t messages, outside, untimed, tests;
    uint64_t without_result;
    uint64_t results[RESULT_COUNT], fates[FATE_COUNT];
    uint64_t pass_widths[WIDTH_COUNT];
    uint64_t what_if[SUMMARY_WHAT_IF_KINDS][SUMMARY_WHAT_IF_KINDS];
    uint64_t what_if_unchanged;            /* messages that no result decides about */
    uint64_t dmarc_unknown, dmarc_assumed; /* of what-if: see struct what_if */
    uint64_t dmarc_seen;                   /* messages of which the log says something about a DMARC record */
    bool failed;                           /* out of memory: something is counted as unknown */
    int64_t first_s, last_s;               /* of the counted messages; ENTRY_NO_TIME: none has a time */
    struct timeline *timeline;
    struct greylist_figures *greylist;

    struct counted_table *domains;    /* by domain */
    struct counted_table *clients;    /* by address */
    struct counted_table *temperrors; /* domain, problem; as the next */
    struct counted_table *permerrors;
    struct counted_table *passes;  /* domain, term */
    struct counted_table *forged;  /* own domain, client */
    struct counted_table *whys;    /* what decided, where it was not a result, with the fate before it */
    struct counted_table *changed; /* domain: what-if */
};

/* False if out of memory. The options must outlive the summary. */
bool summary_begin(struct summary *summary, const struct summary_options *options);
void summary_free(struct summary *summary);

/* Counts a whole message (ENTRY_MESSAGE). */
void summary_add(struct summary *summary, const struct log_entry *message);

/* The check that the message was decided by: of the sender, or of the HELO name in its place. NULL: it has none. */
const struct entry_check *summary_check(const struct log_entry *message);

/* Messages in keys that were dropped from any table, as it was full. */
uint64_t summary_dropped(const struct summary *summary);

#endif
