/* SPDX-License-Identifier: GPL-2.0-or-later */
/* policyd-spf's Per_User: a file with a line for each recipient, "user@example.org,Key=Value|Key=Value", each of which
 * becomes a RecipientPolicy. */
#include "tools/convert_spf_engine.h"

#include "base/hash_table.h"
#include "config/config.h"
#include "config/config_file.h"
#include "config/config_options.h"
#include "config/config_recipients.h"
#include "tools/convert_run.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { FILE_MAX = 4 * 1024 * 1024 }; /* octets; what becomes of it is up to twenty times as long */

/* One recipient's settings. */
struct user {
    struct conversion run; /* with the settings of the main file before them */
    size_t first;          /* of them */
    const char *address;
};

/* Every address so far, as the first line of one counts there. */
struct listed {
    struct hash_link link;
    const char *address;
};

struct addresses {
    struct hash_table table;
    struct listed *items; /* one for each line */
    size_t count;
};

static bool are_for_some(const char *keys)
{
    const struct config_option *option;
    char key[32];
    size_t len;

    for (; *keys != '\0'; keys += len + strspn(keys + len, ", ")) {
        len = strcspn(keys, ", ");
        if (len == 0 || len >= sizeof key)
            return false;
        memcpy(key, keys, len);
        key[len] = '\0';
        option = config_option_find(key);
        if (option == NULL || !config_recipients_may_have(option))
            return false;
    }
    return true;
}

static bool is_own(const struct user *user, const char *name)
{
    const struct foreign_setting *found = convert_find(&user->run, convert_key(user->run.system, name));

    return found != NULL && found >= user->run.settings + user->first;
}

/* A list of ours that is made of two of theirs: all of it, if one of them is the user's. */
static void convert_both_lists(struct user *user)
{
    static const char *const names[] = {"skip_addresses", "Whitelist"};

    if (!is_own(user, names[0]) && !is_own(user, names[1]))
        return;
    convert_section(&user->run, "skip_addresses and Whitelist");
    for (size_t i = 0; i < 2; i++) {
        const struct foreign_key *key = convert_key(user->run.system, names[i]);
        const struct foreign_setting setting = {
            .key = key, .name = key->name, .value = convert_value(&user->run, key->name)};

        convert_spf_engine_addresses(&user->run, &setting);
    }
}

static bool is_together(const struct foreign_key *key)
{
    return key->fate == FATE_TOGETHER || strcmp(key->name, "No_Mail") == 0;
}

static bool is_of_both_lists(const struct foreign_key *key)
{
    return strcmp(key->ours, "WhitelistIP") == 0 && strcmp(key->name, "Mock") != 0;
}

/* What is switched on for all recipients cannot be switched off for one. */
static bool ends_test_mode(const struct user *user, const struct foreign_setting *setting)
{
    return strcmp(setting->key->name, "TestOnly") == 0 && strcmp(setting->value, "1") == 0 && user->first > 0 &&
           strcmp(user->run.main_test_only, "0") == 0;
}

static void convert_own(struct user *user, const struct foreign_setting *setting)
{
    struct conversion *run = &user->run;

    convert_heading(run, setting);
    run->current = setting;
    if (setting->key == NULL)
        convert_lost(run, "there is no such setting");
    else if (convert_find(run, setting->key) != setting)
        convert_note(run, "A later one replaces this one");
    else if (is_together(setting->key) || is_of_both_lists(setting->key))
        convert_note(run, "See below");
    else if (setting->key->fate == FATE_LINES && !are_for_some(setting->key->ours))
        convert_lost(run, "it holds for all recipients here");
    else if (ends_test_mode(user, setting))
        convert_lost(run, "TestMode is on for all recipients");
    else
        convert_setting(run, setting);
    run->current = NULL;
}

