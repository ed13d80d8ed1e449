/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The evaluation of check_host() (RFC 7208 section 4), as far as the answers go that are there.
 *
 * A walk is a function of a request and answers: either it is done, with an outcome, or it wants lookups (lookups.h).
 * It is run again from the start whenever an answer has arrived; what records say is read once and kept with the
 * answers. It goes past what is missing as if that did not match, and so finds out early what may be needed later.
 *
 * The limits of 4.6.4, the order of the terms, the choice of the record and of names, void lookups and macros have no
 * other home. Plain data: evaluation.h has the lock. */
#ifndef SMF_SPF_WALK_H
#define SMF_SPF_WALK_H

#include "spf/client_names.h"
#include "spf/limits.h"
#include "spf/lookups.h"
#include "spf/macro.h"
#include "spf/policy.h"
#include "spf/spf_check.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    WALK_FRAMES = LIMIT_DNS_TERMS + 1,   /* records: the domain's own, and one for each include or redirect */
    WALK_VISITS = 2 * (WALK_FRAMES + 1), /* each record has one step at most that asks nothing */
};

/* The record of one domain, on the way to the outcome. The same record may be there twice. */
struct walk_frame {
    const char *domain;
    const struct lookup *lookup; /* its TXT lookup */
    struct policy *policy;
    size_t reached; /* the visit of the step that was evaluated last in it */
};

enum visit_outcome {
    VISIT_NO_MATCH,
    VISIT_MATCH,   /* a redirect: it was followed */
    VISIT_STOPPED, /* the evaluation ended here with an error */
};

/* A step that was evaluated, in order. */
struct walk_visit {
    size_t frame;
    size_t step;   /* of the frame's policy */
    size_t opened; /* the frame that an include or redirect led to; 0: none */
    enum visit_outcome outcome;
    unsigned dns_terms;    /* the number of this DNS-querying term; 0: it is none */
    unsigned void_lookups; /* it counted as void lookup, and so many there were with it; else 0 */
};

/* What ended an evaluation before a term decided. */
enum walk_stop {
    WALK_STOP_NO_RECORD, /* none (RFC 7208 4.5) */
    WALK_STOP_FAILURE,   /* temperror: of the DNS (RFC 7208 5) */
    /* permerror: */
    WALK_STOP_SYNTAX,   /* of a record (RFC 7208 4.6) */
    WALK_STOP_LOOKUPS,  /* too many terms that query the DNS, or too many mail exchangers (RFC 7208 4.6.4) */
    WALK_STOP_VOID,     /* too many void lookups (RFC 7208 4.6.4) */
    WALK_STOP_MULTIPLE, /* a domain has several records (RFC 7208 4.5) */
    WALK_STOP_LOOP,     /* too many lookups, since a record leads back to itself */
    WALK_STOP_OCTETS,   /* its answers are too large */
    WALK_STOP_TARGET,   /* an include or redirect leads to no record (RFC 7208 5.2, 6.1) */
    WALK_STOP_COUNT
};

/* Where a walk is: a step of a record, and the step that led there. */
struct walk_place {
    const struct walk_place *from; /* NULL: the record is the domain's own */
    const char *domain;
    struct step *step;
    size_t frame;             /* its frame; none in a record that is not certainly reached */
    struct walk_visit *visit; /* NULL: likewise */
};

/* What a survey is told of. */
enum survey_finding {
    SURVEY_ERROR,   /* an evaluation ends here in permerror */
    SURVEY_UNKNOWN, /* the DNS did not answer */
    SURVEY_VOID,    /* the term counts as a void lookup */
    SURVEY_NO_NAME, /* it names no domain that can exist */
    SURVEY_OPEN,    /* another domain's record lets everybody pass, or nearly so (term_openness) */
    SURVEY_VARYING, /* what it asks for depends on the message, and was not asked */
};

/* A walk that surveys a record: nothing ever matches, nothing ends it, and it is told what would. */
struct walk_survey {
    void (*found)(void *context, enum survey_finding finding, const struct walk_place *at, const char *text);
    void *context;
};

struct walk {
    const struct spf_request *request; /* borrowed */
    struct macro_values values;        /* without the current domain */
    struct policy_reader reader;
    struct lookups lookups;
    struct lookup *root; /* the TXT lookup of the request's domain */
    struct client_names names;
    struct step explanation;          /* the name and lookup of exp= (RFC 7208 6.2) */
    const struct walk_survey *survey; /* told by the next run; NULL: nobody is */

    /* Of the last run. */
    struct limits limits;
    bool is_exact;               /* nothing is missing so far */
    bool lacks_names;            /* an expansion needs the client's names, and they are missing */
    bool is_stopped;             /* by an error, or as there is no record: `result` and `problem` are set */
    enum walk_stop stop;         /* where is_stopped: by what, unless is_fault */
    bool is_fault;               /* stopped by a fault of ours */
    const struct lookup *failed; /* the lookup that failed last, where nothing was missing; NULL: none. In a walk that
                                    is no survey it is what stopped it (WALK_STOP_FAILURE) */
    bool is_guess;               /* there is no record: the first frame is the best guess */
    enum spf_result result;
    unsigned macros_used; /* MACRO_USED_*, in all that the outcome depends on */
    uint32_t ttl_s;       /* smallest of the answers it depends on; UINT32_MAX: none */
    size_t frame_count, visit_count;
    struct walk_frame frames[WALK_FRAMES];
    struct walk_visit visits[WALK_VISITS];
    char problem[SPF_PROBLEM_SIZE];
    char explanation_text[SPF_EXPLANATION_SIZE];
};

#define WALK_BEST_GUESS "v=spf1 a/24 mx/24 ptr ?all" /* the record of a domain without one, where that is asked for */

/* Prepares a walk for `request`, whose domain must be one that domain_can_have_policy accepts, and which must outlive
 * it. `owner` is handed on to each lookup. */
void walk_init(struct walk *walk, const struct spf_request *request, int64_t now_s, bool has_lookahead, void *owner);
void walk_free(struct walk *walk);

/* Makes it a survey of `record`, an answer with the record in the place of what the DNS has; takes it over. Counts are
 * not bounded by RFC 7208 4.6.4, but SURVEY_TERMS. Call it before the first run. */
void walk_begin_survey(struct walk *walk, const struct dns_answer *record);

enum { SURVEY_TERMS = 100 };

/* Walks. True: it is done, and the outcome is there. False: at least one lookup is wanted, or under way. */
bool walk_run(struct walk *walk);

/* True where a finished walk came to temperror for a fault of ours: its own, or that of the lookup that decided. */
bool walk_is_shed(const struct walk *walk);

/* Makes a finished walk one that was stopped by a fault of ours: temperror. */
void walk_fault(struct walk *walk, const char *what);

/* The record that the domain's own came to, along redirects (RFC 7208 6.1): its last step decided. NULL: there is none.
 */
const struct walk_frame *walk_last_frame(const struct walk *walk);

#endif
