/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the texts in smf-spf.conf must look like. */
#include "config/config_form.h"

#include "base/addr.h"
#include "mail/address.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

enum {
    LABEL_MAX = 63,        /* RFC 1035 2.3.4 */
    NAME_MAX_OCTETS = 253, /* without a trailing dot */
    PATTERN_MAX = 900,
    PATH_MAX_OCTETS = 4000,
    SOCKET_PATH_MAX = 107, /* what sockaddr_un holds on Linux */
    ACCOUNT_MAX = 255,
    PORT_MAX = 65535,
};

static bool is_label_octet(char c)
{
    return isalnum((unsigned char)c) || c == '-' || c == '_';
}

static bool is_label(const char *label, size_t len)
{
    if (len == 0 || len > LABEL_MAX)
        return false;
    for (size_t i = 0; i < len; i++)
        if (!is_label_octet(label[i]))
            return false;
    return true;
}

bool config_form_is_host(const char *text)
{
    size_t left = strlen(text);
    bool numeric = true;

    if (left > 0 && text[left - 1] == '.')
        left--;
    if (left == 0 || left > NAME_MAX_OCTETS)
        return false;
    for (;;) {
        size_t len = strcspn(text, ".");

        if (len > left)
            len = left;
        if (!is_label(text, len))
            return false;
        numeric = strspn(text, "0123456789") >= len;
        if (len == left)
            break;
        text += len + 1;
        left -= len + 1;
    }
    return !numeric; /* a last label of digits alone is part of an address */
}

bool config_form_is_host_pattern(const char *text)
{
    return config_form_is_host(*text == '.' ? text + 1 : text);
}

/* True if an address that was read is what was written, so that nothing of it was left aside. */
static bool is_whole(const char *written, const struct address *address)
{
    size_t len = strlen(address->text);

    return strncmp(written, address->text, len) == 0 && (written[len] == '\0' || strcmp(written + len, ".") == 0);
}

/* Names with other than ASCII octets are left to the MTA (RFC 6531 3.3). */
static bool is_mail_domain(const char *domain)
{
    for (const char *p = domain; *p != '\0'; p++)
        if ((unsigned char)*p >= 0x80)
            return strstr(domain, "..") == NULL && *domain != '.';
    return (*domain == '[' && domain[strlen(domain) - 1] == ']') || config_form_is_host(domain);
}

/* True if one of these octets stands outside of quotes. */
static bool has_unquoted(const char *text, const char *octets)
{
    bool quoted = false;

    for (; *text != '\0'; text++) {
        if (*text == '"')
            quoted = !quoted;
        else if (*text == '\\' && text[1] != '\0')
            text++;
        else if (!quoted && strchr(octets, *text) != NULL)
            return true;
    }
    return false;
}

bool config_form_is_part_of_mailbox(const char *text)
{
    return strchr(text, '@') == NULL;
}

enum config_value_status config_form_check_mailbox_pattern(const char *text)
{
    const char *at = strrchr(text, '@');
    size_t len = strlen(text);

    if (has_unquoted(text, "*?<>"))
        return CONFIG_VALUE_BAD;
    if (at == NULL)
        return len > 0 && len <= PATTERN_MAX ? CONFIG_VALUE_OK : CONFIG_VALUE_BAD;
    if (len == 1 || len > PATTERN_MAX || (at != text && at[1] == '.'))
        return CONFIG_VALUE_BAD;

    /* A pattern that leaves out a part of the address is one with that part filled in. */
    struct strbuf whole = STRBUF_INIT;
    struct address address = {0};
    enum config_value_status status = CONFIG_VALUE_BAD;

    strbuf_add_mem(&whole, at == text ? "x" : text, at == text ? 1 : (size_t)(at - text));
    strbuf_add_char(&whole, '@');
    strbuf_add(&whole, at[1] == '\0' ? "x" : at + (at[1] == '.' ? 2 : 1));
    enum address_status parsed = whole.failed ? ADDRESS_NO_MEMORY : address_parse(strbuf_text(&whole), &address);
    if (parsed == ADDRESS_NO_MEMORY)
        status = CONFIG_VALUE_NO_MEMORY;
    else if ((parsed == ADDRESS_OK || parsed == ADDRESS_LOCAL_TOO_LONG) && is_whole(strbuf_text(&whole), &address) &&
             is_mail_domain(address.domain))
        status = CONFIG_VALUE_OK;
    address_free(&address);
    strbuf_free(&whole);
    return status;
}

