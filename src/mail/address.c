/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reads and makes mail addresses. */
#include "mail/address.h"

#include "base/domain_text.h"
#include "base/specials.h"
#include "base/utf8.h"
#include "mail/quoting.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

enum {
    PATH_MAX_OCTETS = 1000,
    LOCAL_MAX_OCTETS = 64, /* RFC 5321 4.5.3.1.1 */
};

/* What stands between the brackets, without white space and comments. */
struct path {
    char text[PATH_MAX_OCTETS + 1];
    size_t len;
};

#define GAPS   " \t("
#define PIECES "\"()\\" /* what begins something other than one octet */

/* The end of what begins at `p`: a quoted string, a comment, an escaped octet, or one octet. NULL if it has none. */
static const char *mailbox_piece_end(const char *p)
{
    switch (*p) {
    case '"':
        return quoting_string_end(p);
    case '(':
        return quoting_comment_end(p, COMMENT_NESTED);
    case ')':
        return NULL;
    case '\\':
        return p[1] != '\0' ? p + 2 : NULL;
    default:
        return p + 1;
    }
}

/* The first octet outside quotes and comments that is an @, or a < if `or_bracket`, or the end of the text; NULL where
 * a quote or comment is left open. */
static const char *find_outside(const char *p, bool or_bracket)
{
    while (p != NULL) {
        p += strcspn(p, or_bracket ? "<@" PIECES : "@" PIECES);
        if (*p == '\0' || *p == '@' || (or_bracket && *p == '<'))
            break;
        p = mailbox_piece_end(p);
    }
    return p;
}

/* Valid UTF-8 (RFC 6531 3.3) without control characters; a tab is white space. */
static bool is_clean(const char *text)
{
    size_t left = strlen(text);

    while (left > 0) {
        unsigned char c = (unsigned char)*text;
        size_t octets = c < 0x80 ? 1 : utf8_char_len(text, left);

        if (octets == 0 || (c < ' ' && c != '\t') || c == 0x7f)
            return false;
        text += octets;
        left -= octets;
    }
    return true;
}

static bool begins_gap(char c)
{
    return c != '\0' && strchr(GAPS, c) != NULL;
}

/* White space is meaningless around these (RFC 5322 4.4). */
static bool is_joint(char c)
{
    return c != '\0' && strchr("@.,:", c) != NULL;
}

static bool path_add(struct path *path, const char *octets, size_t len)
{
    if (len > PATH_MAX_OCTETS - path->len || memchr(octets, '\t', len) != NULL)
        return false;
    memcpy(path->text + path->len, octets, len);
    path->len += len;
    path->text[path->len] = '\0';
    return true;
}

/* Copies one address from `p` on, without the white space and comments in it, and returns where it ends: at a bracket,
 * the end of the text, or (parameters after an address without brackets) at what cannot belong to it. NULL if it is
 * malformed. */
static const char *read_path(const char *p, struct path *path)
{
    bool gap = false;

    *path = (struct path){.len = 0};
    while (*p != '\0' && *p != '<' && *p != '>') {
        size_t plain = strcspn(p, "<>" GAPS PIECES);
        const char *end = plain > 0 ? p + plain : mailbox_piece_end(p);

        if (end == NULL)
            return NULL;
        if (begins_gap(*p)) {
            gap = true;
        } else {
            if (gap && path->len > 0 && !is_joint(path->text[path->len - 1]) && !is_joint(*p))
                return p;
            if (!path_add(path, p, (size_t)(end - p)))
                return NULL;
            gap = false;
        }
        p = end;
    }
    return p;
}

/* Reads the address in brackets, `p` being after the opening one. */
static bool read_bracketed(const char *p, struct path *path)
{
    const char *end = read_path(p, path);

    return end != NULL && *end == '>' && (end[1] == '\0' || begins_gap(end[1]));
}

static bool read_bare(const char *p, struct path *path)
{
    const char *end = read_path(p, path);

    return end != NULL && *end != '<' && *end != '>';
}

/* A bracket inside a word opens no address: `AUTH=<>` is a parameter (RFC 4954 5). */
static bool opens_address(const char *argument, const char *p)
{
    return *p == '<' && (p == argument || strchr(" \t)\"", p[-1]) != NULL);
}

/* Finds the address in the argument: in brackets, after a phrase without @ that is ignored, or bare. */
static bool find_path(const char *argument, struct path *path)
{
    const char *open = find_outside(argument, true);

    if (open == NULL)
        return false;
    return opens_address(argument, open) ? read_bracketed(open + 1, path) : read_bare(argument, path);
}

/* Skips a source route (RFC 5321 4.1.1.3, appendix C); NULL if it does not end. */
static const char *skip_route(const char *p)
{
    if (*p != '@')
        return p;
    for (; *p != '\0' && *p != ':'; p++) {
        if (*p == '[')
            p += strcspn(p, "]"); /* an IPv6 literal has colons of its own */
        if (*p == '\0')
            return NULL;
    }
    return *p == ':' ? p + 1 : NULL;
}

