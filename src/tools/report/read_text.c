/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Takes text lines apart. */
#include "tools/report/read_text.h"

#include "base/text_search.h"
#include "session/reason.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* One `key=value` of a line. */
struct pair {
    const char *key, *value;
    size_t key_len, value_len;
};

static bool starts_with(const char *text, size_t len, const char *word)
{
    const size_t word_len = strlen(word);

    return len >= word_len && memcmp(text, word, word_len) == 0;
}

static bool is_word(const char *text, size_t len, const char *word)
{
    return strlen(word) == len && memcmp(text, word, len) == 0;
}

/* The octets of a key at `text`, which an equals sign follows; 0: there is none. */
static size_t key_at(const char *text, size_t len)
{
    size_t i = 0;

    while (i < len && (islower((unsigned char)text[i]) || text[i] == '-' || text[i] == '_'))
        i++;
    return i > 0 && i < len && text[i] == '=' ? i : 0;
}

/* Where the value at `text` ends: at ", key=", or at the end. What could mislead stands in quotes, as %XX. */
static size_t value_end(const char *text, size_t len)
{
    for (size_t i = 0; i + 2 < len; i++) {
        if (text[i] == ',' && text[i + 1] == ' ' && key_at(text + i + 2, len - i - 2) > 0)
            return i;
    }
    return len;
}

/* Takes the next pair off *text. */
static bool next_pair(const char **text, size_t *len, struct pair *pair)
{
    size_t end;

    pair->key = *text;
    pair->key_len = key_at(*text, *len);
    if (pair->key_len == 0)
        return false;
    pair->value = *text + pair->key_len + 1;
    end = value_end(pair->value, *len - pair->key_len - 1);
    pair->value_len = end;
    end += pair->key_len + 1;
    *text += end;
    *len -= end;
    if (*len >= 2) {
        *text += 2;
        *len -= 2;
    }
    return true;
}

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* Copies a value without its quotes, and with its %XX as the octets that they stand for. */
static void copy_value(char *out, size_t size, const char *value, size_t len)
{
    size_t used = 0;

    if (len >= 2 && value[0] == '<' && value[len - 1] == '>') {
        value++;
        len -= 2;
    }
    if (len < 2 || value[0] != '"' || value[len - 1] != '"') {
        log_entry_copy(out, size, value, len);
        return;
    }
    for (size_t i = 1; i + 1 < len && used + 1 < size; i++) {
        if (value[i] == '%' && i + 3 < len && hex_digit(value[i + 1]) >= 0 && hex_digit(value[i + 2]) >= 0) {
            const char octet = (char)(hex_digit(value[i + 1]) * 16 + hex_digit(value[i + 2]));

            log_entry_copy(out + used++, 2, &octet, 1);
            i += 2;
        } else {
            log_entry_copy(out + used++, 2, value + i, 1);
        }
    }
    out[used] = '\0';
}

static void take_reason(struct entry_check *check, const struct pair *pair)
{
    static const char guess[] = "best guess ";

    copy_value(check->reason, sizeof check->reason, pair->value, pair->value_len);
    if (strncmp(check->reason, guess, sizeof guess - 1) == 0) {
        check->guessed = true;
        memmove(check->reason, check->reason + sizeof guess - 1, strlen(check->reason + sizeof guess - 1) + 1);
    }
}

/* The domain with the DMARC record, or "unknown (DNS ...)". */
static void take_dmarc(struct entry_check *check, const struct pair *pair)
{
    char text[16];

    copy_value(text, sizeof text, pair->value, pair->value_len);
    check->dmarc = strncmp(text, "unknown (", 9) == 0 ? TRISTATE_UNKNOWN : TRISTATE_YES;
}

static void take_result(struct entry_check *check, const char *text, size_t len)
{
    char word[16];

    log_entry_copy(word, sizeof word, text, len);
    check->is_known = result_from_name(word, &check->result);
}

