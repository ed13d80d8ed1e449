/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What was probably meant by a text in smf-spf.conf that is wrong: patterns and sockets as other programs write
 * them. */
#ifndef SMF_CONFIG_CONFIG_HINT_H
#define SMF_CONFIG_CONFIG_HINT_H

#include "base/strbuf.h"

/* Each appends to a message about a wrong text how to write it, "; write @example.org" for `*@example.org`, or that
 * there are no wildcards; nothing where it cannot tell. A rule is a pattern or domain with results after it, which are
 * not looked at. */
void config_hint_pattern(const char *text, struct strbuf *out);
void config_hint_host(const char *text, struct strbuf *out);
void config_hint_domain(const char *text, struct strbuf *out);
void config_hint_recipient_rule(const char *text, struct strbuf *out);
void config_hint_domain_rule(const char *text, struct strbuf *out);

/* The same for the name of a socket ("; did you mean inet:10010@127.0.0.1?", "; a port is from 1 to 65535"), of the
 * control socket (what is wrong with its path alone) and of a name server. */
void config_hint_socket(const char *text, struct strbuf *out);
void config_hint_table_socket(const char *text, struct strbuf *out);
void config_hint_control(const char *text, struct strbuf *out);
void config_hint_server(const char *text, struct strbuf *out);

/* The same for the store of greylisting ("; the password stands in GreylistPasswordFile"). */
void config_hint_store(const char *text, struct strbuf *out);

/* The same for a file that is named by a word for where logs go. */
void config_hint_path(const char *text, struct strbuf *out);

#endif
