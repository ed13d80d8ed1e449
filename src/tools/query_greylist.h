/* SPDX-License-Identifier: GPL-2.0-or-later */
/* `smf-spf query --recipient`: what greylisting would do with the message, by what is stored now. Nothing is stored. */
#ifndef SMF_TOOLS_QUERY_GREYLIST_H
#define SMF_TOOLS_QUERY_GREYLIST_H

#include "config/config.h"
#include "greylist/greylist_rule.h"
#include "greylist/greylist_subject.h"
#include "greylist/store/backend.h"

#include <stdbool.h>

/* Begin with zeroes; query_greylist_free at the end. */
struct query_greylist {
    const struct greylist_settings *settings; /* for the recipient; NULL: nobody asks about one */
    struct backend *backend;                  /* open; NULL: `problem` says why not, or it is not needed */
    const char *store;                        /* GreylistStore */
    struct strbuf problem;                    /* why the store says nothing; then this is a first contact */

    const char *exemption; /* why it is not greylisted; NULL: it is, */
    struct greylist_subject subject;
    struct greylist_decision decision; /* and this follows */
};

/* Finds the settings for the recipient and, where greylisting is on for it, opens the store, with the filter's account:
 * before any thread exists. */
void query_greylist_open(struct query_greylist *greylist, const struct config *config, const struct address *recipient);

/* Decides. `is_refused`: the result has the message refused or deferred anyway. */
void query_greylist_decide(struct query_greylist *greylist, const struct greylist_facts *facts, bool is_refused);

void query_greylist_free(struct query_greylist *greylist);

#endif
