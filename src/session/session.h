/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One client and its messages, for any front end: facts in, decisions, reasons and result fields out. It knows no
 * protocol: a front end (the milter is one) states its abilities, and translates. */
#ifndef SMF_SESSION_SESSION_H
#define SMF_SESSION_SESSION_H

#include "base/addr.h"
#include "config/config.h"
#include "mail/address.h"
#include "session/reason.h"
#include "spf/spf_check.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct greylist_store;
struct session_spare;
struct srs_rules;

/* What all connections share; each connection holds its references until it closes. */
struct session_shared {
    const struct config *config;
    struct spf_checker *checker;
    const struct srs_rules *srs;     /* NULL: no SRSDomain */
    struct greylist_store *greylist; /* NULL: nobody is greylisted */
    const char *host_name;       /* this host, where the front end has no name for it; lives as long as the program */
    bool serves_both;            /* there are a milter and a policy service, and a client may come to both */
    struct session_spare *spare; /* where its memory goes when it has ended; NULL: it is freed. No reference */
    unsigned generation;         /* of these members (session_spare.h) */
};

enum session_step {
    SESSION_CONTINUE,
    SESSION_ACCEPT, /* connect, helo: the whole connection is not checked; mail: this message */
    SESSION_REFUSE, /* with the 5xx or 4xx reply in struct session_reply: mail, data, eom: this message; rcpt: this
                       recipient */
};

/* The answer to one step. `text` belongs to the session and lives until its next step; it holds no CR, LF or NUL, and
 * is not doubled for printf. */
struct session_reply {
    enum session_step step;
    const char *code;     /* "550" */
    const char *enhanced; /* "5.7.23" */
    const char *text;
    enum reason reason; /* why it is refused or exempt; CONTINUE: why the message is, or this recipient; else NONE */
};

/* What a front end can do, and which steps it has. The session requests nothing else: what would need more is not done,
 * and a decision is made at the next step that there is. */
struct session_abilities {
    unsigned steps;          /* at which there may be a decision: SESSION_STEP(REFUSE_AT_MAIL) and others */
    bool sees_headers;       /* hands over the message's fields, and changes and deletes those that there are */
    bool inserts_fields;     /* puts new ones on top */
    bool changes_recipients; /* takes them away, and gives others */
    bool holds;              /* keeps a message in the MTA's queue */
    bool redirects;          /* sends a message to another address, for all of its recipients */
    bool refuses_recipients; /* each on its own */
    bool awaits;             /* calls session_await, then session_decide where a message is to be decided at MAIL */
    bool sees_data;          /* calls session_data */
    bool yields;             /* where a milter has the same message, it only refuses (companion.h) */
};
#define SESSION_STEP(refuse_at) (1U << (unsigned)(refuse_at))

/* The client of a connection. */
struct session_client {
    struct addr address;   /* ADDR_NONE: a local submission without one */
    unsigned port;         /* 0: not known */
    const char *name;      /* as people know it, for the log; NULL: none */
    bool name_is_verified; /* it leads back to the address */
    bool is_local;         /* the MTA itself submits mail of this host */
};

/* The sender of a message, and what the client has shown about itself by then. */
struct session_sender {
    const char *receiver;       /* this host, as the MTA names itself; NULL or "": session_host_name */
    const char *queue_id;       /* NULL: there is none yet */
    bool authenticated;         /* the client logged in */
    bool has_certificate;       /* it has one that was verified */
    enum address_status status; /* of the address: OK, LOCAL_TOO_LONG, NULL (the null sender), MALFORMED, NO_MEMORY */
    struct address address; /* the one that the MTA goes on with (RFC 7208 2.4), set unless NULL or NO_MEMORY; where it
                               is MALFORMED, the whole text as a local part. session_mail takes it over */
};

enum { SESSION_HANDLES_MAX = 3 };

/* A recipient. Where there are several addresses that rules may be about, each is a reading: to be let through, all of
 * them must be; to be stopped, one is enough. */
struct session_recipient {
    enum address_status status;
    const struct address *readings;           /* the first is the one to show */
    size_t count;                             /* 0 where it cannot be read, or out of memory */
    const char *handles[SESSION_HANDLES_MAX]; /* by which the front end knows it: all of them are given back, where it
                                                 is to be deleted */
    size_t handle_count;
};

