/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Finds out whether a message for a recipient is greylisted, and writes the keys under which that is stored. */
#include "greylist/greylist_subject.h"

#include "base/domain_text.h"
#include "dns/dns_registrable.h"
#include "mail/idna.h"

#include <sodium.h>
#include <stdio.h>
#include <string.h>

enum {
    PART_MAX = 70, /* octets of a domain or a recipient; so "NETWORK null:DOMAIN RECIPIENT" fits */
    HASH_OCTETS = 16,
    NETWORK_SIZE = ADDR_PREFIX_SIZE,
};

_Static_assert(NETWORK_SIZE - 1 + sizeof " null:" - 1 + PART_MAX + 1 + PART_MAX < GREYLIST_KEY_SIZE, "a key fits");
_Static_assert(1 + 2 * HASH_OCTETS <= PART_MAX, "a hash fits");

static bool is_plain(const char *text)
{
    size_t len = strlen(text);

    if (len == 0 || len > PART_MAX || *text == '#') /* what begins so is a hash */
        return false;
    for (; *text != '\0'; text++)
        if (*text <= ' ' || *text > '~')
            return false;
    return true;
}

static char lower(char c)
{
    return (char)(c >= 'A' && c <= 'Z' ? c + ('a' - 'A') : c);
}

/* A part of a key: the text in lower case, or its hash if it is too long or holds anything but printable US-ASCII. */
static void write_part(const char *text, char part[PART_MAX + 1])
{
    crypto_generichash_state state;
    unsigned char hash[HASH_OCTETS];
    size_t len = strlen(text);

    if (is_plain(text)) {
        for (size_t i = 0; i <= len; i++)
            part[i] = lower(text[i]);
        return;
    }
    crypto_generichash_init(&state, NULL, 0, sizeof hash);
    for (size_t i = 0; i < len; i++) {
        unsigned char octet = (unsigned char)lower(text[i]);

        crypto_generichash_update(&state, &octet, 1);
    }
    crypto_generichash_final(&state, hash, sizeof hash);
    part[0] = '#';
    sodium_bin2hex(part + 1, PART_MAX, hash, sizeof hash);
}

/* The organizational domain of a name in any form; "-" of none. An address literal stands for itself. */
static void write_domain(const char *name, char part[PART_MAX + 1])
{
    char ascii[IDNA_SIZE], bare[DOMAIN_TEXT_MAX + 1];

    if (!domain_text_copy(idna_ascii_form(name, ascii), bare))
        write_part(name, part);
    else if (*bare == '\0')
        write_part("-", part);
    else
        write_part(domain_text_is_host(bare) ? dns_registrable(bare) : bare, part);
}

static void write_recipient(const struct address *recipient, char part[PART_MAX + 1])
{
    char ascii[IDNA_SIZE], whole[GREYLIST_KEY_SIZE * 2];
    const char *domain = idna_ascii_form(recipient->domain, ascii);
    int len = snprintf(whole, sizeof whole, "%s@%s", recipient->local, domain);

    write_part(len < (int)sizeof whole ? whole : recipient->text, part);
}

void greylist_subject_network(const struct addr *client, const struct greylist_bits *network, char text[NETWORK_SIZE])
{
    bool is_v4 = client->family == ADDR_V4;
    unsigned most = is_v4 ? 32 : 128;
    struct addr_prefix prefix = {.base = *client, .bits = (uint8_t)(is_v4 ? network->v4 : network->v6)};

    for (unsigned bit = prefix.bits; bit < most; bit++)
        prefix.base.bytes[bit / 8] &= (uint8_t)(0xffU ^ 0x80U >> (bit % 8));
    addr_prefix_format(&prefix, text);
}

static bool is_wide(const struct greylist_settings *settings, const struct greylist_facts *facts)
{
    unsigned least = facts->client.family == ADDR_V4 ? settings->width.v4 : settings->width.v6;

    return facts->matched_bits < least;
}

static bool is_exempt(const struct greylist_exempt *exempt, const struct greylist_facts *facts)
{
    return whitelist_has_addr(&exempt->clients, &facts->client) ||
           (facts->client_name != NULL && whitelist_has_host(&exempt->hosts, facts->client_name)) ||
           (facts->sender != NULL && whitelist_has_mailbox(&exempt->senders, facts->sender)) ||
           whitelist_has_mailbox(&exempt->recipients, facts->recipient);
}

/* What the keys begin with. */
enum origin {
    ORIGIN_NONE, /* a pass that is worth something */
    ORIGIN_NETWORK,
    ORIGIN_PASS,
};

