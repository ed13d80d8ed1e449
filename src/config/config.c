/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reads smf-spf.conf whole, checks it whole, and hands it out counted. */
#include "config/config.h"

#include "base/endpoint.h"
#include "base/file.h"
#include "config/config_file.h"
#include "config/config_options.h"

#include <errno.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum {
    ERRORS_SHOWN = 50,
    VALUE_SHOWN = 60,            /* octets of a value in a message */
    FILE_MAX = 16 * 1024 * 1024, /* octets */
};

/* A configuration with its count of references. */
struct counted {
    struct config config; /* first: a pointer to it is one to the whole */
    atomic_uint references;
};

/* A file while it is read. */
struct reading {
    struct config *config;
    struct config_file file;
    const char *path;
    struct strbuf *errors;
    unsigned error_count;
    struct strbuf warnings;
    unsigned warning_count;
    bool no_memory;
    unsigned *lines; /* for each option the line that set it last (lists: first), 0: none */
};

static void *member_of(struct config *config, const struct config_option *option)
{
    return (char *)config + option->offset;
}

static size_t index_of(const struct config_option *option)
{
    size_t count;

    return (size_t)(option - config_options(&count));
}

/* Messages */

/* Begins the message of one error. False if there were too many to show. */
static bool begin_error(struct reading *reading, unsigned line)
{
    if (++reading->error_count > ERRORS_SHOWN)
        return false;
    strbuf_addf(reading->errors, "%s:%u: ", reading->path, line);
    return true;
}

static void error_in_line(struct reading *reading, const char *problem)
{
    if (begin_error(reading, reading->file.line))
        strbuf_addf(reading->errors, "%s\n", problem);
}

/* A error at the option's key: what is wrong, and what is expected. */
static void error_at_option(struct reading *reading, const struct config_option *option, const char *problem)
{
    if (!begin_error(reading, reading->file.line))
        return;
    strbuf_addf(reading->errors, "%s: %s; it takes ", option->key, problem);
    config_option_form(option, reading->errors);
    strbuf_add_char(reading->errors, '\n');
}

static void unknown_key(struct reading *reading)
{
    if (!begin_error(reading, reading->file.line))
        return;

    const char *nearest = config_option_nearest(reading->file.key);
    strbuf_add_shown(reading->errors, reading->file.key, VALUE_SHOWN);
    strbuf_add(reading->errors, ": there is no such key");
    if (nearest != NULL && reading->file.key[strcspn(reading->file.key, "=:")] != '\0')
        strbuf_addf(reading->errors, "; did you mean %s? Only a space stands before the value", nearest);
    else if (nearest != NULL)
        strbuf_addf(reading->errors, "; did you mean %s?", nearest);
    else
        strbuf_add(reading->errors, "; smf-spf.conf(5) names them all");
    strbuf_add_char(reading->errors, '\n');
}

static void bad_value(struct reading *reading, const struct config_option *option, const char *value)
{
    if (!begin_error(reading, reading->file.line))
        return;
    strbuf_addf(reading->errors, "%s: \"", option->key);
    strbuf_add_shown(reading->errors, value, VALUE_SHOWN);
    strbuf_add(reading->errors, "\" is not ");
    config_option_form(option, reading->errors);
    if (*value == '=' || *value == ':')
        strbuf_add(reading->errors, "; only a space stands between key and value");
    else if (option->type->hint != NULL)
        option->type->hint(value, reading->errors);
    strbuf_add_char(reading->errors, '\n');
}

/* A part of the line that is not read, as an earlier version would not have read it, but which may have been meant. */
static void warn_of_cut(struct reading *reading, const struct config_option *option, const char *whole,
                        const char *value)
{
    struct strbuf *out = &reading->warnings;

    if (++reading->warning_count > ERRORS_SHOWN)
        return;
    strbuf_addf(out, "%s:%u: %s: \"", reading->path, reading->file.line, option->key);
    strbuf_add_shown(out, whole, VALUE_SHOWN);
    strbuf_add(out, "\" is read as \"");
    strbuf_add_shown(out, value, VALUE_SHOWN);
    strbuf_add(out, "\", and the line from # on as a comment");
    if (option->type->hint != NULL)
        option->type->hint(whole, out);
    strbuf_add_char(out, '\n');
}

