/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Values of smf-spf.conf that are texts, or lists. */
#include "config/config_value.h"

#include "base/addr.h"
#include "base/domain_text.h"
#include "base/endpoint.h"
#include "config/config.h"
#include "config/config_action.h"
#include "config/config_form.h"
#include "config/config_hint.h"
#include "config/table_socket.h"
#include "dns/dns_server.h"
#include "greylist/store_address.h"
#include "mail/address.h"
#include "mail/idna.h"
#include "policy/whitelist.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* Texts */

static enum config_value_status status_if_valid(bool good)
{
    return good ? CONFIG_VALUE_OK : CONFIG_VALUE_BAD;
}

/* Puts a text instead of the one that the member holds; NULL is a failed allocation. */
static enum config_value_status replace_text(char *text, void *member)
{
    if (text == NULL)
        return CONFIG_VALUE_NO_MEMORY;
    free(*(char **)member);
    *(char **)member = text;
    return CONFIG_VALUE_OK;
}

static enum config_value_status text_read(const struct config_option *option, const char *text, void *member)
{
    enum config_value_status status = option->type->check(option, text);

    return status == CONFIG_VALUE_OK ? replace_text(strdup(text), member) : status;
}

static bool text_write(const struct config_option *option, const void *member, size_t index, struct strbuf *out)
{
    const char *text = *(char *const *)member;

    (void)option;
    if (index > 0 || text == NULL)
        return false;
    strbuf_add(out, text);
    return true;
}

static void text_clear(void *member)
{
    free(*(char **)member);
    *(char **)member = NULL;
}

static enum config_value_status check_text(const struct config_option *option, const char *text)
{
    size_t len = strlen(text);

    return status_if_valid(len >= strtoul(option->min, NULL, 10) && len <= strtoul(option->max, NULL, 10) &&
                           strchr(text, '\t') == NULL);
}

const struct config_type config_text = {.form = "a text",
                                        .detail = " octets, without control characters",
                                        .check = check_text,
                                        .read = text_read,
                                        .write = text_write,
                                        .clear = text_clear,
                                        .size = sizeof(char *)};

static enum config_value_status check_path(const struct config_option *option, const char *text)
{
    (void)option;
    return status_if_valid(config_form_is_path(text));
}

const struct config_type config_path = {.form = "the absolute path of a file",
                                        .hint = config_hint_path,
                                        .check = check_path,
                                        .read = text_read,
                                        .write = text_write,
                                        .clear = text_clear,
                                        .size = sizeof(char *)};

static enum config_value_status check_pass_action(const struct config_option *option, const char *text)
{
    return strlen(text) <= strtoul(option->max, NULL, 10) ? status_if_valid(config_action_is_valid(text))
                                                          : CONFIG_VALUE_BAD;
}

const struct config_type config_pass_action = {
    .form = "an action of Postfix that refuses nothing, or restrictions or classes of them,",
    .detail = " octets",
    .hint = config_action_hint,
    .check = check_pass_action,
    .read = text_read,
    .write = text_write,
    .clear = text_clear,
    .size = sizeof(char *)};

static const char control_prefix[] = "unix:";

/* NULL is none. */
static enum config_value_status control_read(const struct config_option *option, const char *text, void *member)
{
    struct endpoint endpoint;

    (void)option;
    if (strcasecmp(text, "none") == 0) {
        text_clear(member);
        return CONFIG_VALUE_OK;
    }
    if (!endpoint_parse(text, &endpoint) || endpoint.kind != ENDPOINT_UNIX)
        return CONFIG_VALUE_BAD;
    return replace_text(strdup(endpoint.path), member);
}

static bool control_write(const struct config_option *option, const void *member, size_t index, struct strbuf *out)
{
    const char *path = *(char *const *)member;

    (void)option;
    if (index > 0)
        return false;
    strbuf_addf(out, "%s%s", path != NULL ? control_prefix : "none", path != NULL ? path : "");
    return true;
}

const struct config_type config_control = {.form = "a unix socket or none",
                                           .detail = " (unix:/path)",
                                           .hint = config_hint_control,
                                           .read = control_read,
                                           .write = control_write,
                                           .clear = text_clear,
                                           .size = sizeof(char *)};

