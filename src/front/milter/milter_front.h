/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The milter protocol as a front end. */
#ifndef SMF_FRONT_MILTER_MILTER_FRONT_H
#define SMF_FRONT_MILTER_MILTER_FRONT_H

#include "front/front.h"

/* Once in a process, as libmilter is. */
extern const struct front milter_front;

#endif
