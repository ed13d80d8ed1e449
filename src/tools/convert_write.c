/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Writes lines of smf-spf.conf for the converter, each of them tried before it is written. */
#include "config/config.h"

#include "base/printable.h"
#include "config/config_file.h"
#include "config/config_options.h"
#include "tools/convert_run.h"

#include <string.h>
#include <strings.h>

static const char no_such_key[] = "would need a key that this smf-spf does not have";

enum { INACTIVE_MAX = CONFIG_LINE_MAX / 8 }; /* octets of a line in a comment, where one may become four */

void convert_warn(struct conversion *run, const struct foreign_setting *setting, const char *problem)
{
    if (setting->line > 0)
        strbuf_addf(run->warnings, "%s:%u: ", run->path, setting->line);
    else
        strbuf_addf(run->warnings, "%s: ", run->path);
    strbuf_add_shown(run->warnings, setting->name, CONVERT_SHOWN_MAX);
    strbuf_addf(run->warnings, ": %s\n", problem);
}

void convert_section(struct conversion *run, const char *about)
{
    strbuf_addf(run->out, "\n# %s\n", about);
}

void convert_note(struct conversion *run, const char *text)
{
    strbuf_addf(run->out, "#   %s\n", text);
}

/* Marks the conversion as partial and warns about the current setting, or about our key where several settings make
 * it together. */
static void report_lost_setting(struct conversion *run, const char *our_key, const char *problem)
{
    const struct foreign_setting together = {.name = our_key};

    run->partly = true;
    convert_warn(run, run->current != NULL ? run->current : &together, problem);
}

void convert_lost(struct conversion *run, const char *reason)
{
    strbuf_addf(run->out, "#   No equivalent: %s\n", reason);
    report_lost_setting(run, "the whole", reason);
}

void convert_differs(struct conversion *run, const char *difference)
{
    strbuf_addf(run->out, "#   Not the same: %s\n", difference);
    report_lost_setting(run, "the whole", difference);
}

void convert_compare_loopback(struct conversion *run,
                              bool (*is_exempt)(struct conversion *run, const struct addr *addr))
{
    static const char *const addresses[] = {"127.0.0.1", "127.255.255.254", "::1"}; /* both ends of 127.0.0.0/8 */

    for (size_t i = 0; i < sizeof addresses / sizeof *addresses; i++) {
        struct addr addr;

        if (addr_parse(addresses[i], &addr) && !is_exempt(run, &addr)) {
            convert_differs(run, "clients on the loopback network are not checked");
            return;
        }
    }
}

void convert_bad_value(struct conversion *run, const struct foreign_setting *setting)
{
    strbuf_addf(run->out, "#   Not converted: %s takes no such value\n", setting->key->name);
    report_lost_setting(run, setting->name, "no such value is known");
}

void convert_setting(struct conversion *run, const struct foreign_setting *setting)
{
    const struct foreign_key *key = setting->key;

    run->current = setting;
    switch (key->fate) {
    case FATE_LINES:
        if (key->note != NULL)
            convert_note(run, key->note);
        key->convert(run, setting);
        break;
    case FATE_TOGETHER:
    case FATE_EACH:
        strbuf_addf(run->out, "#   See %s\n", key->ours);
        break;
    case FATE_MOOT:
        convert_note(run, key->note);
        break;
    case FATE_LOST:
        convert_lost(run, key->note);
        break;
    }
    run->current = NULL;
}

void convert_heading(struct conversion *run, const struct foreign_setting *setting)
{
    strbuf_add(run->out, "\n# ");
    strbuf_add_shown(run->out, setting->name, CONVERT_SHOWN_MAX);
    if (*setting->value != '\0') {
        strbuf_add(run->out, setting->line > 0 ? " = " : " is not set, which means ");
        strbuf_add_shown(run->out, setting->value, CONVERT_SHOWN_MAX);
    } else if (setting->key != NULL) {
        strbuf_add(run->out, setting->line > 0 ? " =" : " is not set");
    }
    strbuf_add_char(run->out, '\n');
}

