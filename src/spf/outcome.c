/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Writes outcomes. */
#include "spf/outcome.h"

#include <stddef.h>
#include <stdio.h>
#include <string.h>

/* The term of the domain's own record that decided, or of the record that a redirect led to, and then its domain too.
 */
static void write_mechanism(const struct walk *walk, char text[SPF_TERM_SIZE])
{
    const struct walk_frame *frame = walk_last_frame(walk);
    const struct term *term = frame->policy->steps[walk->visits[frame->reached].step].term;
    bool is_redirected = frame != walk->frames;
    const char *of = is_redirected ? " of " : "", *domain = is_redirected ? frame->domain : "";
    size_t behind = strlen(of) + strlen(domain);
    size_t room = SPF_TERM_SIZE - 1 - (behind < SPF_TERM_SIZE / 2 ? behind : SPF_TERM_SIZE / 2);

    if (!term)
        snprintf(text, SPF_TERM_SIZE, "default%s%.*s", of, (int)behind, domain); /* RFC 7208 4.7 */
    else
        snprintf(text, SPF_TERM_SIZE, "%.*s%s%.*s", (int)(term->len < room ? term->len : room), term->text, of,
                 (int)behind, domain);
}

/* True if a macro in the name of a term stands for the client's address (RFC 7208 7.2), so that other clients are asked
 * for under other names. */
static bool names_client(const struct term *term)
{
    const char *text = term->domain;

    for (size_t i = 0; i + 2 < term->domain_len; i++) {
        if (text[i] != '%')
            continue;
        if (text[i + 1] == '{' && (text[i + 2] == 'i' || text[i + 2] == 'I'))
            return true;
        i++; /* %% is no macro, whatever follows */
    }
    return false;
}

static unsigned bits_of(const struct term *term, bool is_v6)
{
    switch (term->kind) {
    case TERM_A:
    case TERM_MX:
        return is_v6 ? term->bits6 : term->bits4;
    case TERM_IP4:
    case TERM_IP6:
        return term->network.bits;
    default:
        return 0;
    }
}

/* How much of the client's address let it pass. */
static unsigned matched_bits(const struct walk *walk)
{
    const bool is_v6 = walk->request->client.family == ADDR_V6;
    const struct walk_frame *frame = walk->frames;

    for (;;) {
        const struct walk_visit *last = &walk->visits[frame->reached];
        const struct term *term = frame->policy->steps[last->step].term;

        if (!term)
            return 0;
        if (names_client(term))
            return is_v6 ? 128 : 32;
        if (last->opened == 0) /* neither an include nor a redirect */
            return bits_of(term, is_v6);
        frame = &walk->frames[last->opened];
    }
}

void outcome_write(const struct walk *walk, struct spf_outcome *outcome)
{
    *outcome = (struct spf_outcome){.result = walk->result};
    outcome->guessed = walk->is_guess;
    outcome->no_mail = walk->frame_count > 0 && walk->frames[0].policy->refuses_all;
    outcome->matched_bits = walk->result == RESULT_PASS ? (uint8_t)matched_bits(walk) : 0;
    outcome->ttl_s = walk->ttl_s == UINT32_MAX ? 0 : walk->ttl_s;
    if (walk->is_stopped)
        memcpy(outcome->problem, walk->problem, sizeof(outcome->problem));
    else
        write_mechanism(walk, outcome->mechanism);
    outcome->is_shed = outcome->result == RESULT_TEMPERROR && walk_is_shed(walk);
    if (outcome->result == RESULT_FAIL)
        memcpy(outcome->explanation, walk->explanation_text, sizeof(outcome->explanation));
}

void outcome_shed(struct spf_outcome *outcome, const char *problem)
{
    *outcome = (struct spf_outcome){.result = RESULT_TEMPERROR, .is_shed = true};
    snprintf(outcome->problem, sizeof(outcome->problem), "%s", problem);
}

/* Most are empty. */
static void copy_text(char *to, const char *from)
{
    if (*from != '\0')
        memcpy(to, from, strlen(from) + 1);
    else
        *to = '\0';
}

void spf_outcome_clear(struct spf_outcome *outcome)
{
    memset(outcome, 0, offsetof(struct spf_outcome, mechanism));
    outcome->mechanism[0] = outcome->problem[0] = outcome->explanation[0] = '\0';
}

void spf_outcome_copy(struct spf_outcome *to, const struct spf_outcome *from)
{
    memcpy(to, from, offsetof(struct spf_outcome, mechanism));
    copy_text(to->mechanism, from->mechanism);
    copy_text(to->problem, from->problem);
    copy_text(to->explanation, from->explanation);
}
