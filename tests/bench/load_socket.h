/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The socket and the clock of a load generator. */
#ifndef BENCH_LOAD_SOCKET_H
#define BENCH_LOAD_SOCKET_H

#include <stdint.h>

/* CLOCK_MONOTONIC. */
int64_t load_now_ns(void);

/* Connects to unix:PATH or inet:PORT@ADDRESS. Returns the descriptor, which blocks; -1: it cannot, errno says why. */
int load_socket_connect(const char *address);

/* From now on `epoll` tells that there is something to read. */
void load_socket_watch(int epoll, int fd, void *ready);

/* Waits for some of them, and calls `take` for each. */
void load_socket_wait(int epoll, void (*take)(void *context, void *ready), void *context);

#endif
