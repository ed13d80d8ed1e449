/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reads lines, one option after the other. */
#include "config/config_reading.h"

#include "config/config_errors.h"
#include "config/config_form.h"
#include "config/config_recipients.h"
#include "config/config_sets.h"
#include "config/config_value.h"
#include "config/config_variants.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

static void *member_of(struct config *config, const struct config_option *option)
{
    return (char *)config + option->offset;
}

static size_t index_of(const struct config_option *option)
{
    size_t count;

    return (size_t)(option - config_options(&count));
}

static enum config_value_status read_value(struct config_reading *reading, const struct config_option *option,
                                           const char *value)
{
    void *member = member_of(reading->config, option);

    if (reading->policy != NULL && !config_recipients_own(reading->policy, option))
        return CONFIG_VALUE_NO_MEMORY;
    if (config_option_is_optional(option) && strcasecmp(value, "none") == 0) {
        option->type->clear(member);
        return CONFIG_VALUE_OK;
    }
    return option->type->read(option, value, member);
}

/* Reads a value that cannot be what it says up to a number sign in it, if there is one. */
static enum config_value_status read_cut_value(struct config_reading *reading, const struct config_option *option,
                                               char *value)
{
    char whole[CONFIG_LINE_SIZE];
    enum config_value_status status;

    memcpy(whole, value, strlen(value) + 1);
    if (!config_file_cut(&reading->file, value))
        return CONFIG_VALUE_BAD;
    status = read_value(reading, option, value);
    if (status == CONFIG_VALUE_OK)
        config_errors_warn_of_cut(reading, option, whole, value);
    return status;
}

/* False if the value was wrong. */
static bool store_value(struct config_reading *reading, const struct config_option *option, char *value)
{
    enum config_value_status status = read_value(reading, option, value);
    unsigned *line = &reading->lines[index_of(option)];

    if (status == CONFIG_VALUE_BAD)
        status = read_cut_value(reading, option, value);
    if (status == CONFIG_VALUE_NO_MEMORY)
        reading->no_memory = true;
    else if (status == CONFIG_VALUE_BAD)
        config_errors_bad_value(reading, option, value);
    else if (*line == 0 || !option->type->is_list)
        *line = reading->file.line;
    return status == CONFIG_VALUE_OK;
}

static bool stands_alone(const struct config_option *option, const char *value)
{
    return option->type->stands_alone != NULL && option->type->stands_alone(value);
}

/* True if the value says that a list of the file does not hold for some recipients. */
static bool empties_list(const struct config_reading *reading, const struct config_option *option, const char *value)
{
    return reading->policy != NULL && option->type->is_list && !reading->file.is_quoted &&
           strcasecmp(value, "none") == 0;
}

static void empty_list(struct config_reading *reading, const struct config_option *option)
{
    if (config_recipients_own(reading->policy, option))
        option->type->clear(member_of(reading->config, option));
    else
        reading->no_memory = true;
}

static void read_option(struct config_reading *reading, const struct config_option *option)
{
    char value[CONFIG_LINE_SIZE], first[CONFIG_LINE_SIZE] = ""; /* of the items, if it should be the only one */
    bool has_items = option->type->is_list && !option->type->is_line;
    size_t found = 0;
    enum config_token token;

    while ((token = config_file_value(&reading->file, has_items, value)) == CONFIG_TOKEN_FOUND) {
        bool should_be_alone;

        if (found == 0 && empties_list(reading, option, value)) {
            empty_list(reading, option);
            found++;
            continue;
        }
        should_be_alone = store_value(reading, option, value) && stands_alone(option, value);
        if (++found == 2 && *first != '\0')
            config_errors_not_alone(reading, option, first);
        if (should_be_alone && found > 1)
            config_errors_not_alone(reading, option, value);
        else if (should_be_alone)
            memcpy(first, value, strlen(value) + 1);
    }
    if (token == CONFIG_TOKEN_BAD)
        config_errors_at_option(reading, option, reading->file.problem);
    else if (found == 0)
        config_errors_at_option(reading, option, "the value is missing");
}

/* ---- Settings for some recipients ---- */

static const char block_end[] = "}";

