/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The directories of the filter, and the rules that the kernel gets of them. */
#define _GNU_SOURCE /* syscall and O_PATH: the C library has no functions for landlock(7) */
#include "app/process/sandbox_files.h"

#include "app/process/directory_owner.h"
#include "base/endpoint.h"
#include "base/instrumented.h"
#include "config/table_socket.h"

#include <errno.h>
#include <limits.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#ifdef __linux__

#include <fcntl.h>
#include <linux/landlock.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

/* What headers older than the kernel do not name. */
#ifndef LANDLOCK_ACCESS_FS_REFER
#define LANDLOCK_ACCESS_FS_REFER (1ULL << 13)
#endif
#ifndef LANDLOCK_ACCESS_FS_TRUNCATE
#define LANDLOCK_ACCESS_FS_TRUNCATE (1ULL << 14)
#endif
#ifndef LANDLOCK_ACCESS_FS_IOCTL_DEV
#define LANDLOCK_ACCESS_FS_IOCTL_DEV (1ULL << 15)
#endif

enum { PLACES_MAX = 64 };

static const uint64_t access_read = LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR,
                      access_log = LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_MAKE_REG,
                      access_remove = LANDLOCK_ACCESS_FS_REMOVE_FILE, access_write = LANDLOCK_ACCESS_FS_WRITE_FILE,
                      access_store = access_read | access_log | access_remove | LANDLOCK_ACCESS_FS_TRUNCATE;

/* A directory, with all below it, or a file. */
struct place {
    char path[PATH_MAX]; /* without links */
    uint64_t access;
};

static struct place places[PLACES_MAX];
static size_t place_count; /* 0: no sandbox */

/* Read by the C library and the others: what a name server, a host, a service, a time zone, a processor is; modules
 * that are loaded on demand; the anchors of DNSSEC. resolv.conf often is a link to a file that another service
 * replaces, and only later in the life of a host. */
static const char *const system_places[] = {
    "/etc",
    "/usr",
    "/lib",
    "/lib32",
    "/lib64",
    "/run",
    "/var/lib/unbound",
    "/proc/self",
    "/proc/sys",
    "/proc/stat",
    "/proc/meminfo",
    "/proc/cpuinfo",
    "/sys/devices/system/cpu",
    "/dev/random",
    "/dev/urandom",
};

static void add(const char *path, uint64_t access)
{
    struct place *place = &places[place_count];

    if (place_count < PLACES_MAX && realpath(path, place->path) != NULL) {
        place->access = access;
        place_count++;
    }
}

/* The directory of a file, and where it is a link, that of the file that it leads to. */
static void add_directory_of(const char *path, uint64_t access)
{
    char directory[PATH_MAX], resolved[PATH_MAX];

    if (path == NULL)
        return;
    if (directory_of(path, directory, sizeof directory))
        add(directory, access);
    if (realpath(path, resolved) != NULL && directory_of(resolved, directory, sizeof directory))
        add(directory, access);
}

/* The socket is removed at the end. */
static void add_socket(const char *spec)
{
    add_directory_of(spec != NULL ? endpoint_unix_path(spec) : NULL, access_remove);
}

/* A device or a FIFO is opened itself; in /dev stands too much else. */
static void add_log(const char *path)
{
    if (path == NULL)
        add("/var/log/smfs", access_log); /* where a reload may begin to log */
    else if (strncmp(path, "/dev/", 5) == 0)
        add(path, access_write);
    else
        add_directory_of(path, access_log);
}

/* SQLite makes, shortens and removes files beside its own, and a corrupt one is renamed. */
static void add_store(const struct config *config)
{
    add("/var/lib/smf-spf", access_store); /* where a reload may begin to greylist */
    add_directory_of(config_greylist_file(config), access_store);
    add_directory_of(config->greylist_password_file, access_read);
}

static void find_places(const struct config *config, const char *config_path)
{
    const char *protocol;

    place_count = 0;
    for (size_t i = 0; i < sizeof system_places / sizeof *system_places; i++)
        add(system_places[i], access_read);
    add("/dev/null", access_read | access_write);
    add_directory_of("/etc/resolv.conf", access_read);
    add_directory_of(config_path, access_read);
    add_directory_of(config->zone_file, access_read);
    add_directory_of(config->srs_secret_file, access_read);
    add_log(config->log_to);
    add_store(config);
    add_directory_of(config->pid_file, access_remove);
    add_directory_of(config->control_socket, access_remove);
    add_socket(config->socket);
    add_socket(config->metrics);
    add_socket(config->policy_socket);
    for (size_t i = 0; i < config->table_sockets.count; i++)
        add_socket(table_socket_spec(config->table_sockets.items[i], &protocol));
}

