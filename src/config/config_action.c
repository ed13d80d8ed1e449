/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The words of Postfix 3.7 to 3.10: postconf(5), access(5). */
#include "config/config_action.h"

#include "base/edit_distance.h"

#include <stddef.h>
#include <string.h>
#include <strings.h>

enum { WORD_SIZE = 512 };

enum argument {
    ARGUMENT_NONE,
    ARGUMENT_OPTIONAL,
    ARGUMENT_NEEDED,
    ARGUMENT_NUMBER,
    ARGUMENT_ADDRESS,
    ARGUMENT_NEXT_HOP, /* transport:destination */
    ARGUMENT_FIELD,
    ARGUMENT_TABLE, /* which Postfix opens at its start: an answer that names one is a configuration error */
};

struct word {
    const char *name;
    enum argument argument;
};

/* Actions, which stand alone: the rest of the line is theirs. */
static const struct word actions[] = {
    {"OK", ARGUMENT_NONE},         {"DUNNO", ARGUMENT_NONE},       {"BCC", ARGUMENT_ADDRESS},
    {"FILTER", ARGUMENT_NEXT_HOP}, {"HOLD", ARGUMENT_OPTIONAL},    {"INFO", ARGUMENT_OPTIONAL},
    {"PREPEND", ARGUMENT_FIELD},   {"REDIRECT", ARGUMENT_ADDRESS}, {"WARN", ARGUMENT_OPTIONAL},
};

/* What would stop a message that passes; as the first word. */
static const char *const refusals[] = {"REJECT", "DEFER", "DISCARD", "DEFER_IF_PERMIT", "DEFER_IF_REJECT"};

static const struct word restrictions[] = {
    {"permit", ARGUMENT_NONE},
    {"reject", ARGUMENT_NONE},
    {"defer", ARGUMENT_NONE},
    {"defer_if_permit", ARGUMENT_NONE},
    {"defer_if_reject", ARGUMENT_NONE},
    {"defer_unauth_destination", ARGUMENT_NONE},
    {"sleep", ARGUMENT_NUMBER},
    {"warn_if_reject", ARGUMENT_NONE},
    {"check_policy_service", ARGUMENT_TABLE},
    {"check_ccert_access", ARGUMENT_TABLE},
    {"check_sasl_access", ARGUMENT_TABLE},
    {"check_client_access", ARGUMENT_TABLE},
    {"check_client_a_access", ARGUMENT_TABLE},
    {"check_client_mx_access", ARGUMENT_TABLE},
    {"check_client_ns_access", ARGUMENT_TABLE},
    {"check_reverse_client_hostname_access", ARGUMENT_TABLE},
    {"check_reverse_client_hostname_a_access", ARGUMENT_TABLE},
    {"check_reverse_client_hostname_mx_access", ARGUMENT_TABLE},
    {"check_reverse_client_hostname_ns_access", ARGUMENT_TABLE},
    {"check_helo_access", ARGUMENT_TABLE},
    {"check_helo_a_access", ARGUMENT_TABLE},
    {"check_helo_mx_access", ARGUMENT_TABLE},
    {"check_helo_ns_access", ARGUMENT_TABLE},
    {"check_sender_access", ARGUMENT_TABLE},
    {"check_sender_a_access", ARGUMENT_TABLE},
    {"check_sender_mx_access", ARGUMENT_TABLE},
    {"check_sender_ns_access", ARGUMENT_TABLE},
    {"check_recipient_access", ARGUMENT_TABLE},
    {"check_recipient_a_access", ARGUMENT_TABLE},
    {"check_recipient_mx_access", ARGUMENT_TABLE},
    {"check_recipient_ns_access", ARGUMENT_TABLE},
    {"permit_auth_destination", ARGUMENT_NONE},
    {"permit_dnswl_client", ARGUMENT_NEEDED},
    {"permit_inet_interfaces", ARGUMENT_NONE},
    {"permit_mx_backup", ARGUMENT_NONE},
    {"permit_mynetworks", ARGUMENT_NONE},
    {"permit_rhswl_client", ARGUMENT_NEEDED},
    {"permit_sasl_authenticated", ARGUMENT_NONE},
    {"permit_tls_all_clientcerts", ARGUMENT_NONE},
    {"permit_tls_clientcerts", ARGUMENT_NONE},
    {"reject_authenticated_sender_login_mismatch", ARGUMENT_NONE},
    {"reject_invalid_helo_hostname", ARGUMENT_NONE},
    {"reject_known_sender_login_mismatch", ARGUMENT_NONE},
    {"reject_multi_recipient_bounce", ARGUMENT_NONE},
    {"reject_non_fqdn_helo_hostname", ARGUMENT_NONE},
    {"reject_non_fqdn_recipient", ARGUMENT_NONE},
    {"reject_non_fqdn_sender", ARGUMENT_NONE},
    {"reject_plaintext_session", ARGUMENT_NONE},
    {"reject_rbl_client", ARGUMENT_NEEDED},
    {"reject_rhsbl_client", ARGUMENT_NEEDED},
    {"reject_rhsbl_helo", ARGUMENT_NEEDED},
    {"reject_rhsbl_recipient", ARGUMENT_NEEDED},
    {"reject_rhsbl_reverse_client", ARGUMENT_NEEDED},
    {"reject_rhsbl_sender", ARGUMENT_NEEDED},
    {"reject_sender_login_mismatch", ARGUMENT_NONE},
    {"reject_unauth_destination", ARGUMENT_NONE},
    {"reject_unauth_pipelining", ARGUMENT_NONE},
    {"reject_unauthenticated_sender_login_mismatch", ARGUMENT_NONE},
    {"reject_unknown_client_hostname", ARGUMENT_NONE},
    {"reject_unknown_helo_hostname", ARGUMENT_NONE},
    {"reject_unknown_recipient_domain", ARGUMENT_NONE},
    {"reject_unknown_reverse_client_hostname", ARGUMENT_NONE},
    {"reject_unknown_sender_domain", ARGUMENT_NONE},
    {"reject_unlisted_recipient", ARGUMENT_NONE},
    {"reject_unlisted_sender", ARGUMENT_NONE},
    {"reject_unverified_recipient", ARGUMENT_NONE},
    {"reject_unverified_sender", ARGUMENT_NONE},
};

