/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The socket and the clock of a load generator. */
#ifndef BENCH_LOAD_SOCKET_H
#define BENCH_LOAD_SOCKET_H

#include <stdint.h>

/* CLOCK_MONOTONIC. */
int64_t load_now_ns(void);

/* Connects to unix:PATH or inet:PORT@ADDRESS. Returns the descriptor, which blocks; -1: it cannot, errno says why. */
int load_socket_connect(const char *address);

#endif
