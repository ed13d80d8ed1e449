/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Netstrings: LEN ":" octets ",". */
#include "front/tables/socketmap.h"

#include <string.h>

enum { DIGITS_MAX = 5 }; /* of SOCKETMAP_MAX */

/* Reads the length and its colon: *header octets, *size. */
static enum table_reading read_length(const char *octets, size_t len, size_t *header, size_t *size,
                                      const char **problem)
{
    size_t n = 0, value = 0;

    *problem = "no length of a netstring";
    for (; n < len && n <= DIGITS_MAX && octets[n] >= '0' && octets[n] <= '9'; n++)
        value = value * 10 + (size_t)(octets[n] - '0');
    if (n > 1 && octets[0] == '0')
        return TABLE_BROKEN;
    if (value > SOCKETMAP_MAX || n > DIGITS_MAX) {
        *problem = "longer than 10000 octets";
        return TABLE_BROKEN;
    }
    if (n == len)
        return TABLE_INCOMPLETE;
    if (n == 0 || octets[n] != ':')
        return TABLE_BROKEN;
    *header = n + 1;
    *size = value;
    return TABLE_COMPLETE;
}

static enum table_direction direction_of(const char *name)
{
    if (strcmp(name, "forward") == 0)
        return TABLE_FORWARD;
    return strcmp(name, "reverse") == 0 ? TABLE_REVERSE : TABLE_OTHER;
}

/* Takes the `size` octets of a request apart; the one behind them is overwritten. */
static enum table_reading split(char *octets, size_t size, struct table_request *request, const char **problem)
{
    char *blank = memchr(octets, ' ', size);

    *problem = "no name of a table";
    if (blank == NULL || blank == octets || memchr(octets, '\0', (size_t)(blank - octets)) != NULL)
        return TABLE_BROKEN;
    *blank = '\0';
    octets[size] = '\0';
    request->direction = direction_of(octets);
    request->name = octets;
    request->key = strlen(blank + 1) == size - (size_t)(blank + 1 - octets) ? blank + 1 : NULL;
    return TABLE_COMPLETE;
}

static enum table_reading read_request(char *octets, size_t len, struct table_request *request, size_t *taken,
                                       const char **problem)
{
    size_t header, size;
    const enum table_reading reading = read_length(octets, len, &header, &size, problem);

    if (reading != TABLE_COMPLETE)
        return reading;
    if (len - header <= size)
        return TABLE_INCOMPLETE;
    *problem = "no comma after a netstring";
    if (octets[header + size] != ',')
        return TABLE_BROKEN;
    *taken = header + size + 1;
    return split(octets + header, size, request, problem);
}

static void add_netstring(const char *word, const char *text, struct strbuf *out)
{
    strbuf_add_number(out, strlen(word) + strlen(text));
    strbuf_add_char(out, ':');
    strbuf_add(out, word);
    strbuf_add(out, text);
    strbuf_add_char(out, ',');
}

static enum table_answer write_answer(enum table_answer answer, const char *address, struct strbuf *out)
{
    if (answer == TABLE_FOUND && address[0] == '\0') /* Postfix takes it for an error */
        answer = TABLE_NOT_FOUND;
    if (answer == TABLE_FOUND)
        add_netstring("OK ", address, out);
    else if (answer == TABLE_TRY_LATER)
        add_netstring("TEMP ", "out of memory", out);
    else if (answer == TABLE_UNKNOWN)
        add_netstring("PERM ", "there are the tables forward and reverse", out);
    else
        add_netstring("NOTFOUND ", "", out);
    return answer;
}

const struct table_syntax socketmap_syntax = {TABLE_SOCKETMAP, read_request, write_answer};
