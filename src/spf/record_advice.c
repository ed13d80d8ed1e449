/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Tries the guesses on the term that is wrong, one after the other and one upon another, until the result is right. */
#include "spf/record_advice.h"

#include "base/domain_text.h"
#include "spf/record_guess.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define VERSION "v=spf1"

enum {
    WORD_MAX = 400,  /* octets of a term that is worth a guess */
    MEANT_MAX = 800, /* and of what it means */
    GUESSES_MAX = 3, /* one upon another: ipv4:192.0.2.1, has two mistakes */
    WORDS_JOINED = 3,
    RECORD_MAX = 4000,
};

/* A domain-spec that a host can have as its name, as far as it is known. */
static bool is_usual_domain(const struct term *term)
{
    size_t len = term->domain_len;

    if (!term->domain || memchr(term->domain, '%', len))
        return true;
    if (len > 0 && term->domain[len - 1] == '.')
        len--;
    if (len > DOMAIN_TEXT_MAX)
        return false;
    for (size_t i = 0; i < len; i++)
        if (!strchr("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.", term->domain[i]))
            return false;
    return true;
}

/* `example.com-all`: no top-level domain ends so. */
static const char *sign_before_all(const struct term *term)
{
    const size_t sign_all = strlen("-all");
    const char *end = term->domain ? term->domain + term->domain_len : NULL;

    if (!end || term->domain_len <= sign_all || strncasecmp(end - sign_all, "-all", sign_all) != 0)
        return NULL;
    return end - sign_all;
}

bool record_terms_are_right(const char *terms, size_t len)
{
    struct strbuf text = STRBUF_INIT;
    struct record record = {0};
    struct record_error unused;
    bool good;

    strbuf_add(&text, VERSION " ");
    strbuf_add_mem(&text, terms, len);
    good = !text.failed && record_parse(text.text, text.len, &record, &unused) == RECORD_OK && record.count > 0;
    for (size_t i = 0; good && i < record.count; i++)
        good = record.terms[i].kind != TERM_OTHER && is_usual_domain(&record.terms[i]) &&
               !sign_before_all(&record.terms[i]);
    record_free(&record);
    strbuf_free(&text);
    return good;
}

/* Tries one guess, and others upon what it gives. */
static bool guess(const char *word, unsigned depth, struct strbuf *meant, size_t *at, const char **reason)
{
    for (size_t i = 0; i < record_guess_count; i++) {
        struct strbuf one = {.limit = MEANT_MAX}, better = {.limit = MEANT_MAX};
        size_t place = 0, inner_place;
        const char *why = NULL, *inner_why;
        bool found = record_guesses[i](word, &one, &place, &why) && !one.failed && one.len > 0;

        if (found && !record_terms_are_right(one.text, one.len)) {
            found = depth > 1 && strcmp(one.text, word) != 0 && !strchr(one.text, ' ') &&
                    guess(one.text, depth - 1, &better, &inner_place, &inner_why);
            if (found) {
                strbuf_truncate(&one, 0);
                strbuf_add(&one, strbuf_text(&better));
            }
        }
        if (found) {
            strbuf_add(meant, strbuf_text(&one));
            *at = place;
            *reason = why;
        }
        strbuf_free(&one);
        strbuf_free(&better);
        if (found)
            return true;
    }
    return false;
}

/* The words around an error */

static size_t word_end(const char *text, size_t len, size_t at)
{
    while (at < len && text[at] != ' ')
        at++;
    return at;
}

/* `include: example.org`, `- all`, `redirect = example.org`: words that belong together. */
static bool join(const char *text, size_t len, size_t start, struct record_advice *out)
{
    struct strbuf joined = {.limit = WORD_MAX};
    size_t end = word_end(text, len, start), first_end = end;
    bool found = false;

    if (end == start || !strchr(":=+-~?", text[end - 1])) {
        size_t next = end;

        while (next < len && text[next] == ' ')
            next++;
        if (next == len || !strchr(":=", text[next]))
            return false;
    }
    strbuf_add_mem(&joined, text + start, end - start);
    for (int words = 1; !found && !joined.failed && words < WORDS_JOINED && end < len; words++) {
        size_t next = end;

        while (next < len && text[next] == ' ')
            next++;
        end = word_end(text, len, next);
        strbuf_add_mem(&joined, text + next, end - next);
        found = !joined.failed && joined.len > 0 && memchr(joined.text, '\0', joined.len) == NULL &&
                record_terms_are_right(joined.text, joined.len);
    }
    if (found) {
        strbuf_add(&out->meant, joined.text);
        out->offset = first_end;
        out->end = end;
        out->reason = "a space within a term";
    }
    strbuf_free(&joined);
    return found;
}

void record_advise(const char *text, size_t len, const struct record_error *error, struct record_advice *out)
{
    size_t start = error->offset < len ? error->offset : len, end, at = 0;
    char word[WORD_MAX + 1];
    const char *reason = NULL;
    struct strbuf unused = STRBUF_INIT;

    while (start > 0 && text[start - 1] != ' ')
        start--;
    end = word_end(text, len, start);
    *out = (struct record_advice){.offset = error->offset, .reason = error->reason, .end = end};
    if (end - start > WORD_MAX || memchr(text + start, '\0', end - start))
        return;
    memcpy(word, text + start, end - start);
    word[end - start] = '\0';
    if (record_terms_are_right(word, end - start) || join(text, len, start, out))
        return; /* a modifier that is a duplicate term is right by itself */
    if (guess(word, GUESSES_MAX, &out->meant, &at, &reason) || record_guess_ascii(word, &unused, &at, &reason)) {
        out->offset = start + at;
        out->reason = reason;
    }
    strbuf_free(&unused);
}

