/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reads smf-spf.conf whole, checks it whole, and hands it out counted. */
#include "config/config.h"

#include "base/file.h"
#include "config/config_options.h"
#include "config/config_print.h"
#include "config/config_reading.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

enum { FILE_MAX = 128 * 1024 * 1024 }; /* octets */

/* A configuration with its count of references. */
struct counted {
    struct config config; /* first: a pointer to it is one to the whole */
    atomic_uint references;
};

static void *member_of(struct config *config, const struct config_option *option)
{
    return (char *)config + option->offset;
}

/* `is_lenient`: a configuration with errors is one too, of the lines that have none. */
static const struct config *parse(const char *text, size_t len, const char *path, bool is_lenient,
                                  struct strbuf *errors)
{
    struct counted *counted = calloc(1, sizeof *counted);
    struct config_reading reading = {.path = path, .errors = errors};

    if (counted == NULL) {
        strbuf_addf(errors, "%s: out of memory\n", path);
        return NULL;
    }
    atomic_init(&counted->references, 1);
    reading.config = &counted->config;
    config_reading_run(&reading, text, len);
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

void config_print(const struct config *config, struct strbuf *out)
{
    size_t count;
    const struct config_option *options = config_options(&count);

    for (size_t i = 0; i < count; i++)
        if (config_print_values(config, &options[i], "", out) == 0)
            strbuf_addf(out, "#%s\n", options[i].key);
}
