/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Secrets for SRS: random text, and files that few can read. */
#include "tools/srs_secret.h"

#include "base/strbuf.h"

#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>

enum {
    SECRET_LEN = 43, /* characters of 6 random bits each: 258 bits, more than HMAC-SHA1 uses up */
    FILE_MAX = 64 * 1024,
    TEXT_MAX = 2 * FILE_MAX, /* of one that grows */
    FILE_MODE = 0640,
};

static int problem(const char *path, const char *what, int status)
{
    (void)fprintf(stderr, "smf-spf srs: %s%s%s\n", path, *path != '\0' ? ": " : "", what);
    return status;
}

/* Appends a secret and a newline. False if there was no random number or no memory. */
static bool add_secret(struct strbuf *out)
{
    static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    unsigned char octets[SECRET_LEN];

    if (getrandom(octets, sizeof octets, 0) != (ssize_t)sizeof octets)
        return false;
    for (size_t i = 0; i < sizeof octets; i++)
        strbuf_add_char(out, alphabet[octets[i] % (sizeof alphabet - 1)]);
    strbuf_add_char(out, '\n');
    return !out->failed;
}

static int no_secret(void)
{
    return problem("", "no secret could be made: no random numbers, or no memory", EX_OSERR);
}

int srs_secret_print(void)
{
    struct strbuf secret = STRBUF_INIT;
    const bool is_made = add_secret(&secret);

    if (is_made)
        (void)fputs(strbuf_text(&secret), stdout);
    strbuf_free(&secret);
    return is_made ? EX_OK : no_secret();
}

static bool write_whole(int fd, const struct strbuf *text)
{
    size_t done = 0;

    while (done < text->len) {
        const ssize_t written = write(fd, text->text + done, text->len - done);

        if (written < 0 && errno != EINTR)
            return false;
        done += written > 0 ? (size_t)written : 0;
    }
    return fsync(fd) == 0;
}

/* Opens a file that was not there; its mode is that of the umask and `mode` so far. -1 with errno. */
static int create_file(const char *path, mode_t mode)
{
    return open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode);
}

/* Gives the file the group of the account. EX_NOUSER if there is none. */
static int set_group(int fd, const char *path, const char *account)
{
    const struct passwd *entry = account != NULL && geteuid() == 0 ? getpwnam(account) : NULL;

    if (account == NULL || geteuid() != 0)
        return EX_OK;
    if (entry == NULL) {
        (void)fprintf(stderr, "smf-spf srs: %s: there is no account %s: give it a group that the filter is in\n", path,
                      account);
        return EX_NOUSER;
    }
    return fchown(fd, (uid_t)-1, entry->pw_gid) == 0 ? EX_OK : problem(path, strerror(errno), EX_CANTCREAT);
}

int srs_secret_create(const char *path, const char *group_of)
{
    struct strbuf secret = STRBUF_INIT;
    int status, fd;

    if (!add_secret(&secret)) {
        strbuf_free(&secret);
        return no_secret();
    }
    fd = create_file(path, FILE_MODE);
    if (fd < 0 && errno == EEXIST) {
        status =
            problem(path,
                    "it exists, and stays as it is. With --add a new secret goes before those in it, and signs from "
                    "the next reload on; take the others out when SRSMaxAge is over",
                    EX_CANTCREAT);
    } else if (fd < 0) {
        status = problem(path, strerror(errno), EX_CANTCREAT);
    } else {
        status = set_group(fd, path, group_of);
        if (status != EX_CANTCREAT && (fchmod(fd, FILE_MODE) != 0 || !write_whole(fd, &secret)))
            status = problem(path, strerror(errno), EX_CANTCREAT);
        (void)close(fd);
        if (status == EX_CANTCREAT)
            (void)unlink(path);
    }
    strbuf_free(&secret);
    return status;
}

/* Appends the file's text, and says whose it is. */
static int read_old(const char *path, struct strbuf *text, struct stat *found)
{
    const int fd = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    int status = EX_OK;
    char *room;
    ssize_t len = 0;

    if (fd < 0)
        return problem(path, errno == ELOOP ? "it is a symbolic link: name the file itself" : strerror(errno),
                       EX_NOINPUT);
    if (fstat(fd, found) != 0 || !S_ISREG(found->st_mode))
        status = problem(path, "it is no file", EX_NOINPUT);
    else if (found->st_size > FILE_MAX)
        status = problem(path, "it is too large for a file of secrets", EX_NOINPUT);
    while (status == EX_OK && (room = strbuf_make_room(text, BUFSIZ)) != NULL && (len = read(fd, room, BUFSIZ)) > 0)
        strbuf_fill_room(text, (size_t)len);
    if (status == EX_OK && (len != 0 || text->failed))
        status = problem(path, text->failed ? "out of memory" : strerror(errno), text->failed ? EX_OSERR : EX_NOINPUT);
    (void)close(fd);
    return status;
}

/* Writes the new file in the place of the old one, by way of a second name. */
static int replace(const char *path, const char *new_path, const struct strbuf *text, const struct stat *old)
{
    const int fd = create_file(new_path, S_IRUSR | S_IWUSR);
    int status = EX_OK;

    if (fd < 0 && errno == EEXIST)
        return problem(new_path, "it exists: another command is at work, or one was stopped, and you can remove it",
                       EX_CANTCREAT);
    if (fd < 0)
        return problem(new_path, strerror(errno), EX_CANTCREAT);
    if (fchown(fd, old->st_uid, old->st_gid) != 0)
        status = problem(path, "it could not keep its owner and group: do this as root", EX_NOPERM);
    else if (fchmod(fd, old->st_mode & (mode_t)(S_IRWXU | S_IRWXG)) != 0 || !write_whole(fd, text))
        status = problem(new_path, strerror(errno), EX_CANTCREAT);
    (void)close(fd);
    if (status == EX_OK && rename(new_path, path) != 0)
        status = problem(path, strerror(errno), EX_CANTCREAT);
    if (status != EX_OK)
        (void)unlink(new_path);
    return status;
}

int srs_secret_add(const char *path)
{
    struct strbuf text = {.limit = TEXT_MAX}, new_path = STRBUF_INIT;
    struct stat old;
    int status = add_secret(&text) ? EX_OK : no_secret();

    if (status == EX_OK)
        status = read_old(path, &text, &old);
    strbuf_addf(&new_path, "%s.new", path);
    if (status == EX_OK)
        status = new_path.failed ? no_secret() : replace(path, strbuf_text(&new_path), &text, &old);
    strbuf_free(&text);
    strbuf_free(&new_path);
    return status;
}