/* Things to do at the end of a message, in this order. */
enum action_kind {
    ACTION_CHANGE_HEADER,    /* the n-th field `name` (from 1) becomes `value`; NULL deletes it */
    ACTION_INSERT_HEADER,    /* a field above all others */
    ACTION_ADD_HEADER,       /* a field at the end */
    ACTION_DELETE_RECIPIENT, /* `value`: a handle of it */
    ACTION_ADD_RECIPIENT,
    ACTION_HOLD,     /* the message stays in the MTA's queue; `value` says why */
    ACTION_REDIRECT, /* `value` gets it, and nobody else */
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

/* Which facts and changes the configuration needs at all; a front end need not request others from its MTA. */
struct session_needs {
    bool headers;         /* subject tag or removal of forged fields */
    bool certificates;    /* whether the MTA verified the client's */
    bool changes_headers; /* adds, inserts, changes or deletes fields */
    bool changes_recipients;
    bool recipients; /* what the MTA makes of them: there are rules for some, or a quarantine */
    bool holds;      /* leaves messages in the MTA's queue */
    bool data;       /* session_data may have an answer of its own */
};
struct session_needs session_needs(const struct config *config);

/* Begins a connection; takes references of its own to what `shared` names, and a copy of `abilities`. NULL if out of
 * memory. */
struct session *session_create(const struct session_shared *shared, const struct session_abilities *abilities);

/* The same with the memory and the references of the session that ended last. NULL: none is kept, or what it shares is
 * no longer what new ones share. */
struct session *session_reuse(struct session_spare *spare, const struct session_abilities *abilities);

/* Ends it; what is under way is logged. NULL is fine. */
void session_destroy(struct session *session);

/* This host's name, where the MTA has none for it; "" if it has none. Lives as long as the program. */
const char *session_host_name(const struct session *session);

struct session_reply session_connect(struct session *session, const struct session_client *facts);
struct session_reply session_helo(struct session *session, const char *helo);

/* Called once, on any thread, that of the DNS too: it must not block. */
typedef void (*session_ready)(void *context);

/* True if recipients of the connection's messages may have settings of their own (RecipientPolicy): not where none can
 * be refused. */
bool session_has_own_settings(const struct session *session);

/* True if what is to be found out at RCPT depends on the recipient: by settings of its own, or by greylisting. */
bool session_awaits_recipients(const struct session *session);

/* DATA is reached: session_await finds out what session_data needs from now on, too, and session_rcpt, for a recipient
 * that is named late, answers all by itself. */
void session_reach_data(struct session *session);

/* Finds out what the next step needs about the current message, without waiting: at RCPT for this recipient, where that
 * matters (session_awaits_recipients), else, and for other steps, for all (NULL). True: all is known, and the step will
 * not block. False: `ready` is called when that is so, and until then the session must not be used; then it is asked
 * again, with the same recipient, until it is true, as one answer may lead to another question. */
bool session_await(struct session *session, const struct session_recipient *recipient, session_ready ready,
                   void *context);

/* For a front end that awaits: decides about the message as a whole, if that is due at MAIL and was not done. May
 * block, unless session_await was called. */
struct session_reply session_decide(struct session *session);

/* Begins a message, and decides, if that is due at this step and the front end does not await. The address of the
 * sender is taken over in any case, and zeroed. May block until DNSTimeout. */
struct session_reply session_mail(struct session *session, struct session_sender *sender);
struct session_reply session_rcpt(struct session *session, const struct session_recipient *recipient);

/* What Postfix is to do with a decided message that goes on, instead of nothing, as the sender or the HELO name passes
 * (OnPass, OnHeloPass): for this recipient, or at MAIL (NULL). NULL: nothing. Lives as long as the session. */
const char *session_on_pass(const struct session *session, const struct session_recipient *recipient);

/* DATA: what is decided about the message with all of its recipients known. May block, unless session_await was called
 * after session_reach_data. */
struct session_reply session_data(struct session *session);

/* Notes a field of the message. Never blocks, never fails: what cannot be stored is logged, and the field stays. */
void session_header(struct session *session, const char *name, const char *value);

/* What can be done to the current message before its end, for a front end that does it then: its quarantine, where that
 * is for all recipients, and its result fields, which are insertions. None before the decision. They live until the
 * next step, and session_end gives them once more. */
struct action_list session_early_actions(struct session *session);

/* Ends the message: with a refusal, if that is due now, or else with *actions. May block until DNSTimeout. `queue_id`
 * (or NULL) is for the log; `actions` NULL: nothing can be done to the message any more. */
struct session_reply session_end(struct session *session, const char *queue_id, struct action_list *actions);

/* Drops the current message, if any. */
void session_abort(struct session *session);

#endif
