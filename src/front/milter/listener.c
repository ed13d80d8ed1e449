/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Opens, runs and stops libmilter's listener. */
#include "front/milter/listener.h"

#include "base/log.h"
#include "front/milter/callbacks.h"
#include "front/milter/quirks/own_socket.h"
#include "front/milter/quirks/pool_guard.h"
#include "front/milter/quirks/signals.h"
#include "front/milter/quirks/thread_stacks.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <libmilter/mfapi.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    BACKLOG = 1024,              /* connections that wait to be accepted; the kernel cuts it to its own bound */
    DESCRIPTORS_LOOKED_AT = 256, /* at the start few are open */
};

static int listening = -1;            /* libmilter's descriptor; -1: not known */
static struct sockaddr_storage bound; /* its address */
static socklen_t bound_len;
static struct stat socket_file; /* of a unix socket that this process has made; st_ino 0: none */

const char *listener_path(const char *socket)
{
    return strncmp(socket, "unix:", 5) == 0 ? socket + 5 : NULL;
}

static bool is_no_socket(const char *path)
{
    struct stat found;

    return lstat(path, &found) == 0 && !S_ISSOCK(found.st_mode);
}

/* True if somebody listens. */
static bool is_answered(void)
{
    int fd = own_socket_connect();

    if (fd >= 0)
        close(fd);
    return fd >= 0;
}

static bool listens(int fd)
{
    int is_listening = 0;
    socklen_t len = sizeof is_listening;

    return getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &is_listening, &len) == 0 && is_listening != 0;
}

/* Lets libmilter bind; a unix socket that nobody answers on is replaced. A new one has its permissions from the first
 * moment on. */
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

/* libmilter does not tell its descriptor: it is the one named by `fd:N`, or the one that has begun to listen. */
static int find_listening(const char *socket, const bool before[DESCRIPTORS_LOOKED_AT])
{
    if (strncmp(socket, "fd:", 3) == 0)
        return (int)strtol(socket + 3, NULL, 10);
    for (int fd = 0; fd < DESCRIPTORS_LOOKED_AT; fd++)
        if (!before[fd] && listens(fd))
            return fd;
    return -1;
}

/* Accepted connections inherit the option. Without it each message over TCP waits for a delayed acknowledgement, about
 * 40 ms: libmilter writes its changes and its answer one by one. */
static void send_without_delay(int fd)
{
    const int on = 1;

    (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on); /* of no use to a unix socket */
}

static bool is_our_file(const struct stat *found)
{
    return found->st_dev == socket_file.st_dev && found->st_ino == socket_file.st_ino;
}

/* Sets the mode of what the descriptor is open for (O_PATH), whatever its name leads to now. */
static bool set_mode(int fd, mode_t mode)
{
    char name[32];

    snprintf(name, sizeof name, "/proc/self/fd/%d", fd);
    return chmod(name, mode) == 0;
}

/* Remembers which file the new socket is. In a directory with default access control lists it has their permissions. */
static bool note_file(const char *path, mode_t mode, char *error, size_t error_size)
{
    const int fd = open(path, O_PATH | O_NOFOLLOW | O_CLOEXEC);
    bool is_ours = fd >= 0 && fstat(fd, &socket_file) == 0 && S_ISSOCK(socket_file.st_mode) &&
                   socket_file.st_nlink == 1 && socket_file.st_uid == geteuid();
    bool noted = is_ours && ((socket_file.st_mode & 0777) == mode || set_mode(fd, mode));

    if (!is_ours)
        snprintf(error, error_size, "%s: is not the socket that was made there", path);
    else if (!noted)
        snprintf(error, error_size, "%s: cannot set its mode: %s", path, strerror(errno));
    if (!is_ours)
        socket_file.st_ino = 0;
    if (fd >= 0)
        close(fd);
    return noted;
}

