/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Values of smf-spf.conf that are lists of texts. */
#include "config/config_list.h"

#include "base/domain_text.h"
#include "config/config.h"
#include "config/config_form.h"
#include "config/config_hint.h"
#include "config/config_text.h"
#include "dns/dns_server.h"
#include "mail/idna.h"
#include "policy/whitelist.h"

#include <strings.h>

static enum config_value_status texts_read(const struct config_option *option, const char *text, void *member)
{
    enum config_value_status status = option->type->check(option, text);

    if (status == CONFIG_VALUE_OK && !text_list_add(member, text))
        status = CONFIG_VALUE_NO_MEMORY;
    return status;
}

bool config_list_write(const struct config_option *option, const void *member, size_t index, struct strbuf *out)
{
    const struct text_list *list = member;

    (void)option;
    if (index >= list->count)
        return false;
    strbuf_add(out, list->items[index]);
    return true;
}

void config_list_clear(void *member)
{
    text_list_free(member);
}

/* A host_list and a mailbox_list begin with their texts. */
static enum config_value_status hosts_read(const struct config_option *option, const char *text, void *member)
{
    enum config_value_status status = option->type->check(option, text);

    if (status == CONFIG_VALUE_OK && !host_list_add(member, text))
        status = CONFIG_VALUE_NO_MEMORY;
    return status;
}

static void hosts_clear(void *member)
{
    host_list_free(member);
}

static enum config_value_status patterns_read(const struct config_option *option, const char *text, void *member)
{
    enum config_value_status status = option->type->check(option, text);

    if (status == CONFIG_VALUE_OK && !mailbox_list_add(member, text))
        status = CONFIG_VALUE_NO_MEMORY;
    return status;
}

static void patterns_clear(void *member)
{
    mailbox_list_free(member);
}

static enum config_value_status check_host(const struct config_option *option, const char *text)
{
    (void)option;
    return config_text_status(config_form_is_host_pattern(text));
}

const struct config_type config_hosts = {.form = "a host name",
                                         .detail = " (mx.example.org, or .example.org for all names below)",
                                         .is_list = true,
                                         .check = check_host,
                                         .hint = config_hint_host,
                                         .read = hosts_read,
                                         .write = config_list_write,
                                         .clear = hosts_clear,
                                         .size = sizeof(struct host_list)};

static enum config_value_status check_mail_host(const struct config_option *option, const char *text)
{
    char ascii[IDNA_SIZE];

    (void)option;
    return config_text_status(idna_to_ascii(text + (*text == '.'), ascii) && domain_text_is_host(ascii));
}

const struct config_type config_mail_hosts = {.form = "a domain",
                                              .detail = " (example.org, or .example.org for all below)",
                                              .is_list = true,
                                              .check = check_mail_host,
                                              .hint = config_hint_host,
                                              .read = hosts_read,
                                              .write = config_list_write,
                                              .clear = hosts_clear,
                                              .size = sizeof(struct host_list)};

static enum config_value_status check_domain(const struct config_option *option, const char *text)
{
    (void)option;
    return config_text_status(domain_text_is_host(text));
}

const struct config_type config_domains = {.form = "a domain",
                                           .detail = " (example.org)",
                                           .is_list = true,
                                           .check = check_domain,
                                           .hint = config_hint_domain,
                                           .read = texts_read,
                                           .write = config_list_write,
                                           .clear = config_list_clear,
                                           .size = sizeof(struct text_list)};

static enum config_value_status check_pattern(const struct config_option *option, const char *text)
{
    (void)option;
    return config_form_check_mailbox_pattern(text);
}

const struct config_type config_patterns = {
    .form = "an address pattern",
    .detail = " (user@example.org, user@, @example.org, @.example.org, or a part of an address without @)",
    .is_list = true,
    .check = check_pattern,
    .hint = config_hint_pattern,
    .stands_alone = config_form_is_part_of_mailbox,
    .read = patterns_read,
    .write = config_list_write,
    .clear = patterns_clear,
    .size = sizeof(struct mailbox_list)};

static enum config_value_status check_server(const struct config_option *option, const char *text)
{
    (void)option;
    return config_text_status(dns_server_valid(text) || strcasecmp(text, CONFIG_NO_NAMESERVER) == 0);
}

const struct config_type config_servers = {
    .form = "a name server",
    .detail = " (192.0.2.53, 192.0.2.53:5353, 2001:db8::53, [2001:db8::53]:5353, or none)",
    .is_list = true,
    .check = check_server,
    .hint = config_hint_server,
    .read = texts_read,
    .write = config_list_write,
    .clear = config_list_clear,
    .size = sizeof(struct text_list)};