/* A word between others that is an address pattern by accident only. */
static void not_alone(struct reading *reading, const struct config_option *option, const char *value)
{
    if (!begin_error(reading, reading->file.line))
        return;
    strbuf_addf(reading->errors, "%s: \"", option->key);
    strbuf_add_shown(reading->errors, value, VALUE_SHOWN);
    strbuf_add(
        reading->errors,
        "\" has no @ and would match anywhere in an address; write user@ or @example.org, or give it a line of its "
        "own\n");
}

/* Reading */

static enum config_value_status read_value(struct config *config, const struct config_option *option, const char *value)
{
    void *member = member_of(config, option);

    if (config_option_is_optional(option) && strcasecmp(value, "none") == 0) {
        option->type->clear(member);
        return CONFIG_VALUE_OK;
    }
    return option->type->read(option, value, member);
}

/* Reads a value that cannot be what it says up to a number sign in it, if there is one. */
static enum config_value_status read_cut_value(struct reading *reading, const struct config_option *option, char *value)
{
    char whole[CONFIG_LINE_SIZE];
    enum config_value_status status;

    memcpy(whole, value, strlen(value) + 1);
    if (!config_file_cut(&reading->file, value))
        return CONFIG_VALUE_BAD;
    status = read_value(reading->config, option, value);
    if (status == CONFIG_VALUE_OK)
        warn_of_cut(reading, option, whole, value);
    return status;
}

/* False if the value was wrong. */
static bool store_value(struct reading *reading, const struct config_option *option, char *value)
{
    enum config_value_status status = read_value(reading->config, option, value);
    unsigned *line = &reading->lines[index_of(option)];

    if (status == CONFIG_VALUE_BAD)
        status = read_cut_value(reading, option, value);
    if (status == CONFIG_VALUE_NO_MEMORY)
        reading->no_memory = true;
    else if (status == CONFIG_VALUE_BAD)
        bad_value(reading, option, value);
    else if (*line == 0 || !option->type->is_list)
        *line = reading->file.line;
    return status == CONFIG_VALUE_OK;
}

static bool stands_alone(const struct config_option *option, const char *value)
{
    return option->type->stands_alone != NULL && option->type->stands_alone(value);
}

static void read_option(struct reading *reading, const struct config_option *option)
{
    char value[CONFIG_LINE_SIZE], first[CONFIG_LINE_SIZE] = ""; /* of the items, if it should be the only one */
    bool has_items = option->type->is_list && !option->type->is_line;
    size_t found = 0;
    enum config_token token;

    while ((token = config_file_value(&reading->file, has_items, value)) == CONFIG_TOKEN_FOUND) {
        bool should_be_alone = store_value(reading, option, value) && stands_alone(option, value);

        if (++found == 2 && *first != '\0')
            not_alone(reading, option, first);
        if (should_be_alone && found > 1)
            not_alone(reading, option, value);
        else if (should_be_alone)
            memcpy(first, value, strlen(value) + 1);
    }
    if (token == CONFIG_TOKEN_BAD)
        error_at_option(reading, option, reading->file.problem);
    else if (found == 0)
        error_at_option(reading, option, "the value is missing");
}

static void read_lines(struct reading *reading)
{
    enum config_token token;

    while ((token = config_file_next(&reading->file)) != CONFIG_TOKEN_END && !reading->no_memory) {
        const struct config_option *option;

        if (token == CONFIG_TOKEN_BAD)
            error_in_line(reading, reading->file.problem);
        else if ((option = config_option_find(reading->file.key)) == NULL)
            unknown_key(reading);
        else
            read_option(reading, option);
    }
}

