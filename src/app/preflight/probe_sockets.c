/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Looks at sockets of each kind. */
#include "app/preflight/probe_sockets.h"

#include "app/process/passed_sockets.h"
#include "base/endpoint.h"
#include "config/table_socket.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>

static void probe_unix_socket(struct probe *probe, const char *key, const char *path)
{
    struct stat found;
    int error;

    if (!probe_begin(probe, path, probe->identity.socket_gid, key, EX_UNAVAILABLE))
        return;
    error = probe_directory_error(path);
    if (lstat(path, &found) == 0 && !S_ISSOCK(found.st_mode))
        probe_problem(probe, EX_UNAVAILABLE, 0, "%s: %s: is there already, and is no socket", key, path);
    else if (error != 0)
        probe_problem(probe, EX_UNAVAILABLE, error, "%s: %s: user %s cannot make a socket there: %s", key, path,
                      probe_user(probe), strerror(error));
    probe_end(probe);
}

/* Whether a socket can be bound to the port, or to any port if it is 0. */
static int bind_error(const struct addrinfo *at, unsigned port)
{
    const int fd = socket(at->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0), on = 1;
    struct sockaddr_storage address = {.ss_family = AF_UNSPEC};
    int error = 0;

    memcpy(&address, at->ai_addr, at->ai_addrlen);
    if (at->ai_family == AF_INET6)
        ((struct sockaddr_in6 *)&address)->sin6_port = htons((uint16_t)port);
    else
        ((struct sockaddr_in *)&address)->sin_port = htons((uint16_t)port);
    if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) != 0 ||
        bind(fd, (const struct sockaddr *)&address, at->ai_addrlen) != 0)
        error = errno;
    if (fd >= 0)
        close(fd);
    return error;
}

/* Binds to any port of this address: whether the address is this host's shows so, and nothing listens. Only whether a
 * port below 1024 may be bound takes the port itself; that it is in use says that it may be. */
static int address_error(const struct probe *probe, const struct addrinfo *at, unsigned port)
{
    int error = bind_error(at, 0);

    if (error == 0 && port < IPPORT_RESERVED && (probe->unit == NULL || !service_unit_binds_any_port(probe->unit)))
        error = bind_error(at, port);
    return error == EADDRINUSE ? 0 : error;
}

static void probe_inet_socket(struct probe *probe, const char *key, const char *spec, const struct endpoint *endpoint)
{
    const struct addrinfo hints = {.ai_family = endpoint->kind == ENDPOINT_INET6 ? AF_INET6 : AF_INET,
                                   .ai_socktype = SOCK_STREAM,
                                   .ai_flags = AI_PASSIVE};
    const char *host = endpoint->host[0] != '\0' ? endpoint->host : NULL;
    struct addrinfo *found = NULL;
    const int problem = getaddrinfo(host, host != NULL ? NULL : "0", &hints, &found);
    int error;

    if (problem != 0) {
        probe_problem(probe, EX_UNAVAILABLE, 0, "%s: %s: cannot listen: %s", key, spec, gai_strerror(problem));
        return;
    }
    error = address_error(probe, found, endpoint->number);
    if (error == EACCES)
        probe_problem(probe, EX_UNAVAILABLE, error, "%s: %s: cannot listen: user %s may not use a port below %d", key,
                      spec, probe_user(probe), IPPORT_RESERVED);
    else if (error != 0)
        probe_problem(probe, EX_UNAVAILABLE, error, "%s: %s: cannot listen: %s", key, spec, strerror(error));
    freeaddrinfo(found);
}

/* Who hands a socket over has opened it, and to the filter alone: beside it there is nothing to look at. */
static void probe_passed_socket(struct probe *probe, const char *key, const char *spec)
{
    char numbered[PASSED_SOCKETS_SPEC_SIZE];
    struct strbuf error = STRBUF_INIT;

    if (!probe->starts_here)
        strbuf_addf(&probe->out->notes, "%s: %s: whether the service manager passes this socket was not checked\n", key,
                    spec);
    else if (passed_sockets_spec(spec, numbered, &error) == NULL)
        probe_problem(probe, EX_CONFIG, 0, "%s: %s", key, strbuf_text(&error));
    strbuf_free(&error);
}

/* A socket of a key that has the forms of Socket. */
static void probe_socket(struct probe *probe, const char *key, const char *spec)
{
    struct endpoint endpoint;

    if (spec == NULL || !endpoint_parse(spec, &endpoint))
        return;
    if (endpoint.kind == ENDPOINT_DESCRIPTOR)
        probe_passed_socket(probe, key, spec);
    else if (endpoint.kind == ENDPOINT_UNIX)
        probe_unix_socket(probe, key, endpoint.path);
    else
        probe_inet_socket(probe, key, spec, &endpoint);
}

/* A filter without it filters all the same. */
static void probe_control_socket(struct probe *probe)
{
    probe->without = "; the filter starts, but smf-spf reload, reopen and stats do not reach it";
    if (probe->config->control_socket != NULL)
        probe_unix_socket(probe, "ControlSocket", probe->config->control_socket);
    probe->without = NULL;
}

void probe_sockets(struct probe *probe)
{
    const char *protocol;

    probe_socket(probe, "Socket", probe->config->socket);
    probe_socket(probe, "Metrics", probe->config->metrics);
    probe_socket(probe, "PolicySocket", probe->config->policy_socket);
    for (size_t i = 0; i < probe->config->table_sockets.count; i++)
        probe_socket(probe, "TableSocket", table_socket_spec(probe->config->table_sockets.items[i], &protocol));
    probe_control_socket(probe);
}
