/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Walks through a foreign configuration and writes ours below each of its lines. */
#include "tools/convert.h"

#include "base/file.h"
#include "tools/convert_run.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

enum { FILE_MAX = 1024 * 1024 }; /* octets; foreign files have a few kilobytes */

enum { SYSTEM_COUNT = 3 };

static const struct foreign_system *const systems[SYSTEM_COUNT] = {&convert_policyd_spf, &convert_pyspf_milter,
                                                                   &convert_spf_milter};

const struct foreign_system *convert_system(const char *name)
{
    for (size_t i = 0; i < SYSTEM_COUNT; i++)
        if (strcmp(systems[i]->name, name) == 0)
            return systems[i];
    return NULL;
}

/* Converting */

static void convert_setting(struct conversion *run, const struct foreign_setting *setting)
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
        strbuf_addf(run->out, "#   See %s below\n", key->ours);
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

/* Writes what the line is about, as a comment. */
static void add_heading(struct conversion *run, const struct foreign_setting *setting)
{
    strbuf_add(run->out, "\n# ");
    strbuf_add_shown(run->out, setting->name, CONVERT_SHOWN_MAX);
    if (setting->key != NULL || *setting->value != '\0') {
        strbuf_add(run->out, setting->line > 0 ? " = " : " is not set, which means ");
        strbuf_add_shown(run->out, setting->value, CONVERT_SHOWN_MAX);
    }
    strbuf_add_char(run->out, '\n');
}

static void convert_file_line(struct conversion *run, const struct foreign_setting *setting)
{
    add_heading(run, setting);
    if (setting->key == NULL) {
        strbuf_addf(run->out, "#   Not converted: %s has no such setting\n", run->system->name);
        convert_warn(run, setting, "there is no such setting");
        run->partly = true;
    } else if (convert_find(run, setting->key) != setting) {
        convert_note(run, "A later line replaces this one");
    } else {
        convert_setting(run, setting);
    }
}

/* Writes what the keys that the file leaves out stand for. */
static void convert_defaults(struct conversion *run, const struct foreign_table *table)
{
    for (size_t i = 0; table != NULL && i < table->count; i++) {
        const struct foreign_key *key = &table->keys[i];
        const struct foreign_setting setting = {.key = key, .name = key->name, .value = key->fallback};

        if (key->fate != FATE_LINES || key->fallback == NULL || convert_key(run->system, key->name) != key ||
            convert_find(run, key) != NULL)
            continue;
        add_heading(run, &setting);
        convert_setting(run, &setting);
    }
}

static void convert_all(struct conversion *run)
{
    strbuf_addf(run->out, "# smf-spf.conf, converted from the configuration of %s, ", run->system->name);
    strbuf_add_shown(run->out, run->path, CONVERT_SHOWN_MAX);
    strbuf_add_char(run->out, '\n');
    for (size_t i = 0; i < run->count; i++)
        convert_file_line(run, &run->settings[i]);
    for (size_t i = 0; i < FOREIGN_TABLES; i++)
        convert_defaults(run, run->system->tables[i]);
    run->system->finish(run);
}

enum convert_status convert_text(const struct foreign_system *system, const char *text, size_t len, const char *path,
                                 struct strbuf *out, struct strbuf *warnings)
{
    struct conversion run = {.system = system, .path = path, .out = out, .warnings = warnings};

    convert_read(&run, text, len);
    if (!run.no_memory)
        convert_all(&run);
    free(run.settings);
    free(run.words);
    if (run.no_memory || out->failed || warnings->failed)
        return CONVERT_NO_MEMORY;
    return run.partly ? CONVERT_PARTLY : CONVERT_WHOLE;
}

/* The command */

static int unknown_system(const char *name)
{
    fprintf(stderr, "smf-spf config: --from takes ");
    for (size_t i = 0; i < SYSTEM_COUNT; i++)
        fprintf(stderr, "%s%s", systems[i]->name, i + 2 < SYSTEM_COUNT ? ", " : i + 1 < SYSTEM_COUNT ? " or " : "");
    fprintf(stderr, ", not \"%s\"\n", name);
    return EX_USAGE;
}

static int read_foreign(const char *path, struct strbuf *text)
{
    if (file_read(path, text))
        return EX_OK;
    fprintf(stderr, "smf-spf config: %s: cannot be read: %s\n", path, strerror(errno));
    return EX_NOINPUT;
}

static int print_conversion(const struct foreign_system *system, const struct strbuf *text, const char *path)
{
    struct strbuf out = STRBUF_INIT, warnings = STRBUF_INIT;
    enum convert_status converted = convert_text(system, strbuf_text(text), text->len, path, &out, &warnings);
    int status = converted == CONVERT_PARTLY ? EX_DATAERR : EX_OK;

    if (converted == CONVERT_NO_MEMORY) {
        (void)fputs("smf-spf config: out of memory\n", stderr);
        status = EX_OSERR;
    } else {
        (void)fputs(strbuf_text(&out), stdout);
        (void)fputs(strbuf_text(&warnings), stderr);
    }
    strbuf_free(&out);
    strbuf_free(&warnings);
    return status;
}

int convert_run(const char *system_name, const char *path)
{
    const struct foreign_system *system = convert_system(system_name);
    struct strbuf text = {.limit = FILE_MAX};
    int status;

    if (system == NULL)
        return unknown_system(system_name);
    status = read_foreign(path, &text);
    if (status == EX_OK)
        status = print_conversion(system, &text, path);
    strbuf_free(&text);
    return status;
}
