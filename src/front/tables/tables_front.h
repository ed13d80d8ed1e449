/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The tables of TableSocket, `forward` and `reverse`, for MTAs that look addresses up (session/forwarding). */
#ifndef SMF_FRONT_TABLES_TABLES_FRONT_H
#define SMF_FRONT_TABLES_TABLES_FRONT_H

#include "front/front.h"

/* Its sockets have one of the protocols of config/table_socket.h. */
extern const struct front tables_front;

#endif