enum {
    ACTIONS = sizeof actions / sizeof *actions,
    REFUSALS = sizeof refusals / sizeof *refusals,
    RESTRICTIONS = sizeof restrictions / sizeof *restrictions,
};

static const struct word *find(const struct word *words, size_t count, const char *name)
{
    for (size_t i = 0; i < count; i++)
        if (strcasecmp(words[i].name, name) == 0)
            return &words[i];
    return NULL;
}

/* Takes the next word off a list. False, with an empty word, at its end, or where it is too long. */
static bool next_word(const char **text, char word[WORD_SIZE])
{
    const char *begin = *text + strspn(*text, ", \t");
    const size_t len = strcspn(begin, ", \t");

    word[0] = '\0';
    if (len == 0 || len >= WORD_SIZE)
        return false;
    memcpy(word, begin, len);
    word[len] = '\0';
    *text = begin + len;
    return true;
}

static bool is_at_end(const char *text)
{
    return text[strspn(text, ", \t")] == '\0';
}

/* True for a word that Postfix takes for a restriction, whether it knows it or not: a class has another name. */
static bool begins_as_restriction(const char *word)
{
    static const char *const beginnings[] = {"permit", "reject", "defer", "check_"};

    for (size_t i = 0; i < sizeof beginnings / sizeof *beginnings; i++)
        if (strncasecmp(word, beginnings[i], strlen(beginnings[i])) == 0)
            return true;
    return false;
}

/* What says nothing but whether there is an action. As the name of a class it would defer all mail that passes. */
static bool is_switch(const char *word)
{
    static const char *const switches[] = {"on", "off", "yes", "no", "true", "false"};

    for (size_t i = 0; i < sizeof switches / sizeof *switches; i++)
        if (strcasecmp(switches[i], word) == 0)
            return true;
    return false;
}

