/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One datagram to the service manager: too little to link a library for. */
#include "app/process/notify.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

static int kept = -1; /* connected by notify_open */

/* A socket connected to the manager's; -1 without one. */
static int connect_to_manager(void)
{
    const char *path = getenv("NOTIFY_SOCKET");
    struct sockaddr_un sa = {.sun_family = AF_UNIX};
    const size_t len = path != NULL ? strlen(path) : 0;
    int fd = -1;

    if (len == 0 || len >= sizeof sa.sun_path)
        return -1;
    memcpy(sa.sun_path, path, len);
    if (path[0] == '@')
        sa.sun_path[0] = '\0'; /* an abstract socket */
    fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd >= 0 &&
        connect(fd, (const struct sockaddr *)&sa, (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len)) == 0)
        return fd;
    if (fd >= 0)
        close(fd);
    return -1;
}

void notify_open(void)
{
    if (kept < 0)
        kept = connect_to_manager();
}

void notify_manager(const char *state)
{
    int fd = -1;

    if (kept >= 0 && send(kept, state, strlen(state), MSG_NOSIGNAL) >= 0)
        return;
    fd = connect_to_manager(); /* the manager may have made its socket anew */
    if (fd < 0)
        return;
    (void)send(fd, state, strlen(state), MSG_NOSIGNAL);
    close(fd);
}
