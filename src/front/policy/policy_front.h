/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Postfix's policy service as a front end: all connections on one thread, and none that waits for the DNS. */
#ifndef SMF_FRONT_POLICY_POLICY_FRONT_H
#define SMF_FRONT_POLICY_POLICY_FRONT_H

#include "front/front.h"

extern const struct front policy_front;

#endif
