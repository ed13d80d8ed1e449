/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Looks among the keys that hold this one. */
#include "tools/greylist/stored_find.h"

#include <string.h>

/* What is looked for. */
struct search {
    const char *key;
    bool is_sender;
    int64_t now_s;
    struct greylist_record record;
};

static bool compare(void *context, const struct backend_row *row)
{
    struct search *search = context;

    if (row->is_sender != search->is_sender || strcmp(row->key, search->key) != 0)
        return true;
    if (row->until_s > search->now_s)
        search->record = row->record;
    return false;
}

bool stored_find(struct backend *backend, const struct greylist_subject *subject, int64_t now_s,
                 struct greylist_stored *out, struct strbuf *problem)
{
    struct search entry = {.key = subject->entry, .now_s = now_s};
    struct search sender = {.key = subject->sender, .is_sender = true, .now_s = now_s};

    if (!backend->functions->each(backend, entry.key, compare, &entry, problem) ||
        (*sender.key != '\0' && !backend->functions->each(backend, sender.key, compare, &sender, problem)))
        return false;
    *out = (struct greylist_stored){.entry = entry.record, .sender = sender.record};
    return true;
}
