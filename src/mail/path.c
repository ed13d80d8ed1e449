/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reads the paths of an envelope as leniently as the MTAs that accepted them. */
#include "mail/path.h"

#include "base/utf8.h"
#include "mail/letters.h"
#include "mail/quoting.h"

#include <stdlib.h>
#include <string.h>

enum {
    LOCAL_KEPT_MAX = 900, /* octets of a local part; field lines and log lines have to hold it */
    DOMAIN_MAX = 1000,    /* octets of a domain; no name in the DNS has nearly as many */
    ARGUMENT_MAX = 8000,  /* octets; no MTA takes a longer command */
};

static bool is_path_separator(const struct letters *letters, size_t i)
{
    return letters_is(letters, i, ',') || letters_is(letters, i, ';');
}

static void drop_leading_separators(struct letters *letters)
{
    while (letters->begin < letters->end && is_path_separator(letters, letters->begin))
        letters->begin++;
}

/* Drops the end of a list of addresses, true if it was a group (RFC 5322 3.4). */
static bool drop_trailing_separators(struct letters *letters)
{
    bool is_group = false;

    while (letters->begin < letters->end && is_path_separator(letters, letters->end - 1))
        is_group |= letters_is(letters, --letters->end, ';');
    return is_group;
}

/* The first bare `octet`, or the end. */
static size_t find_first(const struct letters *letters, char octet)
{
    size_t i = letters->begin;

    while (i < letters->end && !letters_is(letters, i, octet))
        i++;
    return i;
}

/* Drops a source route as Sendmail does: up to the last colon or comma. */
static void drop_route(struct letters *letters)
{
    bool inside = false;
    size_t end = letters->begin;

    if (letters->begin == letters->end || !letters_is(letters, letters->begin, '@'))
        return;
    for (size_t i = letters->begin; i < letters->end; i++) {
        inside = letters_is(letters, i, '[') || (inside && !letters_is(letters, i, ']'));
        if (!inside && (letters_is(letters, i, ':') || letters_is(letters, i, ',')))
            end = i + 1;
    }
    letters->begin = end;
}

/* Drops source routes (RFC 5321 4.1.1.3, appendix C) as Postfix does, one after the other. */
static void drop_routes(struct letters *letters)
{
    while (letters->begin < letters->end && letters_is(letters, letters->begin, '@')) {
        size_t colon = find_first(letters, ':');

        if (colon == letters->end)
            return;
        letters->begin = colon + 1;
        drop_leading_separators(letters);
    }
}

/* Drops the name of a group, and those in it; an address literal may have colons too. */
static void drop_group_names(struct letters *letters)
{
    size_t i = letters->end;

    while (i > letters->begin && !letters_is(letters, i - 1, ':') && !letters_is(letters, i - 1, ']'))
        i--;
    if (i > letters->begin && letters_is(letters, i - 1, ']'))
        i = find_first(letters, '@');
    while (i > letters->begin && !letters_is(letters, i - 1, ':'))
        i--;
    letters->begin = i;
}

/* Drops what is no part of the address. Returns as much as Postfix keeps of it at first: what is no part of a list, in
 * which it expects no brackets within brackets. */
static struct letters trim_stretch(struct letters *letters, enum path_style style, bool is_nested)
{
    struct letters bare;
    bool is_group = false;

    if (style == PATH_POSTFIX && !is_nested) {
        drop_leading_separators(letters);
        is_group = drop_trailing_separators(letters);
    }
    if (style == PATH_STANDARD) {
        drop_route(letters);
        is_group = drop_trailing_separators(letters);
    }
    bare = *letters;
    if (style == PATH_POSTFIX)
        drop_routes(letters);
    if (is_group) {
        drop_group_names(letters);
        bare = *letters;
    }
    while (letters->begin + 1 < letters->end && letters_is(letters, letters->end - 1, '@'))
        letters->end--;
    return bare;
}

static bool is_dividing_sign(const struct letters *letters, size_t i, char octet, enum path_style style)
{
    return letters->all[i].octet == octet && (letters->all[i].bare || style == PATH_POSTFIX);
}

/* The last `octet` that divides, or the end. */
static size_t find_last(const struct letters *letters, char octet, enum path_style style)
{
    for (size_t i = letters->end; i > letters->begin; i--)
        if (is_dividing_sign(letters, i - 1, octet, style))
            return i - 1;
    return letters->end;
}