static bool set_defaults(struct config *config)
{
    size_t count;
    const struct config_option *options = config_options(&count);

    for (size_t i = 0; i < count; i++)
        if (options[i].default_text && read_value(config, &options[i], options[i].default_text) != CONFIG_VALUE_OK)
            return false;
    return true;
}

/* Contradictions */

static bool has_zone_and_servers(const struct config *config)
{
    return config->zone_file != NULL && config->nameservers.count > 0;
}

bool config_recurses(const struct config *config)
{
    for (size_t i = 0; i < config->nameservers.count; i++)
        if (strcasecmp(config->nameservers.items[i], CONFIG_NO_NAMESERVER) == 0)
            return true;
    return false;
}

static bool recurses_and_forwards(const struct config *config)
{
    return config_recurses(config) && config->nameservers.count > 1;
}

static bool gives_group_to_other_socket(const struct config *config)
{
    return config->socket_group != NULL && endpoint_unix_path(config->socket) == NULL &&
           (config->metrics == NULL || endpoint_unix_path(config->metrics) == NULL) &&
           (config->policy_socket == NULL || endpoint_unix_path(config->policy_socket) == NULL);
}

static bool refuses_unchecked_helo(const struct config *config)
{
    return config->verdict.refuse_helo != 0 && !config->check_helo;
}

static bool defers_unchecked_helo(const struct config *config)
{
    return config->verdict.defer_helo.results != 0 && !config->check_helo;
}

static bool acts_on_unchecked_helo(const struct config *config)
{
    return config->on_helo_pass != NULL && !config->check_helo;
}

static bool both_accepts_and_rejects(const struct config *config)
{
    return config->accept_temp_error == config->reject_temp_error;
}

/* Keys that cannot both be set while `contradicts` holds, and why. */
static const struct contradiction {
    const char *key, *other;
    bool (*contradicts)(const struct config *config);
    const char *reason;
} contradictions[] = {
    {"Nameserver", "ZoneFile", has_zone_and_servers,
     "with a zone file no name server is queried; leave out one of the two"},
    {"Nameserver", "Nameserver", recurses_and_forwards, "none means recursion from the root; leave out the others"},
    {"SocketGroup", "Socket", gives_group_to_other_socket, "only a unix socket has a group; leave it out"},
    {"CheckHelo", "RefuseHelo", refuses_unchecked_helo,
     "only a name that is checked has a result; leave out CheckHelo"},
    {"CheckHelo", "DeferHelo", defers_unchecked_helo, "only a name that is checked has a result; leave out CheckHelo"},
    {"CheckHelo", "OnHeloPass", acts_on_unchecked_helo,
     "only a name that is checked has a result; leave out CheckHelo"},
    {"AcceptTempError", "RejectTempError", both_accepts_and_rejects,
     "each says the opposite of the other; leave one out"},
};

/* The legacy keys stand for members of the sets, so nobody could say what holds where a file has both. */
static const char *const legacy_keys[] = {"RefuseFail", "RefuseSPFNone", "RefuseSPFNoneHelo", "AcceptTempError"};
static const char *const set_keys[] = {"RefuseMailFrom", "RefuseHelo", "RefuseNullSender", "Defer",
                                       "DeferMailFrom",  "DeferHelo",  "DeferNullSender"};

enum { LEGACY_KEYS = sizeof legacy_keys / sizeof *legacy_keys, SET_KEYS = sizeof set_keys / sizeof *set_keys };

static unsigned line_of(const struct reading *reading, const char *key)
{
    return reading->lines[index_of(config_option_find(key))];
}

/* Tells of two keys that contradict each other if both are in the file. */
static void report_contradiction(struct reading *reading, const char *key, const char *other, const char *reason)
{
    unsigned line = line_of(reading, key), other_line = line_of(reading, other);

    if (line > 0 && other_line > 0 && begin_error(reading, line))
        strbuf_addf(reading->errors, "%s: contradicts %s in line %u: %s\n", key, other, other_line, reason);
}

