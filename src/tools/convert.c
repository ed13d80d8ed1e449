/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Walks through a foreign configuration and writes ours below each of its lines. */
#include "tools/convert.h"

#include "base/file.h"
#include "tools/convert_run.h"
#include "tools/convert_tumgreyspf.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

enum { FILE_MAX = 1024 * 1024 }; /* octets; foreign files have a few kilobytes */

enum { SYSTEM_COUNT = 5 };

static const struct foreign_system *const systems[SYSTEM_COUNT] = {
    &convert_policyd_spf, &convert_pyspf_milter, &convert_spf_milter, &convert_postsrsd, &convert_postgrey};

static const char tree_name[] = "tumgreyspf"; /* which has a directory */

const struct foreign_system *convert_system(const char *name)
{
    for (size_t i = 0; i < SYSTEM_COUNT; i++)
        if (strcmp(systems[i]->name, name) == 0)
            return systems[i];
    return NULL;
}

/* Converting */

static void convert_file_line(struct conversion *run, const struct foreign_setting *setting)
{
    convert_heading(run, setting);
    if (setting->problem != NULL) {
        run->current = setting;
        convert_lost(run, setting->problem);
        run->current = NULL;
    } else if (setting->key == NULL) {
        strbuf_addf(run->out, "#   Not converted: %s has no such setting\n", run->system->name);
        convert_warn(run, setting, "there is no such setting");
        run->partly = true;
    } else if (setting->key->fate != FATE_EACH && convert_find(run, setting->key) != setting) {
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
        convert_heading(run, &setting);
        convert_setting(run, &setting);
    }
}

static void convert_all(struct conversion *run)
{
    strbuf_addf(run->out, "# smf-spf.conf, converted from the configuration of %s, ", run->system->name);
    strbuf_add_shown(run->out, run->path, CONVERT_SHOWN_MAX);
    strbuf_add_char(run->out, '\n');
    if (run->system->preface != NULL)
        strbuf_add(run->out, run->system->preface);
    for (size_t i = 0; i < run->count; i++)
        convert_file_line(run, &run->settings[i]);
    for (size_t i = 0; i < FOREIGN_TABLES; i++)
        convert_defaults(run, run->system->tables[i]);
    run->system->finish(run);
}

enum convert_status convert_text(const struct foreign_system *system, const struct convert_source *source,
                                 struct strbuf *out, struct strbuf *warnings)
{
    const struct foreign_system *kind = system->choose != NULL ? system->choose(source->text, source->len) : system;
    struct conversion run = {.system = kind,
                             .path = source->path,
                             .out = out,
                             .warnings = warnings,
                             .read_file = source->read_file,
                             .context = source->context};

    if (kind->read != NULL)
        kind->read(&run, source->text, source->len);
    else
        convert_read(&run, source->text, source->len);
    if (!run.no_memory)
        convert_all(&run);
    free(run.settings);
    free(run.words);
    strbuf_free(&run.assumed);
    if (run.no_memory || out->failed || warnings->failed)
        return CONVERT_NO_MEMORY;
    return run.partly ? CONVERT_PARTLY : CONVERT_WHOLE;
}

/* The command */

static int unknown_system(const char *name)
{
    fprintf(stderr, "smf-spf config: --from takes ");
    for (size_t i = 0; i < SYSTEM_COUNT; i++)
        fprintf(stderr, "%s%s", systems[i]->name, i + 1 < SYSTEM_COUNT ? ", " : " or ");
    fprintf(stderr, "%s, not \"%s\"\n", tree_name, name);
    return EX_USAGE;
}

static bool read_named(void *context, const char *path, struct strbuf *text)
{
    (void)context;
    return file_read(path, text);
}

static int read_foreign(const char *path, struct strbuf *text)
{
    if (file_read(path, text))
        return EX_OK;
    fprintf(stderr, "smf-spf config: %s: cannot be read: %s\n", path, strerror(errno));
    return EX_NOINPUT;
}

static int print_conversion(enum convert_status converted, struct strbuf *out, struct strbuf *warnings)
{
    int status = converted == CONVERT_PARTLY ? EX_DATAERR : EX_OK;

    if (converted == CONVERT_NO_MEMORY) {
        (void)fputs("smf-spf config: out of memory\n", stderr);
        status = EX_OSERR;
    } else {
        (void)fputs(strbuf_text(out), stdout);
        (void)fputs(strbuf_text(warnings), stderr);
    }
    strbuf_free(out);
    strbuf_free(warnings);
    return status;
}

static int convert_file(const struct foreign_system *system, const char *path)
{
    struct strbuf text = {.limit = FILE_MAX}, out = STRBUF_INIT, warnings = STRBUF_INIT;
    int status = read_foreign(path, &text);

    if (status == EX_OK) {
        const struct convert_source source = {
            .text = strbuf_text(&text), .len = text.len, .path = path, .read_file = read_named};

        status = print_conversion(convert_text(system, &source, &out, &warnings), &out, &warnings);
    }
    strbuf_free(&text);
    return status;
}

static int convert_directory(const char *path)
{
    struct strbuf out = STRBUF_INIT, warnings = STRBUF_INIT;
    DIR *directory = opendir(path);

    if (directory == NULL) {
        fprintf(stderr, "smf-spf config: %s: cannot be read: %s\n", path, strerror(errno));
        return EX_NOINPUT;
    }
    (void)closedir(directory);
    return print_conversion(convert_tumgreyspf(path, &out, &warnings), &out, &warnings);
}

int convert_run(const char *system_name, const char *path)
{
    const struct foreign_system *system = convert_system(system_name);

    if (strcmp(system_name, tree_name) == 0)
        return convert_directory(path);
    return system != NULL ? convert_file(system, path) : unknown_system(system_name);
}