/* A list of the user's that is empty takes the place of one that is not. */
static void add_empty_lists(struct user *user)
{
    static const char *const keys[][2] = {{"HELO_Whitelist", "WhitelistHelo"},
                                          {"Domain_Whitelist", "WhitelistSPF"},
                                          {"Domain_Whitelist_PTR", "WhitelistPTR"}};

    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
        if (is_own(user, keys[i][0]) && *convert_value(&user->run, keys[i][0]) == '\0')
            strbuf_addf(user->run.out, "%s none\n", keys[i][1]);
    if ((is_own(user, "skip_addresses") || is_own(user, "Whitelist")) &&
        *convert_value(&user->run, "skip_addresses") == '\0' && *convert_value(&user->run, "Whitelist") == '\0')
        strbuf_add(user->run.out, "WhitelistIP none\n");
}

static bool has_upper_case(const char *text)
{
    while (*text != '\0' && !isupper((unsigned char)*text))
        text++;
    return *text != '\0';
}

static bool is_part_of_address(const char *text)
{
    const size_t len = strlen(text);

    return len > 0 && (text[0] == '@' || text[len - 1] == '@');
}

static void convert_settings(struct user *user)
{
    bool has_sets = false;

    if (is_part_of_address(user->address))
        convert_differs(&user->run, "there a part of an address matches nothing; it is converted as it was meant");
    if (has_upper_case(user->address))
        convert_differs(&user->run,
                        "there an address with an upper-case letter matches nothing; it is converted as it was meant");
    for (size_t i = user->first; i < user->run.count; i++) {
        const struct foreign_setting *setting = &user->run.settings[i];

        convert_own(user, setting);
        has_sets = has_sets || (setting->key != NULL && is_together(setting->key));
    }
    convert_both_lists(user);
    add_empty_lists(user);
    if (has_sets)
        convert_spf_engine_sets(&user->run);
}

/* Appends the lines of a text, each with some space before it. */
static void indent(const char *text, struct strbuf *out)
{
    while (*text != '\0') {
        const size_t len = strcspn(text, "\n");

        if (len > 0) {
            strbuf_add(out, "    ");
            strbuf_add_mem(out, text, len);
        }
        strbuf_add_char(out, '\n');
        text += len + (text[len] == '\n');
    }
}

/* Writes the block, or if it is not taken as a whole, a comment. */
static void write_block(struct conversion *run, struct user *user)
{
    struct strbuf block = STRBUF_INIT;

    strbuf_add(&block, "RecipientPolicy ");
    config_file_write(user->address, true, &block);
    strbuf_add(&block, " {\n");
    indent(strbuf_text(user->run.out) + (strbuf_text(user->run.out)[0] == '\n'), &block);
    strbuf_add(&block, "}\n");
    (void)convert_block(run, "RecipientPolicy", &block);
}

/* "Key=Value|Key=Value": takes them apart, where they are. */
static void read_settings(struct user *user, char *text, unsigned line)
{
    char *next;

    for (; text != NULL; text = next) {
        struct foreign_setting *setting = &user->run.settings[user->run.count];
        char *equals;

        next = strchr(text, '|');
        if (next != NULL)
            *next++ = '\0';
        if (text[strspn(text, " \t\r")] == '\0')
            continue;
        equals = strchr(text, '=');
        *setting = (struct foreign_setting){.name = text, .value = "", .line = line};
        user->run.count++;
        if (equals == NULL)
            continue;
        *equals = '\0';
        setting->name = convert_trim(text);
        setting->value = convert_trim(equals + 1);
        if (strcmp(setting->name, "Authserv-Id") == 0)
            setting->name = "Authserv_Id";
        setting->key = convert_key(user->run.system, setting->name);
    }
}

static size_t count_of(const char *text, char c)
{
    size_t count = 0;

    for (; *text != '\0'; text++)
        count += *text == c;
    return count;
}

/* Room for `lines` addresses. False if out of memory; free_addresses in any case. */
static bool make_addresses(struct addresses *addresses, size_t lines)
{
    size_t buckets = 1;

    while (buckets < lines)
        buckets *= 2;
    addresses->items = calloc(lines, sizeof *addresses->items);
    addresses->table.buckets = (struct hash_link **)calloc(buckets, sizeof(struct hash_link *));
    addresses->table.bucket_count = buckets;
    return addresses->items != NULL && addresses->table.buckets != NULL;
}

static void free_addresses(const struct addresses *addresses)
{
    free(addresses->items);
    free((void *)addresses->table.buckets);
}

