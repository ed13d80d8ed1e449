/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Whom policyd-spf and pyspf-milter do not check: lists of addresses and of names. */
#include "tools/convert_spf_engine.h"

#include "base/addr.h"
#include "tools/convert_run.h"

#include <ctype.h>
#include <string.h>

static bool is_list_space(char c)
{
    return c == ' ' || c == '\t';
}

bool convert_spf_engine_item(struct conversion *run, const char **list, struct strbuf *item, bool *is_told)
{
    while (**list != '\0') {
        const char *begin = *list;
        size_t len = strcspn(begin, ",");
        bool is_padded = is_list_space(begin[0]) || (len > 0 && is_list_space(begin[len - 1]));

        *list += len + (begin[len] == ',');
        if (is_padded && !*is_told)
            convert_differs(run,
                            "there an item with a space next to it matches nothing; it is converted as it was meant");
        *is_told |= is_padded;
        strbuf_truncate(item, 0);
        for (; len > 0 && is_list_space(*begin); len--)
            begin++;
        while (len > 0 && is_list_space(begin[len - 1]))
            len--;
        strbuf_add_mem(item, begin, len);
        run->no_memory |= item->failed;
        if (len > 0 && !item->failed)
            return true;
    }
    return false;
}

void convert_everybody(struct conversion *run)
{
    convert_line(run, "WhitelistIP", "0.0.0.0/0");
    convert_line(run, "WhitelistIP", "::/0");
}

/* Addresses */

/* Older versions had two slashes for one. */
static void take_second_slash(struct strbuf *item)
{
    char *slashes = item->len > 0 ? strstr(item->text, "//") : NULL;

    if (slashes == NULL)
        return;
    memmove(slashes, slashes + 1, strlen(slashes));
    strbuf_truncate(item, item->len - 1);
}

/* True if the program takes the item for the same network as we do. */
static bool is_same_there(const char *item, const struct addr_prefix *prefix)
{
    struct addr addr;

    return addr_parse_mem(item, strcspn(item, "/"), &addr) &&
           addr_equal(&addr, &prefix->base); /* no bits after the prefix */
}

/* True if the item is IPv6 that stands for IPv4, which the program compares with no IPv4 client. Loopback is left out:
 * it is on every such list in its own form too. */
static bool is_mapped(const char *item, const struct addr_prefix *prefix)
{
    return prefix->base.family == ADDR_V4 && strchr(item, ':') != NULL && !addr_is_loopback(&prefix->base);
}

/* Tells what is not read there as it is here. */
static void compare_address(struct conversion *run, const char *item, bool *is_told)
{
    struct addr_prefix prefix;
    bool is_prefix = addr_prefix_parse(item, &prefix);

    if (is_prefix && is_mapped(item, &prefix))
        convert_differs(run, "there an IPv4-mapped IPv6 address matches no IPv4 client");
    if (*is_told || (is_prefix && is_same_there(item, &prefix)))
        return;
    convert_differs(run,
                    "there the list ends before an item that is no network; the rest is converted as it was meant");
    *is_told = true;
}

/* True if the list, as far as the program reads it, holds the address. */
static bool list_has(struct conversion *run, const char *items, const struct addr *addr)
{
    struct strbuf item = STRBUF_INIT;
    struct addr_prefix prefix;
    bool is_told = true, found = false; /* who reads it for its lines tells */

    while (!found && convert_spf_engine_item(run, &items, &item, &is_told))
        found = addr_prefix_parse(strbuf_text(&item), &prefix) && addr_prefix_contains(&prefix, addr);
    strbuf_free(&item);
    return found;
}

static bool is_exempt(struct conversion *run, const struct addr *addr)
{
    return list_has(run, convert_value(run, "skip_addresses"), addr) ||
           list_has(run, convert_value(run, "Whitelist"), addr);
}

/* With Prospective the list is compared with that address, whoever the client is. */
static void convert_prospective_addresses(struct conversion *run, const char *items, const struct addr *checked)
{
    if (list_has(run, items, checked)) {
        convert_note(run, "The address of Prospective is on this list: nothing is checked");
        convert_everybody(run);
    } else {
        convert_note(run, "Not for clients: it is the address of Prospective that is not on this list");
    }
}

void convert_spf_engine_addresses(struct conversion *run, const struct foreign_setting *setting)
{
    const char *items = setting->value;
    struct strbuf item = STRBUF_INIT;
    bool space_told = false, end_told = false;
    struct addr checked;

    if (addr_parse(convert_value(run, "Prospective"), &checked)) {
        convert_prospective_addresses(run, items, &checked);
        return;
    }
    if (strcmp(setting->key->name, "skip_addresses") == 0)
        convert_compare_loopback(run, is_exempt);
    while (convert_spf_engine_item(run, &items, &item, &space_told)) {
        compare_address(run, strbuf_text(&item), &end_told);
        take_second_slash(&item);
        convert_built_line(run, "WhitelistIP", &item);
    }
    strbuf_free(&item);
}

/* Names */

static bool has_upper_case(const char *text)
{
    for (; *text != '\0'; text++)
        if (isupper((unsigned char)*text))
            return true;
    return false;
}

static void convert_names(struct conversion *run, const char *key, const char *items)
{
    struct strbuf item = STRBUF_INIT;
    bool is_told = false;

    while (convert_spf_engine_item(run, &items, &item, &is_told))
        convert_built_line(run, key, &item);
    strbuf_free(&item);
}

void convert_spf_engine_helo_names(struct conversion *run, const struct foreign_setting *setting)
{
    if (has_upper_case(setting->value))
        convert_differs(run, "there a name with an upper-case letter matches nothing; it is converted as it was meant");
    convert_differs(run, "while the lookup of such a name fails, a refusal is temporary");
    convert_names(run, "WhitelistHelo", setting->value);
}

void convert_spf_engine_domains(struct conversion *run, const struct foreign_setting *setting)
{
    convert_differs(run, "while the evaluation of such a domain fails, a refusal is temporary");
    convert_names(run, "WhitelistSPF", setting->value);
}

void convert_spf_engine_host_names(struct conversion *run, const struct foreign_setting *setting)
{
    struct addr checked;

    if (addr_parse(convert_value(run, "Prospective"), &checked)) {
        convert_lost(run, "with Prospective the name of that address counts, not the client's");
        return;
    }
    convert_differs(run, "only a name that the MTA has verified counts, and whole labels of it");
    convert_names(run, "WhitelistPTR", setting->value);
}