/* True if the line is a whole configuration without errors, or the inside of a RecipientPolicy; if it is not, the
 * errors are thrown away. */
static bool is_accepted_line(struct conversion *run, const char *line)
{
    struct strbuf text = STRBUF_INIT, errors = STRBUF_INIT;
    const struct config *config;
    bool accepted;

    strbuf_add(&text, strbuf_text(&run->assumed));
    strbuf_addf(&text, run->is_for_some ? "RecipientPolicy user@example.org {\n%s\n}\n" : "%s", line);
    config = config_parse(strbuf_text(&text), text.len, "", &errors);
    accepted = config != NULL && !text.failed;
    run->no_memory |= text.failed || errors.failed || strcmp(strbuf_text(&errors), ": out of memory\n") == 0;
    config_release(config);
    strbuf_free(&text);
    strbuf_free(&errors);
    return accepted;
}

/* Writes a line that is not taken as a comment that is: without control characters, and not too long for one. */
static void add_inactive(struct conversion *run, const char *line, size_t len)
{
    struct strbuf copy = STRBUF_INIT;

    strbuf_add_mem(&copy, line, len);
    run->no_memory |= copy.failed;
    strbuf_add_char(run->out, '#');
    strbuf_add_shown(run->out, strbuf_text(&copy), INACTIVE_MAX);
    strbuf_add_char(run->out, '\n');
    strbuf_free(&copy);
}

/* Writes the line if it is good, else as a comment with the reason; empties it. */
static void write_tried(struct conversion *run, const char *key, struct strbuf *line)
{
    const char *text;

    if (!line->failed)
        printable_mask_controls(line->text);
    strbuf_add_char(line, '\n');
    text = strbuf_text(line);
    if (line->failed) {
        run->no_memory = true;
    } else if (config_option_find(key) == NULL) {
        add_inactive(run, text, line->len - 1);
        strbuf_addf(run->out, "#   Not active: this smf-spf has no key %s\n", key);
        report_lost_setting(run, key, no_such_key);
    } else if (!is_accepted_line(run, text)) {
        add_inactive(run, text, line->len - 1);
        strbuf_addf(run->out, "#   Not active: %s does not take this value\n", key);
        report_lost_setting(run, key, "the value has no equivalent");
    } else {
        strbuf_add(run->out, text);
    }
    strbuf_free(line);
}

bool convert_block(struct conversion *run, const char *key, struct strbuf *lines)
{
    const char *text = strbuf_text(lines);
    const bool has_key = config_option_find(key) != NULL;
    const bool is_accepted = !lines->failed && has_key && is_accepted_line(run, text);

    run->no_memory |= lines->failed;
    if (!has_key)
        report_lost_setting(run, key, no_such_key);
    else if (!is_accepted)
        report_lost_setting(run, key, "the settings have no equivalent as a whole");
    while (!is_accepted && *text != '\0') {
        const size_t len = strcspn(text, "\n");

        add_inactive(run, text, len);
        text += len + (text[len] == '\n');
    }
    if (is_accepted)
        strbuf_add(run->out, text);
    strbuf_free(lines);
    return is_accepted;
}

void convert_line(struct conversion *run, const char *key, const char *value)
{
    const struct config_option *option = config_option_find(key);
    struct strbuf line = STRBUF_INIT;

    strbuf_addf(&line, "%s ", key);
    config_file_write(value, option != NULL && option->type->is_list, &line);
    write_tried(run, key, &line);
}

void convert_built_line(struct conversion *run, const char *key, struct strbuf *value)
{
    run->no_memory |= value->failed;
    convert_line(run, key, strbuf_text(value));
    strbuf_free(value);
}

void convert_built_rule(struct conversion *run, const char *key, struct strbuf *value)
{
    struct strbuf line = STRBUF_INIT;

    run->no_memory |= value->failed;
    strbuf_addf(&line, "%s %s", key, strbuf_text(value));
    write_tried(run, key, &line);
    strbuf_free(value);
}

