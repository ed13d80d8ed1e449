/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Requests of Postfix's policy delegation protocol: lines NAME=VALUE, ended by an empty one. Pure. */
#ifndef SMF_FRONT_POLICY_REQUEST_H
#define SMF_FRONT_POLICY_REQUEST_H

#include "session/policy_metrics.h"

#include <stddef.h>

enum {
    REQUEST_MAX = 64 * 1024, /* octets; Postfix's own have some hundred */
    REQUEST_LINES_MAX = 200,
};

/* The attributes that are used; "" where there is none. */
struct request {
    enum policy_state state; /* with smtpd_delay_reject the lists for earlier steps are at RCPT, too */
    const char *client_address, *client_name, *client_port, *helo_name;
    const char *instance, *queue_id, *sender, *recipient;
    const char *sasl_username, *ccert_subject, *ccert_issuer;
};

enum request_reading { REQUEST_INCOMPLETE, REQUEST_COMPLETE, REQUEST_BROKEN };

/* Reads the request that `octets` begin with, which are overwritten where it is complete, as *request points into them.
 * *scanned: how many of them were looked at for its end, at first 0. COMPLETE: *taken octets are the request. BROKEN:
 * *problem says why. */
enum request_reading request_read(char *octets, size_t len, size_t *scanned, struct request *request, size_t *taken,
                                  const char **problem);

#endif
