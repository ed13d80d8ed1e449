/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Decides again. */
#include "tools/report/what_if.h"

#include "policy/verdict_decide.h"
#include "policy/whitelist.h"

#include <string.h>
#include <strings.h>

static size_t key_len(const char *line)
{
    return strcspn(line, " \t=\r\n");
}

/* Appends the lines of `text` without those that set `key`, which must not be set twice. */
static void add_without(const char *text, size_t len, const char *const *lines, size_t count, struct strbuf *out)
{
    while (len > 0) {
        const char *end = memchr(text, '\n', len);
        const size_t line_len = end != NULL ? (size_t)(end - text) + 1 : len;
        const char *key = text;
        bool is_replaced = false;

        while (key < text + line_len && (*key == ' ' || *key == '\t'))
            key++;
        for (size_t i = 0; i < count; i++) {
            const size_t k = key_len(lines[i]);

            is_replaced = is_replaced || ((size_t)(text + line_len - key) > k && strncasecmp(key, lines[i], k) == 0 &&
                                          (key[k] == ' ' || key[k] == '\t'));
        }
        if (is_replaced)
            strbuf_add(out, "# ");
        strbuf_add_mem(out, text, line_len);
        text += line_len;
        len -= line_len;
    }
    strbuf_add_char(out, '\n');
}

/* Keys whose values add up: their lines in the file stay. */
static bool is_list_line(const char *line)
{
    return strncasecmp(line, "Whitelist", 9) == 0 || strncasecmp(line, "TrustedRelay", 12) == 0 ||
           strncasecmp(line, "RefuseFor", 9) == 0 || strncasecmp(line, "RefuseTo", 8) == 0;
}

const struct config *what_if_config(const char *text, size_t len, const char *const *lines, size_t count,
                                    struct strbuf *errors)
{
    struct strbuf all = STRBUF_INIT;
    const struct config *config = NULL;
    const char *replaced[64];
    size_t replaced_count = 0;

    for (size_t i = 0; i < count && replaced_count < 64; i++)
        if (!is_list_line(lines[i]))
            replaced[replaced_count++] = lines[i];
    add_without(text, len, replaced, replaced_count, &all);
    for (size_t i = 0; i < count; i++)
        strbuf_addf(&all, "%s\n", lines[i]);
    if (!all.failed)
        config = config_parse(strbuf_text(&all), all.len, "--what-if", errors);
    strbuf_free(&all);
    return config;
}

bool what_if_applies(const struct log_entry *message)
{
    if (message->fate == FATE_EXEMPT || message->fate == FATE_SHED || message->fate == FATE_ENDED)
        return false;
    if (!message->mail_from.is_known && (message->sender[0] != '\0' || !message->helo_check.is_known))
        return false;
    return (message->why[0] == '\0' || strcmp(message->why, "result") == 0);
}

/* Only what can be told without the DNS. */
static bool is_listed(const struct config *config, const struct log_entry *message, const struct address *sender)
{
    struct addr client;

    return (addr_parse(message->client, &client) && whitelist_has_addr(&config->whitelist_ip, &client)) ||
           (message->name[0] != '\0' && whitelist_has_host(&config->whitelist_ptr, message->name)) ||
           (sender != NULL && whitelist_has_mailbox(&config->whitelist_from, sender));
}

static const struct spf_outcome *outcome_of(const struct entry_check *check, struct spf_outcome *outcome)
{
    if (!check->is_known)
        return NULL;
    outcome->result = check->result;
    outcome->guessed = check->guessed;
    outcome->no_mail = false; /* the log does not say */
    return outcome;
}

enum verdict_kind what_if_decide(const struct config *config, const struct log_entry *message)
{
    const bool is_null = message->sender[0] == '\0';
    const struct entry_check *helo =
        is_null && message->mail_from.is_known ? &message->mail_from : &message->helo_check;
    struct spf_outcome mail_from_outcome, helo_outcome;
    struct address sender = {.text = NULL};
    const bool has_sender = !is_null && address_parse(message->sender, &sender) == ADDRESS_OK;
    const struct verdict_case what = {
        .mail_from = is_null ? NULL : outcome_of(&message->mail_from, &mail_from_outcome),
        .helo = outcome_of(helo, &helo_outcome),
        .sender = has_sender ? &sender : NULL,
    };
    enum verdict_kind kind = VERDICT_CONTINUE;

    if (!is_listed(config, message, what.sender))
        kind = verdict_decide(&config->verdict, &what).kind;
    address_free(&sender);
    return kind;
}
