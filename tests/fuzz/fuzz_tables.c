/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Fuzzes the readers of requests for tables: any octets, which come at once or in two pieces, to either protocol; and
 * what is found, whatever it is, written as answers. The first octet says to which. */
#include "front/tables/socketmap.h"
#include "front/tables/table_key.h"
#include "front/tables/tcp_table.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct result {
    enum table_reading reading;
    struct table_request request;
    size_t taken;
    const char *problem;
    char *octets; /* no more than there are, so that a sanitizer sees each one too far */
};

static void require(bool holds)
{
    if (!holds)
        abort();
}

static struct result read_in_pieces(const struct table_syntax *syntax, const uint8_t *data, size_t size, size_t first)
{
    struct result result = {.octets = malloc(size > 0 ? size : 1)};

    require(result.octets != NULL);
    if (size > 0)
        memcpy(result.octets, data, size);
    result.reading = syntax->read(result.octets, first, &result.request, &result.taken, &result.problem);
    if (result.reading == TABLE_INCOMPLETE && first < size)
        result.reading = syntax->read(result.octets, size, &result.request, &result.taken, &result.problem);
    return result;
}

/* The key is a text inside of the request. */
static void check_request(const struct result *result, size_t size)
{
    const char *key = result->request.key;

    require(result->taken > 0 && result->taken <= size && result->taken <= SOCKETMAP_MAX + 7);
    if (key != NULL)
        require(key > result->octets && key + strlen(key) < result->octets + result->taken);
}

/* An answer is one line or one netstring, whatever is in it. */
static void check_answer(const struct table_syntax *syntax, enum table_answer answer, const char *address)
{
    struct strbuf out = STRBUF_INIT;
    char *end;

    (void)syntax->write(answer, address, &out);
    if (syntax->protocol == TABLE_TCP) {
        require(out.len <= TCP_TABLE_MAX && strchr(strbuf_text(&out), '\n') == out.text + out.len - 1);
    } else {
        const size_t len = strtoul(strbuf_text(&out), &end, 10);

        require(*end == ':' && end[1 + len] == ',' && end + len + 2 == out.text + out.len);
    }
    strbuf_free(&out);
}

/* A key goes to the form of SMTP, and back if the address is the same. */
static void check_key(const char *key)
{
    struct strbuf written = STRBUF_INIT;
    char *read = strdup(key);
    struct table_key_form form;

    require(read != NULL);
    form = table_key_read(read);
    table_key_write(read, form, &written);
    require(strcmp(strbuf_text(&written), key) == 0 || strrchr(read, '@') == NULL || form.has_focus);
    strbuf_free(&written);
    free(read);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct table_syntax *syntax = &socketmap_syntax;
    struct result whole, pieces;

    if (size == 0)
        return 0;
    if (data[0] != 'm')
        syntax = data[0] == 'f' ? &tcp_forward_syntax : &tcp_reverse_syntax;
    data++;
    size--;
    whole = read_in_pieces(syntax, data, size, size);
    pieces = read_in_pieces(syntax, data, size, size / 2);
    require(pieces.reading == whole.reading);
    if (whole.reading == TABLE_COMPLETE) {
        require(pieces.taken == whole.taken && (pieces.request.key == NULL) == (whole.request.key == NULL));
        check_request(&whole, size);
        check_request(&pieces, size);
        for (int answer = 0; answer < TABLE_ANSWERS && whole.request.key != NULL; answer++)
            check_answer(syntax, (enum table_answer)answer, whole.request.key);
        if (whole.request.key != NULL)
            check_key(whole.request.key);
    }
    free(whole.octets);
    free(pieces.octets);
    return 0;
}