/* The first ! that parts two words, or the end. For the standard, the first word is a host's name without quotes. */
static size_t find_bang(const struct letters *letters, enum path_style style)
{
    size_t i = letters->begin;

    for (; i < letters->end && !is_dividing_sign(letters, i, '!', style); i++)
        if (style != PATH_POSTFIX && letters->all[i].quoted)
            return letters->end;
    if (i == letters->begin || (style != PATH_POSTFIX && i + 1 == letters->end))
        return letters->end;
    return i;
}

/* Drops the dot of an absolute name, and separators, which Sendmail leaves where they are. */
static void trim_path_domain(char *domain)
{
    size_t len = strlen(domain), others = strspn(domain, " ,;");

    while (len > others && strchr(" ,;.", domain[len - 1]) != NULL)
        len--;
    memmove(domain, domain + others, len - others);
    domain[len - others] = '\0';
}

/* Cuts at a whole character. */
static void cut_stretch(char *text, size_t max)
{
    size_t len = 0, octets, left = strlen(text);

    while (left - len > 0 && (octets = utf8_char_len(text + len, left - len)) > 0 && len + octets <= max)
        len += octets;
    text[len] = '\0';
}

/* Makes the address; frees both texts, either of which may be NULL for want of memory. */
static enum address_status join_stretches(char *local, char *domain, struct address *out)
{
    enum address_status status = ADDRESS_NO_MEMORY;

    if (local != NULL && domain != NULL) {
        trim_path_domain(domain);
        cut_stretch(local, LOCAL_KEPT_MAX);
        status = strlen(domain) > DOMAIN_MAX ? ADDRESS_MALFORMED : address_make(local, domain, out);
    }
    free(local);
    free(domain);
    return status;
}

/* True if % and ! may divide the letters: for Postfix, only where it needs no quotes to write them. */
static bool may_be_route(const struct letters *letters, enum path_style style)
{
    char last = '.';

    if (style != PATH_POSTFIX)
        return style != PATH_CLEAN;
    for (size_t i = letters->begin; i < letters->end; i++) {
        char octet = letters->all[i].octet;

        if (strchr(" \"(),:;<>@[\\]", octet) != NULL || (octet == '.' && last == '.'))
            return false;
        last = octet;
    }
    return last != '.';
}

static bool has_percent(const struct letters *letters, size_t begin, size_t end)
{
    for (size_t i = begin; i < end; i++)
        if (letters_is(letters, i, '%'))
            return true;
    return false;
}

/* Divides the letters into a local part and a domain. */
static enum address_status divide_at_sign(const struct letters *letters, enum path_style style, struct path *path)
{
    size_t begin = letters->begin, end = letters->end, at = find_last(letters, '@', style);

    if (at == end && may_be_route(letters, style)) {
        size_t bang = find_bang(letters, style);

        if (bang < end) { /* host!user */
            path->has_percent = has_percent(letters, bang + 1, end);
            return join_stretches(letters_text(letters, bang + 1, end), letters_text(letters, begin, bang),
                                  &path->address);
        }
        at = find_last(letters, '%', style);
    }
    path->has_percent = has_percent(letters, begin, at);
    return join_stretches(letters_text(letters, begin, at), letters_text(letters, at < end ? at + 1 : end, end),
                          &path->address);
}

static bool is_word_octet(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || (unsigned char)c >= 0x80;
}

static const char *skip_octets(const char *p, const char *others)
{
    while (*p != '\0' && (is_word_octet(*p) || strchr(others, *p) != NULL))
        p++;
    return p;
}

/* The end of labels with dots between them; NULL if one is empty. */
static const char *labels_end(const char *p)
{
    const char *end;

    for (;; p = end + 1) {
        end = skip_octets(p, "-_");
        if (end == p)
            return NULL;
        if (*end != '.')
            return end;
    }
}

/* True for a mailbox as RFC 5321 4.1.2 and RFC 6531 3.3 have it, in brackets or not. */
static bool is_plain_mailbox(const char *argument)
{
    bool bracketed = *argument == '<';
    const char *p = argument + bracketed, *local = p;

    p = *p == '"' ? quoting_string_end(p) : skip_octets(p, ".!#$%&'*+-/=?^_`{|}~");
    if (p == NULL || p == local || *p != '@')
        return false;
    p++;
    if (*p == '[') {
        p = skip_octets(p + 1, ".:-");
        if (*p++ != ']')
            return false;
    } else {
        p = labels_end(p);
    }
    return p != NULL && strcmp(p, bracketed ? ">" : "") == 0;
}

