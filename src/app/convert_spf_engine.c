/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What policyd-spf and pyspf-milter have in common, which are two front ends of one engine, and policyd-spf itself. */
#include "app/convert_spf_engine.h"

#include <stdlib.h>
#include <string.h>

/* Single settings */

static void convert_debug_level(struct conversion *run, const struct foreign_setting *setting)
{
    char *end;
    const long level = strtol(setting->value, &end, 10);

    if (end == setting->value || *end != '\0') {
        convert_bad_value(run, setting);
        return;
    }
    if (level < 0)
        convert_note(run, "Errors are always logged");
    convert_line(run, "LogLevel", level <= 0 ? "error" : level == 1 ? "info" : "debug");
}

static void convert_test_only(struct conversion *run, const struct foreign_setting *setting)
{
    if (strcmp(setting->value, "0") == 0)
        convert_line(run, "TestMode", "on"); /* the number is the other way round than its name */
    else if (strcmp(setting->value, "1") == 0)
        convert_line(run, "TestMode", "off");
    else
        convert_bad_value(run, setting);
}

static void convert_no_mail(struct conversion *run, const struct foreign_setting *setting)
{
    bool on;

    if (convert_read_switch(setting->value, &on))
        convert_line(run, "RefuseOnlyNoMail", strcmp(setting->value, "True") == 0 ? "on" : "off");
    else
        convert_bad_value(run, setting);
}

static void convert_prospective(struct conversion *run, const struct foreign_setting *setting)
{
    convert_line(run, "FixedClientIP", setting->value);
}

static void convert_addresses(struct conversion *run, const struct foreign_setting *setting)
{
    convert_items(run, "WhitelistIP", setting->value, NULL);
}

static void convert_helo_names(struct conversion *run, const struct foreign_setting *setting)
{
    convert_items(run, "WhitelistHelo", setting->value, NULL);
}

static void convert_domains(struct conversion *run, const struct foreign_setting *setting)
{
    convert_items(run, "WhitelistSPF", setting->value, NULL);
}

static void convert_host_names(struct conversion *run, const struct foreign_setting *setting)
{
    convert_items(run, "WhitelistPTR", setting->value, NULL);
}

static void convert_header_type(struct conversion *run, const struct foreign_setting *setting)
{
    const bool none = strcmp(setting->value, "None") == 0;
    const bool outgoing = *convert_value(run, "Prospective") != '\0';
    /* The milter writes Authentication-Results whatever else the value says. */
    const bool results = !none && (strstr(setting->value, "AR") != NULL || convert_from(run) == &convert_pyspf_milter);

    if (!none && strcmp(setting->value, "AR") != 0 && strcmp(setting->value, "SPF") != 0) {
        convert_bad_value(run, setting);
        return;
    }
    if (outgoing)
        convert_note(run, "With Prospective no field is added");
    convert_line(run, "AddHeader", results && !outgoing ? "on" : "off");
    convert_line(run, "AddReceivedHeader", !results && !none && !outgoing ? "on" : "off");
}

static void convert_authserv_id(struct conversion *run, const struct foreign_setting *setting)
{
    if (strcmp(setting->value, "HOSTNAME") == 0)
        convert_note(run, "The host's name is the default; the MTA's own name for it comes first");
    else
        convert_line(run, "AuthservID", setting->value);
}

static void convert_lookup_time(struct conversion *run, const struct foreign_setting *setting)
{
    convert_note(run, "The MTA must wait longer than this: Sendmail gives up after 10s unless T= says more");
    convert_line(run, "DNSTimeout", setting->value);
}

static void convert_void_limit(struct conversion *run, const struct foreign_setting *setting)
{
    if (strcmp(setting->value, "2") == 0)
        convert_note(run, "This is the limit of RFC 7208 section 4.6.4, which always holds");
    else
        convert_lost(run, "the limit of void lookups is that of RFC 7208 section 4.6.4, 2");
}

static void convert_status_codes(struct conversion *run, const struct foreign_setting *setting)
{
    if (strcmp(setting->value, "No") == 0)
        convert_lost(run, "replies always have the codes of RFC 7372");
    else
        convert_note(run, "Replies have the codes of RFC 7372");
}

/* The places in a reason, and what stands for them in ours. */
static const struct reason_word {
    const char *theirs, *ours;
} reason_words[] = {
    {"{rejectdefer}", "rejected"},
    {"{spf}", "SPF: %{s} may not be sent from %{c}. %{e}"},
    {" Please see {url}", ""},
    {"{url}", ""},
    {"{{", "{"},
    {"}}", "}"},
};

static const struct reason_word *find_reason_word(const char *text)
{
    for (size_t i = 0; i < sizeof reason_words / sizeof *reason_words; i++)
        if (strncmp(text, reason_words[i].theirs, strlen(reason_words[i].theirs)) == 0)
            return &reason_words[i];
    return NULL;
}

