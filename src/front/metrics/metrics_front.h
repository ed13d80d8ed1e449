/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Metrics over HTTP, by libmicrohttpd: /metrics and /healthz, and nothing else. */
#ifndef SMF_FRONT_METRICS_METRICS_FRONT_H
#define SMF_FRONT_METRICS_METRICS_FRONT_H

#include "front/front.h"

extern const struct front metrics_front;

#endif