/* What a pair says. `is_helo`: the line is about the HELO identity. */
static void take_pair(struct log_entry *entry, const struct pair *pair, bool is_helo)
{
    const char *key = pair->key;
    const size_t len = pair->key_len;

    if (is_word(key, len, "ip")) {
        copy_value(entry->client, sizeof entry->client, pair->value, pair->value_len);
    } else if (is_word(key, len, "fqdn") || is_word(key, len, "name")) {
        copy_value(entry->name, sizeof entry->name, pair->value, pair->value_len);
        log_entry_check_name(entry);
    } else if (is_word(key, len, "helo")) {
        copy_value(entry->helo, sizeof entry->helo, pair->value, pair->value_len);
    } else if (is_word(key, len, "from")) {
        entry->has_sender = true;
        copy_value(entry->sender, sizeof entry->sender, pair->value, pair->value_len);
        if (strcmp(entry->sender, "<>") == 0)
            entry->sender[0] = '\0';
    } else if (is_word(key, len, "reason")) {
        take_reason(is_helo ? &entry->helo_check : &entry->mail_from, pair);
    } else if (is_word(key, len, "dmarc")) {
        take_dmarc(is_helo ? &entry->helo_check : &entry->mail_from, pair);
    } else if (is_word(key, len, "helo-dmarc")) {
        take_dmarc(&entry->helo_check, pair);
    } else if (is_word(key, len, "result")) {
        take_result(&entry->mail_from, pair->value, pair->value_len);
    } else if (is_word(key, len, "helo-result")) {
        take_result(&entry->helo_check, pair->value, pair->value_len);
    } else if (is_word(key, len, "helo-reason")) {
        take_reason(&entry->helo_check, pair);
    } else if (is_word(key, len, "verdict")) {
        if (fate_from_name(pair->value, pair->value_len, &entry->fate))
            entry->kind = ENTRY_MESSAGE;
    } else if (is_word(key, len, "why")) {
        copy_value(entry->why, sizeof entry->why, pair->value, pair->value_len);
    } else if (is_word(key, len, "test")) {
        entry->is_test = true;
    }
}

/* Where reading is among what a line says of recipients. */
struct recipient_words {
    char address[330];         /* of the one that the pairs are about; "": all */
    struct entry_visit *visit; /* what greylisting said of it; NULL: nothing so far */
};

static uint32_t read_seconds(const struct pair *pair)
{
    char digits[16];

    log_entry_copy(digits, sizeof digits, pair->value, pair->value_len);
    return (uint32_t)strtoul(digits, NULL, 10);
}

/* What a pair says of the recipient that was named last. True if it is such a pair. */
static bool take_recipient_pair(struct log_entry *entry, const struct pair *pair, struct recipient_words *words)
{
    const char *key = pair->key;
    const size_t len = pair->key_len;

    if (is_word(key, len, "to") || is_word(key, len, "greylist-to")) {
        copy_value(words->address, sizeof words->address, pair->value, pair->value_len);
        words->visit = NULL;
    } else if (is_word(key, len, "reply")) {
        entry->reply_count++;
    } else if (is_word(key, len, "greylist")) {
        words->visit = log_entry_visit(entry, words->address, pair->value, pair->value_len);
    } else if (is_word(key, len, "greylist-wait") && words->visit != NULL) {
        words->visit->deferred = true;
    } else if (is_word(key, len, "greylist-waited") && words->visit != NULL) {
        words->visit->has_waited = true;
        words->visit->waited_s = read_seconds(pair);
    } else {
        return false;
    }
    return true;
}

/* Takes all pairs of a line. After `to=` and its like it is about recipients, and says nothing more of the message. */
static void take_pairs(struct log_entry *entry, const char *text, size_t len, bool is_helo)
{
    struct recipient_words words = {.address = ""};
    struct pair pair;

    while (next_pair(&text, &len, &pair))
        if (!(entry->kind == ENTRY_MESSAGE && take_recipient_pair(entry, &pair, &words)) && words.address[0] == '\0')
            take_pair(entry, &pair, is_helo);
}

