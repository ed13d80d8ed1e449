/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The two result fields. */
#include "policy/header.h"
#include "policy/field_writer.h"
#include "policy/idna.h"

#include <string.h>

/* Adds words of our own with a blank or fold between them; the last one is not ended. */
static void add_words(struct field_writer *writer, const char *words)
{
    for (const char *blank; (blank = strchr(words, ' ')) != NULL; words = blank + 1) {
        strbuf_add_mem(&writer->word, words, (size_t)(blank - words));
        field_next(writer);
    }
    field_add(writer, words);
}

static void add_guess_comment(struct field_writer *writer, const char *domain)
{
    field_next(writer);
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

/* Adds what RFC 8601 2.2 calls a resinfo. */
static void add_result(struct field_writer *writer, const struct header_result *result)
{
    char domain_ascii[IDNA_SIZE];
    const char *domain = idna_ascii_form(result->domain, domain_ascii);

    field_add(writer, ";");
    field_next(writer);
    field_add(writer, "spf="); /* RFC 8601 2.7.2 */
    field_add(writer, result_name(result->outcome->result));
    if (result->outcome->guessed)
        add_guess_comment(writer, domain);
    if (result->note != NULL)
        add_note(writer, result->note);
    if (domain[0] != '\0') {
        field_next(writer);
        field_add(writer, result->identity == IDENTITY_HELO ? "smtp.helo=" : "smtp.mailfrom=");
        field_add_token(writer, domain);
    }
}

void header_authentication_results(const char *authserv_id, const struct header_result *result, struct strbuf *out)
{
    char id_ascii[IDNA_SIZE];
    struct field_writer writer;

    /* In one line, for the sake of those who read it line by line. */
    field_begin(&writer, "Authentication-Results", FIELD_FOLD_LATE, out);
    field_add_token(&writer, idna_ascii_form(authserv_id, id_ascii));
    for (; result != NULL; result = result->next)
        add_result(&writer, result);
    field_end(&writer);
}

/* The sentence about each result: words before the client's address, and behind it (NULL: none). */
struct sentence {
    const char *before, *behind;
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

/* The mailbox that was checked (RFC 7208 2.3, 2.4). */
static void add_mailbox(struct field_writer *writer, const struct header_result *result)
{
    char ascii[IDNA_SIZE];
    struct strbuf mailbox = STRBUF_INIT;

    if (result->identity == IDENTITY_HELO)
        strbuf_addf(&mailbox, "postmaster@%s", idna_ascii_form(result->domain, ascii));
    else
        idna_add_mailbox(result->sender, &mailbox);
    field_add_comment(writer, strbuf_text(&mailbox));
    writer->word.failed |= mailbox.failed;
    strbuf_free(&mailbox);
}

static void add_comment(struct field_writer *writer, const struct header_result *result, const char *client)
{
    const struct sentence *sentence = &sentences[result->outcome->result];

    field_add(writer, "(");
    field_add_comment(writer, result->receiver);
    add_words(writer, result->outcome->guessed ? ": best guess: domain of " : ": domain of ");
    add_mailbox(writer, result);
    field_next(writer);
    add_words(writer, sentence->before);
    field_next(writer);
    field_add(writer, client[0] != '\0' ? client : "it");
    if (sentence->behind != NULL) {
        field_next(writer);
        add_words(writer, sentence->behind);
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

void header_received_spf(const struct header_result *result, struct strbuf *out)
{
    char client[ADDR_TEXT_SIZE], helo_ascii[IDNA_SIZE];
    const struct spf_outcome *outcome = result->outcome;
    struct strbuf sender = STRBUF_INIT;
    struct field_writer writer;

    addr_format(&result->client, client);
    field_begin(&writer, "Received-SPF", FIELD_FOLD_EARLY, out);
    field_add(&writer, result_name(outcome->result));
    field_next(&writer);
    add_comment(&writer, result, client);
    if (client[0] != '\0')
        add_pair(&writer, "client-ip", client);
    idna_add_mailbox(result->sender[0] != '\0' ? result->sender : "<>", &sender);
    add_pair(&writer, "envelope-from", strbuf_text(&sender));
    add_pair(&writer, "helo", idna_ascii_form(result->helo, helo_ascii));
    add_pair(&writer, "identity", result->identity == IDENTITY_HELO ? "helo" : "mailfrom");
    if (outcome->mechanism[0] != '\0')
        add_pair(&writer, "mechanism", outcome->mechanism);
    if (outcome->problem[0] != '\0')
        add_pair(&writer, "problem", outcome->problem);
    field_add(&writer, "receiver=");
    field_add_dot_atom(&writer, result->receiver);
    writer.word.failed |= sender.failed;
    strbuf_free(&sender);
    field_end(&writer);
}
