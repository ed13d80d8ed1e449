/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Asks the store as greylisting would, and stores nothing. */
#include "tools/query_greylist.h"

#include "base/clock.h"
#include "greylist/store_address.h"
#include "tools/greylist/open_store.h"

void query_greylist_open(struct query_greylist *greylist, const struct config *config, const struct address *recipient)
{
    struct greylist_store_config store = {.password_file = config->greylist_password_file,
                                          .entries_max = config->greylist_entries,
                                          .clock = &clock_system};
    int status;

    greylist->store = config->greylist_store;
    greylist->settings = &config_for_recipient(config, recipient)->greylist;
    if (greylist->settings->terms.mode == GREYLIST_OFF)
        return;
    (void)store_address_parse(config->greylist_store, &store.address); /* the configuration has checked it */
    greylist->backend = open_store(&store, config->user, &greylist->problem, &status);
}

static bool find(struct query_greylist *greylist, int64_t now_s, struct greylist_stored *stored)
{
    struct backend *backend = greylist->backend;
    const struct greylist_subject *subject = &greylist->subject;

    return backend->functions->find(backend, subject->entry, false, now_s, &stored->entry, &greylist->problem) &&
           (*subject->sender == '\0' ||
            backend->functions->find(backend, subject->sender, true, now_s, &stored->sender, &greylist->problem));
}

void query_greylist_decide(struct query_greylist *greylist, const struct greylist_facts *facts, bool is_refused)
{
    const int64_t now_s = clock_unix_s(&clock_system);
    struct greylist_stored stored = {.entry = {.first_s = 0}}, found = stored;
    enum greylist_exemption exemption;

    if (greylist->settings == NULL)
        return;
    exemption = greylist_subject_of(greylist->settings, facts, &greylist->subject);
    if (exemption != GREYLIST_APPLIES)
        greylist->exemption = greylist_exemption_words(exemption);
    else if (is_refused)
        greylist->exemption = "the result has it stopped anyway";
    if (greylist->exemption != NULL)
        return;
    if (greylist->backend != NULL && find(greylist, now_s, &found))
        stored = found;
    greylist->decision = greylist_decide(&greylist->settings->terms, &stored, now_s);
}

void query_greylist_free(struct query_greylist *greylist)
{
    if (greylist->backend != NULL)
        greylist->backend->functions->destroy(greylist->backend);
    greylist->backend = NULL;
    strbuf_free(&greylist->problem);
}
