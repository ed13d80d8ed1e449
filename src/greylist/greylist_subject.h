/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Whether a recipient's message is greylisted at all, and under which keys it is stored. Pure. */
#ifndef SMF_GREYLIST_GREYLIST_SUBJECT_H
#define SMF_GREYLIST_GREYLIST_SUBJECT_H

#include "base/addr.h"
#include "greylist/greylist_settings.h"
#include "mail/address.h"
#include "mail/result.h"

#include <stdbool.h>

enum { GREYLIST_KEY_SIZE = 200 };

/* What is known of the message and the recipient. All texts are NUL-terminated and belong to the caller. */
struct greylist_facts {
    struct addr client;
    const char *client_name;      /* that leads back to the address; NULL: none does */
    const char *helo;             /* "" if there was none */
    const struct address *sender; /* NULL: the null sender */
    const struct address *recipient;
    enum spf_result result; /* of the sender; of the HELO name for a null sender */
    unsigned matched_bits;  /* pass: the prefix length of the term that matched (spf_outcome.matched_bits) */
};

/* Texts of printable US-ASCII without blanks, NUL-terminated, the same for the same subject in each version of this
 * program, as they are what a store has: who comes, and for whom. A part that does not fit is replaced by its hash. */
struct greylist_subject {
    char entry[GREYLIST_KEY_SIZE];  /* "192.0.2.0/24 example.org user@our.example", or of a pass "pass example.org" */
    char sender[GREYLIST_KEY_SIZE]; /* what is known after some have come back: "192.0.2.0/24 example.org"; "": the
                                       entry alone counts */
};

/* Why a recipient is not greylisted. */
enum greylist_exemption {
    GREYLIST_APPLIES,
    GREYLIST_IS_OFF,
    GREYLIST_NOT_THIS_RESULT,    /* the result is none of those that are greylisted */
    GREYLIST_PASSES,             /* it is a pass that is worth something */
    GREYLIST_NOT_THIS_RECIPIENT, /* GreylistTo does not name it */
    GREYLIST_EXEMPT,             /* GreylistExempt does */
    GREYLIST_NO_CLIENT,          /* no address is known */
};

/* Sets *subject if this is GREYLIST_APPLIES. Names are compared without case, as A-labels, by their organizational
 * domain (dns_registrable); where there is none, "-" stands for it. A null sender goes by the organizational domain of
 * the client's verified name, else of its HELO name, as "null:example.org"; a pass of its HELO name is one of that
 * domain. */
enum greylist_exemption greylist_subject_of(const struct greylist_settings *settings,
                                            const struct greylist_facts *facts, struct greylist_subject *subject);

/* Writes what the keys of a client begin with, where its address counts: "192.0.2.0/24". */
void greylist_subject_network(const struct addr *client, const struct greylist_bits *network,
                              char text[ADDR_PREFIX_SIZE]);

/* "greylisting is off", "GreylistTo does not name this recipient", ... for the log and `smf-spf query`. */
const char *greylist_exemption_words(enum greylist_exemption exemption);

#endif
