/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Lines, with percent encoding. */
#include "front/tables/tcp_table.h"

#include <stdbool.h>
#include <string.h>

/* -1: none. */
static int digit_of(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* Decodes a text in its place. False, with some of it done, if it is written wrong or holds a NUL. */
static bool decode(char *text)
{
    char *to = text;

    for (const char *from = text; *from != '\0'; from++) {
        if (*from == '%') {
            const int high = digit_of(from[1]), low = high < 0 ? -1 : digit_of(from[2]);

            if (low < 0 || high * 16 + low == 0)
                return false;
            *to++ = (char)(high * 16 + low);
            from += 2;
        } else {
            *to++ = *from;
        }
    }
    *to = '\0';
    return true;
}

static void encode(const char *text, struct strbuf *out)
{
    static const char digits[] = "0123456789ABCDEF";

    for (; *text != '\0'; text++) {
        const unsigned char octet = (unsigned char)*text;

        if (octet > ' ' && octet < 0x7f && octet != '%') {
            strbuf_add_char(out, *text);
            continue;
        }
        strbuf_add_char(out, '%');
        strbuf_add_char(out, digits[octet >> 4]);
        strbuf_add_char(out, digits[octet & 15]);
    }
}

static enum table_reading read_request(char *octets, size_t len, enum table_direction direction,
                                       struct table_request *request, size_t *taken, const char **problem)
{
    static const char get[] = "get ";
    char *end = memchr(octets, '\n', len < TCP_TABLE_REQUEST_MAX ? len : TCP_TABLE_REQUEST_MAX),
         *key = octets + sizeof get - 1;

    *problem = "a line longer than 10000 octets";
    if (end == NULL)
        return len < TCP_TABLE_REQUEST_MAX ? TABLE_INCOMPLETE : TABLE_BROKEN;
    *taken = (size_t)(end + 1 - octets);
    if (end > octets && end[-1] == '\r')
        end--;
    *problem = "a line that is not get KEY";
    if ((size_t)(end - octets) < sizeof get - 1 || memcmp(octets, get, sizeof get - 1) != 0)
        return TABLE_BROKEN;
    *end = '\0';
    *request = (struct table_request){.direction = direction, .name = "", .key = NULL};
    if (strlen(key) == (size_t)(end - key) && decode(key))
        request->key = key;
    return TABLE_COMPLETE;
}

static enum table_reading read_forward(char *octets, size_t len, struct table_request *request, size_t *taken,
                                       const char **problem)
{
    return read_request(octets, len, TABLE_FORWARD, request, taken, problem);
}

static enum table_reading read_reverse(char *octets, size_t len, struct table_request *request, size_t *taken,
                                       const char **problem)
{
    return read_request(octets, len, TABLE_REVERSE, request, taken, problem);
}

/* False, with nothing appended, if it is too long or empty, which Postfix takes for errors. */
static bool write_found(const char *address, struct strbuf *out)
{
    const size_t begin = out->len;

    strbuf_add(out, "200 ");
    encode(address, out);
    strbuf_add_char(out, '\n');
    if (address[0] != '\0' && out->len - begin <= TCP_TABLE_MAX)
        return true;
    strbuf_truncate(out, begin);
    return false;
}

static enum table_answer write_answer(enum table_answer answer, const char *address, struct strbuf *out)
{
    if (answer == TABLE_FOUND && write_found(address, out))
        return TABLE_FOUND;
    if (answer == TABLE_TRY_LATER) {
        strbuf_add(out, "400 out of memory\n");
        return answer;
    }
    strbuf_add(out, "500 not found\n");
    return TABLE_NOT_FOUND;
}

const struct table_syntax tcp_forward_syntax = {TABLE_TCP, read_forward, write_answer};
const struct table_syntax tcp_reverse_syntax = {TABLE_TCP, read_reverse, write_answer};
