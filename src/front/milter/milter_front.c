/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Callbacks and listener, tied together. */
#include "front/milter/milter_front.h"

#include "front/milter/callbacks.h"
#include "front/milter/listener.h"
#include "front/milter/quirks/libmilter_threads.h"

enum { ERROR_SIZE = 512 };

static bool open_socket(const struct front *self, const struct front_socket *socket, const struct front_host *host,
                        struct strbuf *error)
{
    const struct listener_config config = {.socket = socket->spec, .mode = socket->mode};
    char message[ERROR_SIZE] = "libmilter does not take the filter";

    (void)self;
    if (callbacks_register(host) && listener_open(&config, message, sizeof message))
        return true;
    strbuf_add(error, message);
    return false;
}

static bool give_socket(const struct front *self, const struct front_socket *socket, uid_t owner, gid_t group,
                        struct strbuf *error)
{
    char message[ERROR_SIZE] = "";

    (void)self;
    if (listener_give(socket->spec, owner, group, message, sizeof message))
        return true;
    strbuf_add(error, message);
    return false;
}

static void discard_socket(const struct front *self, const struct front_socket *socket)
{
    (void)self;
    (void)socket; /* there is one */
    listener_discard();
}

static void count_threads(unsigned *all, unsigned *waiting)
{
    *all = libmilter_threads_count();
    *waiting = wait_count(libmilter_threads_pool());
}

const struct front milter_front = {
    .name = "libmilter",
    .drain = &callbacks_drain,
    .threads = count_threads,
    .path = listener_path,
    .open = open_socket,
    .give = give_socket,
    .discard = discard_socket,
    .run = listener_run,
    .close = listener_close,
    .hang_up = listener_hang_up,
};
