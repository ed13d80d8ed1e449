/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reads the properties of the filter's unit from systemctl, which knows each drop-in. */
#include "app/preflight/service_unit.h"

#include "app/process/directory_owner.h"
#include "base/descriptor.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define BOOTED_PATH "/run/systemd/system" /* sd_booted(3) */

enum { PROPERTIES_MAX = 64 * 1024, VALUE_SIZE = 4096 };

/* The output of systemctl. False if it cannot be run, or fails. */
static bool run_systemctl(struct strbuf *out)
{
    static char name[] = "systemctl", show[] = "show", unit[] = "smf-spf.service",
                properties[] = "--property=LoadState,User,ExecStart,AmbientCapabilities,ProtectSystem,ReadWritePaths,"
                               "RuntimeDirectory,LogsDirectory,StateDirectory,CacheDirectory";
    char *arguments[] = {name, show, properties, unit, NULL}, *environment[] = {NULL};
    posix_spawn_file_actions_t actions;
    int ends[2], status = -1;
    char chunk[4096];
    ssize_t len;
    pid_t child = -1;
    bool spawned;

    if (!descriptor_pipe(ends, true))
        return false;
    if (posix_spawn_file_actions_init(&actions) != 0) {
        close(ends[0]);
        close(ends[1]);
        return false;
    }
    spawned = posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO) == 0 &&
              posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0) == 0 &&
              posix_spawnp(&child, name, &actions, NULL, arguments, environment) == 0;
    (void)posix_spawn_file_actions_destroy(&actions);
    close(ends[1]);
    while (spawned && ((len = read(ends[0], chunk, sizeof chunk)) > 0 || (len < 0 && errno == EINTR)))
        strbuf_add_mem(out, chunk, len > 0 ? (size_t)len : 0);
    close(ends[0]);
    while (spawned && waitpid(child, &status, 0) < 0 && errno == EINTR)
        ;
    return spawned && WIFEXITED(status) && WEXITSTATUS(status) == 0 && !out->failed;
}

/* The value of a property, "" if there is none. */
static const char *value_of(const struct service_unit *unit, const char *key, char value[VALUE_SIZE])
{
    const size_t key_len = strlen(key);
    const char *line = unit->properties;

    value[0] = '\0';
    while (line != NULL && *line != '\0') {
        const size_t len = strcspn(line, "\n");

        if (len > key_len && strncmp(line, key, key_len) == 0 && line[key_len] == '=' && len - key_len <= VALUE_SIZE) {
            memcpy(value, line + key_len + 1, len - key_len - 1);
            value[len - key_len - 1] = '\0';
        }
        line += len + (line[len] == '\n');
    }
    return value;
}

/* True if the command of the unit has this file as a word. */
static bool starts_with_file(const struct service_unit *unit, const char *config_path)
{
    char value[VALUE_SIZE], absolute[PATH_MAX];
    const size_t len = realpath(config_path, absolute) != NULL ? strlen(absolute) : 0;
    char *rest = NULL;

    (void)value_of(unit, "ExecStart", value);
    for (const char *word = strtok_r(value, " ;", &rest); word != NULL; word = strtok_r(NULL, " ;", &rest))
        if (strcmp(word, config_path) == 0 || (len > 0 && strcmp(word, absolute) == 0))
            return true;
    return false;
}

bool service_unit_read(const char *config_path, struct service_unit *out)
{
    struct service_unit unit = {.properties = NULL};
    struct strbuf text = {.limit = PROPERTIES_MAX};
    char value[VALUE_SIZE];

    *out = unit;
    if (access(BOOTED_PATH, F_OK) == 0 && run_systemctl(&text))
        unit.properties = strbuf_take(&text);
    strbuf_free(&text);
    if (unit.properties == NULL)
        return false;
    if (strcmp(value_of(&unit, "LoadState", value), "loaded") != 0 || !starts_with_file(&unit, config_path)) {
        service_unit_free(&unit);
        return false;
    }
    (void)value_of(&unit, "User", value);
    if (value[0] != '\0' && strcmp(value, "root") != 0 && strcmp(value, "0") != 0)
        unit.user = strdup(value);
    *out = unit;
    return true;
}

void service_unit_free(struct service_unit *unit)
{
    free(unit->properties);
    free(unit->user);
    *unit = (struct service_unit){.properties = NULL};
}

bool service_unit_binds_any_port(const struct service_unit *unit)
{
    char value[VALUE_SIZE];

    return strstr(value_of(unit, "AmbientCapabilities", value), "cap_net_bind_service") != NULL;
}

/* True if `path` is `directory` or in it. */
static bool is_within(const char *path, const char *directory)
{
    const size_t len = strlen(directory);

    return len > 0 && strncmp(path, directory, len) == 0 &&
           (path[len] == '/' || path[len] == '\0' || directory[len - 1] == '/');
}

/* True if one of the words of this property, each after `prefix`, has `path` in it. */
static bool is_in_property(const struct service_unit *unit, const char *key, const char *prefix, const char *path)
{
    char value[VALUE_SIZE], directory[VALUE_SIZE + sizeof "/var/cache/"];
    char *rest = NULL;

    (void)value_of(unit, key, value);
    for (const char *word = strtok_r(value, " ", &rest); word != NULL; word = strtok_r(NULL, " ", &rest)) {
        word += strspn(word, "-+"); /* systemd.exec(5): may be missing; below the root directory of the unit */
        (void)snprintf(directory, sizeof directory, "%s%s", prefix, word);
        if (is_within(path, directory))
            return true;
    }
    return false;
}

static bool is_writable_place(const struct service_unit *unit, const char *path)
{
    static const struct {
        const char *key, *prefix;
    } properties[] = {{"ReadWritePaths", ""},
                      {"RuntimeDirectory", "/run/"},
                      {"LogsDirectory", "/var/log/"},
                      {"StateDirectory", "/var/lib/"},
                      {"CacheDirectory", "/var/cache/"}};
    static const char *const always[] = {"/dev", "/tmp", "/var/tmp"};

    for (size_t i = 0; i < sizeof properties / sizeof *properties; i++)
        if (is_in_property(unit, properties[i].key, properties[i].prefix, path))
            return true;
    for (size_t i = 0; i < sizeof always / sizeof *always; i++)
        if (is_within(path, always[i]))
            return true;
    return false;
}

bool service_unit_may_write(const struct service_unit *unit, const char *path)
{
    char value[VALUE_SIZE], directory[PATH_MAX], resolved[PATH_MAX];

    if (strcmp(value_of(unit, "ProtectSystem", value), "strict") != 0 || is_writable_place(unit, path))
        return true;
    if (strncmp(path, "/var/run/", 9) == 0 && is_writable_place(unit, path + 4)) /* /run may be empty yet */
        return true;
    return directory_of(path, directory, sizeof directory) && realpath(directory, resolved) != NULL &&
           is_writable_place(unit, resolved);
}