bool record_advise_domain(const struct term *term, struct strbuf *meant, const char **reason)
{
    char word[WORD_MAX + 1];
    const char *sign = sign_before_all(term);
    size_t unused = 0;

    if (sign) {
        *reason = "ends like a mechanism: is a space missing?";
        strbuf_addf(meant, "%.*s %.*s", (int)(sign - term->text), term->text, (int)(term->text + term->len - sign),
                    sign);
        return true;
    }
    if (term->kind == TERM_OTHER || is_usual_domain(term) || term->len > WORD_MAX)
        return false;
    memcpy(word, term->text, term->len);
    word[term->len] = '\0';
    *reason = "names what cannot be a domain";
    (void)guess(word, GUESSES_MAX, meant, &unused, reason);
    return true;
}

/* The version */

/* Appends the record that stands in the quotes of a zone file's line, its strings joined (RFC 7208 3.3). */
static void add_quoted(const char *text, struct strbuf *meant)
{
    bool is_inside = false;

    for (; *text != '\0'; text++) {
        if (*text == '"')
            is_inside = !is_inside;
        else if (*text == '\\' && text[1] != '\0')
            strbuf_add_char(meant, *++text);
        else if (is_inside)
            strbuf_add_char(meant, *text);
    }
}

/* The length of what stands for the version at the beginning: `v = spf1;`, `spf1:`, `v=spf`, `spf2.0/mfrom`. 0: none.
 */
static size_t version_length(const char *text, bool *is_sender_id)
{
    const char *at = text + strspn(text, " \"'");

    if (*at == 'v' || *at == 'V')
        at++;
    at += strspn(at, " =:-");
    if (strncasecmp(at, "spf", 3) != 0)
        return 0;
    at += 3;
    at += strspn(at, " ");
    *is_sender_id = *at == '2';
    at += strspn(at, "0123456789.lI");
    if (*at == '/')
        at += strcspn(at, " ");
    at += strspn(at, ",;:. \"'");
    return (size_t)(at - text);
}

/* Sets meant to the version and `terms`, if that is a record. */
static bool take_record(const char *terms, struct record_advice *out)
{
    struct strbuf meant = {.limit = RECORD_MAX};
    struct record record = {0};
    struct record_error unused;
    bool good;

    terms += strspn(terms, " ");
    strbuf_addf(&meant, "%s%s%s", VERSION, *terms != '\0' ? " " : "", terms);
    while (meant.len > 0 && !meant.failed && strchr(" \"';,", meant.text[meant.len - 1]))
        strbuf_truncate(&meant, meant.len - 1);
    good = !meant.failed && record_parse(meant.text, meant.len, &record, &unused) == RECORD_OK;
    if (good)
        strbuf_add(&out->meant, meant.text);
    record_free(&record);
    strbuf_free(&meant);
    return good;
}

static const char *find_version(const char *text)
{
    for (; *text != '\0'; text++)
        if (strncasecmp(text, VERSION, strlen(VERSION)) == 0)
            return text;
    return NULL;
}

/* A text in US-ASCII. */
static void advise_version_of(const char *text, struct record_advice *out)
{
    const char *version = find_version(text);
    struct strbuf quoted = {.limit = RECORD_MAX};
    bool is_sender_id = false;
    size_t len;

    if (strchr(text, '"') && version && version != text)
        add_quoted(strchr(text, '"'), &quoted);
    if (quoted.len > 0 && !quoted.failed && record_is_spf(quoted.text, quoted.len)) {
        out->reason = "text of a zone file: the record is what stands between the quotation marks";
        (void)take_record(quoted.text + strlen(VERSION), out);
    } else {
        len = version_length(text, &is_sender_id);
        if (len > 0 && take_record(text + len, out) && is_sender_id)
            out->reason = "a record of Sender ID, which nobody uses; SPF begins with v=spf1 and a space";
        if (version == text)
            out->offset = strlen(VERSION);
    }
    strbuf_free(&quoted);
}

void record_advise_version(const char *text, size_t len, struct record_advice *out)
{
    struct strbuf copy = {.limit = RECORD_MAX}, ascii = {.limit = RECORD_MAX};
    const char *reason = NULL;
    size_t at = 0;

    *out = (struct record_advice){.reason = "a record begins with v=spf1 and a space", .end = len};
    strbuf_add_mem(&copy, text, len);
    if (!copy.failed && len > 0 && !memchr(text, '\0', len)) {
        if (!record_guess_ascii(copy.text, &ascii, &at, &reason)) {
            advise_version_of(copy.text, out);
        } else if (!ascii.failed) {
            if (record_is_spf(strbuf_text(&ascii), ascii.len))
                (void)take_record(ascii.text + strlen(VERSION), out);
            else
                advise_version_of(strbuf_text(&ascii), out);
            out->offset = at;
            out->reason = reason;
        }
    }
    strbuf_free(&copy);
    strbuf_free(&ascii);
}
