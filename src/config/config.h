/* SPDX-License-Identifier: GPL-2.0-or-later */
/* smf-spf.conf, read whole and checked whole into one immutable, counted value. */
#ifndef SMF_CONFIG_CONFIG_H
#define SMF_CONFIG_CONFIG_H

#include "base/addr.h"
#include "base/log.h"
#include "base/strbuf.h"
#include "greylist/greylist_settings.h"
#include "mail/address.h"
#include "mail/result.h"
#include "policy/pattern_index.h"
#include "policy/verdict.h"
#include "policy/whitelist.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* As the only name server: recursion from the root; only authoritative servers are queried. */
#define CONFIG_NO_NAMESERVER "none"

enum forged_mode { FORGED_STAY, FORGED_SPF, FORGED_ALL }; /* which of the fields that claim to be ours are removed */

/* The step at which a message's refusal is due. */
enum refuse_at { REFUSE_AT_MAIL, REFUSE_AT_RCPT, REFUSE_AT_EOM };

/* The character after SRS0 and SRS1. */
enum srs_separator { SRS_SEPARATOR_EQUALS = '=', SRS_SEPARATOR_PLUS = '+', SRS_SEPARATOR_MINUS = '-' };

/* What becomes of a sender whose new local part would exceed 64 octets. */
enum srs_too_long { SRS_TOO_LONG_REWRITE, SRS_TOO_LONG_LEAVE };

/* Whether the filter is kept from what it does not need; or only the calls that would be refused are logged. */
enum sandbox_mode { SANDBOX_OFF, SANDBOX_ON, SANDBOX_LOG };

struct config;

/* Settings for some recipients. */
struct recipient_policy {
    struct text_list patterns; /* of their addresses, as whitelist_to has them */
    struct config *settings;   /* all that holds for them; some members do for nobody (config_recipients.c) */
};

/* What a client or a message may be exempt by: the client itself, what it proved of who it is, or any of that and the
 * sender. */
enum config_exempt { CONFIG_EXEMPT_CLIENT, CONFIG_EXEMPT_PROOF, CONFIG_EXEMPT_MESSAGE, CONFIG_EXEMPT_KINDS };

struct config_variant_list {
    const struct config **items;
    size_t count;
};

struct recipient_policies {
    struct recipient_policy *items;
    size_t count;
    struct config_variant_list exempting[CONFIG_EXEMPT_KINDS]; /* those that say it otherwise than the file */
    struct pattern_index index; /* of the patterns of all; a policy's number is its place, from 1 */
};

/* What holds for some recipient, by the file's settings or those of a RecipientPolicy. */
struct config_somebody {
    bool has_helo_checked;
    bool skips_certificates;
    bool is_greylisted;
    bool has_null_senders_greylisted;
};

/* Each member is the value of the key of that name; defaults are filled in. Texts are never NULL unless said so. */
struct config {
    /* who is not checked */
    struct addr_list whitelist_ip;
    struct host_list whitelist_ptr;
    struct mailbox_list whitelist_from;
    struct mailbox_list whitelist_to;
    struct host_list whitelist_helo;
    struct text_list whitelist_spf; /* domains */
    struct addr_list trusted_relay;
    struct nat_list client_ip_nat;
    struct addr fixed_client_ip; /* ADDR_NONE: none */
    bool skip_auth;
    bool skip_cert;
    bool skip_ndr;

    /* what is refused: the legacy keys as written; not effective if sets are ... */
    bool refuse_fail;
    bool refuse_spf_none;
    bool refuse_spf_none_helo;
    bool accept_temp_error;
    bool reject_temp_error;
    bool reject_perm_error;
    /* ... and the effective sets, written or made of these keys, which verdict.c alone looks at */
    bool sets_written; /* the file has the key of one of them */
    bool check_helo;   /* in addition to a sender */
    result_set defer;  /* that of the three of `verdict`, where they are not written */
    struct verdict_policy verdict;
    enum refuse_at refuse_at;
    bool test_mode;
    bool spf_best_guess;
    bool relaxed_local_part;
    struct recipient_policies recipient_policies;
    char *on_pass;      /* NULL: nothing */
    char *on_helo_pass; /* the same */
    char *reject_reason;

    /* what is done to a message that goes on */
    bool add_header;
    bool add_received_header;
    enum forged_mode remove_forged_headers;
    char *tag;
    char *authserv_id; /* NULL: the MTA's `j`, else the host name */
    char *quarantine_box;

