/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reads where a store is. */
#include "greylist/store_address.h"

#include "base/addr.h"
#include "base/domain_text.h"

#include <string.h>
#include <strings.h>

enum { REDIS_PORT_DEFAULT = 6379, PORT_MAX = 65535, DATABASE_MAX = 9999 };

#define PREFIX_DEFAULT    "smf-spf:"
#define PREFIX_CHARACTERS "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._:-"

/* What is after `start` in `text`, which is compared without case; NULL if it does not begin so. */
static const char *after(const char *text, const char *start)
{
    size_t len = strlen(start);

    return strncasecmp(text, start, len) == 0 ? text + len : NULL;
}

/* Copies `len` octets; false if they are none or do not fit. */
static bool copy_part(char *out, size_t size, const char *text, size_t len)
{
    if (len == 0 || len >= size)
        return false;
    memcpy(out, text, len);
    out[len] = '\0';
    return true;
}

static bool read_number(const char *text, size_t len, unsigned max, unsigned *out)
{
    unsigned number = 0;

    if (len == 0 || len > 5 || (len > 1 && *text == '0'))
        return false;
    for (size_t i = 0; i < len; i++) {
        if (text[i] < '0' || text[i] > '9')
            return false;
        number = number * 10 + (unsigned)(text[i] - '0');
    }
    *out = number;
    return number <= max;
}

static bool read_path(const char *text, size_t len, struct store_address *out)
{
    return *text == '/' && len > 1 && text[len - 1] != '/' && copy_part(out->path, sizeof out->path, text, len);
}

static bool read_prefix(const char *text, size_t len, struct store_address *out)
{
    return strspn(text, PREFIX_CHARACTERS) >= len && copy_part(out->prefix, sizeof out->prefix, text, len);
}

/* Reads `db=N` and `prefix=text`, separated by &, each once at most; `text` is what follows the question mark. */
static bool read_options(const char *text, bool may_have_database, struct store_address *out)
{
    bool has_prefix = false, has_database = !may_have_database;

    for (;;) {
        size_t len = strcspn(text, "&");
        const char *value = after(text, "prefix=");

        if (value != NULL) {
            if (has_prefix || !read_prefix(value, len - (size_t)(value - text), out))
                return false;
            has_prefix = true;
        } else {
            value = after(text, "db=");
            if (value == NULL || has_database ||
                !read_number(value, len - (size_t)(value - text), DATABASE_MAX, &out->database))
                return false;
            has_database = true;
        }
        if (text[len] == '\0')
            return true;
        text += len + 1;
    }
}

/* Reads the host and its port, `len` octets. */
static bool read_host(const char *text, size_t len, struct store_address *out)
{
    struct addr addr;
    const char *end = *text == '[' ? memchr(text, ']', len) : memchr(text, ':', len);
    size_t bracket = *text == '[', host_len = end ? (size_t)(end - text) - bracket : len;

    if (bracket > 0 && end == NULL)
        return false;
    if (!copy_part(out->host, sizeof out->host, text + bracket, host_len))
        return false;
    if (bracket > 0 ? strchr(out->host, ':') == NULL || !addr_parse(out->host, &addr)
                    : !addr_parse(out->host, &addr) && !domain_text_is_host(out->host))
        return false;

    size_t used = host_len + 2 * bracket;
    if (used == len)
        return true;
    return text[used] == ':' && read_number(text + used + 1, len - used - 1, PORT_MAX, &out->port) && out->port > 0;
}

static bool read_redis(const char *text, struct store_address *out)
{
    size_t host_len = strcspn(text, "/?");
    const char *rest = text + host_len;

    out->kind = STORE_REDIS;
    if (!read_host(text, host_len, out))
        return false;
    if (*rest == '/') {
        size_t len = strcspn(++rest, "?");

        if (len > 0 && !read_number(rest, len, DATABASE_MAX, &out->database))
            return false;
        rest += len;
    }
    return *rest == '\0' || read_options(rest + 1, false, out);
}

static bool read_redis_unix(const char *text, struct store_address *out)
{
    size_t len = strcspn(text, "?");

    out->kind = STORE_REDIS_UNIX;
    return read_path(text, len, out) && (text[len] == '\0' || read_options(text + len + 1, true, out));
}

bool store_address_parse(const char *text, struct store_address *out)
{
    struct store_address address = {.port = REDIS_PORT_DEFAULT, .prefix = PREFIX_DEFAULT};
    const char *rest;
    bool is_read = false;

    if ((rest = after(text, "sqlite:")) != NULL) {
        address.kind = STORE_SQLITE;
        is_read = read_path(rest, strlen(rest), &address);
    } else if ((rest = after(text, "redis://")) != NULL) {
        is_read = read_redis(rest, &address);
    } else if ((rest = after(text, "redis+unix:")) != NULL) {
        is_read = read_redis_unix(rest, &address);
    }
    if (is_read)
        *out = address;
    return is_read;
}

void store_address_write(const struct store_address *address, struct strbuf *out)
{
    const bool is_v6 = strchr(address->host, ':') != NULL;

    if (address->kind == STORE_SQLITE)
        strbuf_addf(out, "sqlite:%s", address->path);
    else if (address->kind == STORE_REDIS)
        strbuf_addf(out, is_v6 ? "redis://[%s]:%u" : "redis://%s:%u", address->host, address->port);
    else
        strbuf_addf(out, "redis+unix:%s", address->path);
    if (address->database > 0)
        strbuf_addf(out, address->kind == STORE_REDIS ? "/%u" : "?db=%u", address->database);
}
