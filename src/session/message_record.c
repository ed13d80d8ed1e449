/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What became of a message. */
#include "session/message_record.h"

#include <stdlib.h>
#include <string.h>

void message_record_init(struct message_record *record)
{
    memset(record, 0, offsetof(struct message_record, refused));
}

void message_record_begin(struct message_record *record, bool is_test)
{
    record->is_open = true;
    record->is_test = is_test;
}

void message_record_refuse(struct message_record *record, const struct record_reply *reply)
{
    if (record->whole.code == NULL)
        record->whole = *reply;
}

/* Out of memory the line goes without the address. */
static char *copy(const char *address)
{
    return address != NULL ? strdup(address) : NULL;
}

void message_record_refuse_recipient(struct message_record *record, const char *address,
                                     const struct record_reply *reply)
{
    if (record->refused_count < RECORD_RECIPIENTS_MAX)
        record->refused[record->refused_count] = (struct record_recipient){copy(address), *reply};
    record->all_deferred = reply->defers && (record->refused_count == 0 || record->all_deferred);
    record->refused_count++;
}

void message_record_take_refused(struct message_record *record, struct message_record *from)
{
    if (from->whole.code != NULL)
        message_record_refuse(record, &from->whole);
    for (size_t i = 0; i < from->refused_count; i++) {
        const struct record_recipient *refused =
            &from->refused[i < RECORD_RECIPIENTS_MAX ? i : RECORD_RECIPIENTS_MAX - 1];

        message_record_refuse_recipient(record, refused->address, &refused->reply);
    }
    message_record_free(from);
}

void message_record_exempt_recipient(struct message_record *record, const char *address)
{
    if (record->exempt == NULL)
        record->exempt = copy(address);
    record->exempt_count++;
}

void message_record_spare_recipient(struct message_record *record, const char *address,
                                    const struct record_reply *reply)
{
    if (record->spared.reply.code == NULL)
        record->spared = (struct record_recipient){copy(address), *reply};
    record->accepted_count++;
}

void message_record_note_greylist(struct message_record *record, const char *address,
                                  const struct greylist_answer *answer)
{
    if (record->greylisted_count < RECORD_RECIPIENTS_MAX)
        record->greylisted[record->greylisted_count] = (struct record_greylisted){copy(address), *answer};
    record->greylisted_count++;
}

void message_record_free(struct message_record *record)
{
    for (size_t i = 0; i < record->refused_count && i < RECORD_RECIPIENTS_MAX; i++)
        free(record->refused[i].address);
    for (size_t i = 0; i < record->greylisted_count && i < RECORD_RECIPIENTS_MAX; i++)
        free(record->greylisted[i].address);
    free(record->exempt);
    free(record->spared.address);
    message_record_init(record);
}
