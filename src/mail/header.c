/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The two result fields. */
#include "mail/header.h"

#include "dns/dns_name.h"
#include "mail/field_writer.h"
#include "mail/idna.h"

#include <string.h>
#include <strings.h>

/* Adds our own words with a space or fold between them; the last one is not ended. */
static void add_words(struct field_writer *writer, const char *words)
{
    for (const char *blank; (blank = strchr(words, ' ')) != NULL; words = blank + 1) {
        strbuf_add_mem(writer->out, words, (size_t)(blank - words));
        field_next(writer);
    }
    field_add(writer, words);
}

static bool is_label_octet(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
}

static size_t label_len(const char *name)
{
    size_t len = 0;

    while (is_label_octet(name[len]))
        len++;
    return len;
}

/* True for a host name, in A-labels (RFC 1123 2.1; '_' is seen too). Nothing else is written as a domain: whoever
 * searches a field for text finds it within quotes, too. */
static bool is_writable_host_name(const char *name)
{
    size_t total = 0;

    do {
        size_t len = label_len(name);

        total += len + 1;
        if (len == 0 || len > DNS_LABEL_MAX || total > DNS_NAME_MAX + 1)
            return false;
        name += len;
    } while (*name == '.' && *++name != '\0');
    return *name == '\0';
}

/* True for an address in brackets, which a host without a name gives at HELO (RFC 5321 4.1.3). */
static bool is_address_literal(const char *name)
{
    size_t len = strlen(name), skipped = strncasecmp(name, "[IPv6:", 6) == 0 ? 6 : 1;
    struct addr addr;

    if (name[0] != '[' || len < skipped + 2 || name[len - 1] != ']')
        return false;
    return addr_parse_mem(name + skipped, len - skipped - 1, &addr);
}

static void add_guess_comment(struct field_writer *writer, const char *domain, bool is_host_name)
{
    field_next(writer);
    if (!is_host_name) {
        add_words(writer, "(best guess record)");
        return;
    }
    field_add(writer, "(best guess record for domain of ");
    field_add_comment(writer, domain);
    field_add(writer, ")");
}

static void add_note(struct field_writer *writer, const char *note)
{
    field_next(writer);
    field_add(writer, "(");
    add_words(writer, note);
    field_add(writer, ")");
}

/* Adds what was checked (RFC 8601 2.7.2), if it has a name. */
static void add_property(struct field_writer *writer, bool is_helo, const char *domain, bool is_host_name)
{
    if (domain[0] == '\0')
        return;
    if (!is_host_name) {
        add_note(writer, is_helo ? "the HELO name is no host name" : "the domain is no host name");
        return;
    }
    field_next(writer);
    field_add(writer, is_helo ? "smtp.helo=" : "smtp.mailfrom=");
    field_add(writer, domain); /* a token: all its octets are those of labels, or dots */
}

static void add_authserv_id(struct field_writer *writer, const char *id)
{
    char ascii[IDNA_SIZE];

    if (field_is_token(id))
        field_add(writer, id);
    else
        field_add_token(writer, idna_ascii_form(id, ascii));
}

void header_authentication_results(const char *authserv_id, const struct header_result *result, struct strbuf *out)
{
    char ascii[IDNA_SIZE];
    bool is_host_name = is_writable_host_name(result->domain);
    const char *domain = is_host_name ? result->domain : idna_ascii_form(result->domain, ascii);
    struct field_writer writer;

    /* In one line, for the sake of those who read it line by line. */
    field_begin(&writer, "Authentication-Results", FIELD_FOLD_LATE, out);
    add_authserv_id(&writer, authserv_id);
    field_add(&writer, ";");
    field_next(&writer);
    field_add(&writer, "spf="); /* RFC 8601 2.7.2 */
    field_add(&writer, result_name(result->result));
    is_host_name = is_host_name || is_writable_host_name(domain);
    if (result->guessed)
        add_guess_comment(&writer, domain, is_host_name);
    if (result->note != NULL)
        add_note(&writer, result->note);
    add_property(&writer, result->is_helo, domain, is_host_name);
    field_end(&writer);
}

/* The sentence about each result: words before the client's address, and after it (NULL: none). */
struct sentence {
    const char *before, *after;
};

