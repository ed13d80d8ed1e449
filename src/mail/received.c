/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reads the client's address and HELO name out of a Received field, in the forms of the common MTAs. */
#include "mail/received.h"

#include "base/text_search.h"
#include "mail/received_scan.h"

#include <ctype.h>
#include <string.h>

static const char names_no_client[] = "names no client";
static const char unknown_form[] = "is in no known form";
static const char not_by_smtp[] = "is not about SMTP";

enum { COMMENTS_MAX = 6 }; /* Postfix with TLS, a certificate and a login writes 4 */

/* What stands between "from" and "by": a word, and the comments after it without their parentheses. */
struct from_clause {
    struct span word;
    struct span comments[COMMENTS_MAX];
    size_t count;
};

/* What the clauses from "by" on say. The MTA writes them, but for the addresses in some. */
struct by_clauses {
    bool exim, communigate, mdaemon; /* the program names itself, ahead of what a client writes */
    bool by_smtp, by_other;          /* neither: they do not say (RFC 5321 4.4) */
    bool authenticated;
    bool has_comments;
};

/* The clauses from "by" on */

/* RFC 3848, RFC 6531 4.3, and Exim's own word for the first of them. */
static bool is_protocol_with_login(struct span word)
{
    static const char *const protocols[] = {"ESMTPA",     "ESMTPSA", "LMTPA",     "LMTPSA",    "UTF8SMTPA",
                                            "UTF8SMTPSA", "ASMTP",   "UTF8LMTPA", "UTF8LMTPSA"};

    for (size_t i = 0; i < sizeof protocols / sizeof *protocols; i++)
        if (span_is(word, protocols[i]))
            return true;
    return false;
}

/* Where in the clauses a word stands. */
enum clause { CLAUSE_BY, CLAUSE_WITH, CLAUSE_OTHER };

static enum clause note_word(struct by_clauses *by, enum clause clause, struct span word)
{
    if (clause == CLAUSE_BY && span_is(word, "with")) {
        by->by_other = true; /* until it says what is usual */
        return CLAUSE_WITH;
    }
    if (span_is(word, "id") || span_is(word, "for") || span_is(word, "via") || span_is(word, "envelope-from"))
        return CLAUSE_OTHER;
    if (clause == CLAUSE_WITH) { /* "Microsoft SMTP Server", "ESMTP/TLS/..." */
        by->by_smtp = by->by_smtp || span_contains(word, "SMTP") || span_contains(word, "LMTP");
        by->by_other = !by->by_smtp;
        by->authenticated = by->authenticated || is_protocol_with_login(word);
    }
    return clause;
}

static void note_comment(struct by_clauses *by, enum clause clause, struct span comment)
{
    by->has_comments = true;
    if (clause == CLAUSE_OTHER)
        return;
    by->exim = by->exim || span_begins(comment, "Exim ");
    by->communigate = by->communigate || span_begins(comment, "CommuniGate Pro SMTP ");
    by->mdaemon = by->mdaemon || span_begins(comment, "MDaemon ");
}

/* The end of the field: a date (RFC 5322 3.3), which may have a comment after it. Courier has its id there. */
static bool is_date(const char *at)
{
    at = scan_blanks(at);
    if (!isalnum((unsigned char)*at))
        return false;
    while (isalnum((unsigned char)*at) || (*at != '\0' && strchr(" \t\r\n,:+-.", *at) != NULL))
        at++;
    if (*at == '(') {
        struct span comment = scan_comment(at);

        if (comment.text == NULL)
            return false;
        at = scan_blanks(span_end(comment) + 1);
    }
    return *at == '\0';
}

/* Reads `by name ...; date`, which is the rest of the field. */
static bool read_by(const char *at, struct by_clauses *by)
{
    enum clause clause = CLAUSE_BY;

    if (!span_is(scan_word(at), "by"))
        return false;
    struct span name = scan_word(scan_blanks(at + strlen("by")));
    if (name.len == 0)
        return false;
    for (at = scan_blanks(span_end(name)); *at != ';'; at = scan_blanks(at)) {
        bool is_comment = *at == '(';
        struct span part = is_comment ? scan_comment(at) : scan_clause_word(at);

        if (part.text == NULL || (!is_comment && part.len == 0) || span_is(part, "by") || span_is(part, "from"))
            return false;
        if (is_comment)
            note_comment(by, clause, part);
        else
            clause = note_word(by, clause, part);
        at = span_end(part) + is_comment;
    }
    return is_date(at + 1);
}

/* Parts of the forms */

