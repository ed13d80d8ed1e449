/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One SMTP connection as the filter sees it: plain values in, a reply or a list of actions out. No libmilter here, so
 * tests need no socket. */
#ifndef SMF_SESSION_SESSION_H
#define SMF_SESSION_SESSION_H

#include "base/addr.h"
#include "config/config.h"
#include "spf/spf_check.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What all connections share; each connection holds its references until it closes. */
struct session_shared {
    const struct config *config;
    struct spf_checker *checker;
    const char *host_name; /* this host, where the MTA does not give `j`; lives as long as the program */
};

enum session_step {
    SESSION_CONTINUE,
    SESSION_ACCEPT, /* connect, helo: the whole connection is left alone; mail: this message */
    SESSION_REFUSE, /* with the 5xx or 4xx reply in struct session_reply: mail, eom: this message; rcpt: this recipient
                     */
};

/* The answer to one step. `text` belongs to the session and lives until its next step; it holds no CR, LF or NUL, and
 * is not doubled for printf. */
struct session_reply {
    enum session_step step;
    const char *code;     /* "550" */
    const char *enhanced; /* "5.7.23" */
    const char *text;
};

/* What the MTA's macros say at MAIL; NULL where it sent none. */
struct session_macros {
    const char *mta_name;    /* j */
    const char *mta_version; /* v */
    const char *auth_type;   /* {auth_type} */
    const char *auth_authen; /* {auth_authen} */
    const char *verify;      /* {verify}: OK where the MTA verified the client's certificate */
    const char *mail_addr;   /* {mail_addr} */
    const char *queue_id;    /* i; Postfix has none so early */
};

/* Things to do at the end of a message, in this order. */
enum action_kind {
    ACTION_CHANGE_HEADER,    /* the n-th field `name` (from 1) becomes `value`; NULL deletes it */
    ACTION_INSERT_HEADER,    /* a field above all others */
    ACTION_ADD_HEADER,       /* a field at the end */
    ACTION_DELETE_RECIPIENT, /* `value` exactly as the MTA gave it */
    ACTION_ADD_RECIPIENT,
    ACTION_HOLD, /* the message stays in the MTA's queue; `value` says why */
};

struct action {
    enum action_kind kind;
    int index; /* ACTION_CHANGE_HEADER: n */
    const char *name;
    const char *value;
};

/* The actions and their texts belong to the session and live until its next step. */
struct action_list {
    const struct action *items;
    size_t count;
};

struct session;

/* Which steps the configuration needs at all; the MTA is asked to leave out the others. */
struct session_needs {
    bool headers;         /* subject tag or removal of forged fields */
    bool certificates;    /* whether the MTA verified the client's */
    bool changes_headers; /* adds, inserts, changes or deletes fields */
    bool changes_recipients;
    bool recipients; /* what the MTA makes of them: there are rules for some, or a quarantine */
    bool holds;      /* leaves messages in the MTA's queue */
};
struct session_needs session_needs(const struct config *config);

/* Begins a connection; takes references of its own to what `shared` names. NULL if out of memory. */
struct session *session_create(const struct session_shared *shared);
void session_destroy(struct session *session); /* NULL is fine */

/* The client: its address (ADDR_NONE: a local submission without one), its port (0: Postfix's local submission), and
 * its name as the MTA verified it
 * ("[192.0.2.1]" or "unknown" where it did not). */
struct session_reply session_connect(struct session *session, const struct addr *client, uint16_t port,
                                     const char *host);
struct session_reply session_helo(struct session *session, const char *helo);

/* Begins a message, and evaluates at the step that RefuseAt says. `argument` is the text that the client sent behind
 * MAIL FROM: or RCPT TO:. `rcpt_addr` is the macro {rcpt_addr} (or NULL), which counts for rules about recipients. May
 * block until DNSTimeout. */
struct session_reply session_mail(struct session *session, const char *argument, const struct session_macros *macros);
struct session_reply session_rcpt(struct session *session, const char *argument, const char *rcpt_addr);

/* Notes a field of the message. Never blocks, never fails: what cannot be kept is logged and the field left alone. */
void session_header(struct session *session, const char *name, const char *value);

/* Ends the message: with a refusal, if that is due now, or else with *actions. May block until DNSTimeout. `queue_id`
 * (or NULL) is for the log. */
struct session_reply session_eom(struct session *session, const char *queue_id, struct action_list *actions);

/* Forgets the message under way, if any. */
void session_abort(struct session *session);

#endif
