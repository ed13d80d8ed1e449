/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What systemd will do when it starts the filter, as systemd itself tells it: the administrator may have changed the
 * unit. */
#ifndef SMF_APP_PREFLIGHT_SERVICE_UNIT_H
#define SMF_APP_PREFLIGHT_SERVICE_UNIT_H

#include "base/strbuf.h"

#include <stdbool.h>

struct service_unit {
    char *properties; /* lines "Key=Value"; NULL: systemd does not start a filter with this configuration */
    char *user;       /* whom it starts as, NULL: root */
};

/* Asks systemctl for the unit smf-spf.service. False, with *out empty, if systemd does not run here, or its unit has
 * not the file `config_path`, as it was written or absolute, in its command. service_unit_free frees what it holds. */
bool service_unit_read(const char *config_path, struct service_unit *out);
void service_unit_free(struct service_unit *unit);

/* True if the unit lets the filter bind to any port. */
bool service_unit_binds_any_port(const struct service_unit *unit);

/* True if the unit leaves the directory of `path` (absolute) writable, whoever it belongs to. */
bool service_unit_may_write(const struct service_unit *unit, const char *path);

#endif