static void take_helo(struct span helo, struct received *out)
{
    if (helo.len >= sizeof out->helo)
        helo.len = 0; /* a cut name would be another */
    memcpy(out->helo, helo.text, helo.len);
    out->helo[helo.len] = '\0';
}

/* A HELO name as it stands in a comment: one word, whatever is in it. */
static bool read_helo(struct span helo, struct received *out)
{
    if (helo.len == 0 || span_has(helo, " \t\r\n()"))
        return false;
    take_helo(helo, out);
    return true;
}

/* Exim's items: `key=value` with white space between them, helo among them or not. False for anything else. */
static bool read_items(struct span span, struct received *out)
{
    for (span = span_trimmed(span); span.len > 0; span = span_trimmed(span)) {
        struct span item = scan_word(span.text);

        if (item.len > span.len)
            item.len = span.len;
        const char *equals = item.len > 0 ? memchr(item.text, '=', item.len) : NULL;
        if (equals == NULL || equals == item.text)
            return false;
        if (span_begins(item, "helo="))
            take_helo(span_after(item, "helo="), out);
        span = span_of(span_end(item), span_end(span));
    }
    return true;
}

/* What the MTA found for the client's name, with what an ident server said in front of it, which is no more than one
 * word: `name`, `ident@name`. */
static bool is_name(struct span span)
{
    static const char graphic[] = "!#$%&'*+-./:=?^_`{|}~";
    const char *at = text_search_last(span.text, span.len, '@');

    if (span_is(span, "<unknown>"))
        return true;
    if (span.len == 0 || at == span_end(span) - 1)
        return false;
    for (const char *c = span.text; c < span_end(span); c++)
        if (!isalnum((unsigned char)*c) && strchr(at == NULL || c > at ? "-._" : "@", *c) == NULL &&
            (at == NULL || c > at || strchr(graphic, *c) == NULL))
            return false;
    return true;
}

/* Sendmail's remark about a name that does not lead back to the address. */
static struct span without_remark(struct span comment)
{
    static const char remark[] = "(may be forged)";
    size_t len = sizeof remark - 1;

    if (comment.len > len && span_is(span_of(span_end(comment) - len, span_end(comment)), remark))
        comment.len -= len;
    return span_trimmed(comment);
}

/* `Client CN "...", Issuer "..." (verified OK)`, where the names may be anything. */
static bool is_certificate(struct span comment)
{
    const char *last = text_search_last(comment.text, comment.len, '(');

    return span_begins(comment, "Client CN \"") && last != NULL && span_end(comment)[-1] == ')' && last[-1] == ' ' &&
           last[-2] == '"';
}

/* What the MTA may add about the connection, and never an address. */
static bool is_about_connection(struct span comment)
{
    static const char *const beginnings[] = {
        "using ",
        "Client CN \"",
        "Client did not present a certificate",
        "No client certificate requested",
        "AUTH: ",
        "TLS: ",
        "Authenticated sender: ",
        "authenticated",
        "IDENT: ",
        "SSL: ",
    };

    struct addr addr;
    const char *at = text_search_last(comment.text, comment.len, '@');

    if (at != NULL && scan_address(span_of(at + 1, span_end(comment)), &addr))
        return false;
    if (span_has(comment, "[") && !is_certificate(comment))
        return false;
    for (size_t i = 0; i < sizeof beginnings / sizeof *beginnings; i++)
        if (span_begins(comment, beginnings[i]))
            return true;
    return false;
}

/* The comments after the first. What is said of a login counts in the first of them alone: further ones may hold a
 * client's words. */
static bool read_about_connection(const struct from_clause *from, struct received *out)
{
    for (size_t i = 1; i < from->count; i++)
        if (!is_about_connection(from->comments[i]))
            return false;
    if (from->count > 1 &&
        (span_begins(from->comments[1], "AUTH: ") || span_begins(from->comments[1], "authenticated")))
        out->authenticated = true;
    return true;
}

/* The forms. The first one whose beginning fits decides, so that no client can bring about another one. */

/* Exim, where the client has no name: `from [192.0.2.1] (helo=mx.example.org)`. The program has to name itself, as
 * others have the HELO name in this place. */
static bool is_nameless(const struct from_clause *from, const struct by_clauses *by)
{
    return by->exim && span_begins(from->word, "[");
}

static bool read_nameless(const struct from_clause *from, struct received *out)
{
    struct span rest;

    return scan_bracketed(from->word, &out->client, &rest) && rest.len == 0 && from->count <= 1 &&
           (from->count == 0 || read_items(from->comments[0], out));
}

/* CommuniGate: `from [192.0.2.1] (HELO mx.example.org)`, and `(account name ...)` for one that logged in. */
static bool is_communigate(const struct from_clause *from, const struct by_clauses *by)
{
    return by->communigate && span_begins(from->word, "[");
}

