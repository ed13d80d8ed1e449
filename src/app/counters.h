/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The counters, for people. */
#ifndef SMF_APP_COUNTERS_H
#define SMF_APP_COUNTERS_H

#include "session/service.h"

/* Logs all counters, the reasons that there were, and the state of the result cache, a line each. */
void counters_log(struct service *service);

#endif
