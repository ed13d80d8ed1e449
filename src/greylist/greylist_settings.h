/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the administrator chooses about greylisting. Pure. */
#ifndef SMF_GREYLIST_GREYLIST_SETTINGS_H
#define SMF_GREYLIST_GREYLIST_SETTINGS_H

#include "mail/result.h"
#include "policy/whitelist.h"

#include <stdint.h>

enum greylist_mode {
    GREYLIST_OFF,
    GREYLIST_LEARN, /* what is stored is as with ON, but nobody is deferred */
    GREYLIST_ON,
};

/* What a pass is worth. */
enum greylist_pass {
    GREYLIST_PASS_KNOWN, /* it is not greylisted */
    GREYLIST_PASS_ONCE,  /* an organizational domain is deferred once, at its first message */
    GREYLIST_PASS_WIDE,  /* it is not greylisted, unless the term that matched is wider than `width`: then it is nothing
                            better than neutral */
    GREYLIST_PASS_ALL,   /* it is greylisted like any other result, but by its organizational domain, from whatever
                            address */
};

/* Prefix lengths in bits. */
struct greylist_bits {
    unsigned v4, v6;
};

/* Who is not greylisted, besides those who are not checked at all: any of these is enough. */
struct greylist_exempt {
    struct addr_list clients;       /* addresses */
    struct host_list hosts;         /* verified names: what whitelist_has_host finds */
    struct mailbox_list senders;    /* what whitelist_has_mailbox finds */
    struct mailbox_list recipients; /* the same */
};

/* The numbers of the rule (greylist_rule.h). */
struct greylist_terms {
    enum greylist_mode mode;
    uint32_t delay_s;     /* a retry before that is early */
    uint32_t window_s;    /* after that it is no retry, and the sender begins anew; longer than delay_s */
    uint32_t life_s;      /* how long one that has come back is known, from its last message on */
    unsigned known_after; /* so many that have come back make a sender's network known for all recipients; 0: never */
};

struct greylist_settings {
    struct greylist_terms terms;
    result_set results; /* that are greylisted; RESULT_PASS is never in it */
    enum greylist_pass pass;
    struct greylist_bits width;   /* of a term (GREYLIST_PASS_WIDE) */
    struct greylist_bits network; /* clients that share it are one */
    struct mailbox_list to;       /* recipients that are greylisted: what whitelist_has_mailbox finds; empty: all */
    struct greylist_exempt exempt;
};

#endif