/* A single label is a variable that nobody expanded, or a host that nobody else finds. */
static enum config_value_status check_one_domain(const struct config_option *option, const char *text)
{
    char ascii[IDNA_SIZE];

    (void)option;
    return status_if_valid(idna_to_ascii(text, ascii) && domain_text_is_host(ascii) && strchr(ascii, '.') != NULL &&
                           domain_text_strlen(ascii) == strlen(ascii));
}

const struct config_type config_domain = {.form = "a domain",
                                          .detail = " (srs.example.org)",
                                          .hint = config_hint_domain,
                                          .check = check_one_domain,
                                          .read = text_read,
                                          .write = text_write,
                                          .clear = text_clear,
                                          .size = sizeof(char *)};

static enum config_value_status check_account(const struct config_option *option, const char *text)
{
    (void)option;
    return status_if_valid(config_form_is_account(text));
}

const struct config_type config_account = {.form = "the name of an account",
                                           .check = check_account,
                                           .read = text_read,
                                           .write = text_write,
                                           .clear = text_clear,
                                           .size = sizeof(char *)};

static enum config_value_status check_authserv_id(const struct config_option *option, const char *text)
{
    (void)option;
    return status_if_valid(config_form_is_authserv_id(text));
}

const struct config_type config_authserv_id = {.form = "an authserv-id",
                                               .detail = " (a name like mx.example.org)",
                                               .check = check_authserv_id,
                                               .read = text_read,
                                               .write = text_write,
                                               .clear = text_clear,
                                               .size = sizeof(char *)};

static enum config_value_status socket_read(const struct config_option *option, const char *text, void *member)
{
    struct strbuf form = STRBUF_INIT;

    (void)option;
    if (!endpoint_add_canonical(text, &form))
        return CONFIG_VALUE_BAD;
    return replace_text(strbuf_take(&form), member);
}

static const char no_socket[] = "off";

static enum config_value_status mta_socket_read(const struct config_option *option, const char *text, void *member)
{
    if (strcasecmp(text, no_socket) != 0)
        return socket_read(option, text, member);
    text_clear(member);
    return CONFIG_VALUE_OK;
}

static bool mta_socket_write(const struct config_option *option, const void *member, size_t index, struct strbuf *out)
{
    if (index == 0 && *(char *const *)member == NULL) {
        strbuf_add(out, no_socket);
        return true;
    }
    return text_write(option, member, index, out);
}

const struct config_type config_socket = {.form = "a socket or off",
                                          .detail =
                                              " (unix:/path, inet:port@host, inet6:port@host, fd:number or fd:name)",
                                          .hint = config_hint_socket,
                                          .read = mta_socket_read,
                                          .write = mta_socket_write,
                                          .clear = text_clear,
                                          .size = sizeof(char *)};

/* Appends a socket on which nobody is asked who he is: without a host it is for this host alone. False if it is none.
 */
static bool add_local_socket(const char *text, struct strbuf *out)
{
    struct endpoint endpoint;

    if (!endpoint_parse(text, &endpoint) || !endpoint_add_canonical(text, out))
        return false;
    if (endpoint.kind == ENDPOINT_INET && endpoint.host[0] == '\0')
        strbuf_add(out, "@127.0.0.1");
    else if (endpoint.kind == ENDPOINT_INET6 && endpoint.host[0] == '\0')
        strbuf_add(out, "@::1");
    return true;
}

static enum config_value_status local_socket_read(const struct config_option *option, const char *text, void *member)
{
    struct strbuf whole = STRBUF_INIT;

    (void)option;
    return add_local_socket(text, &whole) ? replace_text(strbuf_take(&whole), member) : CONFIG_VALUE_BAD;
}

const struct config_type config_local_socket = {
    .form = "a socket or none",
    .detail = " (unix:/path, inet:port@host, inet6:port@host, fd:number or fd:name)",
    .hint = config_hint_socket,
    .read = local_socket_read,
    .write = text_write,
    .clear = text_clear,
    .size = sizeof(char *)};

static enum config_value_status check_store(const struct config_option *option, const char *text)
{
    struct store_address address;

    (void)option;
    return status_if_valid(store_address_parse(text, &address));
}