static void find_contradictions(struct reading *reading)
{
    for (size_t i = 0; i < sizeof contradictions / sizeof *contradictions; i++) {
        const struct contradiction *c = &contradictions[i];

        if (c->contradicts(reading->config))
            report_contradiction(reading, c->key, c->other, c->reason);
    }
    for (size_t i = 0; i < (size_t)LEGACY_KEYS * SET_KEYS; i++)
        report_contradiction(
            reading, legacy_keys[i / SET_KEYS], set_keys[i % SET_KEYS],
            "it stands for members of the sets; name all results in RefuseMailFrom, RefuseHelo, Defer and "
            "their companions, or in none of them");
}

static void derive_set(struct derived_set *set, result_set results)
{
    if (!set->is_written)
        set->results = results;
}

/* Makes the sets of the legacy keys. */
static void derive_classic_sets(struct config *config)
{
    result_set fail = config->refuse_fail ? RESULT_BIT(RESULT_FAIL) : 0;
    result_set error = config->reject_perm_error ? RESULT_BIT(RESULT_PERMERROR) : 0;

    config->verdict.refuse_mail_from = fail | (config->refuse_spf_none ? RESULT_BIT(RESULT_NONE) : 0);
    derive_set(&config->verdict.refuse_null_sender,
               fail | error | (config->refuse_spf_none_helo ? RESULT_BIT(RESULT_NONE) : 0));
    /* Two words for one thing: either says it. */
    config->reject_temp_error = config->reject_temp_error || !config->accept_temp_error;
    config->accept_temp_error = !config->reject_temp_error;
}

/* Fills in the effective sets. */
static void derive_sets(struct reading *reading)
{
    struct config *config = reading->config;

    for (size_t i = 0; i < SET_KEYS; i++)
        config->sets_written = config->sets_written || line_of(reading, set_keys[i]) > 0;
    if (!config->sets_written)
        derive_classic_sets(config);
    if (config->reject_temp_error)
        config->defer |= RESULT_BIT(RESULT_TEMPERROR);
    if (config->reject_perm_error)
        config->verdict.refuse_mail_from |= RESULT_BIT(RESULT_PERMERROR);
    if (config->sets_written) /* the HELO name takes the place of a null sender (RFC 7208 2.4) */
        derive_set(&config->verdict.refuse_null_sender, config->verdict.refuse_mail_from | config->verdict.refuse_helo);
    derive_set(&config->verdict.defer_mail_from, config->defer);
    derive_set(&config->verdict.defer_helo, config->defer);
    derive_set(&config->verdict.defer_null_sender,
               config->verdict.defer_mail_from.results | config->verdict.defer_helo.results);
    config->check_helo = config->check_helo || config->verdict.refuse_helo != 0 || config->on_helo_pass != NULL ||
                         (config->verdict.defer_helo.is_written && config->verdict.defer_helo.results != 0);
}

static void read_all(struct reading *reading, const char *text, size_t len)
{
    size_t count;

    config_options(&count);
    reading->lines = calloc(count, sizeof *reading->lines);
    if (reading->lines == NULL || !set_defaults(reading->config)) {
        reading->no_memory = true;
        return;
    }
    config_file_begin(&reading->file, text, len);
    read_lines(reading);
    if (!reading->no_memory)
        find_contradictions(reading);
    derive_sets(reading);
}

/* Hands the warnings to the configuration. */
static void keep_warnings(struct reading *reading)
{
    if (reading->warnings.len > 0)
        reading->config->warnings = strbuf_take(&reading->warnings);
    reading->no_memory |= reading->warnings.failed;
    strbuf_free(&reading->warnings);
}

static void add_closing_message(const struct reading *reading)
{
    if (reading->no_memory)
        strbuf_addf(reading->errors, "%s: out of memory\n", reading->path);
    else if (reading->error_count > ERRORS_SHOWN)
        strbuf_addf(reading->errors, "%s: %u more errors\n", reading->path, reading->error_count - ERRORS_SHOWN);
}