static void unquote_local_part(const char *written, size_t len, char *out)
{
    for (size_t i = 0; i < len; i++) {
        if (written[i] == '\\' && i + 1 < len)
            *out++ = written[++i];
        else if (written[i] != '"')
            *out++ = written[i];
    }
    *out = '\0';
}

/* Drops the dot of an absolute name. False if that leaves nothing, or another dot. */
static bool trim_domain(char *domain)
{
    size_t len = domain_text_strlen(domain);

    domain[len] = '\0';
    return len > 0 && domain[len - 1] != '.';
}

/* Splits local@domain, or a local part alone. */
static enum address_status split_mailbox(const char *mailbox, struct address *out)
{
    const char *at = find_outside(mailbox, false);

    if (at == NULL || at == mailbox || (*at == '@' && strpbrk(at + 1, "@\"\\") != NULL))
        return ADDRESS_MALFORMED;

    size_t len = strlen(mailbox), local_len = (size_t)(at - mailbox);
    char *text = malloc(len + 1 + local_len + 1);
    if (text == NULL)
        return ADDRESS_NO_MEMORY;
    memcpy(text, mailbox, len + 1);
    char *local = text + len + 1;
    unquote_local_part(mailbox, local_len, local);

    char *domain = text + local_len + (*at == '@' ? 1 : 0);
    if (*local == '\0' || (*at == '@' && !trim_domain(domain))) {
        free(text);
        return ADDRESS_MALFORMED;
    }
    *out = (struct address){.text = text, .local = local, .domain = domain};
    return local_len > LOCAL_MAX_OCTETS ? ADDRESS_LOCAL_TOO_LONG : ADDRESS_OK;
}

enum address_status address_parse(const char *argument, struct address *out)
{
    struct path path;

    if (!is_clean(argument) || !find_path(argument, &path))
        return ADDRESS_MALFORMED;
    if (path.len == 0)
        return ADDRESS_NULL; /* RFC 5321 4.5.5 */

    const char *mailbox = skip_route(path.text);
    return mailbox != NULL ? split_mailbox(mailbox, out) : ADDRESS_MALFORMED;
}

static bool is_atom_octet(char c)
{
    return c != ' ' && !specials_has(c);
}

/* True for a dot-string (RFC 5321 4.1.2, RFC 6531 3.3). */
static bool is_dot_string(const char *local, size_t len)
{
    char before = '.';

    for (size_t i = 0; i < len; i++) {
        if (!is_atom_octet(local[i]) || (local[i] == '.' && before == '.'))
            return false;
        before = local[i];
    }
    return before != '.';
}

/* Writes the local part as a quoted string, and returns its end. */
static char *write_quoted(char *text, const char *local, size_t len)
{
    *text++ = '"';
    for (size_t i = 0; i < len; i++) {
        if (local[i] == '"' || local[i] == '\\')
            *text++ = '\\';
        *text++ = local[i];
    }
    *text++ = '"';
    return text;
}

bool address_is_alone(const char *argument, const struct address *address)
{
    const size_t len = strlen(address->text);
    const bool bracketed = *argument == '<';

    return strncmp(argument + bracketed, address->text, len) == 0 &&
           strcmp(argument + bracketed + len, bracketed ? ">" : "") == 0;
}

enum address_status address_make(const char *local, const char *domain, struct address *out)
{
    return address_make_of(local, strlen(local), domain, out);
}

enum address_status address_make_of(const char *local, size_t local_len, const char *domain, struct address *out)
{
    size_t domain_len = strlen(domain);
    const char *kept = local_len > 0 ? local : "postmaster"; /* RFC 7208 4.3 */
    size_t kept_len = local_len > 0 ? local_len : strlen(kept);
    char *text, *end;

    if (local_len + domain_len == 0)
        return ADDRESS_NULL;
    text = malloc(2 * local_len + 2 + 1 + domain_len + 1 + kept_len + 1);
    if (text == NULL)
        return ADDRESS_NO_MEMORY;
    if (is_dot_string(local, local_len))
        end = (char *)memcpy(text, local, local_len) + local_len;
    else
        end = write_quoted(text, local, local_len);
    size_t written = (size_t)(end - text);
    if (domain_len > 0)
        *end++ = '@';
    memcpy(end, domain, domain_len + 1);
    memcpy(end + domain_len + 1, kept, kept_len);
    end[domain_len + 1 + kept_len] = '\0';
    *out = (struct address){.text = text, .domain = end, .local = end + domain_len + 1};
    return written > LOCAL_MAX_OCTETS ? ADDRESS_LOCAL_TOO_LONG : ADDRESS_OK;
}

void address_free(struct address *address)
{
    free(address->text);
    *address = (struct address){0};
}