/* Reads the address in the letters, of which there are some. */
static enum address_status read_path_address(const struct letters *letters, enum path_style style, struct path *path)
{
    enum address_status status = ADDRESS_MALFORMED;

    if (path->bare == NULL || path->letters == NULL || path->unquoted == NULL)
        return ADDRESS_NO_MEMORY;
    if (path->is_plain)
        status = address_parse(path->bare, &path->address); /* keeps the quotes as they are */
    if (status == ADDRESS_OK || status == ADDRESS_LOCAL_TOO_LONG)
        path->has_percent = path->bare[0] != '"' && strchr(path->address.local, '%') != NULL;
    if (status == ADDRESS_MALFORMED)
        status = divide_at_sign(letters, style, path);
    return status == ADDRESS_NULL ? ADDRESS_MALFORMED : status; /* nothing but an @ */
}

/* Reads what is between two places of the text. `nested`: where brackets within brackets open, before the route; NULL
 * if there are none. */
static enum address_status read_inside(struct letters *letters, const char *begin, const char *end,
                                       enum path_style style, const char *nested, struct path *out)
{
    struct path path = *out;
    struct letters bare;
    enum address_status status = ADDRESS_NULL; /* RFC 5321 4.5.5 */

    letters_read(letters, letters->text, letters->text + strlen(letters->text), false);
    path.letters = letters_text(letters, 0, letters->end);
    letters_read(letters, begin, end, true);
    bare = trim_stretch(letters, style, nested != NULL);
    if (letters->begin < letters->end) {
        path.bare = letters_source(&bare, nested);
        path.unquoted = letters_unquoted(letters);
        status = read_path_address(letters, style, &path);
    }
    if (status == ADDRESS_OK || status == ADDRESS_LOCAL_TOO_LONG)
        *out = path;
    else
        path_free(&path);
    return status;
}

/* Skips a source route as Postfix does before it reads anything: up to the first colon, whatever is before it. */
static const char *skip_path_route(const char *begin, const char **end)
{
    const char *at = begin + strspn(begin, " "), *colon = *at == '@' ? strchr(at, ':') : NULL;

    if (colon == NULL)
        return begin;
    *end = letters_inside_end(colon + 1);
    return colon + 1;
}

/* Reads a text without control characters. out->is_plain is set. */
static enum address_status read_clean(const char *text, enum path_style style, struct path *out)
{
    struct letters letters;
    const char *begin, *end, *nested;
    enum address_status status = ADDRESS_NO_MEMORY;

    if (!letters_find_inside(text, &begin, &end))
        return ADDRESS_MALFORMED;
    nested = begin > text + 1 ? begin : NULL;
    if (style == PATH_POSTFIX)
        begin = skip_path_route(begin, &end);
    if (end == NULL)
        return ADDRESS_MALFORMED;
    if (letters_begin(&letters, text))
        status = read_inside(&letters, begin, end, style, nested, out);
    letters_end(&letters);
    return status;
}

enum address_status path_read(const char *argument, enum path_style style, struct path *out)
{
    struct path path = {.bare = NULL};
    char *text;
    enum address_status status;

    if (strlen(argument) > ARGUMENT_MAX)
        return ADDRESS_MALFORMED;
    text = letters_clean(argument);
    if (text == NULL)
        return ADDRESS_NO_MEMORY;
    path.is_plain = strcmp(text, argument) == 0 && is_plain_mailbox(argument);
    status = read_clean(text, style, &path);
    free(text);
    if (status == ADDRESS_OK || status == ADDRESS_LOCAL_TOO_LONG)
        *out = path;
    return status;
}

void path_free(struct path *path)
{
    address_free(&path->address);
    free(path->bare);
    free(path->letters);
    free(path->unquoted);
    *path = (struct path){.bare = NULL};
}

enum address_status path_read_routed(const char *local, struct address *out)
{
    struct path path;
    enum address_status status;

    if (strpbrk(local, "@%!") == NULL)
        return ADDRESS_MALFORMED;
    status = path_read(local, PATH_STANDARD, &path);
    if (status != ADDRESS_OK && status != ADDRESS_LOCAL_TOO_LONG)
        return status == ADDRESS_NULL ? ADDRESS_MALFORMED : status;
    if (path.address.domain[0] != '\0') {
        *out = path.address;
        path.address = (struct address){.text = NULL};
    } else {
        status = ADDRESS_MALFORMED;
    }
    path_free(&path);
    return status;
}

enum address_status path_as_local_part(const char *argument, struct address *out)
{
    char *domain = strdup("");

    return join_stretches(letters_clean(argument), domain, out);
}
