/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One evaluation of check_host() (RFC 7208 section 4), seen from outside of libspf2: which record each term belongs to,
 * what its questions are, what they may cost, and how it ended. guard.h connects it with the library.
 *
 * Used by one thread. An evaluation that meets an error or exceeds a limit is stopped: its result is fixed, and all
 * that is asked of it afterwards is refused. */
#ifndef SMF_SPF_EVALUATION_H
#define SMF_SPF_EVALUATION_H

#include "dns/dns.h"
#include "spf/client_names.h"
#include "spf/limits.h"
#include "spf/lookups.h"
#include "spf/macro.h"
#include "spf/record.h"
#include "spf/spf_check.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The record of one domain, as long as it is evaluated. */
struct frame {
    char domain[DNS_NAME_MAX + 1];
    struct record record;
    unsigned first_tag;          /* see canonical.h */
    size_t reached;              /* the term that is being evaluated; record.count: the record's end */
    struct frame *redirected_to; /* the record that took this one's place (RFC 7208 6.1) */
};

/* A term, and the record it stands in. */
struct place {
    struct frame *frame;
    const struct term *term; /* NULL: the record's end, or none is reached yet */
};

struct evaluation {
    const struct spf_question *question;
    struct macro_values values; /* without the current domain */
    struct lookups lookups;
    struct limits limits;
    struct client_names names;
    struct frame *frames[LIMIT_DNS_TERMS + 1]; /* that of the question, then one for each include or redirect */
    size_t frame_count;
    struct place at; /* what is being evaluated */
    unsigned next_tag;
    const struct dns_answer *mx_answer; /* of the mx term that is being evaluated */
    struct addr *found;                 /* the addresses of the last answer to the library */
    unsigned macros_used;               /* MACRO_USED_* */
    bool guessed;                       /* there was no record: the first frame is the best guess */
    bool stopped;
    bool is_fault; /* stopped by one of ours */
    enum spf_result stop_result;
    char problem[SPF_PROBLEM_SIZE];
};

/* What the library is answered. Valid until the next call. */
struct evaluation_answer {
    size_t count;             /* of addresses, or of mail exchangers, which are asked for by tags with mx_index 0.. */
    const struct addr *addrs; /* NULL for mail exchangers */
};

#define EVALUATION_BEST_GUESS                                                                                          \
    "v=spf1 a/24 mx/24 ptr ?all" /* the record of a domain without one, where that is asked for */

#define EVALUATION_ROOT "_0.t" /* the tag that asks for the record of the question's domain */

/* What macros expand to, but for the current domain and the client's name. Borrows the question's texts. */
struct macro_values evaluation_macro_values(const struct spf_question *question, int64_t now_s);

/* Begins an evaluation of `question`, whose domain must be one that domain_can_have_policy accepts, and which must
 * outlive it. */
void evaluation_init(struct evaluation *evaluation, const struct spf_question *question, struct dns *dns,
                     int64_t deadline_ms, int64_t now_s);

/* Frees what an evaluation holds. */
void evaluation_free(struct evaluation *evaluation);

/* Finds the record that the include or redirect of this tag, or EVALUATION_ROOT, leads to (RFC 7208 4.4, 4.5, 4.6)
 * and returns its canonical form, which the caller frees. NULL if the evaluation is stopped. */
char *evaluation_record(struct evaluation *evaluation, const char *tag);

/* Answers the question that the library asks for a tag (as text). False if the evaluation is stopped. */
bool evaluation_answer(struct evaluation *evaluation, const char *tag, struct evaluation_answer *answer);

/* Fixes the result; the problem takes printf's formats, and is followed by the term that is being evaluated: ", at
 * a:x.org of y.org". Without effect on a stopped evaluation. */
void evaluation_stop(struct evaluation *evaluation, enum spf_result result, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Stops with temperror for a fault of ours, and counts it. */
void evaluation_fault(struct evaluation *evaluation, const char *what);

/* The record that the question's own came to, along redirects (RFC 7208 6.1), and whose last term decided. */
const struct frame *evaluation_last_frame(const struct evaluation *evaluation);

/* The values for expanding macros in the record of `frame`. */
struct macro_values evaluation_values(struct evaluation *evaluation, const struct frame *frame);

#endif
