/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Values of smf-spf.conf that are one text. */
#include "config/config_text.h"

#include "base/domain_text.h"
#include "config/config_action.h"
#include "config/config_form.h"
#include "config/config_hint.h"
#include "greylist/store_address.h"
#include "mail/address.h"
#include "mail/idna.h"

#include <stdlib.h>
#include <string.h>

enum config_value_status config_text_status(bool good)
{
    return good ? CONFIG_VALUE_OK : CONFIG_VALUE_BAD;
}

enum config_value_status config_text_replace(char *text, void *member)
{
    if (text == NULL)
        return CONFIG_VALUE_NO_MEMORY;
    free(*(char **)member);
    *(char **)member = text;
    return CONFIG_VALUE_OK;
}

enum config_value_status config_text_read(const struct config_option *option, const char *text, void *member)
{
    enum config_value_status status = option->type->check(option, text);

    return status == CONFIG_VALUE_OK ? config_text_replace(strdup(text), member) : status;
}

bool config_text_write(const struct config_option *option, const void *member, size_t index, struct strbuf *out)
{
    const char *text = *(char *const *)member;

    (void)option;
    if (index > 0 || text == NULL)
        return false;
    strbuf_add(out, text);
    return true;
}

void config_text_clear(void *member)
{
    free(*(char **)member);
    *(char **)member = NULL;
}

static enum config_value_status check_text(const struct config_option *option, const char *text)
{
    size_t len = strlen(text);

    return config_text_status(len >= strtoul(option->min, NULL, 10) && len <= strtoul(option->max, NULL, 10) &&
                              strchr(text, '\t') == NULL);
}

const struct config_type config_text = {.form = "a text",
                                        .detail = " octets, without control characters",
                                        .check = check_text,
                                        .read = config_text_read,
                                        .write = config_text_write,
                                        .clear = config_text_clear,
                                        .size = sizeof(char *)};

static enum config_value_status check_path(const struct config_option *option, const char *text)
{
    (void)option;
    return config_text_status(config_form_is_path(text));
}

const struct config_type config_path = {.form = "the absolute path of a file",
                                        .hint = config_hint_path,
                                        .check = check_path,
                                        .read = config_text_read,
                                        .write = config_text_write,
                                        .clear = config_text_clear,
                                        .size = sizeof(char *)};

static enum config_value_status check_pass_action(const struct config_option *option, const char *text)
{
    return strlen(text) <= strtoul(option->max, NULL, 10) ? config_text_status(config_action_is_valid(text))
                                                          : CONFIG_VALUE_BAD;
}

const struct config_type config_pass_action = {
    .form = "an action of Postfix that refuses nothing, or restrictions or classes of them,",
    .detail = " octets",
    .hint = config_action_hint,
    .check = check_pass_action,
    .read = config_text_read,
    .write = config_text_write,
    .clear = config_text_clear,
    .size = sizeof(char *)};

/* A single label is a variable that nobody expanded, or a host that nobody else finds. */
static enum config_value_status check_one_domain(const struct config_option *option, const char *text)
{
    char ascii[IDNA_SIZE];

    (void)option;
    return config_text_status(idna_to_ascii(text, ascii) && domain_text_is_host(ascii) && strchr(ascii, '.') != NULL &&
                              domain_text_strlen(ascii) == strlen(ascii));
}

const struct config_type config_domain = {.form = "a domain",
                                          .detail = " (srs.example.org)",
                                          .hint = config_hint_domain,
                                          .check = check_one_domain,
                                          .read = config_text_read,
                                          .write = config_text_write,
                                          .clear = config_text_clear,
                                          .size = sizeof(char *)};

static enum config_value_status check_account(const struct config_option *option, const char *text)
{
    (void)option;
    return config_text_status(config_form_is_account(text));
}

const struct config_type config_account = {.form = "the name of an account",
                                           .check = check_account,
                                           .read = config_text_read,
                                           .write = config_text_write,
                                           .clear = config_text_clear,
                                           .size = sizeof(char *)};

static enum config_value_status check_authserv_id(const struct config_option *option, const char *text)
{
    (void)option;
    return config_text_status(config_form_is_authserv_id(text));
}

const struct config_type config_authserv_id = {.form = "an authserv-id",
                                               .detail = " (a name like mx.example.org)",
                                               .check = check_authserv_id,
                                               .read = config_text_read,
                                               .write = config_text_write,
                                               .clear = config_text_clear,
                                               .size = sizeof(char *)};

static enum config_value_status check_store(const struct config_option *option, const char *text)
{
    struct store_address address;

    (void)option;
    return config_text_status(store_address_parse(text, &address));
}

const struct config_type config_greylist_store = {
    .form = "a store",
    .detail = " (sqlite:/path, redis://host:port/db?prefix=text or redis+unix:/path?db=number&prefix=text)",
    .hint = config_hint_store,
    .check = check_store,
    .read = config_text_read,
    .write = config_text_write,
    .clear = config_text_clear,
    .size = sizeof(char *)};

static enum config_value_status mailbox_read(const struct config_option *option, const char *text, void *member)
{
    struct address address = {0};
    enum address_status parsed = address_parse(text, &address);

    (void)option;
    if (parsed == ADDRESS_NO_MEMORY)
        return CONFIG_VALUE_NO_MEMORY;
    if (parsed != ADDRESS_OK || !address_is_alone(text, &address)) {
        address_free(&address);
        return CONFIG_VALUE_BAD;
    }
    return config_text_replace(address.text, member); /* the one allocation of the address */
}

const struct config_type config_mailbox = {.form = "an address",
                                           .detail = " (postmaster, spam@example.org)",
                                           .read = mailbox_read,
                                           .write = config_text_write,
                                           .clear = config_text_clear,
                                           .size = sizeof(char *)};
