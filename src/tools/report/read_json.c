/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Takes lines of JSON apart. */
#include "tools/report/read_json.h"

#include "tools/report/read_text.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

/* Copies a member that is a string. False if there is none. */
static bool take_string(const json_t *object, const char *key, char *out, size_t size)
{
    const json_t *value = json_object_get(object, key);

    if (!json_is_string(value))
        return false;
    log_entry_copy(out, size, json_string_value(value), json_string_length(value));
    return true;
}

/* The domain with the DMARC record, or the word for a lookup that failed. */
static enum tristate dmarc_of(const json_t *check)
{
    const char *dmarc = json_string_value(json_object_get(check, "dmarc"));

    if (dmarc == NULL)
        return TRISTATE_NO;
    return strcmp(dmarc, "unknown") == 0 ? TRISTATE_UNKNOWN : TRISTATE_YES;
}

static void take_check(struct log_entry *entry, const json_t *object)
{
    char word[16] = "";
    struct entry_check *check;

    (void)take_string(object, "identity", word, sizeof word);
    check = strcmp(word, "helo") == 0 ? &entry->helo_check : &entry->mail_from;
    word[0] = '\0';
    if (!take_string(object, "result", word, sizeof word) || !result_from_name(word, &check->result))
        return;
    check->is_known = true;
    check->dmarc = dmarc_of(object);
    check->guessed = json_is_true(json_object_get(object, "guessed"));
    (void)take_string(object, "reason", check->reason, sizeof check->reason);
}

/* What an object says of a recipient, or of the message as a whole: a reply, and what greylisting said. */
static void take_visit(struct log_entry *entry, const json_t *object)
{
    const json_t *answer = json_object_get(object, "greylist"), *waited = json_object_get(object, "greylist_waited");
    const char *address = json_string_value(json_object_get(object, "address"));
    struct entry_visit *visit;

    entry->reply_count += json_is_string(json_object_get(object, "code"));
    if (!json_is_string(answer))
        return;
    visit =
        log_entry_visit(entry, address != NULL ? address : "", json_string_value(answer), json_string_length(answer));
    if (visit == NULL)
        return;
    visit->deferred = json_is_integer(json_object_get(object, "greylist_wait"));
    visit->has_waited = json_is_integer(waited);
    visit->waited_s = (uint32_t)json_integer_value(waited);
}

static void take_visits(struct log_entry *entry, const json_t *recipients)
{
    for (size_t i = 0; i < json_array_size(recipients); i++)
        take_visit(entry, json_array_get(recipients, i));
}

static void take_message(struct log_entry *entry, const json_t *object)
{
    const json_t *verdict = json_object_get(object, "verdict"), *checks = json_object_get(object, "checks");

    entry->kind = ENTRY_UNREAD;
    if (!json_is_string(verdict) ||
        !fate_from_name(json_string_value(verdict), json_string_length(verdict), &entry->fate))
        return;
    entry->kind = ENTRY_MESSAGE;
    (void)take_string(object, "client", entry->client, sizeof entry->client);
    (void)take_string(object, "name", entry->name, sizeof entry->name);
    log_entry_check_name(entry);
    (void)take_string(object, "helo", entry->helo, sizeof entry->helo);
    entry->has_sender = take_string(object, "mail_from", entry->sender, sizeof entry->sender);
    (void)take_string(object, "why", entry->why, sizeof entry->why);
    entry->is_test = json_is_true(json_object_get(object, "test"));
    for (size_t i = 0; i < json_array_size(checks); i++)
        take_check(entry, json_array_get(checks, i));
    take_visit(entry, object);
    take_visits(entry, json_object_get(object, "to"));
    take_visits(entry, json_object_get(object, "greylisted"));
}

/* journalctl -o json: the line of text is a member. */
static void take_journal(struct log_entry *entry, const json_t *object, const char *text)
{
    const json_t *program = json_object_get(object, "SYSLOG_IDENTIFIER");
    const char *micros = json_string_value(json_object_get(object, "__REALTIME_TIMESTAMP"));

    if (json_is_string(program) && strcmp(json_string_value(program), "smf-spf") != 0)
        return;
    if (text[0] == '{' || strlen(text) < 4)
        return;
    read_text(text, strlen(text), entry);
    if (micros != NULL)
        entry->time_s = (int64_t)(strtoll(micros, NULL, 10) / 1000000);
}

void read_json(struct log_time *reader, const char *text, size_t len, struct log_entry *entry)
{
    json_t *object = json_loadb(text, len, JSON_REJECT_DUPLICATES, NULL);
    const char *event = json_string_value(json_object_get(object, "event"));
    const char *message = json_string_value(json_object_get(object, "MESSAGE"));
    const char *time = json_string_value(json_object_get(object, "time"));

    entry->kind = ENTRY_UNREAD;
    if (event != NULL && strcmp(event, "message") == 0) {
        take_message(entry, object);
    } else if (event != NULL && strcmp(event, "log") == 0) {
        entry->kind = ENTRY_OTHER;
    } else if (message != NULL) {
        entry->kind = ENTRY_FOREIGN;
        take_journal(entry, object, message);
    } else if (object != NULL) {
        entry->kind = ENTRY_FOREIGN;
    }
    if (time != NULL)
        (void)log_time_read(reader, time, strlen(time), &entry->time_s);
    json_decref(object);
}
