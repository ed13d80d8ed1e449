/* SPDX-License-Identifier: GPL-2.0-or-later */
/* postgrey's files of clients and of recipients that are not delayed: an item a line, in the form of Postfix's tables,
 * or a regular expression of Perl. Of these some mean what an item of ours does; all others are told, one by one. */
#include "tools/convert_postgrey.h"

#include "base/addr.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { LIST_MAX = 4 * 1024 * 1024, ITEM_SIZE = 256 }; /* octets of a file, of an item */

/* One file while it is read. */
struct list {
    struct conversion *run;
    /* Appends ours for an item that is no regular expression; false if there is none. */
    bool (*add)(struct list *list, const char *item, struct strbuf *ours);
    bool is_of_recipients, has_extensions, is_wider; /* what is to be told at its end */
};

/* ---- Regular expressions ---- */

/* Goes past `part` if `*text` begins with it. */
static bool skip(const char **text, const char *part)
{
    const size_t len = strlen(part);

    if (strncmp(*text, part, len) != 0)
        return false;
    *text += len;
    return true;
}

/* Reads what stands for itself alone, until `end`; false if there is anything else. */
static bool read_literal(const char *text, const char *end, char out[ITEM_SIZE])
{
    size_t len = 0;

    for (; text < end && len < ITEM_SIZE - 1; text++) {
        if (*text == '\\' && text + 1 < end && ispunct((unsigned char)text[1]) != 0)
            text++;
        else if (isalnum((unsigned char)*text) == 0 && strchr("-_@", *text) == NULL)
            return false;
        out[len++] = *text;
    }
    out[len] = '\0';
    return text == end && len > 0;
}

/* What may stand before the text that an expression ends with. */
enum anchor { ANCHOR_NONE, ANCHOR_WHOLE, ANCHOR_LABEL, ANCHOR_BELOW };

static enum anchor read_anchor(const char **text)
{
    if (skip(text, "^.*") || skip(text, ".*"))
        return skip(text, "\\.") ? ANCHOR_BELOW : ANCHOR_NONE;
    if (skip(text, "(?:^|\\.)") || skip(text, "(^|\\.)") || skip(text, "(\\.|^)"))
        return ANCHOR_LABEL;
    if (skip(text, "^"))
        return ANCHOR_WHOLE;
    return skip(text, "\\.") ? ANCHOR_BELOW : ANCHOR_NONE;
}

/* False where ours would not be that client: with an @ it would be a sender, whom nobody had exempt; and the name that
 * postgrey has for a client without one is none here. */
static bool is_client(const char *item)
{
    return strchr(item, '@') == NULL && strcasecmp(item, "unknown") != 0;
}

/* A name, or a domain and what is below it. */
static bool add_host_expression(struct list *list, const char *text, const char *end, struct strbuf *ours)
{
    const enum anchor anchor = read_anchor(&text);
    char literal[ITEM_SIZE];

    if (anchor == ANCHOR_NONE || text >= end || end[-1] != '$' || !read_literal(text, end - 1, literal) ||
        !is_client(literal))
        return false;
    strbuf_addf(ours, "%s%s", anchor == ANCHOR_BELOW ? "." : "", literal);
    list->is_wider |= anchor == ANCHOR_WHOLE; /* a name of ours stands for what is below it, too */
    return true;
}

/* An address, a local part or a domain. */
static bool add_recipient_expression(const char *text, const char *end, struct strbuf *ours)
{
    const bool from_start = skip(&text, "^"), to_end = text < end && end[-1] == '$';
    const char *at;
    char literal[ITEM_SIZE];

    if (!read_literal(text, end - to_end, literal))
        return false;
    at = strchr(literal, '@');
    if (at == NULL || strchr(at + 1, '@') != NULL || (at > literal && !from_start) || (at[1] != '\0' && !to_end) ||
        (at == literal && from_start))
        return false;
    strbuf_add(ours, literal);
    return true;
}

static bool is_expression(const char *item)
{
    const size_t len = strlen(item);

    return len > 2 && item[0] == '/' && item[len - 1] == '/' && item[strcspn(item, " \t")] == '\0';
}

static bool add_expression(struct list *list, const char *item, struct strbuf *ours)
{
    const char *const end = item + strlen(item) - 1;

    return list->is_of_recipients ? add_recipient_expression(item + 1, end, ours)
                                  : add_host_expression(list, item + 1, end, ours);
}

/* The domain that all names end with which an expression finds, with the dot before it: what follows its last octet
 * that stands not for itself. False if that is less than two labels. */
static bool common_domain(const char *item, char out[ITEM_SIZE])
{
    const char *const end = item + strlen(item) - 2;

    if (*end != '$')
        return false;
    for (const char *from = strstr(item, "\\."); from != NULL && from < end; from = strstr(from + 1, "\\."))
        if (read_literal(from, end, out))
            return strchr(out + 1, '.') != NULL;
    return false;
}

/* ---- Items ---- */

/* The first two or three numbers of an IPv4 address stand for all that begin with them. */
static bool read_short_address(const char *item, char out[ITEM_SIZE])
{
    unsigned dots = 0;

    if (item[strspn(item, "0123456789.")] != '\0')
        return false;
    for (const char *c = item; *c != '\0'; c++)
        dots += *c == '.';
    if (dots == 2)
        (void)snprintf(out, ITEM_SIZE, "%s.0/24", item);
    if (dots == 1)
        (void)snprintf(out, ITEM_SIZE, "%s.0.0/16", item);
    return dots == 1 || dots == 2;
}

