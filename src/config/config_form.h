/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the texts in smf-spf.conf must look like. */
#ifndef SMF_CONFIG_CONFIG_FORM_H
#define SMF_CONFIG_CONFIG_FORM_H

#include "config/config_options.h"

#include <stdbool.h>
#include <stddef.h>

/* A host name (domain_text_is_host), with or without a leading dot. */
bool config_form_is_host_pattern(const char *text);

/* The octets of a word and its colon in front of an address that are no part of it, as in to:user@example.org; 0: there
 * is none. The first of `len` octets begins the text. */
size_t config_form_mark_len(const char *text, size_t len);

/* A pattern as whitelist_has_mailbox takes it, without such a mark. One with * or ? outside of a quoted local part is
 * none: they are no wildcards here, and stand in no address that people have. */
enum config_value_status config_form_check_mailbox_pattern(const char *text);

/* True for a pattern without @, which matches anywhere in an address. */
bool config_form_is_part_of_mailbox(const char *text);

/* The absolute path of a file. */
bool config_form_is_path(const char *text);

/* The name or number of a user or group. */
bool config_form_is_account(const char *text);

/* An authserv-id that needs no quotes (RFC 8601 2.2, RFC 2045 5.1). */
bool config_form_is_authserv_id(const char *text);

#endif
