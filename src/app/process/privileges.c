/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Drops root's privileges, for a moment or for good, step by step, each one checked. */
#define _DEFAULT_SOURCE /* initgroups: POSIX has no way to set the other groups of a process */
#include "app/process/privileges.h"

#include "app/process/capabilities.h"
#include "app/process/directory_owner.h"
#include "config/config_options.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <limits.h>
#include <pwd.h>
#include <string.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>

/* The account of that name; NULL, with a message in `error`, if there is none. */
static const struct passwd *find_user(const char *user, struct strbuf *error)
{
    const struct passwd *entry = getpwnam(user);

    if (entry == NULL)
        strbuf_addf(error, "User: there is no user \"%s\" on this host (create it, or name another)", user);
    return entry;
}

static bool look_up_user(const char *user, struct identity *identity, struct strbuf *error)
{
    const struct passwd *entry = find_user(user, error);

    if (entry != NULL && entry->pw_uid == 0) {
        identity->is_not_root = true;
        user = config_option_find("User")->default_text;
        entry = find_user(user, error);
        if (entry == NULL)
            strbuf_add(error, "; the filter does not run as root");
    }
    if (entry == NULL)
        return false;
    if (entry->pw_uid == 0) {
        strbuf_addf(error, "User: \"%s\" is root; name a user without privileges", user);
        return false;
    }
    identity->changes = true;
    identity->user = user;
    identity->uid = entry->pw_uid;
    identity->gid = entry->pw_gid;
    identity->socket_gid = entry->pw_gid;
    return true;
}

bool privileges_look_up(const char *user, const char *socket_group, struct identity *out, struct strbuf *error)
{
    struct identity identity = {.uid = (uid_t)-1, .gid = (gid_t)-1, .socket_gid = (gid_t)-1};

    bool found = geteuid() != 0 || look_up_user(user, &identity, error);

    if (socket_group != NULL) {
        const struct group *entry = getgrnam(socket_group);

        if (entry == NULL) {
            strbuf_addf(error, "%sSocketGroup: there is no group \"%s\" on this host", found ? "" : "\n", socket_group);
            found = false;
        } else {
            identity.socket_gid = entry->gr_gid;
        }
    }
    if (found)
        *out = identity;
    return found;
}

static bool become(uid_t uid, gid_t gid)
{
    return setegid(gid) == 0 && seteuid(uid) == 0;
}

void privileges_return(const struct identity *identity)
{
    if (identity->changes && (seteuid(0) != 0 || setegid(0) != 0))
        _exit(EX_NOPERM);
}

/* True, with the privileges of the account, if it may write to this directory. Where there is none, what is to be done
 * there says so. False, with a reason if the account cannot be taken on at all. */
static bool borrow_account(const struct identity *identity, const char *directory, gid_t group, struct strbuf *reason)
{
    if (initgroups(identity->user, identity->gid) != 0 ||
        !become(identity->uid, group != (gid_t)-1 ? group : identity->gid)) {
        strbuf_addf(reason, "cannot become user %s: %s", identity->user, strerror(errno));
        return false;
    }
    if (faccessat(AT_FDCWD, directory, W_OK | X_OK, AT_EACCESS) == 0 || errno == ENOENT || errno == ENOTDIR)
        return true;
    privileges_return(identity);
    return false;
}

static bool borrow_owner(const struct identity *identity, const char *directory, gid_t group, struct strbuf *reason)
{
    uid_t owner = 0;

    if (!directory_owner(directory, &owner)) {
        if (errno == EPERM)
            strbuf_addf(reason,
                        "user %s may not write to its directory, nor is the way there its owner's and root's alone",
                        identity->user != NULL ? identity->user : "of the filter");
        else
            strbuf_add(reason, strerror(errno));
        return false;
    }
    if (become(owner, group != (gid_t)-1 ? group : 0))
        return true;
    strbuf_addf(reason, "cannot act as the owner of its directory: %s", strerror(errno));
    return false;
}

bool privileges_borrow(const struct identity *identity, const char *path, gid_t group, const char *key,
                       struct strbuf *error)
{
    struct strbuf reason = STRBUF_INIT;
    char directory[PATH_MAX];
    bool borrowed = false;

    if (!identity->changes)
        return true;
    if (!directory_of(path, directory, sizeof directory)) {
        strbuf_addf(error, "%s: %s: %s", key, path, strerror(ENAMETOOLONG));
        return false;
    }
    borrowed = identity->user != NULL && borrow_account(identity, directory, group, &reason);
    if (!borrowed && reason.len == 0)
        borrowed = borrow_owner(identity, directory, group, &reason);
    if (!borrowed)
        strbuf_addf(error, "%s: %s: %s", key, path, strbuf_text(&reason));
    strbuf_free(&reason);
    return borrowed;
}

const char *privileges_unfit(int fd)
{
    struct stat status;

    if (fstat(fd, &status) != 0)
        return strerror(errno);
    if (!S_ISREG(status.st_mode))
        return "is not a regular file";
    return status.st_nlink == 1 ? NULL : "has a second name (a hard link)";
}

/* Becomes the user for good. */
static bool drop_root(const struct identity *identity, struct strbuf *error)
{
    capabilities_empty_bounding_set();
    if (initgroups(identity->user, identity->gid) != 0 || setgid(identity->gid) != 0 || setuid(identity->uid) != 0) {
        strbuf_addf(error, "cannot become user %s: %s", identity->user, strerror(errno));
        return false;
    }
    if (getuid() != identity->uid || geteuid() != identity->uid || getgid() != identity->gid ||
        getegid() != identity->gid) {
        strbuf_addf(error, "became another user than %s", identity->user);
        return false;
    }
    return true;
}

bool privileges_drop(struct identity *identity, struct strbuf *error)
{
    if (identity->changes && !drop_root(identity, error))
        return false;
    if (!capabilities_drop(error))
        return false;
    if (identity->changes && (setuid(0) == 0 || seteuid(0) == 0)) {
        strbuf_add(error, "root's privileges could be taken back");
        return false;
    }
    identity->changes = false;
    return true;
}