static bool add_client(struct list *list, const char *item, struct strbuf *ours)
{
    struct addr_prefix prefix;
    char network[ITEM_SIZE];

    (void)list;
    if (read_short_address(item, network))
        item = network;
    else if (strchr(item, ':') != NULL && !addr_prefix_parse(item, &prefix))
        return false;
    if (!is_client(item))
        return false;
    strbuf_add(ours, item);
    return true;
}

static bool add_recipient(struct list *list, const char *item, struct strbuf *ours)
{
    const char *at = strchr(item, '@');

    if (at == item && at[1] == '\0')
        return false;
    list->has_extensions |= at != NULL && at > item;
    if (at == NULL)
        strbuf_add(ours, "@.");
    strbuf_add(ours, item);
    return true;
}

/* ---- A file ---- */

/* Tells that this line has no equivalent, and what would hold for its domain. */
static void lose(struct list *list, const char *item)
{
    char domain[ITEM_SIZE], hint[2 * ITEM_SIZE];

    convert_heading(list->run, list->run->current);
    if (!is_expression(item)) {
        convert_lost(list->run, list->is_of_recipients ? "it is no address" : "it is no name and no address");
        return;
    }
    convert_lost(list->run, "a regular expression");
    if (!list->is_of_recipients && common_domain(item, domain)) {
        (void)snprintf(hint, sizeof hint, "All names below its domain would be: GreylistExempt %s", domain);
        convert_note(list->run, hint);
    }
}

static void convert_item(struct list *list, const char *item)
{
    struct strbuf ours = STRBUF_INIT;
    bool found;

    if (list->is_of_recipients)
        strbuf_add(&ours, "to:");
    if (is_expression(item))
        found = add_expression(list, item, &ours);
    else
        found = item[strcspn(item, " \t")] == '\0' && list->add(list, item, &ours);
    if (found)
        convert_built_line(list->run, "GreylistExempt", &ours);
    else
        lose(list, item);
    strbuf_free(&ours);
}

static void convert_list_text(struct list *list, char *text)
{
    unsigned number = 0;
    char *next;

    for (char *line = text; line != NULL; line = next) {
        struct foreign_setting setting = {.value = ""};

        next = strchr(line, '\n');
        if (next != NULL)
            *next++ = '\0';
        line[strcspn(line, "#")] = '\0';
        line = convert_trim(line);
        setting.name = line;
        setting.line = ++number;
        list->run->current = &setting;
        if (*line != '\0')
            convert_item(list, line);
    }
}

/* What holds for items of the file, once. */
static void tell_differences(struct list *list)
{
    const struct foreign_setting setting = {.name = "the file", .value = ""};

    list->run->current = &setting;
    if (list->has_extensions)
        convert_differs(list->run, "there name@ stands for name+extension@, too");
    if (list->is_wider)
        convert_differs(list->run, "a name that a regular expression has alone stands for those below it, too");
}

/* Converts a file, if it is there. One that cannot be read is told unless it is one of those that need not be there. */
static void convert_list(struct list *list, const char *path, bool may_be_missing)
{
    const struct foreign_setting setting = {.name = path, .value = ""};
    struct strbuf text = {.limit = LIST_MAX};
    struct conversion *run = list->run;
    const char *outer = run->path;

    if (run->read_file == NULL || !run->read_file(run->context, path, &text)) {
        run->current = &setting;
        if (!may_be_missing) {
            convert_heading(run, &setting);
            convert_lost(run, "the file cannot be read");
        }
    } else {
        run->path = path;
        convert_heading(run, &setting);
        if (text.len > 0 && !text.failed) {
            for (size_t i = 0; i < text.len; i++)
                if (text.text[i] == '\0')
                    text.text[i] = '?';
            convert_list_text(list, text.text);
        }
        tell_differences(list);
    }
    run->no_memory |= text.failed;
    run->current = NULL;
    run->path = outer;
    strbuf_free(&text);
}

static void convert_lists(struct list *list, const char *option, const char *path, const char *local_path)
{
    const struct foreign_key *key = convert_key(list->run->system, option);

    for (size_t i = 0; i < list->run->count; i++) {
        const struct foreign_setting *setting = &list->run->settings[i];

        list->has_extensions = list->is_wider = false;
        if (setting->key == key && setting->problem == NULL)
            convert_list(list, setting->value, false);
    }
    if (convert_is_set(list->run, option))
        return;
    convert_list(list, path, false);
    list->has_extensions = list->is_wider = false;
    convert_list(list, local_path, true);
}

void convert_postgrey_lists(struct conversion *run)
{
    struct list clients = {.run = run, .add = add_client};
    struct list recipients = {.run = run, .add = add_recipient, .is_of_recipients = true};

    convert_lists(&clients, "--whitelist-clients", "/etc/postgrey/whitelist_clients",
                  "/etc/postgrey/whitelist_clients.local");
    convert_lists(&recipients, "--whitelist-recipients", "/etc/postgrey/whitelist_recipients",
                  "/etc/postgrey/whitelist_recipients.local");
}