static void convert_reason(struct conversion *run, const struct foreign_setting *setting)
{
    struct strbuf reason = STRBUF_INIT;
    const char *text = setting->value;

    while (*text != '\0') {
        const struct reason_word *word = find_reason_word(text);

        if (word != NULL)
            strbuf_add(&reason, word->ours);
        else
            strbuf_add_char(&reason, *text);
        text += word != NULL ? strlen(word->theirs) : 1;
    }
    if (strstr(setting->value, "{url}") != NULL)
        convert_note(run, "The site that {url} leads to is gone; the explanation of the domain, %{e}, takes its place");
    convert_built_line(run, "RejectReason", &reason);
}

/* What several settings decide together */

enum { NOT_PASS = RESULT_BIT(RESULT_FAIL) | RESULT_BIT(RESULT_SOFTFAIL) | RESULT_BIT(RESULT_NEUTRAL) };

/* Reads a policy of HELO_reject or Mail_From_reject: what it refuses. False if there is no such policy. */
static bool read_policy(const char *value, result_set *refuse)
{
    static const struct {
        const char *word;
        result_set refuse;
    } policies[] = {
        {"Fail", RESULT_BIT(RESULT_FAIL)},
        {"Softfail", RESULT_BIT(RESULT_FAIL) | RESULT_BIT(RESULT_SOFTFAIL)},
        {"SPF_Not_Pass", NOT_PASS},
        {"Null", 0},
        {"False", 0},
        {"No_Check", 0},
    };

    for (size_t i = 0; i < sizeof policies / sizeof *policies; i++)
        if (strcmp(value, policies[i].word) == 0) {
            *refuse = policies[i].refuse;
            return true;
        }
    return false;
}

/* True if errors of this identity are left alone, whatever PermError_reject and TempError_Defer say. With Null they
 * are, but for those of a null sender, for whom RefuseMailFrom holds. */
static bool only_records(const char *policy)
{
    return strcmp(policy, "False") == 0 || strcmp(policy, "No_Check") == 0 || strcmp(policy, "Null") == 0;
}

static void read_identity(struct conversion *run, const char *name, result_set *refuse)
{
    const char *policy = convert_value(run, name);

    if (!read_policy(policy, refuse)) {
        convert_lost(run, "HELO_reject or Mail_From_reject has a value that is not known; Fail is assumed");
        *refuse = RESULT_BIT(RESULT_FAIL);
    }
    if (!only_records(policy) && strcmp(convert_value(run, "PermError_reject"), "True") == 0)
        *refuse |= RESULT_BIT(RESULT_PERMERROR);
}

/* Comments on what the two programs do not do alike. */
static void note_differences(struct conversion *run, const struct convert_decision *decision)
{
    const char *helo = convert_value(run, "HELO_reject"), *mail_from = convert_value(run, "Mail_From_reject");

    if (strcmp(mail_from, "No_Check") == 0)
        convert_note(run, "MAIL FROM is always checked and recorded, but not refused here");
    if (decision->defer != 0 && only_records(helo) != only_records(mail_from))
        convert_note(run, "Defer holds for both identities");
    if (strcmp(helo, "Null") == 0 && only_records(mail_from))
        convert_lost(run, "a fail of the HELO name of a null sender alone cannot be refused");
    else if (strcmp(helo, "Null") != 0 && (decision->refuse_mail_from & ~decision->refuse_helo) != 0)
        convert_note(run, "For a null sender RefuseMailFrom holds too");
}

static void write_domains(struct conversion *run, const struct convert_decision *decision)
{
    const char *domains = convert_value(run, "Reject_Not_Pass_Domains");
    struct strbuf rule = STRBUF_INIT;

    while (convert_next_item(run, &domains, &rule)) {
        strbuf_add_char(&rule, ' ');
        convert_write_set(NOT_PASS | (decision->refuse_mail_from & RESULT_BIT(RESULT_PERMERROR)), &rule);
        convert_built_rule(run, "RefuseFor", &rule);
    }
    strbuf_free(&rule);
}

void convert_finish_spf_engine(struct conversion *run)
{
    const char *helo = convert_value(run, "HELO_reject"), *mail_from = convert_value(run, "Mail_From_reject");
    const bool defers =
        strcmp(convert_value(run, "TempError_Defer"), "True") == 0 && !(only_records(helo) && only_records(mail_from));
    struct convert_decision decision = {
        .check_helo = strcmp(helo, "No_Check") != 0,
        .defer = defers ? RESULT_BIT(RESULT_TEMPERROR) : 0,
    };

    convert_section(run, "HELO_reject, Mail_From_reject, PermError_reject, TempError_Defer, Reject_Not_Pass_Domains");
    read_identity(run, "HELO_reject", &decision.refuse_helo);
    read_identity(run, "Mail_From_reject", &decision.refuse_mail_from);
    note_differences(run, &decision);
    convert_write_decision(run, &decision);
    write_domains(run, &decision);
    convert_section(run, "What else it does");
    convert_note(run, "Forged result fields are removed (RemoveForgedHeaders), which it does not do");
    convert_note(run, "Subjects are not tagged, and long local parts are let through");
    convert_line(run, "TagSubject", "off");
    convert_line(run, "RelaxedLocalPart", "on");
}

