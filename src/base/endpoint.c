/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reads the names of listening sockets. */
#include "base/endpoint.h"

#include "base/addr.h"
#include "base/domain_text.h"

#include <string.h>
#include <strings.h>
#include <sys/un.h>

enum {
    PATH_LEN_MAX = sizeof(((struct sockaddr_un *)NULL)->sun_path) - 1,
    NUMBER_MAX = 65535,
    NAME_LEN_MAX = 255, /* sd_listen_fds_with_names(3) */
};

static const struct form {
    const char *begin, *canonical;
    enum endpoint_kind kind;
} forms[] = {
    {"unix:", "unix:", ENDPOINT_UNIX},    {"local:", "unix:", ENDPOINT_UNIX},  {"inet:", "inet:", ENDPOINT_INET},
    {"inet6:", "inet6:", ENDPOINT_INET6}, {"fd:", "fd:", ENDPOINT_DESCRIPTOR}, {"", "unix:", ENDPOINT_UNIX},
};

/* Finds the form of the text, and what stands after its colon. NULL: it has none. */
static const struct form *find_endpoint_form(const char *text, const char **rest)
{
    for (size_t i = 0; i < sizeof forms / sizeof *forms; i++) {
        size_t len = strlen(forms[i].begin);

        *rest = text + len;
        if (len == 0 ? *text == '/' : strncasecmp(text, forms[i].begin, len) == 0)
            return &forms[i];
    }
    return NULL;
}

static bool is_path(const char *path)
{
    size_t len = strlen(path);

    return len > 1 && len <= PATH_LEN_MAX && path[0] == '/' && path[len - 1] != '/';
}

/* Reads a decimal number without a sign. Returns its length; 0: there is none. */
static size_t read_port_number(const char *text, unsigned *number)
{
    size_t len = strspn(text, "0123456789");

    if (len > 5)
        return 0;
    *number = 0;
    for (size_t i = 0; i < len; i++)
        *number = *number * 10 + (unsigned)(text[i] - '0');
    return *number <= NUMBER_MAX ? len : 0;
}

/* Reads an address of the family, IPv6 in brackets or not, or a host name. */
static bool read_host(const char *text, enum addr_family family, char host[ENDPOINT_HOST_SIZE])
{
    size_t len = strlen(text);
    bool in_brackets = *text == '[' && len > 2 && text[len - 1] == ']';
    struct addr addr;

    len -= in_brackets ? 2 : 0;
    if (len >= ENDPOINT_HOST_SIZE)
        return false;
    memcpy(host, text + in_brackets, len);
    host[len] = '\0';
    if (addr_parse(host, &addr))
        return addr.family == family;
    return !in_brackets && domain_text_is_host(host);
}

static bool read_inet(const char *text, struct endpoint *endpoint)
{
    size_t len = read_port_number(text, &endpoint->number);

    if (len == 0 || endpoint->number == 0)
        return false;
    if (text[len] == '\0')
        return true;
    return text[len] == '@' &&
           read_host(text + len + 1, endpoint->kind == ENDPOINT_INET ? ADDR_V4 : ADDR_V6, endpoint->host);
}

/* A name that a service manager can pass; it begins with a letter, so that a mistyped number is none. */
static bool is_descriptor_name(const char *text)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
    const size_t len = strlen(text);

    return len <= NAME_LEN_MAX && strspn(text, letters) > 0 &&
           strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-@") == len;
}

static bool read_rest(const char *rest, struct endpoint *endpoint)
{
    switch (endpoint->kind) {
    case ENDPOINT_UNIX:
        endpoint->path = rest;
        return is_path(rest);
    case ENDPOINT_DESCRIPTOR: {
        size_t len = read_port_number(rest, &endpoint->number);

        if (is_descriptor_name(rest))
            endpoint->name = rest;
        return endpoint->name != NULL || (len > 0 && rest[len] == '\0');
    }
    case ENDPOINT_INET:
    case ENDPOINT_INET6:
        break;
    }
    return read_inet(rest, endpoint);
}

bool endpoint_parse(const char *text, struct endpoint *out)
{
    struct endpoint endpoint = {.path = NULL};
    const char *rest;
    const struct form *form = find_endpoint_form(text, &rest);

    if (form == NULL)
        return false;
    endpoint.kind = form->kind;
    if (!read_rest(rest, &endpoint))
        return false;
    *out = endpoint;
    return true;
}

const char *endpoint_unix_path(const char *text)
{
    const char *rest;
    const struct form *form = find_endpoint_form(text, &rest);

    return form != NULL && form->kind == ENDPOINT_UNIX ? rest : NULL;
}

/* True for a decimal number that ends where a port ends, and is none. */
static bool is_wrong_port(const char *text)
{
    const size_t digits = strspn(text, "0123456789");
    unsigned number = 0;

    return digits > 0 && (text[digits] == '\0' || text[digits] == '@') &&
           (read_port_number(text, &number) == 0 || number == 0);
}

bool endpoint_add_problem(const char *text, struct strbuf *out)
{
    const char *rest;
    const struct form *form = find_endpoint_form(text, &rest);

    if (form == NULL || form->kind == ENDPOINT_DESCRIPTOR)
        return false;
    if (form->kind == ENDPOINT_UNIX) {
        if (strlen(rest) <= PATH_LEN_MAX)
            return false;
        strbuf_addf(out, "the path of a socket has at most %d octets", PATH_LEN_MAX);
        return true;
    }
    if (!is_wrong_port(rest))
        return false;
    strbuf_addf(out, "a port is from 1 to %d", NUMBER_MAX);
    return true;
}

bool endpoint_add_canonical(const char *text, struct strbuf *out)
{
    struct endpoint endpoint;
    const char *rest;
    const struct form *form = find_endpoint_form(text, &rest);

    if (form == NULL || !endpoint_parse(text, &endpoint))
        return false;
    strbuf_addf(out, "%s%s", form->canonical, rest);
    return true;
}