    /* what is greylisted */
    struct greylist_settings greylist;
    char *greylist_store;         /* as store_address_parse takes it */
    char *greylist_password_file; /* of a Redis server; NULL: none */
    unsigned greylist_entries;    /* that are stored at most */

    /* under which sender a message is forwarded */
    bool srs_always;
    bool srs_classic_hash;
    char *srs_domain;              /* NULL: no SRS */
    char *srs_secret_file;         /* NULL: none; never with srs_domain */
    struct host_list srs_exclude;  /* host patterns */
    struct addr_list srs_outgoing; /* single addresses */
    uint32_t srs_max_age_s;
    uint32_t srs_timeout_ms;
    unsigned srs_hash_length;
    unsigned srs_hash_minimum; /* at most srs_hash_length */
    enum srs_separator srs_separator;
    enum srs_too_long srs_too_long;

    /* caches and DNS */
    uint32_t ttl_s;
    uint32_t dns_timeout_ms;
    unsigned max_checks; /* evaluations under way at once */
    size_t cache_octets;
    size_t dns_cache_octets;
    bool dns_serve_stale;
    bool dns_lookahead;
    bool dnssec;
    struct text_list nameservers; /* as dns_server_valid takes them, or CONFIG_NO_NAMESERVER alone */
    char *zone_file;              /* NULL: none */

    /* the process */
    char *socket; /* NULL: off; else unix:path, inet:port@host, inet:port, inet6:port@host, inet6:port, fd:number or
                     fd:name, in these letters */
    mode_t socket_mode;
    char *socket_group;             /* NULL: the group of `user` */
    char *control_socket;           /* a path; NULL: none */
    char *metrics;                  /* as `socket`, always with a host; NULL: none */
    char *policy_socket;            /* the same */
    struct text_list table_sockets; /* a protocol before each (table_socket.h); at most TABLE_SOCKETS_MAX */
    char *user;
    char *pid_file; /* NULL: none */
    enum sandbox_mode sandbox;
    bool core_dumps;
    bool daemonize;
    int syslog_facility; /* LOG_* of syslog.h, or -1: none */
    char *log_to;        /* NULL: none */
    enum log_level log_level;
    enum log_format log_format; /* of `log_to` */

    struct config_somebody somebody; /* of the file as a whole: in the settings of a policy it says nothing */

    char *warnings; /* about the file that was read, one per line, in the form of errors; NULL: none */
};

/* Reads the file at `path`. NULL, with one line per error in `errors` ("smf-spf.conf:12: Tag: ..." with key, value,
 * and what is expected), if it cannot be read or holds a error. The caller releases the result. */
const struct config *config_load(const char *path, struct strbuf *errors);

/* The same for who must know a key or two of a file that may hold errors, and will not run with it: the lines without
 * an error count, and the rest, or all of a file that cannot be read, has its defaults. NULL only without memory. */
const struct config *config_load_lenient(const char *path, struct strbuf *errors);

/* The same as config_load from text in memory; `path` is for messages. */
const struct config *config_parse(const char *text, size_t len, const char *path, struct strbuf *errors);

/* A connection pins the configuration that it began with. Any thread. */
const struct config *config_acquire(const struct config *config);
void config_release(const struct config *config); /* NULL is fine */

/* True for the legacy keys that stand for members of the sets of results (RefuseFail, ...), and for the keys of these
 * sets (RefuseMailFrom, ...): a file may have those of one kind only. `key` is written as in the option table. */
bool config_key_is_legacy(const char *key);
bool config_key_is_set(const char *key);

/* The settings for a recipient: those of the last RecipientPolicy that covers it, else the file's. They live as long as
 * `config`. */
const struct config *config_for_recipient(const struct config *config, const struct address *recipient);

/* All settings that some recipient may have: the file's own, which is the first, and those of each RecipientPolicy. */
size_t config_variants(const struct config *config);
const struct config *config_variant(const struct config *config, size_t index);

/* True if somebody's messages may be greylisted. */
bool config_greylists(const struct config *config);

/* The file of GreylistStore, whether it is used or not; NULL: it is on a server. */
const char *config_greylist_file(const struct config *config);

/* True if the filter recurses from the root of the DNS itself. */
bool config_recurses(const struct config *config);

/* Appends the whole effective configuration: one `Key value` line per option in the table's order; a list option one
 * line per item; an unset text as `#Key` with nothing after it; sets as `#Key value` where the legacy keys are in
 * force, and these so where sets are. What is printed, read again, gives the same configuration. */
void config_print(const struct config *config, struct strbuf *out);

#endif