static bool read_communigate(const struct from_clause *from, struct received *out)
{
    struct span rest;

    if (!scan_bracketed(from->word, &out->client, &rest) || rest.len > 0 || from->count != 1)
        return false;
    return span_begins(from->comments[0], "account ") || read_helo(span_after(from->comments[0], "HELO "), out);
}

/* qmail: `from name.example.org (HELO mx.example.org) (fred@192.0.2.1)`; others of its kind have the address in
 * brackets, or say EHLO. */
static struct span helo_comment(const struct from_clause *from)
{
    struct span helo = from->count > 0 ? span_after(from->comments[0], "HELO ") : (struct span){NULL, 0};

    return helo.text != NULL || from->count == 0 ? helo : span_after(from->comments[0], "EHLO ");
}

static bool is_qmail(const struct from_clause *from, const struct by_clauses *by)
{
    (void)by;
    return helo_comment(from).text != NULL;
}

/* Nothing, or the sender of qmail-ldap. */
static bool ends_with_sender(const struct from_clause *from, size_t used)
{
    if (from->count == used)
        return true;
    struct span last = from->comments[used];
    return from->count == used + 1 && span_begins(last, "envelope-sender <") && span_end(last)[-1] == '>';
}

/* `address`, `ident@address`, `[address]`: the address is the last thing there. */
static bool read_ident_address(struct span comment, struct received *out)
{
    const char *at = text_search_last(comment.text, comment.len, '@');
    struct span address = at != NULL ? span_of(at + 1, span_end(comment)) : comment, rest;

    if (span_has(comment, " \t\r\n()"))
        return false;
    if (span_begins(address, "["))
        return scan_bracketed(address, &out->client, &rest) && rest.len == 0;
    return scan_address(address, &out->client);
}

static bool read_qmail(const struct from_clause *from, struct received *out)
{
    return from->count >= 2 && read_helo(helo_comment(from), out) && read_ident_address(from->comments[1], out) &&
           ends_with_sender(from, 2);
}

static bool has_address_first(const struct from_clause *from)
{
    return from->count > 0 && span_begins(from->comments[0], "[");
}

/* Exim with a name, which is that of HELO where it gives no other:
 * `from mx.example.org ([192.0.2.1] helo=other.example.org)`. */
static bool is_named(const struct from_clause *from, const struct by_clauses *by)
{
    return by->exim && has_address_first(from);
}

static bool read_named(const struct from_clause *from, struct received *out)
{
    struct span rest;

    if (from->count > 1 || !scan_bracketed(from->comments[0], &out->client, &rest))
        return false;
    take_helo(from->word, out);
    return rest.len == 0 || (isspace((unsigned char)*rest.text) && read_items(rest, out));
}

/* Sendmail and others without a name, `from mx.example.org ([192.0.2.1])`; CommuniGate, `([192.0.2.1] verified)`. */
static bool is_address_first(const struct from_clause *from, const struct by_clauses *by)
{
    (void)by;
    return has_address_first(from);
}

static bool read_address_first(const struct from_clause *from, struct received *out)
{
    struct span rest;

    if (!scan_bracketed(without_remark(from->comments[0]), &out->client, &rest))
        return false;
    take_helo(from->word, out);
    return (rest.len == 0 || span_is(rest, " verified")) && read_about_connection(from, out);
}

/* Postfix, Sendmail and most others: `from mx.example.org (name.example.org [192.0.2.1])`. */
static bool is_address_last(const struct from_clause *from, const struct by_clauses *by)
{
    (void)by;
    return from->count > 0 && span_has(from->comments[0], "[");
}

static bool read_address_last(const struct from_clause *from, struct received *out)
{
    struct span comment = without_remark(from->comments[0]), rest;
    const char *open = memchr(comment.text, '[', comment.len); /* an earlier one is in the name, where none may be */

    if (open == NULL || open == comment.text || !isspace((unsigned char)open[-1]))
        return false;
    take_helo(from->word, out);
    return is_name(span_trimmed(span_of(comment.text, open))) &&
           scan_bracketed(span_of(open, span_end(comment)), &out->client, &rest) && rest.len == 0 &&
           read_about_connection(from, out);
}

/* Exchange: `from mx.example.org (192.0.2.1)`; qmail, where HELO and the name are the same, with an ident or not. */
static bool is_bare_address(const struct from_clause *from, const struct by_clauses *by)
{
    (void)by;
    return from->count > 0;
}

static bool read_bare_address(const struct from_clause *from, struct received *out)
{
    take_helo(from->word, out);
    return read_ident_address(from->comments[0], out) && ends_with_sender(from, 1);
}

