/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Fuzzes the reader of resolv.conf: any octets. */
#include "dns/resolv_conf.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Each server that was read is one for sockets, too, unless its interface is not there. */
static void check(const struct dns_server *server)
{
    struct sockaddr_storage address;
    socklen_t len;

    if (strlen(server->text) >= DNS_SERVER_SIZE || !strchr(server->text, '@'))
        abort();
    if (!strchr(server->text, '%') && !dns_server_address(server, &address, &len))
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct resolv_conf conf = {0};
    char path[64];
    int fd = memfd_create("resolv.conf", MFD_CLOEXEC);

    if (fd < 0 || write(fd, data, size) != (ssize_t)size)
        abort();
    snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
    if (!resolv_conf_update(&conf, path) || conf.count > RESOLV_CONF_SERVERS)
        abort();
    for (size_t i = 0; i < conf.count; i++)
        check(&conf.servers[i]);
    close(fd);
    return 0;
}
