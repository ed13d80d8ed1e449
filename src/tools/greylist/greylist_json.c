/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Writes rows and counts as JSON. */
#include "tools/greylist/greylist_json.h"

#include "base/log_json.h"

#include <jansson.h>
#include <stdlib.h>

/* Sets a member, and takes its value over. Out of memory, now or for the value, shows in *failed. */
static void set_member(json_t *object, const char *key, json_t *value, bool *failed)
{
    *failed |= json_object_set_new(object, key, value) != 0;
}

static json_t *number_value(uint64_t number)
{
    return json_integer((json_int_t)number);
}

/* Appends the object, and gives it up. */
static bool write_object(json_t *object, bool failed, struct strbuf *out)
{
    char *text = failed ? NULL : json_dumps(object, JSON_PRESERVE_ORDER);

    json_decref(object);
    if (text == NULL)
        return false;
    log_json_foreign(out, text);
    strbuf_add_char(out, '\n');
    free(text);
    return !out->failed;
}

bool greylist_json_row(const struct backend_row *row, const struct greylist_view *view, struct strbuf *out)
{
    const int64_t waited_s = greylist_row_waited_s(row);
    struct strbuf key = STRBUF_INIT;
    json_t *object = json_object();
    bool failed = object == NULL;

    strbuf_add_shown(&key, row->key, GREYLIST_KEY_SIZE);
    set_member(object, "key", json_string(strbuf_text(&key)), &failed);
    set_member(object, "kind", json_string(row->is_sender ? "sender" : "entry"), &failed);
    set_member(object, "state", json_string(greylist_row_state_name(greylist_row_state(row, view))), &failed);
    set_member(object, "first_s", json_integer(row->record.first_s), &failed);
    set_member(object, "last_s", json_integer(row->record.last_s), &failed);
    set_member(object, "count", number_value(row->record.count), &failed);
    set_member(object, "learned", json_boolean(row->record.is_learned), &failed);
    set_member(object, "until_s", json_integer(row->until_s), &failed);
    if (waited_s >= 0)
        set_member(object, "waited_s", json_integer(waited_s), &failed);
    failed |= key.failed;
    strbuf_free(&key);
    return write_object(object, failed, out);
}

bool greylist_json_counts(const struct greylist_counts *counts, struct strbuf *out)
{
    json_t *object = json_object();
    bool failed = object == NULL;

    set_member(object, "waiting", number_value(counts->entries[ROW_WAITING]), &failed);
    set_member(object, "known", number_value(counts->entries[ROW_KNOWN]), &failed);
    set_member(object, "learned", number_value(counts->entries[ROW_LEARNED]), &failed);
    set_member(object, "senders_known", number_value(counts->senders[ROW_KNOWN]), &failed);
    set_member(object, "senders_counted", number_value(counts->senders[ROW_COUNTED]), &failed);
    set_member(object, "over", number_value(counts->entries[ROW_OVER] + counts->senders[ROW_OVER]), &failed);
    set_member(object, "waits", number_value(counts->wait_count), &failed);
    if (counts->wait_count > 0) {
        set_member(object, "wait_median_s", number_value(greylist_counts_wait(counts, 50)), &failed);
        set_member(object, "wait_90_percent_s", number_value(greylist_counts_wait(counts, 90)), &failed);
        set_member(object, "wait_longest_s", number_value(greylist_counts_wait(counts, 100)), &failed);
    }
    return write_object(object, failed, out);
}

bool greylist_json_forgotten(uint64_t entries, uint64_t senders, struct strbuf *out)
{
    json_t *object = json_object();
    bool failed = object == NULL;

    set_member(object, "entries", number_value(entries), &failed);
    set_member(object, "senders", number_value(senders), &failed);
    return write_object(object, failed, out);
}