static const struct form {
    bool (*begins)(const struct from_clause *from, const struct by_clauses *by);
    bool (*read)(const struct from_clause *from, struct received *out);
} forms[] = {
    {is_nameless, read_nameless},           {is_named, read_named},
    {is_communigate, read_communigate},     {is_qmail, read_qmail},
    {is_address_first, read_address_first}, {is_address_last, read_address_last},
    {is_bare_address, read_bare_address},
};

/* NULL if the client was read, else the problem. */
static const char *read_from(const struct from_clause *from, const struct by_clauses *by, struct received *out)
{
    if (by->mdaemon) /* which writes no address, so that one in its field may be in the HELO name */
        return names_no_client;
    for (size_t i = 0; i < sizeof forms / sizeof *forms; i++)
        if (forms[i].begins(from, by))
            return forms[i].read(from, out) ? NULL : unknown_form;
    return names_no_client;
}

/* The field around it */

/* Takes the comments at *at; false if one has no end, or there are too many. */
static bool take_comments(const char **at, struct from_clause *from)
{
    for (*at = scan_blanks(*at); **at == '('; *at = scan_blanks(*at)) {
        struct span comment = scan_comment(*at);

        if (comment.text == NULL || from->count == COMMENTS_MAX)
            return false;
        from->comments[from->count++] = comment;
        *at = span_end(comment) + 1;
    }
    return true;
}

/* Reads `from word (comment) ...`, and moves *at after it. */
static const char *find_from(const char **at, struct from_clause *from)
{
    *at += strlen("from");
    from->word = scan_word(scan_blanks(*at));
    if (from->word.len == 0 || *span_end(from->word) == '(') /* a parenthesis in the word itself */
        return unknown_form;
    *at = span_end(from->word);
    return take_comments(at, from) ? NULL : unknown_form;
}

/* Sendmail without HELO has all of it in a comment: `(from name.example.org [192.0.2.1])`. */
static const char *find_from_in_comment(const char **at, struct from_clause *from)
{
    if (!take_comments(at, from) || from->count == 0)
        return unknown_form;
    struct span inside = span_after(from->comments[0], "from ");
    if (inside.text == NULL || !span_has(inside, "["))
        return names_no_client;
    from->word = span_of(inside.text, inside.text);
    from->comments[0] = inside;
    return helo_comment(from).text == NULL ? NULL : unknown_form;
}

/* qmail-queue's own field above that of qmail-smtpd: `(qmail 4711 invoked from network); date`. It says another word
 * for every message that came from a user of the host. */
static bool is_qmail_queue(const char *value)
{
    struct span comment = scan_comment(value);
    const char *after = comment.text != NULL ? span_end(comment) + 1 : value;
    struct span rest = comment.text != NULL ? span_after(comment, "qmail ") : comment;

    if (rest.text == NULL || *after != ';' || !is_date(after + 1))
        return false;
    size_t digits = strspn(rest.text, "0123456789");
    return digits > 0 && span_is(span_of(rest.text + digits, span_end(rest)), " invoked from network");
}

/* Gmail between its own hosts: `by mail-wr1-f54.google.com with SMTP id ...; date`, without a comment, in which other
 * MTAs say who made the message. */
static bool is_gmail_inside(const char *value)
{
    struct by_clauses by = {.exim = false};

    return read_by(value, &by) && !by.has_comments && by.by_smtp && !by.authenticated;
}

/* NULL if the client was read, else the problem. */
static const char *read_client(const char *at, struct received *out)
{
    struct from_clause from = {.count = 0};
    struct by_clauses by = {.exim = false};
    const char *problem = *at == '(' ? find_from_in_comment(&at, &from) : find_from(&at, &from);

    if (problem != NULL)
        return problem;
    if (!read_by(at, &by))
        return unknown_form;
    problem = read_from(&from, &by, out);
    out->authenticated = out->authenticated || by.authenticated;
    return problem == NULL && by.by_other ? not_by_smtp : problem;
}

enum received_kind received_parse(const char *value, struct received *out, const char **problem)
{
    struct received found = {.helo = ""};
    const char *at = scan_blanks(value);
    bool has_from = *at == '(' || span_is(scan_word(at), "from");

    if (*at == '(' ? is_qmail_queue(at) : is_gmail_inside(at))
        return RECEIVED_INSIDE;
    const char *why = has_from ? read_client(at, &found) : names_no_client;
    if (why != NULL) {
        *problem = why;
        return RECEIVED_UNREAD;
    }
    *out = found;
    return RECEIVED_CLIENT;
}
