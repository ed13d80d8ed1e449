/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Opens, runs and stops libmilter's listener. */
#include "front/milter/listener.h"

#include "base/endpoint.h"
#include "base/log.h"
#include "base/socket_file.h"
#include "front/milter/callbacks.h"
#include "front/milter/quirks/libmilter_kick.h"
#include "front/milter/quirks/listening_socket.h"
#include "front/milter/quirks/self_connect.h"
#include "front/milter/quirks/signals.h"
#include "front/milter/quirks/thread_stacks.h"

#include <errno.h>
#include <libmilter/mfapi.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

enum { BACKLOG = 1024 }; /* connections that wait to be accepted; the kernel cuts it to its own bound */

static struct stat made_socket; /* of a unix socket that this process has made; st_ino 0: none */

const char *listener_path(const char *socket)
{
    return endpoint_unix_path(socket);
}

static bool is_no_socket(const char *path)
{
    struct stat found;

    return lstat(path, &found) == 0 && !S_ISSOCK(found.st_mode);
}

/* True if a process listens. */
static bool is_answered(void)
{
    int fd = self_connect_open();

    if (fd >= 0)
        close(fd);
    return fd >= 0;
}

/* Lets libmilter bind; a unix socket that no process answers on is replaced. A new one has its permissions from the
 * first moment on. */
static bool bind_socket(const struct listener_config *config, char *error, size_t error_size)
{
    const mode_t old_mask = umask(0777 & ~config->mode);
    int opened = MI_FAILURE;

    errno = 0;
    if (smfi_setconn((char *)config->socket) == MI_SUCCESS && smfi_setbacklog(BACKLOG) == MI_SUCCESS)
        opened = smfi_opensocket(true);
    umask(old_mask);
    if (opened != MI_SUCCESS)
        snprintf(error, error_size, "%s: cannot listen: %s", config->socket,
                 errno != 0 ? strerror(errno) : "not a socket of this host");
    return opened == MI_SUCCESS;
}

static bool is_our_file(const struct stat *found)
{
    return found->st_dev == made_socket.st_dev && found->st_ino == made_socket.st_ino;
}

/* Notes which file the new socket is. In a directory with default access control lists it has their permissions. */
static bool note_file(const char *path, mode_t mode, char *error, size_t error_size)
{
    struct socket_file file;
    const bool is_ours = socket_file_hold(&file, path) && S_ISSOCK(file.status.st_mode) && file.status.st_nlink == 1 &&
                         file.status.st_uid == geteuid();
    const bool noted = is_ours && ((file.status.st_mode & 0777) == mode || socket_file_set_mode(&file, mode));

    if (!is_ours)
        snprintf(error, error_size, "%s: is not the socket that was made there", path);
    else if (!noted)
        snprintf(error, error_size, "%s: cannot set its mode: %s", path, strerror(errno));
    if (is_ours)
        made_socket = file.status;
    socket_file_release(&file);
    return noted;
}

bool listener_open(const struct listener_config *config, char *error, size_t error_size)
{
    const char *path = listener_path(config->socket);

    if (!self_connect_set(config->socket)) {
        snprintf(error, error_size, "%s: cannot listen: not a socket of this host", config->socket);
        return false;
    }
    if (path != NULL && is_no_socket(path)) {
        snprintf(error, error_size, "%s: is there already, and is no socket", path);
        return false;
    }
    if (path != NULL && is_answered()) {
        snprintf(error, error_size, "%s: another program answers on this socket", path);
        return false;
    }
    thread_stacks_shrink();
    listening_socket_before();
    if (!bind_socket(config, error, error_size))
        return false;
    listening_socket_find(config->socket);
    return path == NULL || note_file(path, config->mode, error, error_size);
}

/* True if this is the socket that was made, and it has no other name. */
static bool is_unchanged(const struct stat *found)
{
    return is_our_file(found) && S_ISSOCK(found->st_mode) && found->st_nlink == 1 &&
           found->st_uid == made_socket.st_uid;
}

/* An owner or a group of -1 is any. */
static bool belongs_to(const struct stat *found, uid_t owner, gid_t group)
{
    return (owner == (uid_t)-1 || owner == found->st_uid) && (group == (gid_t)-1 || group == found->st_gid);
}

bool listener_give(const char *socket, uid_t owner, gid_t group, char *error, size_t error_size)
{
    const char *path = listener_path(socket);
    struct socket_file file;
    bool given = false;

    if (path == NULL)
        return true;
    if (!socket_file_hold(&file, path)) {
        snprintf(error, error_size, "%s: cannot open: %s", path, strerror(errno));
    } else if (!is_unchanged(&file.status)) {
        snprintf(error, error_size, "%s: was exchanged for another file", path);
    } else {
        given = belongs_to(&file.status, owner, group) || socket_file_set_owner(&file, owner, group);
        if (!given)
            snprintf(error, error_size, "%s: cannot set its owner and group: %s", path, strerror(errno));
    }
    socket_file_release(&file);
    return given;
}

void listener_discard(void)
{
    const char *path = self_connect_path();
    struct stat found;

    if (path != NULL && made_socket.st_ino != 0 && lstat(path, &found) == 0 && is_our_file(&found))
        unlink(path);
    made_socket.st_ino = 0;
}

void listener_close(const struct front *self)
{
    (void)self;
    listening_socket_exchange();
    listener_discard();
}

void listener_hang_up(const struct front *self)
{
    (void)self;
    listening_socket_hang_up();
}

bool listener_run(const struct front *self)
{
    (void)self;
    if (!signals_are_kept())
        log_warning("libmilter takes signals of its own: it may end in the middle of messages");
    if (!libmilter_kick_start(callbacks_connections))
        log_warning("no thread to wake libmilter's pool: connections may wait for each other");
    return smfi_main() == MI_SUCCESS;
}

void listener_add_version(struct strbuf *out)
{
    unsigned major = 0, minor = 0, patch = 0;

    (void)smfi_version(&major, &minor, &patch);
    strbuf_addf(out, "%u.%u.%u", major, minor, patch);
}
