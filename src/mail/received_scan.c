/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Takes a Received field to pieces. */
#include "mail/received_scan.h"

#include "mail/quoting.h"

#include <string.h>
#include <strings.h>

#define BLANKS "\t\r\n "

struct span span_of(const char *begin, const char *end)
{
    return (struct span){begin, (size_t)(end - begin)};
}

const char *span_end(struct span span)
{
    return span.text + span.len;
}

struct span span_trimmed(struct span span)
{
    while (span.len > 0 && strchr(BLANKS, *span.text) != NULL)
        span = (struct span){span.text + 1, span.len - 1};
    while (span.len > 0 && strchr(BLANKS, span.text[span.len - 1]) != NULL)
        span.len--;
    return span;
}

bool span_is(struct span span, const char *text)
{
    return span.len == strlen(text) && strncasecmp(span.text, text, span.len) == 0;
}

bool span_begins(struct span span, const char *prefix)
{
    size_t len = strlen(prefix);

    return span.len >= len && strncasecmp(span.text, prefix, len) == 0;
}

bool span_contains(struct span span, const char *text)
{
    for (; span.len > 0; span = (struct span){span.text + 1, span.len - 1})
        if (span_begins(span, text))
            return true;
    return false;
}

bool span_has(struct span span, const char *octets)
{
    for (size_t i = 0; i < span.len; i++)
        if (strchr(octets, span.text[i]) != NULL)
            return true;
    return false;
}

struct span span_after(struct span span, const char *prefix)
{
    return span_begins(span, prefix) ? span_of(span.text + strlen(prefix), span_end(span)) : (struct span){NULL, 0};
}

const char *scan_blanks(const char *at)
{
    return at + strspn(at, BLANKS);
}

struct span scan_word(const char *at)
{
    return (struct span){at, strcspn(at, BLANKS "();")};
}

struct span scan_clause_word(const char *at)
{
    const char *end = at;

    while (end != NULL && strchr(BLANKS "();", *end) == NULL) /* finds the NUL at the end, too */
        if (*end == '\\')
            return (struct span){NULL, 0};
        else
            end = *end == '"' ? quoting_string_end(end) : end + 1;
    return end != NULL ? span_of(at, end) : (struct span){NULL, 0};
}

/* The end of Exim's comment for the sender, which it writes as it is; NULL where this is none. */
static const char *end_of_sender(const char *at)
{
    static const char begin[] = "(envelope-from <";

    if (strncmp(at, begin, sizeof begin - 1) != 0)
        return NULL;
    for (at += sizeof begin - 1; at != NULL && *at != '\0' && *at != '>';)
        at = *at == '"' ? quoting_string_end(at) : at + 1;
    return at != NULL && *at == '>' && at[1] == ')' ? at + 1 : NULL;
}

struct span scan_comment(const char *at)
{
    const char *end = end_of_sender(at);

    if (end != NULL)
        return span_of(at + 1, end);
    end = quoting_comment_end(at, COMMENT_NESTED);
    return end != NULL ? span_of(at + 1, end - 1) : (struct span){NULL, 0};
}

bool scan_address(struct span span, struct addr *out)
{
    struct span ipv6 = span_after(span, "IPv6:");

    if (ipv6.text != NULL)
        span = ipv6;
    return addr_parse_mem(span.text, span.len, out);
}

bool scan_bracketed(struct span span, struct addr *out, struct span *rest)
{
    const char *close = span.len > 0 && *span.text == '[' ? memchr(span.text, ']', span.len) : NULL;

    if (close == NULL || !scan_address(span_of(span.text + 1, close), out))
        return false;
    *rest = span_of(close + 1, span_end(span));
    if (span_begins(*rest, ":")) {
        size_t digits = strspn(rest->text + 1, "0123456789"), left = rest->len - 1;

        *rest = span_of(rest->text + 1 + (digits < left ? digits : left), span_end(span));
    }
    return true;
}