bool listener_open(const struct listener_config *config, char *error, size_t error_size)
{
    const char *path = listener_path(config->socket);
    bool before[DESCRIPTORS_LOOKED_AT];

    if (!own_socket_set(config->socket)) {
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
    for (int fd = 0; fd < DESCRIPTORS_LOOKED_AT; fd++)
        before[fd] = listens(fd);
    if (!bind_socket(config, error, error_size))
        return false;
    listening = find_listening(config->socket, before);
    bound_len = sizeof bound;
    if (getsockname(listening, (struct sockaddr *)&bound, &bound_len) != 0)
        listening = -1;
    send_without_delay(listening);
    return path == NULL || note_file(path, config->mode, error, error_size);
}

/* Whether this is the socket that was made, and nothing else leads to it. */
static bool is_unchanged(const struct stat *found)
{
    return is_our_file(found) && S_ISSOCK(found->st_mode) && found->st_nlink == 1 &&
           found->st_uid == socket_file.st_uid;
}

/* An owner or a group of -1 is any. */
static bool belongs_to(const struct stat *found, uid_t owner, gid_t group)
{
    return (owner == (uid_t)-1 || owner == found->st_uid) && (group == (gid_t)-1 || group == found->st_gid);
}

bool listener_give(const char *socket, uid_t owner, gid_t group, char *error, size_t error_size)
{
    const char *path = listener_path(socket);
    struct stat found;
    bool given = false;
    int fd = -1;

    if (path == NULL)
        return true;
    fd = open(path, O_PATH | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0 || fstat(fd, &found) != 0) {
        snprintf(error, error_size, "%s: cannot open: %s", path, strerror(errno));
    } else if (!is_unchanged(&found)) {
        snprintf(error, error_size, "%s: was exchanged for another file", path);
    } else {
        given = belongs_to(&found, owner, group) || fchownat(fd, "", owner, group, AT_EMPTY_PATH) == 0;
        if (!given)
            snprintf(error, error_size, "%s: cannot set its owner and group: %s", path, strerror(errno));
    }
    if (fd >= 0)
        close(fd);
    return given;
}

void listener_discard(void)
{
    const char *path = own_socket_path();
    struct stat found;

    if (path != NULL && socket_file.st_ino != 0 && lstat(path, &found) == 0 && is_our_file(&found))
        unlink(path);
    socket_file.st_ino = 0;
}

/* A socket of this family at an address that nobody is told. -1 if there can be none. */
static int listen_in_private(sa_family_t family)
{
    struct sockaddr_in v4 = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    struct sockaddr_in6 v6 = {.sin6_family = AF_INET6, .sin6_addr = IN6ADDR_LOOPBACK_INIT};
    const struct sockaddr *address = family == AF_INET ? (struct sockaddr *)&v4 : (struct sockaddr *)&v6;
    socklen_t len = family == AF_INET ? sizeof v4 : sizeof v6;
    int fd = socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0);

    if (family == AF_UNIX)
        len = sizeof family; /* the kernel chooses a name that is no file (unix(7)) */
    v6.sin6_family = family;
    if (fd >= 0 && bind(fd, address, len) == 0 && listen(fd, BACKLOG) == 0)
        return fd;
    if (fd >= 0)
        close(fd);
    return -1;
}

/* libmilter cannot be told to stop listening without leaving its connections alone as well. So its descriptor becomes
 * another socket, at which the pool guard alone knocks. */
void listener_close(void)
{
    const int substitute = listening >= 0 ? listen_in_private(bound.ss_family) : -1;
    int last = -1;

    if (substitute >= 0 && dup3(substitute, listening, O_CLOEXEC) >= 0) {
        last = own_socket_connect(); /* the listener still waits at the old one, which stays open until it wakes */
        (void)own_socket_move(substitute);
    }
    if (last >= 0)
        close(last);
    if (substitute >= 0)
        close(substitute);
    listener_discard();
}

/* Whether this is a connection that came in at our address: over TCP at the port, as the address may be any of ours. */
static bool is_accepted(int fd)
{
    struct sockaddr_storage own = {0};
    socklen_t len = sizeof own;

    if (listens(fd) || getsockname(fd, (struct sockaddr *)&own, &len) != 0 || own.ss_family != bound.ss_family)
        return false;
    if (own.ss_family == AF_INET)
        return ((struct sockaddr_in *)&own)->sin_port == ((struct sockaddr_in *)&bound)->sin_port;
    if (own.ss_family == AF_INET6)
        return ((struct sockaddr_in6 *)&own)->sin6_port == ((struct sockaddr_in6 *)&bound)->sin6_port;
    return len == bound_len && memcmp(&own, &bound, len) == 0;
}

void listener_hang_up(void)
{
    DIR *descriptors = opendir("/proc/self/fd");
    const struct dirent *entry = NULL;

    if (descriptors == NULL || listening < 0)
        return;
    while ((entry = readdir(descriptors)) != NULL) {
        const int fd = (int)strtol(entry->d_name, NULL, 10);

        if (entry->d_name[0] != '.' && is_accepted(fd))
            (void)shutdown(fd, SHUT_RD);
    }
    closedir(descriptors);
}

bool listener_run(void)
{
    thread_stacks_shrink();
    if (!signals_are_kept())
        log_warning("libmilter takes signals of its own: it may end in the middle of messages");
    if (!pool_guard_start(callbacks_connections))
        log_warning("no thread to guard libmilter's pool: connections may wait for each other");
    return smfi_main() == MI_SUCCESS;
}