bool config_form_is_path(const char *text)
{
    size_t len = strlen(text);

    return len > 1 && len <= PATH_MAX_OCTETS && text[0] == '/' && text[len - 1] != '/';
}

/* True if each octet is printable ASCII, and none is one of `special`. */
static bool is_graphic_without(const char *text, const char *special)
{
    for (; *text != '\0'; text++)
        if (*text <= ' ' || *text > '~' || strchr(special, *text) != NULL)
            return false;
    return true;
}

bool config_form_is_account(const char *text)
{
    size_t len = strlen(text);

    return len > 0 && len <= ACCOUNT_MAX && *text != '-' && is_graphic_without(text, ":/,\"'#");
}

bool config_form_is_authserv_id(const char *text)
{
    size_t len = strlen(text);

    return len > 0 && len <= NAME_MAX_OCTETS && is_graphic_without(text, "()<>@,;:\\\"/[]?=");
}

/* A decimal number without a sign. */
static bool is_number(const char *text, size_t len, unsigned min, unsigned max)
{
    unsigned value = 0;

    if (len == 0 || len > 5)
        return false;
    for (size_t i = 0; i < len; i++) {
        if (!isdigit((unsigned char)text[i]))
            return false;
        value = value * 10 + (unsigned)(text[i] - '0');
    }
    return value >= min && value <= max;
}

/* Absolute, as the daemon leaves its working directory. */
static bool is_socket_path(const char *rest)
{
    size_t len = strlen(rest);

    return len > 1 && len <= SOCKET_PATH_MAX && rest[0] == '/' && rest[len - 1] != '/';
}

/* An address of the family, IPv6 in brackets or not, or a host name. */
static bool is_listen_host(const char *host, enum addr_family family)
{
    char plain[ADDR_TEXT_SIZE];
    size_t len = strlen(host);
    struct addr addr;

    if (*host == '[' && len > 2 && len < sizeof plain && host[len - 1] == ']') {
        memcpy(plain, host + 1, len - 2);
        plain[len - 2] = '\0';
        return addr_parse(plain, &addr) && addr.family == family;
    }
    return addr_parse(host, &addr) ? addr.family == family : config_form_is_host(host);
}

static bool is_endpoint(const char *rest, enum addr_family family)
{
    size_t len = strcspn(rest, "@");

    return is_number(rest, len, 1, PORT_MAX) && (rest[len] == '\0' || is_listen_host(rest + len + 1, family));
}

static bool is_inet_endpoint(const char *rest)
{
    return is_endpoint(rest, ADDR_V4);
}

static bool is_inet6_endpoint(const char *rest)
{
    return is_endpoint(rest, ADDR_V6);
}

static bool is_descriptor(const char *rest)
{
    return is_number(rest, strlen(rest), 0, PORT_MAX);
}

static const struct socket_form {
    const char *read, *write;
    bool (*check)(const char *rest);
} socket_forms[] = {
    {"unix:", "unix:", is_socket_path},      {"local:", "unix:", is_socket_path}, {"inet:", "inet:", is_inet_endpoint},
    {"inet6:", "inet6:", is_inet6_endpoint}, {"fd:", "fd:", is_descriptor},
};

bool config_form_socket(const char *text, struct strbuf *out)
{
    if (*text == '/' && is_socket_path(text)) {
        strbuf_addf(out, "unix:%s", text);
        return true;
    }
    for (size_t i = 0; i < sizeof socket_forms / sizeof *socket_forms; i++) {
        const struct socket_form *form = &socket_forms[i];
        size_t len = strlen(form->read);

        if (strncasecmp(text, form->read, len) == 0 && form->check(text + len)) {
            strbuf_addf(out, "%s%s", form->write, text + len);
            return true;
        }
    }
    return false;
}
