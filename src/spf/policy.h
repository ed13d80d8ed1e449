/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The SPF record of one domain, as an evaluation for one client uses it: the steps that can make a difference, which
 * are the terms that ask the DNS, up to the first that matches without. */
#ifndef SMF_SPF_POLICY_H
#define SMF_SPF_POLICY_H

#include "dns/dns.h"
#include "mail/result.h"
#include "spf/limits.h"
#include "spf/record.h"

#include <stdbool.h>
#include <stddef.h>

struct lookup;

struct step {
    const struct term *term; /* NULL: the record's end */

    /* What the walk has found out about it (walk.c). */
    char *name;                           /* what it asks for; NULL: not known yet */
    unsigned macros_used;                 /* MACRO_USED_*, in the name */
    struct lookup *lookup;                /* NULL: not wanted yet, or `name` cannot be asked for */
    struct lookup *hosts[LIMIT_MX_NAMES]; /* mx: the addresses of each */
    unsigned
        missed; /* bits: of `hosts`, 0 for `lookup`: its addresses are not the client's, and none is looked at again */
};

enum policy_status {
    POLICY_OK,
    POLICY_NONE,    /* no record with the version section (RFC 7208 4.5) */
    POLICY_SEVERAL, /* more than one */
    POLICY_SYNTAX,  /* RFC 7208 4.6 */
};

struct policy {
    enum policy_status status;
    const struct dns_record *source; /* POLICY_SYNTAX: the text, of the answer */
    struct record_error error;       /* POLICY_SYNTAX */
    bool refuses_all;                /* POLICY_OK, as what follows: it is `v=spf1 -all` and nothing else */
    struct record record;            /* without keeps_terms as record_parse_for makes it */
    size_t count;
    struct step steps[];
};

/* Whose policy, and for what. */
struct policy_reader {
    struct addr client;
    unsigned terms_max; /* DNS-querying terms to take at most; one more shows that there are too many */
    bool is_survey;     /* for no client at all: nothing but `all` matches without a lookup */
    bool keeps_terms;   /* all of them, for a trace */
};

/* Reads the answer to a TXT lookup, which must outlive the policy. NULL if out of memory; policy_free frees. */
struct policy *policy_read(const struct policy_reader *reader, const struct dns_answer *answer);

/* The same out of a text that is a record. */
struct policy *policy_from_text(const struct policy_reader *reader, const char *text);

void policy_free(struct policy *policy); /* NULL is fine */

/* The one record among those of an answer for which `chosen` is true, where several with the same text are one. NULL if
 * there is none, or *is_ambiguous if there are several. */
const struct dns_record *policy_choose(const struct dns_answer *answer, bool (*chosen)(const char *text, size_t len),
                                       bool *is_ambiguous);

/* The result of a step that matches (RFC 7208 4.6.2); at the record's end neutral (4.7). */
enum spf_result step_result(const struct step *step);

#endif
