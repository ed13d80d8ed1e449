/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Decides again. */
#include "tools/report/what_if.h"

#include "base/domain_text.h"
#include "config/config_file.h"
#include "config/config_options.h"
#include "dns/dns_registrable.h"
#include "mail/idna.h"
#include "policy/verdict_decide.h"
#include "policy/whitelist.h"
#include "spf/domain.h"

#include <stdio.h>
#include <string.h>

/* The option that a line sets; NULL if it sets none. */
static const struct config_option *option_of(const char *line, size_t len)
{
    struct config_file file;

    config_file_begin(&file, line, len);
    return config_file_next(&file) == CONFIG_TOKEN_FOUND ? config_option_find(file.key) : NULL;
}

/* Keys whose line in the file cannot stand beside one of --what-if that says the opposite. */
static const struct {
    const char *line, *file;
} opposites[] = {
    {"AcceptTempError", "RejectTempError"},
    {"RejectTempError", "AcceptTempError"},
    {"RefuseHelo", "CheckHelo"},
    {"DeferHelo", "CheckHelo"},
};

static bool are_opposites(const char *line_key, const char *file_key)
{
    for (size_t i = 0; i < sizeof opposites / sizeof *opposites; i++)
        if (strcmp(opposites[i].line, line_key) == 0 && strcmp(opposites[i].file, file_key) == 0)
            return true;
    return false;
}

/* What is added to a configuration. */
struct addition {
    const char *const *lines;
    size_t count;
    bool has_sets; /* one of them names a set of results */
};

static bool sets(const struct addition *addition, const char *key)
{
    for (size_t i = 0; i < addition->count; i++)
        if (strcmp(option_of(addition->lines[i], strlen(addition->lines[i]))->key, key) == 0)
            return true;
    return false;
}

/* True if a line of the file goes: its key is set anew, or contradicts one that is. Lists add up. */
static bool is_replaced(const struct addition *addition, const struct config_option *option)
{
    if (option == NULL)
        return false;
    if (addition->has_sets && config_key_is_legacy(option->key))
        return true;
    for (size_t i = 0; i < addition->count; i++) {
        const struct config_option *added = option_of(addition->lines[i], strlen(addition->lines[i]));

        if ((added == option && !option->type->is_list) || are_opposites(added->key, option->key))
            return true;
    }
    return false;
}

/* Appends the lines of `text`, those that are replaced as comments, so that each has its number. True if a legacy key
 * is among these. */
static bool add_kept(const char *text, size_t len, const struct addition *addition, struct strbuf *out)
{
    bool had_legacy = false;

    while (len > 0) {
        const char *end = memchr(text, '\n', len);
        const size_t line_len = end != NULL ? (size_t)(end - text) + 1 : len;
        const struct config_option *option = option_of(text, line_len);

        if (is_replaced(addition, option)) {
            had_legacy |= config_key_is_legacy(option->key);
            strbuf_add(out, "# ");
        }
        strbuf_add_mem(out, text, line_len);
        text += line_len;
        len -= line_len;
    }
    strbuf_add_char(out, '\n');
    return had_legacy;
}

/* Appends what the legacy keys of `now` stand for as sets, but for those that are set anew. */
static void add_legacy_sets(const struct config *now, const struct addition *addition, struct strbuf *out)
{
    if (!sets(addition, "RefuseMailFrom"))
        strbuf_addf(out, "RefuseMailFrom %s%s%s\n", now->refuse_fail ? "fail" : "", now->refuse_spf_none ? " none" : "",
                    !now->refuse_fail && !now->refuse_spf_none ? "off" : "");
    /* Where the two legacy keys for none agree, the set for a null sender follows from that for senders. */
    if (now->refuse_spf_none != now->refuse_spf_none_helo && !sets(addition, "RefuseNullSender"))
        strbuf_addf(out, "RefuseNullSender %s%s%s%s\n", now->refuse_fail ? "fail" : "",
                    now->refuse_spf_none_helo ? " none" : "", now->reject_perm_error ? " permerror" : "",
                    !now->refuse_fail && !now->refuse_spf_none_helo && !now->reject_perm_error ? "off" : "");
    if (!now->accept_temp_error && !sets(addition, "Defer"))
        strbuf_add(out, "Defer temperror\n");
}

/* False, with a message, if a line is none of a configuration by itself. */
static bool check_lines(const struct addition *addition, struct strbuf *errors)
{
    struct strbuf all = STRBUF_INIT;
    const struct config *alone = NULL;
    bool is_fine = true;

    for (size_t i = 0; i < addition->count && is_fine; i++) {
        strbuf_addf(&all, "%s\n", addition->lines[i]);
        is_fine = strspn(addition->lines[i], " \t") < strcspn(addition->lines[i], "#\n") &&
                  strchr(addition->lines[i], '\n') == NULL;
        if (!is_fine)
            strbuf_addf(errors, "--what-if:%zu: a line of smf-spf.conf is needed: KEY VALUE\n", i + 1);
    }
    if (is_fine && !all.failed)
        alone = config_parse(strbuf_text(&all), all.len, "--what-if", errors);
    else if (all.failed)
        strbuf_add(errors, "--what-if: out of memory\n");
    is_fine = alone != NULL;
    config_release(alone);
    strbuf_free(&all);
    return is_fine;
}