static void bad_pattern(struct config_reading *reading, const struct config_option *option, const char *value)
{
    const struct config_option pattern = {.key = option->key, .type = &config_patterns};

    if (!config_form_is_part_of_mailbox(value))
        config_errors_bad_value(reading, &pattern, value);
    else if (config_errors_begin(reading, reading->file.line))
        strbuf_addf(reading->errors, "%s: \"%s\" has no @; write user@, @example.org or user@example.org\n",
                    option->key, value);
}

static void add_pattern(struct config_reading *reading, const struct config_option *option, const char *value,
                        struct text_list *patterns)
{
    const enum config_value_status status =
        config_form_is_part_of_mailbox(value) ? CONFIG_VALUE_BAD : config_form_check_mailbox_pattern(value);

    if (status == CONFIG_VALUE_BAD)
        bad_pattern(reading, option, value);
    else if (status == CONFIG_VALUE_NO_MEMORY || !text_list_add(patterns, value))
        reading->no_memory = true;
}

/* Reads the line of a RecipientPolicy, up to its {. False, with an error, if there is no {. */
static bool read_patterns(struct config_reading *reading, const struct config_option *option,
                          struct text_list *patterns)
{
    char value[CONFIG_LINE_SIZE] = "";
    bool is_open = false, has_value = false;
    enum config_token token;

    while (!is_open && (token = config_file_value(&reading->file, true, value)) == CONFIG_TOKEN_FOUND) {
        is_open = !reading->file.is_quoted && strcmp(value, "{") == 0;
        if (is_open)
            break;
        has_value = true;
        add_pattern(reading, option, value, patterns);
    }
    if (!is_open)
        config_errors_at_option(reading, option,
                                token == CONFIG_TOKEN_BAD ? reading->file.problem : "the { is missing");
    else if (config_file_value(&reading->file, true, value) != CONFIG_TOKEN_END)
        config_errors_at_option(reading, option, "text follows the {");
    else if (!has_value)
        config_errors_at_option(reading, option, "no pattern stands before the {");
    return is_open;
}

static bool is_block_end(const struct config_file *file)
{
    return strcmp(file->key, block_end) == 0;
}

/* Goes to the end of a RecipientPolicy, whose lines are read when all others are; or to the next one, with an error, if
 * there is no end before it. */
static bool skip_block(struct config_reading *reading, const struct config_option *option)
{
    const unsigned line = reading->file.line;
    enum config_token token;

    while ((token = config_file_next(&reading->file)) != CONFIG_TOKEN_END)
        if (token == CONFIG_TOKEN_FOUND &&
            (is_block_end(&reading->file) || config_option_find(reading->file.key) == option))
            break;
    if (token == CONFIG_TOKEN_FOUND && is_block_end(&reading->file))
        return true;
    if (config_errors_begin(reading, line))
        strbuf_addf(reading->errors, "%s: its closing } is missing\n", option->key);
    return false;
}

/* Keeps where the settings begin, and whose they are. */
static void keep_block(struct config_reading *reading, const struct config_block *block, struct text_list *patterns)
{
    struct config_block *blocks = realloc(reading->blocks, (reading->block_count + 1) * sizeof *blocks);

    if (blocks != NULL)
        reading->blocks = blocks;
    if (blocks == NULL || config_recipients_add(&reading->config->recipient_policies, patterns) == NULL)
        reading->no_memory = true;
    else
        blocks[reading->block_count++] = *block;
}

/* Notes a RecipientPolicy, and goes to its end. */
static void read_block(struct config_reading *reading, const struct config_option *option)
{
    struct text_list patterns = {NULL, 0};
    bool is_open = read_patterns(reading, option, &patterns);

    while (is_open && !reading->no_memory) {
        const struct config_block block = {reading->file.text, reading->file.len, reading->file.line};

        if (skip_block(reading, option)) {
            keep_block(reading, &block, &patterns);
            break;
        }
        text_list_free(&patterns);
        is_open =
            reading->file.len > 0 && read_patterns(reading, option, &patterns); /* one that begins before the end */
    }
    text_list_free(&patterns);
}

