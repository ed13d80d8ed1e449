/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Fuzzes what reads names: any text as a domain name of a client, a sender or an answer. What one form says, the others
 * say too. Two lines are two names. */
#include "dns/dns_name.h"
#include "dns/dns_registrable.h"
#include "mail/idna.h"
#include "spf/domain.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool holds)
{
    if (!holds)
        abort();
}

/* The form of the DNS, which holds printable US-ASCII, and back. */
static void check_forms(const char *name)
{
    char text[DNS_NAME_MAX + 1];
    struct dns_name escaped = {.len = 0};
    const bool is_valid = dns_name_from_query(&escaped, name);

    require(is_valid == dns_name_valid(name) && is_valid == domain_can_be_asked(name));
    require(!domain_can_have_policy(name) || is_valid);
    if (!is_valid)
        return;
    for (const char *c = escaped.text; *c != '\0'; c++)
        require(*c > ' ' && *c <= '~');
    require(strlen(escaped.text) == escaped.len && escaped.len < DNS_NAME_SIZE);
    require(domain_from_answer(escaped.text, text) && strcmp(text, name) == 0);
    require(dns_name_equal(escaped.text, escaped.text));
    dns_name_fold(escaped.text);
}

/* An owner's domain is an end of the name, at a dot. */
static void check_owner(const char *name)
{
    const char *owner;

    if (!dns_name_valid(name))
        return;
    owner = dns_registrable(name);
    require(owner >= name && owner < name + strlen(name) && (owner == name || owner[-1] == '.'));
    require(domain_is_within(name, owner));
}

static void check_idna(const char *name)
{
    char ascii[IDNA_SIZE], again[IDNA_SIZE];
    struct strbuf mailbox = STRBUF_INIT;

    idna_add_mailbox(name, &mailbox);
    require(!mailbox.failed);
    strbuf_free(&mailbox);
    require(idna_ascii_form(name, ascii) != NULL);
    if (!idna_to_ascii(name, ascii))
        return;
    require(strlen(ascii) < IDNA_SIZE);
    for (const char *c = ascii; *c != '\0'; c++)
        require((unsigned char)*c < 0x80);
    require(idna_to_ascii(ascii, again) && strcmp(ascii, again) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = strndup((const char *)data, size), *other = text;
    char unescaped[DNS_NAME_MAX + 1];
    const char *name = strsep(&other, "\n");

    require(text != NULL);
    check_forms(name);
    check_owner(name);
    check_idna(name);
    if (strlen(name) < DNS_NAME_SIZE)
        (void)domain_from_answer(name, unescaped);
    if (other != NULL) {
        require(idna_same_folded(name, other) == idna_same_folded(other, name));
        require(!domain_is_within(name, other) || strlen(name) >= strlen(other));
    }
    free(text);
    return 0;
}