const struct config *what_if_config(const struct config *now, const char *text, size_t len, const char *path,
                                    const char *const *lines, size_t count, struct strbuf *errors)
{
    struct addition addition = {.lines = lines, .count = count};
    struct strbuf all = STRBUF_INIT;
    const struct config *config = NULL;
    char both[200];

    if (!check_lines(&addition, errors))
        return NULL;
    for (size_t i = 0; i < count; i++)
        addition.has_sets |= config_key_is_set(option_of(lines[i], strlen(lines[i]))->key);
    if (add_kept(text, len, &addition, &all) && addition.has_sets)
        add_legacy_sets(now, &addition, &all);
    for (size_t i = 0; i < count; i++)
        strbuf_addf(&all, "%s\n", lines[i]);
    (void)snprintf(both, sizeof both, "%s with --what-if", path);
    if (!all.failed)
        config = config_parse(strbuf_text(&all), all.len, both, errors);
    strbuf_free(&all);
    return config;
}

bool what_if_applies(const struct log_entry *message)
{
    if (message->fate == FATE_EXEMPT || message->fate == FATE_SHED || message->fate == FATE_ENDED)
        return false;
    if (!message->mail_from.is_known && (message->sender[0] != '\0' || !message->helo_check.is_known))
        return false;
    return message->why[0] == '\0' || strcmp(message->why, "result") == 0 || log_entry_is_greylisted(message);
}

/* The items of a list that `then` has and `now` has not: the lines of --what-if follow those of the file. */
static struct text_list added(const struct text_list *now, const struct text_list *then)
{
    const size_t kept = now->count < then->count ? now->count : then->count;

    if (kept == then->count)
        return (struct text_list){.count = 0};
    return (struct text_list){.items = then->items + kept, .count = then->count - kept};
}

/* True if the client's verified name has the owner of one of these domains. */
static bool has_owner(const struct text_list *domains, const struct log_entry *message)
{
    char name[DOMAIN_TEXT_MAX + 1], ascii[IDNA_SIZE];

    if (!domain_text_copy(message->name, name))
        return false;
    for (size_t i = 0; i < domains->count; i++)
        if (idna_to_ascii(domains->items[i], ascii) && domain_can_have_policy(ascii) &&
            domain_is_within(name, dns_registrable(ascii)))
            return true;
    return false;
}

/* True if the message is exempt under `then`, by what the DNS would have to say, and was not under `now`. */
static bool becomes_exempt(const struct config *now, const struct config *then, const struct log_entry *message)
{
    const struct text_list domains = added(&now->whitelist_spf, &then->whitelist_spf);

    return has_owner(&domains, message) ||
           (message->helo[0] != '\0' && whitelist_has_exact_host(&then->whitelist_helo, message->helo) &&
            !whitelist_has_exact_host(&now->whitelist_helo, message->helo));
}

/* Only what can be told without the DNS. */
static bool is_listed(const struct config *config, const struct log_entry *message, const struct address *sender)
{
    struct addr client;

    if (config->skip_ndr && message->sender[0] == '\0')
        return true;
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
    outcome->is_shed = false; /* its message has a fate of its own */
    return outcome;
}

/* What follows under one configuration. */
static struct verdict decide(const struct config *config, const struct log_entry *message)
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
        .mail_from_dmarc = message->mail_from.dmarc,
        .helo_dmarc = helo->dmarc,
    };
    struct verdict verdict = verdict_continue();

    if (!is_listed(config, message, what.sender))
        verdict = verdict_decide(&config->verdict, &what);
    address_free(&sender);
    return verdict;
}

/* True if a DMARC record would change the verdict. The log has one where it was found. */
static bool lacks_dmarc(const struct config *config, const struct log_entry *message, const struct verdict *verdict)
{
    const bool is_helo = verdict->identity == IDENTITY_HELO && message->helo_check.is_known;
    const enum spf_result result = is_helo ? message->helo_check.result : message->mail_from.result;

    return config->verdict.leave_to_dmarc && verdict->kind != VERDICT_CONTINUE &&
           (result == RESULT_FAIL || result == RESULT_SOFTFAIL);
}

struct what_if what_if_decide(const struct config *now, const struct config *then, const struct log_entry *message)
{
    const bool was_stopped = message->fate == FATE_REFUSED || message->fate == FATE_DEFERRED;
    const bool is_exempt = becomes_exempt(now, then, message);
    struct verdict by_now = decide(now, message), by_then = is_exempt ? verdict_continue() : decide(then, message);
    bool is_lacking;

    /* Else the verdicts of TestMode are what would have been, as in the log. */
    if (now->test_mode && !then->test_mode)
        by_now = verdict_continue();
    if (then->test_mode && !now->test_mode)
        by_then = verdict_continue();
    is_lacking = lacks_dmarc(now, message, &by_now) || lacks_dmarc(then, message, &by_then);

    return (struct what_if){
        .now = by_now.kind,
        .then = by_then.kind,
        .dmarc_is_unknown = is_lacking && !(was_stopped && now->verdict.leave_to_dmarc),
        .dmarc_is_assumed = is_lacking && was_stopped && now->verdict.leave_to_dmarc,
    };
}
