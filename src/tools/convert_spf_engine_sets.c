/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which results policyd-spf and pyspf-milter refuse and defer: one line of ours out of several settings of theirs. */
#include "tools/convert_spf_engine.h"

#include "tools/convert_run.h"

#include <string.h>

#define FAIL     RESULT_BIT(RESULT_FAIL)
#define NOT_PASS (FAIL | RESULT_BIT(RESULT_SOFTFAIL) | RESULT_BIT(RESULT_NEUTRAL))

/* A value of HELO_reject or Mail_From_reject. */
struct policy {
    const char *word;
    bool is_for_helo_alone;
    bool checks;
    bool acts; /* PermError_reject and TempError_Defer hold for it */
    result_set refuse;
};

static const struct policy policies[] = {
    {"Fail", false, true, true, FAIL},
    {"Softfail", false, true, true, FAIL | RESULT_BIT(RESULT_SOFTFAIL)},
    {"SPF_Not_Pass", false, true, true, NOT_PASS},
    {"Null", true, true, true, FAIL}, /* for a null sender alone */
    {"False", false, true, false, 0},
    {"No_Check", false, false, false, 0},
};

/* What holds for any other word. */
static const struct policy unknown = {"", false, true, true, 0};

/* What the errors and No_Mail make of the policies. */
struct rules {
    bool rejects_permerror, defers_temperror;
    bool no_mail; /* nothing but a fail of `v=spf1 -all` is refused */
};

static struct policy read_policy(struct conversion *run, const char *key)
{
    const char *word = convert_value(run, key);

    for (size_t i = 0; i < sizeof policies / sizeof *policies; i++)
        if (strcmp(word, policies[i].word) == 0 && (!policies[i].is_for_helo_alone || strcmp(key, "HELO_reject") == 0))
            return policies[i];
    convert_lost(run,
                 "HELO_reject or Mail_From_reject has a value that is not known; there and here it refuses nothing");
    return unknown;
}

static bool is_true(const struct conversion *run, const char *key)
{
    return strcmp(convert_value(run, key), "True") == 0;
}

static result_set refused_results(const struct rules *rules, result_set results)
{
    if (rules->rejects_permerror)
        results |= RESULT_BIT(RESULT_PERMERROR);
    return rules->no_mail ? results & FAIL : results;
}

static struct convert_sets sets_of(const struct rules *rules, const struct policy *policy)
{
    if (!policy->acts)
        return (struct convert_sets){0, 0};
    return (struct convert_sets){.refuse = refused_results(rules, policy->refuse),
                                 .defer = rules->defers_temperror ? RESULT_BIT(RESULT_TEMPERROR) : 0};
}

/* A rule for the domain and for each domain above it of several labels: that is what the program matches. */
static void write_domain(struct conversion *run, const char *domain, result_set refuse)
{
    do {
        struct strbuf rule = STRBUF_INIT;

        strbuf_addf(&rule, "%s ", domain);
        convert_write_set(refuse, &rule);
        convert_built_rule(run, "RefuseFor", &rule);
        domain = strchr(domain, '.');
        domain = domain != NULL ? domain + 1 : "";
    } while (strchr(domain, '.') != NULL);
}

/* Reject_Not_Pass_Domains: for the sender's domain it takes the place of Mail_From_reject. */
static void write_domains(struct conversion *run, const struct rules *rules, const struct convert_decision *decision,
                          bool is_checked)
{
    static const struct policy listed = {"", false, true, true, NOT_PASS};
    const struct convert_sets own = sets_of(rules, &listed);
    const char *domains = convert_value(run, "Reject_Not_Pass_Domains");
    struct strbuf domain = STRBUF_INIT;
    bool is_told = false;

    if (*domains == '\0' || !is_checked) {
        if (run->is_for_some)
            convert_line(run, "RefuseFor", "none");
        return;
    }
    if (decision->check_helo && (own.refuse != decision->helo.refuse || own.defer != decision->helo.defer))
        convert_differs(run, "a HELO name of Reject_Not_Pass_Domains is decided like any other");
    while (convert_spf_engine_item(run, &domains, &domain, &is_told))
        write_domain(run, strbuf_text(&domain), own.refuse | (own.defer & ~decision->mail_from.defer));
    strbuf_free(&domain);
}

void convert_spf_engine_sets(struct conversion *run)
{
    const struct rules rules = {is_true(run, "PermError_reject"), is_true(run, "TempError_Defer"),
                                is_true(run, "No_Mail")};
    struct convert_decision decision;

    convert_section(run, "HELO_reject, Mail_From_reject, PermError_reject, TempError_Defer, Reject_Not_Pass_Domains");
    const struct policy helo = read_policy(run, "HELO_reject"), mail_from = read_policy(run, "Mail_From_reject");
    decision.check_helo = helo.checks;
    decision.mail_from = sets_of(&rules, &mail_from);
    decision.null_sender = sets_of(&rules, &helo);
    decision.helo = helo.is_for_helo_alone ? (struct convert_sets){0, 0} : decision.null_sender;
    if (!mail_from.checks)
        convert_differs(run, "MAIL FROM is always checked and recorded, but not refused here");
    if (!helo.checks)
        decision.null_sender = (struct convert_sets){decision.mail_from.refuse, decision.mail_from.defer}; /* moot */
    convert_write_decision(run, &decision);
    if (!helo.checks) /* and so nothing of a null sender */
        convert_line(run, "SkipNDR", "on");
    else if (run->is_for_some)
        convert_line(run, "SkipNDR", "off");
    if (run->is_for_some)
        convert_line(run, "RefuseOnlyNoMail", rules.no_mail ? "on" : "off");
    write_domains(run, &rules, &decision, mail_from.checks);
}
