/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Compares configurations by what they print. */
#include "config/config_change.h"

#include "config/config_options.h"

#include <string.h>

/* Appends the values of one option, each with its length before it, so that no two lists look alike. */
static void write_values(const struct config *config, const struct config_option *option, struct strbuf *out)
{
    const void *member = (const char *)config + option->offset;
    struct strbuf value = STRBUF_INIT;

    for (size_t n = 0; option->type->write(option, member, n, &value); n++) {
        strbuf_addf(out, "%zu:%s", value.len, strbuf_text(&value));
        out->failed |= value.failed;
        strbuf_truncate(&value, 0);
    }
    strbuf_free(&value);
}

/* The same, with *failed set if it is not known, for want of memory. */
static bool compare_option(const struct config *a, const struct config *b, const struct config_option *option,
                           bool *failed)
{
    struct strbuf of_a = STRBUF_INIT, of_b = STRBUF_INIT;
    bool is_same;

    write_values(a, option, &of_a);
    write_values(b, option, &of_b);
    is_same = !of_a.failed && !of_b.failed && strcmp(strbuf_text(&of_a), strbuf_text(&of_b)) == 0;
    *failed |= of_a.failed || of_b.failed;
    strbuf_free(&of_a);
    strbuf_free(&of_b);
    return is_same;
}

static bool is_same_option(const struct config *a, const struct config *b, const struct config_option *option)
{
    bool failed = false;

    return compare_option(a, b, option, &failed);
}

bool config_is_same(const struct config *a, const struct config *b)
{
    size_t count;
    const struct config_option *options = config_options(&count);

    for (size_t i = 0; i < count; i++)
        if (!is_same_option(a, b, &options[i]))
            return false;
    return a->sets_written == b->sets_written;
}

/* The first option from *next on that a change of takes `effect` for, and that differs; NULL if there is none. */
static const struct config_option *next_changed(const struct config *a, const struct config *b,
                                                enum config_effect effect, size_t *next)
{
    size_t count;
    const struct config_option *options = config_options(&count);

    for (; *next < count; (*next)++)
        if (options[*next].effect == effect && !is_same_option(a, b, &options[*next]))
            return &options[(*next)++];
    return NULL;
}

bool config_has_same_dns(const struct config *a, const struct config *b)
{
    size_t next = 0;

    return next_changed(a, b, CONFIG_NEW_DNS, &next) == NULL;
}

size_t config_restart_keys(const struct config *a, const struct config *b, struct strbuf *out)
{
    const struct config_option *option;
    size_t next = 0, found = 0;

    while ((option = next_changed(a, b, CONFIG_BY_RESTART, &next)) != NULL)
        strbuf_addf(out, "%s%s", found++ > 0 ? ", " : "", option->key);
    return found;
}

const char *config_changed_key(const struct config *a, const struct config *b, size_t *next, bool *failed)
{
    size_t count;
    const struct config_option *options = config_options(&count);

    for (; *next < count; (*next)++)
        if (!compare_option(a, b, &options[*next], failed))
            return options[(*next)++].key;
    return NULL;
}