/* Of its letters in lower case; under no secret, as the file is the administrator's. */
static uint64_t hash_of(const char *address)
{
    static const uint8_t seed[HASH_SEED_SIZE];
    char lower[256];
    size_t len = 0;

    for (; len < sizeof lower && address[len] != '\0'; len++)
        lower[len] = (char)tolower((unsigned char)address[len]);
    return hash_octets(seed, lower, len);
}

/* Lists the address; false if it was there. */
static bool note_address(struct addresses *addresses, const char *address)
{
    const uint64_t hash = hash_of(address);
    struct hash_link *link = hash_table_first(&addresses->table, hash);

    for (; link != NULL; link = hash_table_next(link))
        if (strcasecmp(((struct listed *)link)->address, address) == 0)
            return false;
    addresses->items[addresses->count] = (struct listed){.link.hash = hash, .address = address};
    hash_table_add(&addresses->table, &addresses->items[addresses->count++].link);
    return true;
}

static void convert_user(struct conversion *run, const char *address, char *settings, const char *path, unsigned line)
{
    struct strbuf out = STRBUF_INIT;
    struct user user = {.run = *run, .first = run->count, .address = address};
    struct foreign_setting *all = calloc(run->count + count_of(settings, '|') + 1, sizeof *all);

    user.run.path = path;
    user.run.out = &out;
    user.run.is_for_some = true;
    user.run.main_test_only = convert_value(run, "TestOnly");
    if (all == NULL) {
        run->no_memory = true;
        return;
    }
    user.run.settings = all;
    if (run->count > 0)
        memcpy(all, run->settings, run->count * sizeof *all);
    read_settings(&user, settings, line);
    convert_settings(&user);
    run->partly |= user.run.partly;
    run->no_memory |= user.run.no_memory || out.failed;
    write_block(run, &user);
    free(all);
    strbuf_free(&out);
}

/* Says why a line of the file is left out. */
static void leave_out(struct conversion *run, const char *path, unsigned line, const char *text, const char *why)
{
    const struct foreign_setting setting = {.name = text, .value = "", .line = line};
    struct conversion there = *run;

    there.path = path;
    convert_heading(&there, &setting);
    there.current = &setting;
    convert_lost(&there, why);
    run->partly |= there.partly;
}

static void convert_user_line(struct conversion *run, struct addresses *addresses, const char *path, unsigned line,
                              char *text)
{
    char *comma, *address;

    text[strcspn(text, "#")] = '\0';
    address = convert_trim(text);
    if (*address == '\0')
        return;
    comma = strchr(address, ',');
    if (comma == NULL) {
        leave_out(run, path, line, address, "it has no comma; there the process ends at it");
        return;
    }
    *comma = '\0';
    address = convert_trim(address);
    if (!note_address(addresses, address))
        leave_out(run, path, line, address, "an earlier line is about this address");
    else
        convert_user(run, address, comma + 1, path, line);
}

static void convert_users(struct conversion *run, const char *path, char *text)
{
    struct addresses addresses = {.count = 0};
    unsigned line = 0;
    char *next;

    run->no_memory |= !make_addresses(&addresses, count_of(text, '\n') + 1);
    convert_note(run, "Each recipient of that file, whose settings take the place of those for all");
    for (; text != NULL && !run->no_memory; text = next) {
        next = strchr(text, '\n');
        if (next != NULL)
            *next++ = '\0';
        convert_user_line(run, &addresses, path, ++line, text);
    }
    free_addresses(&addresses);
}

void convert_spf_engine_per_user(struct conversion *run, const struct foreign_setting *setting)
{
    static const char kind[] = "text,";
    struct strbuf text = {.limit = FILE_MAX};
    const char *path = setting->value + strlen(kind);

    if (strncmp(setting->value, kind, strlen(kind)) != 0) {
        convert_bad_value(run, setting);
        return;
    }
    path += strspn(path, " \t");
    if (run->read_file == NULL || !run->read_file(run->context, path, &text))
        convert_lost(run, "its file cannot be read");
    else if (strlen(strbuf_text(&text)) < text.len)
        convert_lost(run, "its file holds an octet of value 0");
    else if (text.len > 0)
        convert_users(run, path, text.text);
    strbuf_free(&text);
}