static enum origin origin_of(const struct greylist_settings *settings, const struct greylist_facts *facts)
{
    if (facts->result != RESULT_PASS)
        return ORIGIN_NETWORK;
    switch (settings->pass) {
    case GREYLIST_PASS_ONCE:
    case GREYLIST_PASS_ALL:
        return ORIGIN_PASS;
    case GREYLIST_PASS_WIDE:
        return is_wide(settings, facts) ? ORIGIN_NETWORK : ORIGIN_NONE;
    case GREYLIST_PASS_KNOWN:
        break;
    }
    return ORIGIN_NONE;
}

/* The result that a message from a network is taken for: a pass there is one by a term that is too wide. */
static enum spf_result worth_of(const struct greylist_facts *facts)
{
    return facts->result == RESULT_PASS ? RESULT_NEUTRAL : facts->result;
}

static enum greylist_exemption exemption_of(const struct greylist_settings *settings,
                                            const struct greylist_facts *facts)
{
    if (settings->terms.mode == GREYLIST_OFF)
        return GREYLIST_IS_OFF;
    if (facts->client.family == ADDR_NONE)
        return GREYLIST_NO_CLIENT;
    if (settings->to.texts.count > 0 && !whitelist_has_mailbox(&settings->to, facts->recipient))
        return GREYLIST_NOT_THIS_RECIPIENT;
    if (is_exempt(&settings->exempt, facts))
        return GREYLIST_EXEMPT;
    switch (origin_of(settings, facts)) {
    case ORIGIN_NONE:
        return GREYLIST_PASSES;
    case ORIGIN_PASS:
        return GREYLIST_APPLIES;
    case ORIGIN_NETWORK:
        break;
    }
    return result_set_has(settings->results, worth_of(facts)) ? GREYLIST_APPLIES : GREYLIST_NOT_THIS_RESULT;
}

/* What passed is the HELO name of a null sender, and its domain is as good as that of any sender. */
static void write_pass(const struct greylist_settings *settings, const struct greylist_facts *facts,
                       struct greylist_subject *subject)
{
    char domain[PART_MAX + 1], recipient[PART_MAX + 1];

    write_domain(facts->sender ? facts->sender->domain : facts->helo, domain);
    if (settings->pass == GREYLIST_PASS_ONCE) {
        snprintf(subject->entry, sizeof subject->entry, "pass %s", domain);
        subject->sender[0] = '\0';
        return;
    }
    write_recipient(facts->recipient, recipient);
    snprintf(subject->entry, sizeof subject->entry, "pass %s %s", domain, recipient);
    snprintf(subject->sender, sizeof subject->sender, "pass %s", domain);
}

static void write_unproved(const struct greylist_settings *settings, const struct greylist_facts *facts,
                           struct greylist_subject *subject)
{
    char network[NETWORK_SIZE], domain[PART_MAX + 1], recipient[PART_MAX + 1];
    const char *mark = facts->sender ? "" : "null:";
    const char *host = facts->client_name ? facts->client_name : facts->helo;

    greylist_subject_network(&facts->client, &settings->network, network);
    write_domain(facts->sender ? facts->sender->domain : host, domain);
    write_recipient(facts->recipient, recipient);
    snprintf(subject->entry, sizeof subject->entry, "%s %s%s %s", network, mark, domain, recipient);
    snprintf(subject->sender, sizeof subject->sender, "%s %s%s", network, mark, domain);
}

enum greylist_exemption greylist_subject_of(const struct greylist_settings *settings,
                                            const struct greylist_facts *facts, struct greylist_subject *subject)
{
    enum greylist_exemption exemption = exemption_of(settings, facts);

    if (exemption != GREYLIST_APPLIES)
        return exemption;
    if (origin_of(settings, facts) == ORIGIN_PASS)
        write_pass(settings, facts, subject);
    else
        write_unproved(settings, facts, subject);
    return GREYLIST_APPLIES;
}

const char *greylist_exemption_words(enum greylist_exemption exemption)
{
    static const char *const words[] = {
        [GREYLIST_APPLIES] = "greylisted",
        [GREYLIST_IS_OFF] = "greylisting is off",
        [GREYLIST_NOT_THIS_RESULT] = "GreylistResults does not name this result",
        [GREYLIST_PASSES] = "the pass is enough (GreylistPass)",
        [GREYLIST_NOT_THIS_RECIPIENT] = "GreylistTo does not name this recipient",
        [GREYLIST_EXEMPT] = "GreylistExempt",
        [GREYLIST_NO_CLIENT] = "no client address is known",
    };

    return words[exemption];
}