static void read_line(struct config_reading *reading)
{
    const struct config_option *option = config_option_find(reading->file.key);

    if (is_block_end(&reading->file))
        config_errors_in_line(reading, "}: it closes nothing");
    else if (option == NULL)
        config_errors_unknown_key(reading);
    else if (reading->policy != NULL && !config_recipients_may_have(option))
        config_errors_not_for_some(reading, option);
    else if (option->type->is_block)
        read_block(reading, option);
    else
        read_option(reading, option);
}

/* Up to the end of the text, or of a RecipientPolicy. */
static void read_lines(struct config_reading *reading)
{
    enum config_token token;

    while ((token = config_file_next(&reading->file)) != CONFIG_TOKEN_END && !reading->no_memory) {
        if (token == CONFIG_TOKEN_BAD) {
            config_errors_in_line(reading, reading->file.problem);
        } else if (reading->policy != NULL && is_block_end(&reading->file)) {
            if (reading->file.rest[strspn(reading->file.rest, " \t")] != '\0' &&
                reading->file.rest[strspn(reading->file.rest, " \t")] != '#')
                config_errors_in_line(reading, "}: text follows it");
            return;
        } else {
            read_line(reading);
        }
    }
}

static bool set_defaults(struct config_reading *reading)
{
    size_t count;
    const struct config_option *options = config_options(&count);

    for (size_t i = 0; i < count; i++)
        if (options[i].default_text && read_value(reading, &options[i], options[i].default_text) != CONFIG_VALUE_OK)
            return false;
    return true;
}

/* Reads the settings of one RecipientPolicy into what the file says for all. */
static void read_policy(struct config_reading *reading, const struct config_block *block)
{
    reading->file.text = block->text;
    reading->file.len = block->len;
    reading->file.line = block->line;
    read_lines(reading);
    if (!reading->no_memory)
        config_sets_check(reading);
    config_sets_derive(reading);
}

/* `base` is the file's configuration as it was read. */
static void read_policies(struct config_reading *reading, const struct config *base)
{
    const struct recipient_policies *policies = &reading->config->recipient_policies;
    struct config *of_file = reading->config;
    unsigned *lines = reading->lines;
    size_t count;

    config_options(&count);
    reading->of_file = of_file;
    reading->lines = malloc(count * sizeof *lines);
    reading->no_memory |= reading->lines == NULL;
    for (size_t i = 0; i < policies->count && !reading->no_memory; i++) {
        if (!config_recipients_begin(&policies->items[i], base)) {
            reading->no_memory = true;
            break;
        }
        memcpy(reading->lines, lines, count * sizeof *lines);
        reading->policy = &policies->items[i];
        reading->config = policies->items[i].settings;
        read_policy(reading, &reading->blocks[i]);
    }
    free(reading->lines);
    reading->lines = lines;
    reading->policy = NULL;
    reading->config = of_file;
}

static void read_all(struct config_reading *reading, const char *text, size_t len)
{
    struct config base;
    size_t count;

    config_options(&count);
    reading->lines = calloc(count, sizeof *reading->lines);
    if (reading->lines == NULL || !set_defaults(reading)) {
        reading->no_memory = true;
        return;
    }
    config_file_begin(&reading->file, text, len);
    read_lines(reading);
    if (!reading->no_memory)
        config_sets_check(reading);
    base = *reading->config;
    config_sets_derive(reading);
    base.check_helo = reading->config->check_helo; /* what the file implies is as if it was written there */
    read_policies(reading, &base);
    if (!reading->no_memory)
        reading->no_memory = !config_variants_sum_up(reading->config);
}

/* Hands the warnings to the configuration. */
static void keep_warnings(struct config_reading *reading)
{
    if (reading->warnings.len > 0)
        reading->config->warnings = strbuf_take(&reading->warnings);
    reading->no_memory |= reading->warnings.failed;
    strbuf_free(&reading->warnings);
}

void config_reading_run(struct config_reading *reading, const char *text, size_t len)
{
    read_all(reading, text, len);
    keep_warnings(reading);
    free(reading->lines);
    free(reading->blocks);
    reading->lines = NULL;
    reading->blocks = NULL;
    config_errors_close(reading);
}
