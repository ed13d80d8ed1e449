/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the texts in smf-spf.conf must look like. */
#ifndef SMF_CONFIG_CONFIG_FORM_H
#define SMF_CONFIG_CONFIG_FORM_H

#include "base/strbuf.h"
#include "config/config_options.h"

#include <stdbool.h>

/* A host name (RFC 1123 2.1), underscores and a trailing dot allowed: `example.org`. With a leading dot too. */
bool config_form_is_host(const char *text);
bool config_form_is_host_pattern(const char *text);

/* A pattern as whitelist_has_mailbox takes it. One with * or ? outside of a quoted local part is none: they are no
 * wildcards here, and stand in no address that people have. */
enum config_value_status config_form_check_mailbox_pattern(const char *text);

/* True for a pattern without @, which matches anywhere in an address. */
bool config_form_is_part_of_mailbox(const char *text);

/* The absolute path of a file. */
bool config_form_is_path(const char *text);

/* The name or number of a user or group. */
bool config_form_is_account(const char *text);

/* An authserv-id that needs no quotes (RFC 8601 2.2, RFC 2045 5.1). */
bool config_form_is_authserv_id(const char *text);

/* Appends the socket in one of the forms `unix:/path`, `inet:port@host`, `inet:port`, `inet6:port@host`, `inet6:port`
 * and `fd:number`, the part before the colon in lower case; `local:/path` and the path alone are unix sockets.
 * False, with nothing appended, for any other text. */
bool config_form_socket(const char *text, struct strbuf *out);

#endif
