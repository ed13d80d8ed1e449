/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What one line of a log says about a message. Readers fill it in; the summary goes by it alone. */
#ifndef SMF_TOOLS_REPORT_LOG_ENTRY_H
#define SMF_TOOLS_REPORT_LOG_ENTRY_H

#include "base/tristate.h"
#include "mail/result.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What became of a message. */
enum fate {
    FATE_UNSAID, /* no line tells: smf-spf 2 refused without one */
    FATE_ACCEPTED,
    FATE_TAGGED,
    FATE_QUARANTINED,
    FATE_HELD,
    FATE_REFUSED,
    FATE_DEFERRED,
    FATE_DISCARDED,
    FATE_EXEMPT,
    FATE_SHED,
    FATE_ENDED, /* the client went away before the end of the message */
    FATE_COUNT
};

enum entry_kind {
    ENTRY_FOREIGN, /* a line of another program, or an empty one */
    ENTRY_UNREAD,  /* it should be ours, and makes no sense */
    ENTRY_OTHER,   /* a line of ours that is about no message */
    ENTRY_MESSAGE, /* all about one message */
    ENTRY_RESULT,  /* the result of one identity; lines that follow say more about the message */
    ENTRY_ACTION,  /* what became of a message whose results stood before */
};

enum { ENTRY_NO_TIME = -1 };

/* The evaluation of one identity. */
struct entry_check {
    bool is_known; /* there was one */
    bool guessed;
    enum spf_result result;
    enum tristate dmarc; /* LeaveToDMARC: the domain publishes a record; NO also where nobody looked */
    char reason[512];    /* the term that decided, or the error */
};

enum { ENTRY_VISITS_MAX = 8 }; /* more than a line names: three recipients that were refused, three that were not */

/* What greylisting said of one recipient. */
struct entry_visit {
    uint32_t recipient; /* a hash of the address; 0: of all of the message's */
    char answer[16];    /* "new", "came-back", ... */
    bool deferred;
    bool has_waited; /* it came back, and `waited_s` is known */
    uint32_t waited_s;
};

/* Texts are NUL-terminated, cut to their size, and hold any octet but NUL. */
struct log_entry {
    enum entry_kind kind;
    int64_t time_s; /* since 1970, or ENTRY_NO_TIME */
    enum fate fate;
    bool is_test; /* TestMode: the fate is what would have been */
    bool has_sender;
    char client[64];
    char name[256]; /* verified; "" where there is none */
    char helo[256];
    char sender[330]; /* "" for the null sender */
    char why[64];     /* what decided, where it was not a result */
    struct entry_check mail_from, helo_check;
    struct entry_visit visits[ENTRY_VISITS_MAX];
    size_t visit_count;
    size_t reply_count; /* replies that refuse or defer, of recipients or of the whole */
};

/* Empties an entry. */
void log_entry_clear(struct log_entry *entry);

/* Copies `len` octets to `out`, cut to its size, without control characters (they become '?'). */
void log_entry_copy(char *out, size_t size, const char *text, size_t len);

/* Empties a name that is none: an address in brackets, or the MTA's word for one that did not verify. */
void log_entry_check_name(struct log_entry *entry);

/* Adds what greylisting answered for a recipient (its text as the line has it; "" for all); NULL if there is no room.
 */
struct entry_visit *log_entry_visit(struct log_entry *entry, const char *recipient, const char *answer, size_t len);

/* True if the message, or some of it, was deferred by greylisting, and by nothing else. */
bool log_entry_is_greylisted(const struct log_entry *entry);

/* The word for a fate: "accepted", ... */
const char *fate_name(enum fate fate);

/* The fate of this name, of `len` octets. False, with *fate untouched, if there is none. */
bool fate_from_name(const char *name, size_t len, enum fate *fate);

#endif
