/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Values of smf-spf.conf for greylisting. */
#include "config/config_value.h"

#include "base/addr.h"
#include "config/config.h"
#include "config/config_form.h"
#include "config/config_hint.h"
#include "policy/whitelist.h"

#include <string.h>
#include <strings.h>

/* Prefix lengths */

/* Reads digits up to a space or the end; returns what is after them, NULL if they are no number up to `max`. */
static const char *read_bits(const char *text, unsigned max, unsigned *out)
{
    size_t len = strspn(text, "0123456789");
    unsigned bits = 0;

    if (len == 0 || len > 3 || (len > 1 && *text == '0') || strchr(" \t,", text[len]) == NULL)
        return NULL;
    for (size_t i = 0; i < len; i++)
        bits = bits * 10 + (unsigned)(text[i] - '0');
    *out = bits;
    return bits <= max ? text + len + strspn(text + len, " \t,") : NULL;
}

static enum config_value_status bits_read(const struct config_option *option, const char *text, void *member)
{
    struct greylist_bits bits;

    (void)option;
    text = read_bits(text, 32, &bits.v4);
    if (text != NULL)
        text = read_bits(text, 128, &bits.v6);
    if (text == NULL || *text != '\0')
        return CONFIG_VALUE_BAD;
    *(struct greylist_bits *)member = bits;
    return CONFIG_VALUE_OK;
}

static bool bits_write(const struct config_option *option, const void *member, size_t index, struct strbuf *out)
{
    const struct greylist_bits *bits = member;

    (void)option;
    if (index == 0)
        strbuf_addf(out, "%u %u", bits->v4, bits->v6);
    return index == 0;
}

const struct config_type config_greylist_bits = {
    .form = "two prefix lengths",
    .detail = " (24 64: 0 to 32 for IPv4, 0 to 128 for IPv6)",
    .read = bits_read,
    .write = bits_write,
};

/* Who is exempt */

enum { TEXT_LISTS = 3 };

static const char recipient_mark[] = "to:";

static bool is_for_recipient(const char *text)
{
    return strncasecmp(text, recipient_mark, strlen(recipient_mark)) == 0;
}

/* Adds a mailbox pattern with an @. */
static enum config_value_status add_mailbox(const char *text, struct mailbox_list *list)
{
    enum config_value_status status =
        config_form_is_part_of_mailbox(text) ? CONFIG_VALUE_BAD : config_form_check_mailbox_pattern(text);

    if (status == CONFIG_VALUE_OK && !mailbox_list_add(list, text))
        status = CONFIG_VALUE_NO_MEMORY;
    return status;
}

static enum config_value_status exempt_read(const struct config_option *option, const char *text, void *member)
{
    struct greylist_exempt *exempt = member;
    struct addr_prefix prefix;
    bool is_added;

    (void)option;
    if (is_for_recipient(text))
        return add_mailbox(text + strlen(recipient_mark), &exempt->recipients);
    if (strchr(text, '@') != NULL)
        return add_mailbox(text, &exempt->senders);
    if (addr_prefix_parse(text, &prefix))
        is_added = addr_list_add(&exempt->clients, &prefix);
    else if (config_form_is_host_pattern(text))
        is_added = host_list_add(&exempt->hosts, text);
    else
        return CONFIG_VALUE_BAD;
    return is_added ? CONFIG_VALUE_OK : CONFIG_VALUE_NO_MEMORY;
}

static bool exempt_write(const struct config_option *option, const void *member, size_t index, struct strbuf *out)
{
    const struct greylist_exempt *exempt = member;
    const struct text_list *lists[TEXT_LISTS] = {&exempt->hosts.texts, &exempt->senders.texts,
                                                 &exempt->recipients.texts};
    char text[ADDR_PREFIX_SIZE];

    (void)option;
    if (index < exempt->clients.count) {
        strbuf_add(out, addr_prefix_format(&exempt->clients.items[index], text));
        return true;
    }
    index -= exempt->clients.count;
    for (size_t i = 0; i < TEXT_LISTS; i++) {
        if (index < lists[i]->count) {
            strbuf_add(out, lists[i] == &exempt->recipients.texts ? recipient_mark : "");
            strbuf_add(out, lists[i]->items[index]);
            return true;
        }
        index -= lists[i]->count;
    }
    return false;
}

static void exempt_clear(void *member)
{
    struct greylist_exempt *exempt = member;

    addr_list_free(&exempt->clients);
    host_list_free(&exempt->hosts);
    mailbox_list_free(&exempt->senders);
    mailbox_list_free(&exempt->recipients);
}

static void exempt_hint(const char *text, struct strbuf *out)
{
    if (is_for_recipient(text))
        config_hint_pattern(text + strlen(recipient_mark), out);
    else if (strchr(text, '@') != NULL)
        config_hint_pattern(text, out);
    else
        config_hint_host(text, out);
}

const struct config_type config_greylist_exempt = {
    .form = "a client, a sender or a recipient",
    .detail = " (192.0.2.0/24, mx.example.org, .example.org, user@example.org, user@, @example.org, "
              "to:user@example.org)",
    .is_list = true,
    .hint = exempt_hint,
    .read = exempt_read,
    .write = exempt_write,
    .clear = exempt_clear,
    .size = sizeof(struct greylist_exempt),
};
