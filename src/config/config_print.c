/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Writes values so that they can be read again. */
#include "config/config_print.h"

#include "config/config_file.h"

/* True if the key is one of the two ways to name results that the configuration does not take. */
static bool is_overridden(const struct config *config, const struct config_option *option)
{
    return config->sets_written ? config_key_is_legacy(option->key) : config_key_is_set(option->key);
}

static void add_value(const struct config_option *option, const char *value, struct strbuf *out)
{
    if (option->type->is_block)
        strbuf_add(out, value);
    else
        config_file_write(value, option->type->is_list && !option->type->is_line, out);
}

size_t config_print_values(const struct config *config, const struct config_option *option, const char *indent,
                           struct strbuf *out)
{
    const void *member = (const char *)config + option->offset;
    struct strbuf value = STRBUF_INIT;
    size_t written = 0;

    while (option->type->write(option, member, written, &value)) {
        strbuf_addf(out, "%s%s%s ", indent, is_overridden(config, option) ? "#" : "", option->key);
        add_value(option, strbuf_text(&value), out);
        strbuf_add_char(out, '\n');
        out->failed |= value.failed;
        strbuf_truncate(&value, 0);
        written++;
    }
    strbuf_free(&value);
    return written;
}