/* `is_lenient`: a configuration with errors is one too, of the lines that have none. */
static const struct config *parse(const char *text, size_t len, const char *path, bool is_lenient,
                                  struct strbuf *errors)
{
    struct counted *counted = calloc(1, sizeof *counted);
    struct reading reading = {.path = path, .errors = errors, .no_memory = counted == NULL};

    if (counted != NULL) {
        atomic_init(&counted->references, 1);
        reading.config = &counted->config;
        read_all(&reading, text, len);
        keep_warnings(&reading);
        free(reading.lines);
    }
    add_closing_message(&reading);
    if (!reading.no_memory && (is_lenient || reading.error_count == 0))
        return reading.config;
    config_release(reading.config);
    return NULL;
}

const struct config *config_parse(const char *text, size_t len, const char *path, struct strbuf *errors)
{
    return parse(text, len, path, false, errors);
}

static const struct config *load(const char *path, bool is_lenient, struct strbuf *errors)
{
    struct strbuf text = {.limit = FILE_MAX};
    const struct config *config = NULL;
    const bool is_read = file_read(path, &text);

    if (!is_read)
        strbuf_addf(errors, "%s: cannot be read: %s\n", path, strerror(errno));
    if (is_read || is_lenient)
        config = parse(strbuf_text(&text), is_read ? text.len : 0, path, is_lenient, errors);
    strbuf_free(&text);
    return config;
}

const struct config *config_load(const char *path, struct strbuf *errors)
{
    return load(path, false, errors);
}

const struct config *config_load_lenient(const char *path, struct strbuf *errors)
{
    return load(path, true, errors);
}

const struct config *config_acquire(const struct config *config)
{
    struct counted *counted = (struct counted *)config;

    atomic_fetch_add_explicit(&counted->references, 1, memory_order_relaxed);
    return config;
}

static void clear_all(struct config *config)
{
    size_t count;
    const struct config_option *options = config_options(&count);

    for (size_t i = 0; i < count; i++)
        if (options[i].type->clear != NULL)
            options[i].type->clear(member_of(config, &options[i]));
}

void config_release(const struct config *config)
{
    struct counted *counted = (struct counted *)config;

    if (counted == NULL || atomic_fetch_sub_explicit(&counted->references, 1, memory_order_acq_rel) > 1)
        return;
    clear_all(&counted->config);
    free(counted->config.warnings);
    free(counted);
}

static bool is_among(const char *const *keys, size_t count, const char *key)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(keys[i], key) == 0)
            return true;
    return false;
}

bool config_key_is_legacy(const char *key)
{
    return is_among(legacy_keys, LEGACY_KEYS, key);
}

bool config_key_is_set(const char *key)
{
    return is_among(set_keys, SET_KEYS, key);
}

/* True if the key is one of the two ways to name results that the configuration does not take. */
static bool is_overridden(const struct config *config, const struct config_option *option)
{
    return config->sets_written ? config_key_is_legacy(option->key) : config_key_is_set(option->key);
}

static void print_option(const struct config *config, const struct config_option *option, struct strbuf *out)
{
    const void *member = (const char *)config + option->offset;
    struct strbuf value = STRBUF_INIT;
    size_t written = 0;

    while (option->type->write(option, member, written, &value)) {
        strbuf_addf(out, "%s%s ", is_overridden(config, option) ? "#" : "", option->key);
        config_file_write(strbuf_text(&value), option->type->is_list && !option->type->is_line, out);
        strbuf_add_char(out, '\n');
        out->failed |= value.failed;
        strbuf_truncate(&value, 0);
        written++;
    }
    if (written == 0)
        strbuf_addf(out, "#%s\n", option->key);
    strbuf_free(&value);
}

void config_print(const struct config *config, struct strbuf *out)
{
    size_t count;
    const struct config_option *options = config_options(&count);

    for (size_t i = 0; i < count; i++)
        print_option(config, &options[i], out);
}