/* All that this kernel can refuse; a right that it does not know would be an error. */
static uint64_t handled_access(int version)
{
    uint64_t handled = LANDLOCK_ACCESS_FS_EXECUTE | access_read | access_log | access_remove |
                       LANDLOCK_ACCESS_FS_REMOVE_DIR | LANDLOCK_ACCESS_FS_MAKE_CHAR | LANDLOCK_ACCESS_FS_MAKE_DIR |
                       LANDLOCK_ACCESS_FS_MAKE_SOCK | LANDLOCK_ACCESS_FS_MAKE_FIFO | LANDLOCK_ACCESS_FS_MAKE_BLOCK |
                       LANDLOCK_ACCESS_FS_MAKE_SYM;

    if (version >= 2)
        handled |= LANDLOCK_ACCESS_FS_REFER;
    if (version >= 3)
        handled |= LANDLOCK_ACCESS_FS_TRUNCATE;
    if (version >= 5)
        handled |= LANDLOCK_ACCESS_FS_IOCTL_DEV;
    return handled;
}

/* One that is gone by now needs no rule. */
static bool add_rule(int ruleset, const struct place *place, uint64_t handled)
{
    const uint64_t of_directories = ~(access_write | LANDLOCK_ACCESS_FS_READ_FILE);
    struct landlock_path_beneath_attr rule = {.allowed_access = place->access & handled,
                                              .parent_fd = open(place->path, O_PATH | O_CLOEXEC)};
    struct stat found;
    long done = 0;

    if (rule.parent_fd < 0)
        return true;
    if (fstat(rule.parent_fd, &found) == 0 && !S_ISDIR(found.st_mode))
        rule.allowed_access &= ~of_directories;
    if (rule.allowed_access != 0)
        done = syscall(SYS_landlock_add_rule, ruleset, LANDLOCK_RULE_PATH_BENEATH, &rule, 0U);
    close(rule.parent_fd);
    return done == 0;
}

/* Descriptor of a set of rules, and what they are about; -1 with errno. */
static int make_ruleset(uint64_t *handled)
{
    const long version = syscall(SYS_landlock_create_ruleset, NULL, 0UL, LANDLOCK_CREATE_RULESET_VERSION);
    struct landlock_ruleset_attr attributes = {.handled_access_fs = version > 0 ? handled_access((int)version) : 0};

    if (version < 1)
        return -1;
    *handled = attributes.handled_access_fs;
    /* the size of the first version, which has the files alone */
    return (int)syscall(SYS_landlock_create_ruleset, &attributes, sizeof attributes.handled_access_fs, 0U);
}

static bool restrict_by(int ruleset, uint64_t handled)
{
    for (size_t i = 0; i < place_count; i++)
        if (!add_rule(ruleset, &places[i], handled))
            return false;
    return prctl(PR_SET_NO_NEW_PRIVS, 1UL, 0UL, 0UL, 0UL) == 0 && syscall(SYS_landlock_restrict_self, ruleset, 0U) == 0;
}

bool sandbox_files_restrict(const struct config *config, const char *config_path, struct strbuf *problem)
{
    uint64_t handled = 0;
    const int ruleset = INSTRUMENTED ? -1 : make_ruleset(&handled);
    bool restricted = false;

    if (ruleset >= 0) {
        find_places(config, config_path);
        restricted = restrict_by(ruleset, handled);
    }
    if (!restricted) {
        const bool is_missing = errno == ENOSYS || errno == EOPNOTSUPP;

        place_count = 0;
        strbuf_add(problem, INSTRUMENTED ? "a sanitizer needs files of its own"
                            : is_missing ? "this kernel has no Landlock"
                                         : strerror(errno));
    }
    if (ruleset >= 0)
        close(ruleset);
    return restricted;
}

static bool is_below(const char *path, const char *place)
{
    const size_t len = strlen(place);

    return strncmp(path, place, len) == 0 && (path[len] == '\0' || path[len] == '/' || strcmp(place, "/") == 0);
}

/* Standard streams are open already. */
static bool is_stream(const char *path)
{
    return strcmp(path, "/dev/stdout") == 0 || strcmp(path, "/dev/stderr") == 0;
}

bool sandbox_files_allow(const char *path, bool is_written)
{
    const uint64_t wanted = is_written ? access_write : LANDLOCK_ACCESS_FS_READ_FILE;
    char directory[PATH_MAX], resolved[PATH_MAX];

    if (place_count == 0 || is_stream(path))
        return true;
    if (realpath(path, resolved) == NULL &&
        (!directory_of(path, directory, sizeof directory) || realpath(directory, resolved) == NULL))
        return true; /* what opens it tells that it is not there */
    for (size_t i = 0; i < place_count; i++)
        if ((places[i].access & wanted) == wanted && is_below(resolved, places[i].path))
            return true;
    return false;
}

#else

bool sandbox_files_restrict(const struct config *config, const char *config_path, struct strbuf *problem)
{
    (void)config;
    (void)config_path;
    strbuf_add(problem, "this system has no Landlock");
    return false;
}

bool sandbox_files_allow(const char *path, bool is_written)
{
    (void)path;
    (void)is_written;
    return true;
}

#endif
