/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Fetches, checks and expands explanations (RFC 7208 6.2). */
#include "spf/explanation.h"

#include "spf/domain.h"
#include "spf/printable.h"
#include "spf/trace.h"

#include <string.h>

/* Expands the text of an explanation, which may be cut nowhere. */
static void expand(struct evaluation *evaluation, const struct macro_values *values, const struct dns_record *text,
                   char out[SPF_EXPLANATION_SIZE])
{
    struct strbuf expanded = {.limit = SPF_EXPLANATION_SIZE - 1};

    if (printable_is(text->text, text->text_len) &&
        macro_expand(text->text, text->text_len, MACRO_IN_EXPLANATION, values, &expanded, &evaluation->macros_used) &&
        !expanded.failed && printable_is(strbuf_text(&expanded), expanded.len))
        memcpy(out, strbuf_text(&expanded), expanded.len + 1);
    strbuf_free(&expanded);
}

void explanation_fetch(struct evaluation *evaluation, char out[SPF_EXPLANATION_SIZE])
{
    const struct frame *frame = evaluation_last_frame(evaluation); /* RFC 7208 6.2: not the redirecting record's */
    const struct dns_answer *answer;
    struct macro_values values;
    struct strbuf name = STRBUF_INIT;

    out[0] = '\0';
    if (!frame->record.exp)
        return;
    trace_explain(evaluation->question->trace);
    values = evaluation_values(evaluation, frame);
    macro_expand_domain(frame->record.exp->domain, frame->record.exp->domain_len, &values, &name,
                        &evaluation->macros_used);
    trace_name(evaluation->question->trace, strbuf_text(&name));
    if (!name.failed && domain_can_be_asked(strbuf_text(&name))) {
        answer = lookups_ask(&evaluation->lookups, name.text, DNS_TXT);
        if (answer->count == 1)
            expand(evaluation, &values, &answer->records[0], out);
        dns_answer_release(answer);
    }
    strbuf_free(&name);
}