const struct config_type config_greylist_store = {
    .form = "a store",
    .detail = " (sqlite:/path, redis://host:port/db?prefix=text or redis+unix:/path?db=number&prefix=text)",
    .hint = config_hint_store,
    .check = check_store,
    .read = text_read,
    .write = text_write,
    .clear = text_clear,
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
    return replace_text(address.text, member); /* the one allocation of the address */
}

const struct config_type config_mailbox = {.form = "an address",
                                           .detail = " (postmaster, spam@example.org)",
                                           .read = mailbox_read,
                                           .write = text_write,
                                           .clear = text_clear,
                                           .size = sizeof(char *)};

/* Lists of texts */

static enum config_value_status texts_read(const struct config_option *option, const char *text, void *member)
{
    enum config_value_status status = option->type->check(option, text);

    if (status == CONFIG_VALUE_OK && !text_list_add(member, text))
        status = CONFIG_VALUE_NO_MEMORY;
    return status;
}

static bool texts_write(const struct config_option *option, const void *member, size_t index, struct strbuf *out)
{
    const struct text_list *list = member;

    (void)option;
    if (index >= list->count)
        return false;
    strbuf_add(out, list->items[index]);
    return true;
}

static void texts_clear(void *member)
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
    return status_if_valid(config_form_is_host_pattern(text));
}

const struct config_type config_hosts = {.form = "a host name",
                                         .detail = " (mx.example.org, or .example.org for all names below)",
                                         .is_list = true,
                                         .check = check_host,
                                         .hint = config_hint_host,
                                         .read = hosts_read,
                                         .write = texts_write,
                                         .clear = hosts_clear,
                                         .size = sizeof(struct host_list)};

static enum config_value_status check_mail_host(const struct config_option *option, const char *text)
{
    char ascii[IDNA_SIZE];

    (void)option;
    return status_if_valid(idna_to_ascii(text + (*text == '.'), ascii) && domain_text_is_host(ascii));
}

const struct config_type config_mail_hosts = {.form = "a domain",
                                              .detail = " (example.org, or .example.org for all below)",
                                              .is_list = true,
                                              .check = check_mail_host,
                                              .hint = config_hint_host,
                                              .read = hosts_read,
                                              .write = texts_write,
                                              .clear = hosts_clear,
                                              .size = sizeof(struct host_list)};

static enum config_value_status check_domain(const struct config_option *option, const char *text)
{
    (void)option;
    return status_if_valid(domain_text_is_host(text));
}

const struct config_type config_domains = {.form = "a domain",
                                           .detail = " (example.org)",
                                           .is_list = true,
                                           .check = check_domain,
                                           .hint = config_hint_domain,
                                           .read = texts_read,
                                           .write = texts_write,
                                           .clear = texts_clear,
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
    .write = texts_write,
    .clear = patterns_clear,
    .size = sizeof(struct mailbox_list)};

static enum config_value_status check_server(const struct config_option *option, const char *text)
{
    (void)option;
    return status_if_valid(dns_server_valid(text) || strcasecmp(text, CONFIG_NO_NAMESERVER) == 0);
}

const struct config_type config_servers = {
    .form = "a name server",
    .detail = " (192.0.2.53, 192.0.2.53:5353, 2001:db8::53, [2001:db8::53]:5353, or none)",
    .is_list = true,
    .check = check_server,
    .hint = config_hint_server,
    .read = texts_read,
    .write = texts_write,
    .clear = texts_clear,
    .size = sizeof(struct text_list)};

static enum config_value_status table_socket_read(const struct config_option *option, const char *text, void *member)
{
    const char *protocol, *spec = table_socket_spec(text, &protocol);
    struct strbuf whole = STRBUF_INIT;
    enum config_value_status status = CONFIG_VALUE_BAD;

    (void)option;
    if (spec == NULL)
        return CONFIG_VALUE_BAD;
    strbuf_addf(&whole, "%s:", protocol);
    if (add_local_socket(spec, &whole))
        status = !whole.failed && text_list_add(member, strbuf_text(&whole)) ? CONFIG_VALUE_OK : CONFIG_VALUE_NO_MEMORY;
    strbuf_free(&whole);
    return status;
}

