/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Words the errors. */
#include "config/config_errors.h"

#include <string.h>

enum {
    ERRORS_SHOWN = 50,
    VALUE_SHOWN = 60, /* octets of a value in a message */
};

static size_t index_of(const struct config_option *option)
{
    size_t count;

    return (size_t)(option - config_options(&count));
}

unsigned config_errors_line_of(const struct config_reading *reading, const char *key)
{
    return reading->lines[index_of(config_option_find(key))];
}

bool config_errors_begin(struct config_reading *reading, unsigned line)
{
    if (++reading->error_count > ERRORS_SHOWN)
        return false;
    strbuf_addf(reading->errors, "%s:%u: ", reading->path, line);
    return true;
}

void config_errors_in_line(struct config_reading *reading, const char *problem)
{
    if (config_errors_begin(reading, reading->file.line))
        strbuf_addf(reading->errors, "%s\n", problem);
}

/* A error at the option's key: what is wrong, and what is expected. */
void config_errors_at_option(struct config_reading *reading, const struct config_option *option, const char *problem)
{
    if (!config_errors_begin(reading, reading->file.line))
        return;
    strbuf_addf(reading->errors, "%s: %s; it takes ", option->key, problem);
    config_option_form(option, reading->errors);
    strbuf_add_char(reading->errors, '\n');
}

void config_errors_unknown_key(struct config_reading *reading)
{
    if (!config_errors_begin(reading, reading->file.line))
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

void config_errors_bad_value(struct config_reading *reading, const struct config_option *option, const char *value)
{
    if (!config_errors_begin(reading, reading->file.line))
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
void config_errors_warn_of_cut(struct config_reading *reading, const struct config_option *option, const char *whole,
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

void config_errors_not_for_some(struct config_reading *reading, const struct config_option *option)
{
    if (config_errors_begin(reading, reading->file.line))
        strbuf_addf(reading->errors, "%s: it holds for all recipients; write it outside of RecipientPolicy\n",
                    option->key);
}

/* A word between others that is an address pattern by accident only. */
void config_errors_not_alone(struct config_reading *reading, const struct config_option *option, const char *value)
{
    if (!config_errors_begin(reading, reading->file.line))
        return;
    strbuf_addf(reading->errors, "%s: \"", option->key);
    strbuf_add_shown(reading->errors, value, VALUE_SHOWN);
    strbuf_add(
        reading->errors,
        "\" has no @ and would match anywhere in an address; write user@ or @example.org, or give it a line of its "
        "own\n");
}

void config_errors_close(const struct config_reading *reading)
{
    if (reading->no_memory)
        strbuf_addf(reading->errors, "%s: out of memory\n", reading->path);
    else if (reading->error_count > ERRORS_SHOWN)
        strbuf_addf(reading->errors, "%s: %u more errors\n", reading->path, reading->error_count - ERRORS_SHOWN);
}
