/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Values of smf-spf.conf that are lists of addresses. */
#include "base/addr.h"
#include "config/config_value.h"
#include "policy/whitelist.h"

#include <string.h>

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
