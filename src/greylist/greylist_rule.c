/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Decides about one message by what is stored of its subject. What is over counts as if it had been deleted, since a
 * store deletes it when it has the time. */
#include "greylist/greylist_rule.h"

enum { RENEW_S = 3600 }; /* what is used more often is stored no more often */

/* Seconds since `then`; 0 if it is still to come. Records are not ours alone: any number may be in one. */
static int64_t seconds_since(int64_t then, int64_t now_s)
{
    if (then < 0)
        return now_s;
    return then < now_s ? now_s - then : 0;
}

static int64_t later(int64_t time_s, uint64_t seconds)
{
    return time_s > INT64_MAX - (int64_t)seconds ? INT64_MAX : time_s + (int64_t)seconds;
}

int64_t greylist_record_until(const struct greylist_terms *terms, const struct greylist_record *record, bool is_sender)
{
    if (is_sender || record->last_s != 0)
        return later(record->last_s, terms->life_s);
    if (record->is_learned)
        return later(record->first_s, terms->life_s);
    return later(record->first_s, (uint64_t)terms->window_s * 2); /* who is late shall be told from who is new */
}

/* Forgets a record that is over. */
static void forget_old(const struct greylist_terms *terms, struct greylist_record *record, bool is_sender,
                       int64_t now_s)
{
    if (greylist_record_until(terms, record, is_sender) <= now_s)
        *record = (struct greylist_record){0};
}

/* Notes that a message went on. True if that is to be stored. */
static bool renew(struct greylist_record *record, int64_t now_s)
{
    if (record->last_s == 0)
        return false;
    if (seconds_since(record->last_s, now_s) < RENEW_S && record->last_s <= later(now_s, RENEW_S))
        return false;
    record->last_s = now_s;
    return true;
}

static bool renew_entry(struct greylist_record *entry, int64_t now_s)
{
    bool is_renewed = renew(entry, now_s);

    if (is_renewed && entry->count < UINT32_MAX)
        entry->count++;
    return is_renewed;
}

static void begin(const struct greylist_terms *terms, struct greylist_decision *decision, enum greylist_reason reason,
                  int64_t now_s)
{
    decision->reason = reason;
    decision->wait_s = terms->delay_s;
    decision->next.entry = (struct greylist_record){.first_s = now_s, .is_learned = terms->mode != GREYLIST_ON};
    decision->changes_entry = true;
}

static void stay_early(const struct greylist_terms *terms, struct greylist_decision *decision, int64_t elapsed_s,
                       int64_t now_s)
{
    struct greylist_record *entry = &decision->next.entry;
    bool is_ahead = entry->first_s > now_s, goes_on = terms->mode != GREYLIST_ON && !entry->is_learned;

    decision->reason = GREYLIST_EARLY;
    decision->wait_s = (uint32_t)(terms->delay_s - elapsed_s);
    if (is_ahead)
        entry->first_s = now_s;
    if (goes_on)
        entry->is_learned = true;
    decision->changes_entry = is_ahead || goes_on;
}

static void come_back(const struct greylist_terms *terms, struct greylist_decision *decision, int64_t elapsed_s,
                      int64_t now_s)
{
    struct greylist_record *entry = &decision->next.entry, *sender = &decision->next.sender;

    decision->reason = GREYLIST_CAME_BACK;
    decision->waited_s = entry->is_learned ? 0 : (uint32_t)elapsed_s; /* at most window_s */
    entry->last_s = now_s;
    entry->count = 1;
    decision->changes_entry = true;
    if (terms->known_after == 0)
        return;
    if (sender->last_s == 0)
        *sender = (struct greylist_record){.first_s = now_s};
    sender->last_s = now_s;
    if (sender->count < UINT32_MAX)
        sender->count++;
    decision->changes_sender = true;
}

static void decide_waiting(const struct greylist_terms *terms, struct greylist_decision *decision, int64_t now_s)
{
    const struct greylist_record *entry = &decision->next.entry;
    int64_t elapsed_s = seconds_since(entry->first_s, now_s);

    if (entry->first_s == 0)
        begin(terms, decision, GREYLIST_NEW, now_s);
    else if (elapsed_s < terms->delay_s)
        stay_early(terms, decision, elapsed_s, now_s);
    else if (!entry->is_learned && elapsed_s > terms->window_s)
        begin(terms, decision, GREYLIST_LATE, now_s);
    else
        come_back(terms, decision, elapsed_s, now_s);
}

static bool is_known_sender(const struct greylist_terms *terms, const struct greylist_record *sender)
{
    return terms->known_after > 0 && sender->count >= terms->known_after;
}

struct greylist_decision greylist_decide(const struct greylist_terms *terms, const struct greylist_stored *stored,
                                         int64_t now_s)
{
    struct greylist_decision decision = {0};
    struct greylist_stored *next = &decision.next;

    if (now_s < 1)
        now_s = 1; /* 0 would be no time */
    *next = *stored;
    forget_old(terms, &next->entry, false, now_s);
    forget_old(terms, &next->sender, true, now_s);

    if (is_known_sender(terms, &next->sender)) {
        decision.reason = GREYLIST_KNOWN_SENDER;
        decision.changes_sender = renew(&next->sender, now_s);
    } else if (next->entry.last_s != 0) {
        decision.reason = GREYLIST_KNOWN_ENTRY;
        decision.changes_entry = renew_entry(&next->entry, now_s);
        decision.changes_sender = renew(&next->sender, now_s);
    } else {
        decide_waiting(terms, &decision, now_s);
    }
    decision.defers = terms->mode == GREYLIST_ON && decision.wait_s > 0;
    decision.entry_until_s = greylist_record_until(terms, &next->entry, false);
    decision.sender_until_s = greylist_record_until(terms, &next->sender, true);
    return decision;
}

const char *greylist_reason_name(enum greylist_reason reason)
{
    static const char *const names[] = {
        [GREYLIST_NEW] = "new",           [GREYLIST_EARLY] = "early",
        [GREYLIST_LATE] = "late",         [GREYLIST_CAME_BACK] = "came-back",
        [GREYLIST_KNOWN_ENTRY] = "known", [GREYLIST_KNOWN_SENDER] = "known-sender",
    };

    return names[reason];
}
