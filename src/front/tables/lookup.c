/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Asks under which address a message is forwarded, or whose an address is. */
#include "front/tables/lookup.h"

#include "base/log.h"
#include "base/stats.h"
#include "front/tables/table_key.h"

#include <string.h>

enum { STAGE_STARTED, STAGE_WAITS, STAGE_KNOWN };

/* Nothing in a text can end the line, or be taken for another answer. */
static bool is_printable(const char *text)
{
    for (; *text != '\0'; text++)
        if ((unsigned char)*text < ' ' || *text == 0x7f)
            return false;
    return true;
}

/* Not found leaves a sender as it is, and has a recipient refused. */
static void fail(struct lookup *lookup)
{
    log_error("out of memory: a lookup in the table %s has no result",
              lookup->direction == TABLE_FORWARD ? "forward" : "reverse");
    stats_add(STATS_FAULTS, 1);
    strbuf_free(&lookup->address);
    lookup->answer = lookup->direction == TABLE_FORWARD ? TABLE_NOT_FOUND : TABLE_TRY_LATER;
}

static void keep(struct lookup *lookup, const struct forwarding_answer *answer)
{
    const struct table_key_form form = {lookup->has_focus, lookup->has_dot};

    lookup->answer = TABLE_NOT_FOUND;
    if (!answer->is_permitted && answer->status == SRS_NO_MEMORY)
        fail(lookup);
    if (answer->is_permitted || answer->status != SRS_DONE || !is_printable(answer->address))
        return;
    table_key_write(answer->address, form, &lookup->address);
    lookup->answer = TABLE_FOUND;
    if (lookup->address.failed)
        fail(lookup);
}

/* On any thread. */
static void take(void *context, const struct forwarding_answer *answer)
{
    struct lookup *lookup = context;

    keep(lookup, answer);
    if (atomic_exchange(&lookup->stage, STAGE_KNOWN) == STAGE_WAITS)
        lookup->ready(lookup->context);
}

bool lookup_start(struct lookup *lookup, const struct front_host *host, const struct table_request *request,
                  void (*ready)(void *context), void *context)
{
    struct table_key_form form;
    char *key = request->key;
    int started = STAGE_STARTED;

    *lookup = (struct lookup){.direction = request->direction, .ready = ready, .context = context};
    lookup->answer = request->direction == TABLE_OTHER ? TABLE_UNKNOWN : TABLE_NOT_FOUND;
    if (request->direction == TABLE_OTHER || key == NULL || !is_printable(key))
        return true;
    form = table_key_read(key);
    lookup->has_focus = form.has_focus;
    lookup->has_dot = form.has_dot;
    if (request->direction == TABLE_FORWARD)
        host->forward_sender(host->context, key, take, lookup);
    else
        host->forward_recipient(host->context, key, take, lookup);
    return !atomic_compare_exchange_strong(&lookup->stage, &started, STAGE_WAITS);
}

void lookup_end(struct lookup *lookup)
{
    strbuf_free(&lookup->address);
}
