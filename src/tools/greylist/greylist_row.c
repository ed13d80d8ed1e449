/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reads stored records as greylist_rule.h writes them. */
#include "tools/greylist/greylist_row.h"

#include <string.h>

enum greylist_row_state greylist_row_state(const struct backend_row *row, const struct greylist_view *view)
{
    const struct greylist_record *record = &row->record;

    if (row->until_s <= view->now_s)
        return ROW_OVER;
    if (row->is_sender)
        return view->known_after > 0 && record->count >= view->known_after ? ROW_KNOWN : ROW_COUNTED;
    if (record->count > 0)
        return ROW_KNOWN;
    return record->is_learned ? ROW_LEARNED : ROW_WAITING;
}

const char *greylist_row_state_name(enum greylist_row_state state)
{
    static const char *const names[ROW_STATE_COUNT] = {[ROW_WAITING] = "waiting",
                                                       [ROW_LEARNED] = "learned",
                                                       [ROW_KNOWN] = "known",
                                                       [ROW_COUNTED] = "counted",
                                                       [ROW_OVER] = "over"};

    return names[state];
}

bool greylist_row_is_sender(const struct backend_row *row)
{
    const char *blank = strchr(row->key, ' ');

    return row->is_sender ||
           (blank != NULL && strncmp(row->key, "pass ", strlen("pass ")) == 0 && strchr(blank + 1, ' ') == NULL);
}

int64_t greylist_row_waited_s(const struct backend_row *row)
{
    const struct greylist_record *record = &row->record;

    if (row->is_sender || record->is_learned || record->count != 1 || record->last_s < record->first_s)
        return -1;
    return record->last_s - record->first_s;
}
