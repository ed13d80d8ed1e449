/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the texts in smf-spf.conf must look like. */
#include "config/config_form.h"

#include "base/domain_text.h"
#include "base/specials.h"
#include "mail/address.h"

#include <string.h>
#include <strings.h>

enum {
    PATTERN_MAX = 900,
    PATH_MAX_OCTETS = 4000,
    ACCOUNT_MAX = 255,
};

bool config_form_is_host_pattern(const char *text)
{
    return domain_text_is_host(*text == '.' ? text + 1 : text);
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
    return (*domain == '[' && domain[strlen(domain) - 1] == ']') || domain_text_is_host(domain);
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

/* No local part has a colon outside of quotes (RFC 5322 3.2.3). */
size_t config_form_mark_len(const char *text, size_t len)
{
    static const char *const marks[] = {"to:", "from:", "mailto:"};

    for (size_t i = 0; i < sizeof marks / sizeof *marks; i++) {
        const size_t mark_len = strlen(marks[i]);

        if (len >= mark_len && strncasecmp(text, marks[i], mark_len) == 0)
            return mark_len;
    }
    return 0;
}

bool config_form_is_part_of_mailbox(const char *text)
{
    return strchr(text, '@') == NULL;
}

enum config_value_status config_form_check_mailbox_pattern(const char *text)
{
    const char *at = strrchr(text, '@');
    size_t len = strlen(text);

    if (has_unquoted(text, "*?<>") || config_form_mark_len(text, len) > 0)
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
    size_t len = 0;

    while (specials_may_be_in_token(text[len]))
        len++;
    return text[len] == '\0' && len > 0 && len <= DOMAIN_TEXT_MAX;
}
