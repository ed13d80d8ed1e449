/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reports, and takes on the privileges that the start will have. */
#include "app/preflight/probe.h"

#include "app/process/directory_owner.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <string.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>

const char *probe_user(const struct probe *probe)
{
    return probe->identity.user != NULL ? probe->identity.user : probe->config->user;
}

void probe_problem(struct probe *probe, int status, int error, const char *format, ...)
{
    const bool is_unknown = !probe->is_certain && (error == EACCES || error == EPERM);
    const bool is_note = is_unknown || probe->without != NULL;
    struct strbuf *lines = is_note ? &probe->out->notes : &probe->out->problems;
    va_list args;

    va_start(args, format);
    strbuf_vaddf(lines, format, args);
    va_end(args);
    if (is_unknown)
        strbuf_add(lines, " (not checked for the user of the filter)\n");
    else
        strbuf_addf(lines, "%s\n", probe->without != NULL ? probe->without : "");
    if (!is_note && probe->out->status == EX_OK)
        probe->out->status = status;
}

/* True for a directory in /run, which is empty after a boot: the service manager or the init script makes it. */
static bool is_runtime_directory(const char *directory)
{
    static const char *const places[] = {"/run/", "/var/run/"};

    for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
        const size_t len = strlen(places[i]);

        if (strncmp(directory, places[i], len) == 0 && strchr(directory + len, '/') == NULL)
            return true;
    }
    return false;
}

static void add_missing_directory(struct probe *probe, const char *key, const char *path, const char *directory,
                                  int status)
{
    if (!probe->starts_here && is_runtime_directory(directory))
        strbuf_addf(
            &probe->out->notes,
            "%s: %s: there is no directory %s yet: the service makes it, and without it a start by hand fails\n", key,
            path, directory);
    else
        probe_problem(probe, status, 0, "%s: %s: there is no directory %s (create it for user %s)", key, path,
                      directory, probe_user(probe));
}

bool probe_is_writable(struct probe *probe, const char *key, const char *path, int status)
{
    if (probe->unit == NULL || service_unit_may_write(probe->unit, path))
        return true;
    probe_problem(probe, status, 0, "%s: %s: the unit lets the filter write to other directories only (ReadWritePaths)",
                  key, path);
    return false;
}

bool probe_begin(struct probe *probe, const char *path, gid_t group, const char *key, int status)
{
    char directory[PATH_MAX];
    struct stat found;
    struct strbuf error = STRBUF_INIT;
    bool borrowed = false;

    if (directory_of(path, directory, sizeof directory) && stat(directory, &found) != 0 && errno == ENOENT) {
        add_missing_directory(probe, key, path, directory, status);
        return false;
    }
    if (!probe_is_writable(probe, key, path, status))
        return false;
    borrowed = privileges_borrow(&probe->identity, path, group, key, &error);
    if (!borrowed) {
        privileges_return(&probe->identity);
        probe_problem(probe, status, 0, "%s", strbuf_text(&error));
    }
    strbuf_free(&error);
    return borrowed;
}

void probe_end(const struct probe *probe)
{
    privileges_return(&probe->identity);
}

int probe_directory_error(const char *path)
{
    char directory[PATH_MAX];

    if (!directory_of(path, directory, sizeof directory))
        return ENAMETOOLONG;
    return faccessat(AT_FDCWD, directory, W_OK | X_OK, AT_EACCESS) == 0 ? 0 : errno;
}