static void finish_policyd_spf(struct conversion *run)
{
    convert_finish_spf_engine(run);
    convert_note(run, "Postfix asks for each recipient");
    convert_line(run, "RefuseAt", "rcpt");
}

/* name, alias, fallback, fate, our keys, note, function */
static const struct foreign_key engine_keys[] = {
    {"debugLevel", NULL, NULL, FATE_LINES, "LogLevel", NULL, convert_debug_level},
    {"TestOnly", "defaultSeedOnly", NULL, FATE_LINES, "TestMode", NULL, convert_test_only},
    {"HELO_reject", NULL, "Fail", FATE_TOGETHER, "CheckHelo and RefuseHelo", NULL, NULL},
    {"Mail_From_reject", NULL, "Fail", FATE_TOGETHER, "RefuseMailFrom", NULL, NULL},
    {"PermError_reject", NULL, "False", FATE_TOGETHER, "RefuseMailFrom and RefuseHelo", NULL, NULL},
    {"TempError_Defer", NULL, "False", FATE_TOGETHER, "Defer", NULL, NULL},
    {"Reject_Not_Pass_Domains", NULL, NULL, FATE_TOGETHER, "RefuseFor", NULL, NULL},
    {"No_Mail", NULL, NULL, FATE_LINES, "RefuseOnlyNoMail", NULL, convert_no_mail},
    {"HELO_pass_restriction", NULL, NULL, FATE_LOST, "", "a filter cannot name a restriction class of Postfix", NULL},
    {"Mail_From_pass_restriction", NULL, NULL, FATE_LOST, "", "a filter cannot name a restriction class of Postfix",
     NULL},
    {"Prospective", NULL, NULL, FATE_LINES, "FixedClientIP", NULL, convert_prospective},
    {"skip_addresses", NULL, "127.0.0.0/8,::ffff:127.0.0.0/104,::1", FATE_LINES, "WhitelistIP", NULL,
     convert_addresses},
    {"Whitelist", NULL, NULL, FATE_LINES, "WhitelistIP", NULL, convert_addresses},
    {"HELO_Whitelist", NULL, NULL, FATE_LINES, "WhitelistHelo", NULL, convert_helo_names},
    {"Domain_Whitelist", NULL, NULL, FATE_LINES, "WhitelistSPF", NULL, convert_domains},
    {"Domain_Whitelist_PTR", NULL, NULL, FATE_LINES, "WhitelistPTR",
     "Only a name that the MTA has verified counts, and whole labels of it", convert_host_names},
    {"SPF_Enhanced_Status_Codes", NULL, NULL, FATE_LINES, "", NULL, convert_status_codes},
    {"Header_Type", NULL, "SPF", FATE_LINES, "AddHeader, AddReceivedHeader", NULL, convert_header_type},
    {"Hide_Receiver", NULL, NULL, FATE_MOOT, "", "The fields name the receiving host and no recipient", NULL},
    {"Authserv_Id", NULL, NULL, FATE_LINES, "AuthservID", NULL, convert_authserv_id},
    {"Lookup_Time", NULL, "20", FATE_LINES, "DNSTimeout", NULL, convert_lookup_time},
    {"Whitelist_Lookup_Time", NULL, NULL, FATE_LOST, "", "DNSTimeout holds for these questions too", NULL},
    {"Void_Limit", NULL, NULL, FATE_LINES, "", NULL, convert_void_limit},
    {"Reason_Message", NULL, NULL, FATE_LINES, "RejectReason", NULL, convert_reason},
    {"Per_User", NULL, NULL, FATE_LOST, "",
     "one file holds for all recipients; RefuseTo and WhitelistTo make exceptions", NULL},
    {"Mock", NULL, NULL, FATE_MOOT, "", "The fields of a filter need no such help to be seen by other filters", NULL},
    {"QueueID", NULL, NULL, FATE_MOOT, "", "The log lines have a form of their own", NULL},
};

const struct foreign_table convert_spf_engine_keys = {engine_keys, sizeof engine_keys / sizeof *engine_keys};

const struct foreign_system convert_policyd_spf = {
    .name = "policyd-spf",
    .tables = {&convert_spf_engine_keys},
    .comment_starts = "any",
    .finish = finish_policyd_spf,
};
