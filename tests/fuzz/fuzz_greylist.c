/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Fuzzes greylisting: keys of any sender, recipient and host are plain texts, the same in capital letters; of any
 * record nobody waits for longer than the delay, and who comes back then is through; and the names of stores. Two
 * octets choose the settings, 42 are two records, and lines follow. */
#include "base/printable.h"
#include "greylist/greylist_rule.h"
#include "greylist/greylist_subject.h"
#include "greylist/store_address.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum { LINES = 5, RECORD_OCTETS = 21, CHOICES = 2, NOW_S = 1800000000 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool holds)
{
    if (!holds)
        abort();
}

static struct greylist_settings make_settings(const uint8_t *choices)
{
    struct greylist_settings settings = {
        .terms = {choices[0] & 1 ? GREYLIST_ON : GREYLIST_LEARN, 60, 86400, 36 * 86400, choices[1] & 3},
        .results = (1U << RESULT_COUNT) - 1 - RESULT_BIT(RESULT_PASS),
        .pass = (enum greylist_pass)(choices[0] >> 1 & 3),
        .width = {16, 32},
        .network = {choices[0] >> 3 & 32, choices[0] & 128},
    };

    return settings;
}

/* ---- Keys ---- */

static bool read_address(const char *text, struct address *out)
{
    enum address_status status = address_parse(text, out);

    return status == ADDRESS_OK || status == ADDRESS_LOCAL_TOO_LONG;
}

static unsigned count_blanks(const char *text)
{
    unsigned found = 0;

    for (; *text != '\0'; text++)
        found += *text == ' ';
    return found;
}

static void check_key(const struct greylist_subject *subject)
{
    size_t len = strlen(subject->sender);

    require(len < GREYLIST_KEY_SIZE && strlen(subject->entry) < GREYLIST_KEY_SIZE);
    require(printable_is(subject->entry, strlen(subject->entry)));
    require(strstr(subject->entry, "  ") == NULL && *subject->entry > ' ');
    require(count_blanks(subject->entry) == (len > 0 ? 2 : 1));
    require(len == 0 || (strncmp(subject->entry, subject->sender, len) == 0 && subject->entry[len] == ' '));
}

/* Finds the keys; false if there are none, as the recipient is no address. */
static bool find(const struct greylist_settings *settings, const uint8_t *choices, char *const *lines,
                 struct greylist_subject *subject)
{
    static const uint8_t octets[16] = {0x20, 0x01, 0x0d, 0xb8, [15] = 1};
    struct address sender = {0}, recipient = {0};
    struct greylist_facts facts = {
        .client = choices[1] & 4 ? addr_from_v6(octets) : addr_from_v4(octets),
        .client_name = choices[1] & 8 ? lines[2] : NULL,
        .helo = lines[3],
        .result = choices[1] & 16 ? RESULT_PASS : RESULT_NONE,
        .matched_bits = choices[1] >> 5,
    };
    bool is_found = false;

    if (read_address(lines[0], &sender))
        facts.sender = &sender;
    facts.recipient = &recipient;
    if (read_address(lines[1], &recipient))
        is_found = greylist_subject_of(settings, &facts, subject) == GREYLIST_APPLIES;
    address_free(&sender);
    address_free(&recipient);
    return is_found;
}

static void raise_case(char *text)
{
    for (; *text != '\0'; text++)
        if (*text >= 'a' && *text <= 'z')
            *text -= 'a' - 'A';
}

static void check_subject(const struct greylist_settings *settings, const uint8_t *choices, char *const *lines)
{
    struct greylist_subject subject, again;

    if (!find(settings, choices, lines, &subject))
        return;
    check_key(&subject);
    for (size_t i = 0; i < LINES; i++)
        raise_case(lines[i]);
    require(find(settings, choices, lines, &again));
    require(strcmp(subject.entry, again.entry) == 0 && strcmp(subject.sender, again.sender) == 0);
}

/* ---- Records ---- */

static struct greylist_record read_record(const uint8_t *octets)
{
    struct greylist_record record = {.is_learned = octets[20] & 1};

    memcpy(&record.first_s, octets, 8);
    memcpy(&record.last_s, octets + 8, 8);
    memcpy(&record.count, octets + 16, 4);
    return record;
}

static void check_records(const struct greylist_terms *terms, const uint8_t *octets)
{
    struct greylist_stored stored = {read_record(octets), read_record(octets + RECORD_OCTETS)};
    struct greylist_decision first = greylist_decide(terms, &stored, NOW_S), second;

    require(*greylist_reason_name(first.reason) != '\0');
    require(first.wait_s <= terms->delay_s && first.waited_s <= terms->window_s);
    require(first.defers == (first.wait_s > 0 && terms->mode == GREYLIST_ON));
    require(!first.changes_entry || first.entry_until_s > NOW_S);
    require(!first.changes_sender || first.sender_until_s > NOW_S);
    if (first.changes_entry)
        stored.entry = first.next.entry;
    if (first.changes_sender)
        stored.sender = first.next.sender;
    second = greylist_decide(terms, &stored, NOW_S + (int64_t)first.wait_s);
    require(!second.defers && second.wait_s == 0);
}

/* ---- Stores ---- */

static void check_store(const char *text)
{
    struct store_address address;

    if (!store_address_parse(text, &address))
        return;
    require(address.kind == STORE_REDIS ? *address.host != '\0' : *address.path == '/');
    require(address.port > 0 && address.port <= 65535 && *address.prefix != '\0');
    require(strchr(address.host, '@') == NULL && strpbrk(address.prefix, " *?[]\\") == NULL);
}

/* Cuts the text into lines, of which the last ones may be empty. */
static void cut(char *text, char *lines[LINES])
{
    for (size_t i = 0; i < LINES; i++) {
        size_t len = strcspn(text, "\n");

        lines[i] = text;
        text += len;
        if (*text != '\0')
            *text++ = '\0';
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const size_t before = CHOICES + 2 * (size_t)RECORD_OCTETS;
    char *lines[LINES], *text;

    if (size < before)
        return 0;
    struct greylist_settings settings = make_settings(data);
    text = strndup((const char *)data + before, size - before);
    require(text != NULL);
    cut(text, lines);
    check_store(lines[4]);
    check_subject(&settings, data, lines);
    check_records(&settings.terms, data + CHOICES);
    free(text);
    return 0;
}