const struct config_type config_table_sockets = {
    .form = "a protocol and a socket",
    .detail =
        " (socketmap:, tcp-forward: or tcp-reverse:, and unix:/path, inet:port@host, inet6:port@host, fd:number or "
        "fd:name)",
    .is_list = true,
    .hint = config_hint_table_socket,
    .read = table_socket_read,
    .write = texts_write,
    .clear = texts_clear,
    .size = sizeof(struct text_list)};

/* Lists of addresses */

static enum config_value_status prefixes_read(const struct config_option *option, const char *text, void *member)
{
    struct addr_prefix prefix;

    (void)option;
    if (!addr_prefix_parse(text, &prefix))
        return CONFIG_VALUE_BAD;
    return addr_list_add(member, &prefix) ? CONFIG_VALUE_OK : CONFIG_VALUE_NO_MEMORY;
}

static bool prefixes_write(const struct config_option *option, const void *member, size_t index, struct strbuf *out)
{
    const struct addr_list *list = member;
    char text[ADDR_PREFIX_SIZE];

    (void)option;
    if (index >= list->count)
        return false;
    strbuf_add(out, addr_prefix_format(&list->items[index], text));
    return true;
}

static void prefixes_clear(void *member)
{
    addr_list_free(member);
}

const struct config_type config_prefixes = {.form = "an address or prefix",
                                            .detail = " (192.0.2.1, 192.0.2.0/24, 2001:db8::/32)",
                                            .is_list = true,
                                            .read = prefixes_read,
                                            .write = prefixes_write,
                                            .clear = prefixes_clear,
                                            .size = sizeof(struct addr_list)};

/* An address alone: a prefix stands for nobody who sends. */
static enum config_value_status addresses_read(const struct config_option *option, const char *text, void *member)
{
    struct addr addr;

    return addr_parse(text, &addr) ? prefixes_read(option, text, member) : CONFIG_VALUE_BAD;
}

const struct config_type config_addresses = {.form = "an address",
                                             .detail = " (192.0.2.1, 2001:db8::1)",
                                             .is_list = true,
                                             .read = addresses_read,
                                             .write = prefixes_write,
                                             .clear = prefixes_clear,
                                             .size = sizeof(struct addr_list)};

/* Reads an address that goes up to a colon or the end, IPv6 in brackets. Returns where it ends, NULL if it is none. */
static const char *nat_address(const char *text, struct addr *out)
{
    bool bracketed = *text == '[';
    const char *begin = text + bracketed;
    size_t len = strcspn(begin, bracketed ? "]" : ":");

    if (bracketed && begin[len] != ']')
        return NULL;
    return addr_parse_mem(begin, len, out) ? begin + len + bracketed : NULL;
}

static enum config_value_status nats_read(const struct config_option *option, const char *text, void *member)
{
    struct nat_rule rule;
    const char *end = nat_address(text, &rule.from);

    (void)option;
    if (end == NULL || *end != ':')
        return CONFIG_VALUE_BAD;
    end = nat_address(end + 1, &rule.to);
    if (end == NULL || *end != '\0')
        return CONFIG_VALUE_BAD;
    return nat_list_add(member, &rule) ? CONFIG_VALUE_OK : CONFIG_VALUE_NO_MEMORY;
}

static void add_nat_address(const struct addr *addr, struct strbuf *out)
{
    char text[ADDR_TEXT_SIZE];

    strbuf_addf(out, addr->family == ADDR_V6 ? "[%s]" : "%s", addr_format(addr, text));
}

static bool nats_write(const struct config_option *option, const void *member, size_t index, struct strbuf *out)
{
    const struct nat_list *list = member;

    (void)option;
    if (index >= list->count)
        return false;
    add_nat_address(&list->items[index].from, out);
    strbuf_add_char(out, ':');
    add_nat_address(&list->items[index].to, out);
    return true;
}

static void nats_clear(void *member)
{
    nat_list_free(member);
}

const struct config_type config_nats = {.form = "two addresses",
                                        .detail = " (10.0.0.1:192.0.2.1, [fd00::1]:[2001:db8::1])",
                                        .is_list = true,
                                        .read = nats_read,
                                        .write = nats_write,
                                        .clear = nats_clear,
                                        .size = sizeof(struct nat_list)};
