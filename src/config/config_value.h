/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The kinds of values in smf-spf.conf, for the table of options. */
#ifndef SMF_CONFIG_CONFIG_VALUE_H
#define SMF_CONFIG_CONFIG_VALUE_H

#include "config/config_options.h"

/* Each says what member it fills. */
extern const struct config_type config_switch;             /* bool */
extern const struct config_type config_time_s;             /* uint32_t, seconds */
extern const struct config_type config_time_ms;            /* uint32_t, milliseconds */
extern const struct config_type config_size;               /* size_t, octets */
extern const struct config_type config_count;              /* unsigned */
extern const struct config_type config_mode;               /* mode_t */
extern const struct config_type config_quarantine;         /* enum quarantine_mode */
extern const struct config_type config_forged;             /* enum forged_mode */
extern const struct config_type config_recipient_rules;    /* struct rule_list */
extern const struct config_type config_domain_rules;       /* struct rule_list */
extern const struct config_type config_results;            /* result_set */
extern const struct config_type config_derived_results;    /* struct derived_set */
extern const struct config_type config_refuse_at;          /* enum refuse_at */
extern const struct config_type config_sandbox;            /* enum sandbox_mode */
extern const struct config_type config_facility;           /* int */
extern const struct config_type config_log_format;         /* enum log_format */
extern const struct config_type config_level;              /* enum log_level */
extern const struct config_type config_address;            /* struct addr */
extern const struct config_type config_srs_separator;      /* enum srs_separator */
extern const struct config_type config_srs_too_long;       /* enum srs_too_long */
extern const struct config_type config_text;               /* char * */
extern const struct config_type config_path;               /* char * */
extern const struct config_type config_control;            /* char *: a path; NULL: none */
extern const struct config_type config_account;            /* char * */
extern const struct config_type config_authserv_id;        /* char * */
extern const struct config_type config_socket;             /* char *, as endpoint_add_canonical writes it; NULL: off */
extern const struct config_type config_table_sockets;      /* a list of these, a protocol before each */
extern const struct config_type config_local_socket;       /* the same, never off; its host is never left out */
extern const struct config_type config_recipient_policies; /* struct recipient_policies */
extern const struct config_type config_pass_action;        /* char * */
extern const struct config_type config_domain;             /* char *, with a dot in it */
extern const struct config_type config_mailbox;            /* char *, without brackets */
extern const struct config_type config_prefixes;           /* struct addr_list */
extern const struct config_type config_addresses;          /* struct addr_list, of whole addresses */
extern const struct config_type config_nats;               /* struct nat_list */
extern const struct config_type config_hosts;              /* struct host_list */
extern const struct config_type config_mail_hosts;         /* struct host_list: the same with U-labels too */
extern const struct config_type config_domains;            /* struct text_list */
extern const struct config_type config_patterns;           /* struct mailbox_list */
extern const struct config_type config_greylist_mode;      /* enum greylist_mode */
extern const struct config_type config_greylist_results;   /* result_set */
extern const struct config_type config_greylist_pass;      /* enum greylist_pass */
extern const struct config_type config_greylist_bits;      /* struct greylist_bits */
extern const struct config_type config_greylist_exempt;    /* struct greylist_exempt */
extern const struct config_type config_greylist_store;     /* char *, as store_address_parse takes it */
extern const struct config_type config_servers;            /* struct text_list */

#endif
