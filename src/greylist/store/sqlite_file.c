/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Makes the file of a store, and sets a corrupt one aside. */
#include "greylist/store/sqlite_file.h"

#include "base/log.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static const char aside_mark[] = ".corrupt-";
static const char *const endings[SQLITE_FILES_MAX] = {"", "-wal", "-shm"};

static bool fail(struct strbuf *problem, const char *path, const char *reason)
{
    strbuf_addf(problem, "%s: %s", path, reason);
    return false;
}

/* Never opens one that is there: to close it again would give up the locks that SQLite has on it in this process. */
bool sqlite_file_make(const char *path, struct strbuf *problem)
{
    const int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, S_IRUSR | S_IWUSR);

    if (fd >= 0)
        (void)close(fd);
    else if (errno != EEXIST)
        return fail(problem, path, strerror(errno));
    return true;
}

bool sqlite_file_identify(const char *path, struct file_identity *identities, size_t count)
{
    char name[PATH_MAX];
    struct stat status;

    for (size_t i = 0; i < count; i++) {
        (void)snprintf(name, sizeof name, "%s%s", path, endings[i]);
        if (stat(name, &status) != 0)
            return false;
        identities[i] = (struct file_identity){.device = status.st_dev, .inode = status.st_ino};
    }
    return true;
}

bool sqlite_file_is(const char *path, const struct file_identity *identities, size_t count)
{
    struct file_identity now[SQLITE_FILES_MAX];

    if (!sqlite_file_identify(path, now, count))
        return false;
    for (size_t i = 0; i < count; i++)
        if (now[i].device != identities[i].device || now[i].inode != identities[i].inode)
            return false;
    return true;
}

static bool directory_of(const char *path, char *directory, size_t size)
{
    const char *slash = strrchr(path, '/');
    const size_t len = slash == NULL ? 0 : (size_t)(slash - path);

    if (slash == NULL || len + 2 > size)
        return false;
    memcpy(directory, path, len);
    memcpy(directory + len, len == 0 ? "/" : "", len == 0 ? 2 : 1);
    return true;
}

/* A corrupt file, without the ones that SQLite had beside it. */
static bool is_aside(const char *name, const char *base)
{
    const size_t base_len = strlen(base), len = strlen(name);

    return strncmp(name, base, base_len) == 0 && strncmp(name + base_len, aside_mark, sizeof aside_mark - 1) == 0 &&
           strcmp(name + len - 4, "-wal") != 0 && strcmp(name + len - 4, "-shm") != 0;
}

/* How many there are; more than any number if that cannot be told. */
static unsigned count_aside(const char *path)
{
    char directory[PATH_MAX];
    DIR *open_directory = directory_of(path, directory, sizeof directory) ? opendir(directory) : NULL;
    const struct dirent *file;
    unsigned count = 0;

    if (open_directory == NULL)
        return UINT_MAX;
    while ((file = readdir(open_directory)) != NULL)
        count += is_aside(file->d_name, strrchr(path, '/') + 1) ? 1 : 0;
    (void)closedir(open_directory);
    return count;
}

static bool name_aside(const char *path, int64_t now_s, char aside[PATH_MAX])
{
    const time_t now = (time_t)now_s;
    struct tm utc;
    char stamp[32];

    if (gmtime_r(&now, &utc) == NULL || strftime(stamp, sizeof stamp, "%Y%m%dT%H%M%SZ", &utc) == 0)
        return false;
    return snprintf(aside, PATH_MAX, "%s%s%s", path, aside_mark, stamp) < PATH_MAX - 8;
}

/* What SQLite has beside a file would be taken for the next one's. */
static bool move_beside(const char *path, const char *aside, const char *ending)
{
    char from[PATH_MAX], to[PATH_MAX];

    (void)snprintf(from, sizeof from, "%s%s", path, ending);
    (void)snprintf(to, sizeof to, "%s%s", aside, ending);
    return rename(from, to) == 0 || errno == ENOENT;
}

bool sqlite_file_set_aside(const char *path, const struct file_identity *identity, int64_t now_s,
                           struct strbuf *problem)
{
    char aside[PATH_MAX];
    struct stat status;

    if (!sqlite_file_is(path, identity, 1))
        return true;
    if (count_aside(path) >= SQLITE_FILES_ASIDE)
        return fail(problem, path, "corrupt, and so are others beside it: please look at the disk, and remove them");
    if (!name_aside(path, now_s, aside) || lstat(aside, &status) == 0)
        return fail(problem, path, "corrupt, and there is no name to set it aside under");
    if (!move_beside(path, aside, "-wal") || !move_beside(path, aside, "-shm") || rename(path, aside) != 0)
        return fail(problem, path, strerror(errno));
    log_error("greylist: %s is corrupt; it is %s now, and a new one begins", path, aside);
    return true;
}
