/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Names of fates, and texts of entries. */
#include "tools/report/log_entry.h"

#include <ctype.h>
#include <string.h>

static const char *const names[FATE_COUNT] = {
    [FATE_UNSAID] = "unsaid",     [FATE_ACCEPTED] = "accepted",
    [FATE_TAGGED] = "tagged",     [FATE_QUARANTINED] = "quarantined",
    [FATE_HELD] = "held",         [FATE_REFUSED] = "refused",
    [FATE_DEFERRED] = "deferred", [FATE_DISCARDED] = "discarded",
    [FATE_EXEMPT] = "exempt",     [FATE_SHED] = "shed",
    [FATE_ENDED] = "ended",
};

/* Not the whole of it: a million entries of two kilobytes take a second to clear. */
void log_entry_clear(struct log_entry *entry)
{
    entry->kind = ENTRY_FOREIGN;
    entry->time_s = ENTRY_NO_TIME;
    entry->fate = FATE_UNSAID;
    entry->is_test = entry->has_sender = false;
    entry->client[0] = entry->name[0] = entry->helo[0] = entry->sender[0] = entry->why[0] = '\0';
    entry->mail_from.is_known = entry->mail_from.guessed = false;
    entry->helo_check.is_known = entry->helo_check.guessed = false;
    entry->mail_from.dmarc = entry->helo_check.dmarc = TRISTATE_NO;
    entry->mail_from.reason[0] = entry->helo_check.reason[0] = '\0';
    entry->visit_count = entry->reply_count = 0;
}

/* FNV-1a, without case: a collision makes two recipients of one sender one. Never 0 but for "". */
static uint32_t hash_recipient(const char *address)
{
    uint32_t hash = 2166136261U;

    if (*address == '\0')
        return 0;
    for (; *address != '\0'; address++)
        hash = (hash ^ (uint32_t)tolower((unsigned char)*address)) * 16777619U;
    return hash != 0 ? hash : 1;
}

struct entry_visit *log_entry_visit(struct log_entry *entry, const char *recipient, const char *answer, size_t len)
{
    struct entry_visit *visit;

    if (entry->visit_count == ENTRY_VISITS_MAX)
        return NULL;
    visit = &entry->visits[entry->visit_count++];
    *visit = (struct entry_visit){.recipient = hash_recipient(recipient)};
    log_entry_copy(visit->answer, sizeof visit->answer, answer, len);
    return visit;
}

bool log_entry_is_greylisted(const struct log_entry *entry)
{
    size_t deferred = 0;

    for (size_t i = 0; i < entry->visit_count; i++)
        deferred += entry->visits[i].deferred;
    return entry->fate == FATE_DEFERRED && deferred > 0 && deferred >= entry->reply_count;
}

void log_entry_copy(char *out, size_t size, const char *text, size_t len)
{
    if (len >= size)
        len = size - 1;
    for (size_t i = 0; i < len; i++) {
        const unsigned char c = (unsigned char)text[i];

        out[i] = text[i];
        if (c < 0x20 || c == 0x7f)
            out[i] = '?';
    }
    out[len] = '\0';
}

void log_entry_check_name(struct log_entry *entry)
{
    if (entry->name[0] == '[' || strcmp(entry->name, "unknown") == 0)
        entry->name[0] = '\0';
}

const char *fate_name(enum fate fate)
{
    return names[fate];
}

bool fate_from_name(const char *name, size_t len, enum fate *fate)
{
    for (int i = 0; i < FATE_COUNT; i++) {
        if (strlen(names[i]) == len && memcmp(names[i], name, len) == 0) {
            *fate = (enum fate)i;
            return true;
        }
    }
    return false;
}