bool convert_next_item(struct conversion *run, const char **list, struct strbuf *item)
{
    static const char separators[] = ", \t";
    size_t len;

    *list += strspn(*list, separators);
    len = strcspn(*list, separators);
    strbuf_truncate(item, 0);
    strbuf_add_mem(item, *list, len);
    *list += len;
    run->no_memory |= item->failed;
    return len > 0 && !item->failed;
}

void convert_items(struct conversion *run, const char *key, const char *items,
                   void (*rewrite)(const char *item, struct strbuf *out))
{
    struct strbuf item = STRBUF_INIT, ours = STRBUF_INIT;

    while (convert_next_item(run, &items, &item)) {
        if (rewrite != NULL)
            rewrite(strbuf_text(&item), &ours);
        else
            strbuf_add(&ours, strbuf_text(&item));
        convert_built_line(run, key, &ours);
    }
    strbuf_free(&item);
}

/* `unix:path`, `inet:host:port`, or as some versions of some programs have it `inet:port@host`. */
void convert_add_socket(const char *socket, struct strbuf *out)
{
    const char *host = strchr(socket, ':'), *colon = strrchr(socket, ':');
    bool is_ipv6;

    if (host == NULL || host == colon || strncmp(socket, "inet", strlen("inet")) != 0 || strchr(socket, '@') != NULL) {
        strbuf_add(out, socket);
        return;
    }
    is_ipv6 = host[1] == '[' || strncmp(socket, "inet6:", strlen("inet6:")) == 0;
    strbuf_addf(out, "%s:%s@", is_ipv6 ? "inet6" : "inet", colon + 1);
    if (strncmp(host, ":*:", strlen(":*:")) == 0)
        strbuf_add(out, is_ipv6 ? "::" : "0.0.0.0");
    else
        strbuf_add_mem(out, host + 1, (size_t)(colon - host - 1));
}

bool convert_read_switch(const char *text, bool *out)
{
    static const char *const words[][2] = {{"yes", "no"}, {"true", "false"}, {"on", "off"}, {"1", "0"}};

    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        for (size_t j = 0; j < 2; j++)
            if (strcasecmp(text, words[i][j]) == 0) {
                *out = j == 0;
                return true;
            }
    return false;
}

void convert_write_set(result_set set, struct strbuf *out)
{
    /* In the order in which people name them. */
    static const enum spf_result order[] = {RESULT_FAIL, RESULT_SOFTFAIL,  RESULT_NEUTRAL,  RESULT_NONE,
                                            RESULT_PASS, RESULT_TEMPERROR, RESULT_PERMERROR};
    const char *separator = "";

    for (size_t i = 0; i < sizeof order / sizeof *order; i++)
        if (result_set_has(set, order[i])) {
            strbuf_addf(out, "%s%s", separator, result_name(order[i]));
            separator = ",";
        }
    if (set == 0)
        strbuf_add(out, "off");
}

static void write_set_line(struct conversion *run, const char *key, result_set set)
{
    struct strbuf names = STRBUF_INIT;

    convert_write_set(set, &names);
    convert_built_line(run, key, &names);
}

void convert_write_decision(struct conversion *run, const struct convert_decision *decision)
{
    const struct convert_sets mail_from = decision->mail_from, null_sender = decision->null_sender;
    const struct convert_sets helo = decision->check_helo ? decision->helo : (struct convert_sets){0, 0};

    const bool all = run->is_for_some; /* the main file may have any of them */

    convert_line(run, "CheckHelo", decision->check_helo ? "on" : "off");
    write_set_line(run, "RefuseMailFrom", mail_from.refuse);
    if (helo.refuse != 0 || all) /* empty by default, as all that defers is */
        write_set_line(run, "RefuseHelo", helo.refuse);
    if (null_sender.refuse != (mail_from.refuse | helo.refuse) || all)
        write_set_line(run, "RefuseNullSender", null_sender.refuse);
    if (mail_from.defer != 0 || all)
        write_set_line(run, "DeferMailFrom", mail_from.defer);
    if (helo.defer != 0 || all)
        write_set_line(run, "DeferHelo", helo.defer);
    if (null_sender.defer != (mail_from.defer | helo.defer) || all)
        write_set_line(run, "DeferNullSender", null_sender.defer);
}