/* Events of the lines that follow a result. */
static const struct {
    const char *event;
    enum fate fate;
    bool is_test;
} actions[] = {
    {"refused", FATE_REFUSED, false},
    {"deferred", FATE_DEFERRED, false},
    {"would be refused", FATE_REFUSED, true},
    {"would be deferred", FATE_DEFERRED, true},
    {"would be tagged", FATE_TAGGED, true},
    {"would be quarantined", FATE_QUARANTINED, true},
    {"would be held", FATE_HELD, true},
    {"tagged", FATE_TAGGED, false},
    {"quarantined", FATE_QUARANTINED, false},
    {"held", FATE_HELD, false},
    {"skipped", FATE_EXEMPT, false},
    {"exempt", FATE_EXEMPT, false},
    {"shed", FATE_SHED, false},
    {"accepted", FATE_ACCEPTED, false},
    {"ended", FATE_ENDED, false},
    {"discarded", FATE_DISCARDED, false},
};

/* The name of the reason whose words stand in parentheses: "whitelisted-host" of "skipped (whitelisted host)"; other
 * words as they are. */
static void copy_why(struct log_entry *entry, const char *words, size_t len)
{
    if (len < 2 || words[0] != '(' || words[len - 1] != ')')
        return;
    log_entry_copy(entry->why, sizeof entry->why, words + 1, len - 2);
    for (int reason = 0; reason < REASON_COUNT; reason++) {
        if (strcmp(entry->why, reason_words((enum reason)reason)) == 0) {
            (void)snprintf(entry->why, sizeof entry->why, "%s", reason_name((enum reason)reason));
            return;
        }
    }
}

/* Reads "result", "result (cached)", "helo result", "refused", "skipped (words)". False: no event of a message. */
static bool read_event(struct log_entry *entry, const char *event, size_t len, bool *is_helo)
{
    const char *paren = memchr(event, '(', len);
    const size_t words = paren != NULL && paren > event ? (size_t)(paren - event) - 1 : len;
    struct entry_check check = {.is_known = false};

    *is_helo = starts_with(event, words, "helo ");
    take_result(&check, event + (*is_helo ? 5 : 0), words - (*is_helo ? 5 : 0));
    if (check.is_known) {
        entry->kind = ENTRY_RESULT;
        (*is_helo ? &entry->helo_check : &entry->mail_from)->is_known = true;
        (*is_helo ? &entry->helo_check : &entry->mail_from)->result = check.result;
        return true;
    }
    for (size_t i = 0; i < sizeof actions / sizeof *actions; i++) {
        if (is_word(event, words, actions[i].event)) {
            entry->kind = ENTRY_ACTION;
            entry->fate = actions[i].fate;
            entry->is_test = actions[i].is_test;
            if (paren != NULL)
                copy_why(entry, paren, len - (size_t)(paren - event));
            return true;
        }
    }
    return false;
}

void read_text(const char *text, size_t len, struct log_entry *entry)
{
    const char *event = text + 4, *colon;
    bool is_helo, is_known;

    entry->kind = ENTRY_OTHER;
    if (!starts_with(text, len, "SPF "))
        return;
    entry->kind = ENTRY_UNREAD;
    colon = text_search_first(event, len - 4, ": ", 2);
    if (colon == NULL)
        return;
    is_known = read_event(entry, event, (size_t)(colon - event), &is_helo);
    len -= (size_t)(colon + 2 - text);
    text = colon + 2;
    take_pairs(entry, text, len, is_helo);
    if (entry->kind != ENTRY_MESSAGE && (!is_known || (entry->client[0] == '\0' && !entry->has_sender)))
        entry->kind = ENTRY_UNREAD; /* another event, or cut short */
}