static const struct sentence sentences[RESULT_COUNT] = {
    [RESULT_NONE] = {"has no policy about", NULL},
    [RESULT_NEUTRAL] = {"says nothing about", NULL},
    [RESULT_PASS] = {"designates", "as permitted sender"},
    [RESULT_FAIL] = {"does not permit", "as sender"},
    [RESULT_SOFTFAIL] = {"probably does not permit", "as sender"},
    [RESULT_TEMPERROR] = {"could not be asked about", NULL},
    [RESULT_PERMERROR] = {"has an invalid policy about", NULL},
};

/* True for a sender that may be written: its domain is a host name, or it has none. */
static bool is_sender_shown(const char *sender)
{
    const char *at = strrchr(sender, '@');
    char ascii[IDNA_SIZE];

    return at == NULL || is_writable_host_name(idna_ascii_form(at + 1, ascii));
}

static void add_sender(struct field_writer *writer, const char *sender)
{
    struct strbuf mailbox = STRBUF_INIT;

    idna_add_mailbox(sender, &mailbox);
    field_add_comment(writer, strbuf_text(&mailbox));
    writer->out->failed |= mailbox.failed;
    strbuf_free(&mailbox);
}

/* Adds the mailbox that was checked (RFC 7208 2.3, 2.4), as `domain of ...`. */
static void add_checked(struct field_writer *writer, const struct header_result *result)
{
    char ascii[IDNA_SIZE];
    const char *domain = idna_ascii_form(result->domain, ascii);

    if (result->is_helo ? domain[0] != '\0' && !is_writable_host_name(domain) : !is_sender_shown(result->sender)) {
        add_words(writer, result->is_helo ? "a HELO name that is no host name" : "a domain that is no host name");
        return;
    }
    add_words(writer, result->is_helo ? "domain of postmaster@" : "domain of ");
    if (result->is_helo)
        field_add_comment(writer, domain);
    else
        add_sender(writer, result->sender);
}

static void add_comment(struct field_writer *writer, const struct header_result *result, const char *client)
{
    const struct sentence *sentence = &sentences[result->result];

    field_add(writer, "(");
    field_add_comment(writer, result->receiver);
    add_words(writer, result->guessed ? ": best guess: " : ": ");
    add_checked(writer, result);
    field_next(writer);
    add_words(writer, sentence->before);
    field_next(writer);
    field_add(writer, client[0] != '\0' ? client : "it");
    if (sentence->after != NULL) {
        field_next(writer);
        add_words(writer, sentence->after);
    }
    if (result->note != NULL) {
        field_add(writer, ";");
        field_next(writer);
        add_words(writer, result->note);
    }
    field_add(writer, ")");
    field_next(writer);
}

static void add_pair(struct field_writer *writer, const char *key, const char *value)
{
    field_add(writer, key);
    field_add(writer, "=");
    field_add_dot_atom(writer, value);
    field_add(writer, ";");
    field_next(writer);
}

/* The keys that say what was checked, each where it has a value that may be written. */
static void add_names(struct field_writer *writer, const struct header_result *result)
{
    char ascii[IDNA_SIZE];
    const char *helo = idna_ascii_form(result->helo, ascii);
    struct strbuf sender = STRBUF_INIT;

    if (is_sender_shown(result->sender)) {
        idna_add_mailbox(result->sender[0] != '\0' ? result->sender : "<>", &sender);
        add_pair(writer, "envelope-from", strbuf_text(&sender));
    }
    if (is_writable_host_name(helo) || is_address_literal(helo))
        add_pair(writer, "helo", helo);
    writer->out->failed |= sender.failed;
    strbuf_free(&sender);
}

void header_received_spf(const struct header_result *result, struct strbuf *out)
{
    char client[ADDR_TEXT_SIZE];
    struct field_writer writer;

    addr_format(&result->client, client);
    field_begin(&writer, "Received-SPF", FIELD_FOLD_EARLY, out);
    field_add(&writer, result_name(result->result));
    field_next(&writer);
    add_comment(&writer, result, client);
    if (client[0] != '\0')
        add_pair(&writer, "client-ip", client);
    add_names(&writer, result);
    add_pair(&writer, "identity", result->is_helo ? "helo" : "mailfrom");
    if (result->mechanism != NULL && result->mechanism[0] != '\0')
        add_pair(&writer, "mechanism", result->mechanism);
    if (result->problem != NULL && result->problem[0] != '\0')
        add_pair(&writer, "problem", result->problem);
    field_add(&writer, "receiver=");
    field_add_dot_atom(&writer, result->receiver);
    field_end(&writer);
}