static bool is_class_name(const char *word)
{
    bool has_letter = false;

    if (is_switch(word))
        return false;
    for (; *word != '\0'; word++) {
        const bool is_letter = (*word >= 'a' && *word <= 'z') || (*word >= 'A' && *word <= 'Z');

        if (!is_letter && !(*word >= '0' && *word <= '9') && *word != '_' && *word != '-')
            return false;
        has_letter = has_letter || is_letter;
    }
    return has_letter;
}

static bool refuses(const char *text)
{
    char word[WORD_SIZE];

    if (!next_word(&text, word))
        return false;
    if ((word[0] == '4' || word[0] == '5') && strspn(word, "0123456789") == 3 && word[3] == '\0')
        return true; /* a reply */
    for (size_t i = 0; i < REFUSALS; i++)
        if (strcasecmp(refusals[i], word) == 0)
            return true;
    return false;
}

/* True if Postfix can use it as an argument, "" for none. */
static bool suits(enum argument argument, const char *text)
{
    switch (argument) {
    case ARGUMENT_NONE:
        return *text == '\0';
    case ARGUMENT_OPTIONAL:
        return true;
    case ARGUMENT_NUMBER:
        return *text != '\0' && text[strspn(text, "0123456789")] == '\0';
    case ARGUMENT_ADDRESS:
        return strchr(text, '@') != NULL;
    case ARGUMENT_NEXT_HOP:
        return strchr(text, ':') != NULL;
    case ARGUMENT_FIELD:
        return *text != ':' && text[strcspn(text, ": \t")] == ':';
    default:
        return *text != '\0';
    }
}

/* Reads one restriction with its argument, or the name of a class. False if it is neither; `word` is what was read. */
static bool read_restriction(const char **text, char word[WORD_SIZE])
{
    const struct word *known;
    char argument[WORD_SIZE];

    if (!next_word(text, word))
        return false;
    known = find(restrictions, RESTRICTIONS, word);
    if (known == NULL)
        return is_class_name(word) && !begins_as_restriction(word) && find(actions, ACTIONS, word) == NULL;
    if (known->argument == ARGUMENT_NONE)
        return true;
    return known->argument != ARGUMENT_TABLE && next_word(text, argument) && suits(known->argument, argument);
}

bool config_action_is_valid(const char *text)
{
    const struct word *action;
    const char *rest = text;
    char word[WORD_SIZE];

    if (refuses(text) || !next_word(&rest, word))
        return false;
    action = find(actions, ACTIONS, word);
    if (action != NULL)
        return suits(action->argument, rest + strspn(rest, " \t"));
    rest = text;
    while (!is_at_end(rest))
        if (!read_restriction(&rest, word))
            return false;
    return true;
}

static const char *nearest(const char *word)
{
    unsigned best = (unsigned)strlen(word) / 4 + 1;
    const char *found = NULL;

    for (size_t i = 0; i < RESTRICTIONS; i++) {
        const unsigned distance = strlen(word) <= EDIT_DISTANCE_MAX ? edit_distance(word, restrictions[i].name) : best;

        if (distance < best) {
            best = distance;
            found = restrictions[i].name;
        }
    }
    return found;
}

void config_action_hint(const char *text, struct strbuf *out)
{
    char word[WORD_SIZE] = "";
    const struct word *known;
    const char *meant;

    if (refuses(text)) {
        strbuf_add(out, "; mail that passes is not refused");
        return;
    }
    if (is_switch(text)) {
        strbuf_add(out, "; none is no action");
        return;
    }
    while (!is_at_end(text) && read_restriction(&text, word))
        continue;
    known = find(restrictions, RESTRICTIONS, word);
    meant = nearest(word);
    if (known != NULL && known->argument == ARGUMENT_TABLE)
        strbuf_addf(out, "; Postfix takes %s in a restriction class only: name one that has it", word);
    else if (known != NULL || find(actions, ACTIONS, word) != NULL)
        strbuf_addf(out, "; what follows %s is wrong", word);
    else if (meant != NULL)
        strbuf_addf(out, "; did you mean %s?", meant);
    else if (begins_as_restriction(word))
        strbuf_add(out, "; Postfix has no such restriction");
}
