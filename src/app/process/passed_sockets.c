/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reads what the service manager says in the environment: too little to link a library for. */
#include "app/process/passed_sockets.h"

#include "base/endpoint.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
    FIRST = 3, /* SD_LISTEN_FDS_START */
    DESCRIPTOR_MAX = 65535,
    NAMES_SHOWN_MAX = 200,
};

/* A decimal number without a sign in the environment, at most `most`; 0: there is none. */
static unsigned long read_variable(const char *variable, unsigned long most)
{
    const char *text = getenv(variable);
    unsigned long number;

    if (text == NULL || strspn(text, "0123456789") != strlen(text) || strlen(text) > 10)
        return 0;
    number = strtoul(text, NULL, 10);
    return number <= most ? number : 0;
}

/* How many descriptors were passed to this process. A parent that got some and forgot to unset the variables passes
 * them on, with its own number. */
static unsigned count_passed(void)
{
    const unsigned long pid = read_variable("LISTEN_PID", 0xFFFFFFFFUL);

    return pid == (unsigned long)getpid() ? (unsigned)read_variable("LISTEN_FDS", DESCRIPTOR_MAX - FIRST + 1) : 0;
}

static const char *passed_names(void)
{
    const char *names = getenv("LISTEN_FDNAMES");

    return names != NULL ? names : "";
}

/* How many of the first `count` names are `name`; *fd is the descriptor of the first. */
static unsigned count_named(const char *name, unsigned count, int *fd)
{
    const char *at = passed_names();
    unsigned found = 0;

    for (unsigned i = 0; i < count && *at != '\0'; i++) {
        const size_t len = strcspn(at, ":");

        if (len == strlen(name) && strncmp(at, name, len) == 0 && found++ == 0)
            *fd = (int)(FIRST + i);
        at += len + (at[len] == ':');
    }
    return found;
}

static bool is_stream_socket(int fd)
{
    int type = 0;
    socklen_t len = sizeof type;

    return getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &len) == 0 && type == SOCK_STREAM;
}

static void tell_what_is_there(unsigned count, struct strbuf *error)
{
    if (count == 0) {
        strbuf_add(error, "the service manager has passed no socket to this process (is the socket unit started?)");
        return;
    }
    strbuf_add(error, "the service manager has passed no socket of this name, but ");
    strbuf_add_shown(error, passed_names(), NAMES_SHOWN_MAX);
    strbuf_add(error, " (FileDescriptorName= of the socket unit)");
}

const char *passed_sockets_spec(const char *spec, char numbered[PASSED_SOCKETS_SPEC_SIZE], struct strbuf *error)
{
    struct endpoint endpoint;
    int fd = -1;
    unsigned count, found;

    if (!endpoint_parse(spec, &endpoint) || endpoint.name == NULL)
        return spec;
    count = count_passed();
    found = count_named(endpoint.name, count, &fd);
    if (found == 1 && is_stream_socket(fd)) {
        (void)snprintf(numbered, PASSED_SOCKETS_SPEC_SIZE, "fd:%d", fd);
        return numbered;
    }
    strbuf_addf(error, "%s: ", spec);
    if (found == 0)
        tell_what_is_there(count, error);
    else if (found > 1)
        strbuf_addf(error, "%u sockets have this name, and one is used: give each a name of its own", found);
    else
        strbuf_add(error, "is not a stream socket (ListenStream= of the socket unit)");
    return NULL;
}
