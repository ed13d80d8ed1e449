/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What policyd-spf and pyspf-milter have in common, which are two front ends of one engine, and policyd-spf itself. */
#include "tools/convert_spf_engine.h"

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
    if (strcmp(setting->value, "0") == 0) { /* the number is the other way round than its name */
        if (strcmp(setting->name, setting->key->name) != 0)
            convert_differs(run, "newer versions ignore this name, and refuse");
        convert_differs(run, "a message that would be refused gets a field that says so; there it gets none");
        convert_line(run, "TestMode", "on");
    } else if (strcmp(setting->value, "1") == 0) {
        convert_line(run, "TestMode", "off");
    } else {
        convert_bad_value(run, setting);
    }
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

/* Any text but an empty one switches it on, "False" too. */
static void convert_mock(struct conversion *run, const struct foreign_setting *setting)
{
    if (*setting->value == '\0' || convert_from(run)->is_milter) {
        convert_note(run, "Other milters see the fields without such help");
        return;
    }
    convert_lost(run, "with it nothing is checked: this is the file of a second instance; convert that of the first");
    convert_everybody(run);
}

static void convert_header_type(struct conversion *run, const struct foreign_setting *setting)
{
    const bool none = strcmp(setting->value, "None") == 0;
    const bool outgoing = !convert_from(run)->is_milter && *convert_value(run, "Prospective") != '\0';
    /* The milter writes Authentication-Results whatever else the value says. */
    const bool results = !none && (strstr(setting->value, "AR") != NULL || convert_from(run)->is_milter);

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
        convert_note(run, "The host's name is the default there; here the MTA's name for it takes precedence");
    else
        convert_line(run, "AuthservID", setting->value);
}

static void convert_lookup_time(struct conversion *run, const struct foreign_setting *setting)
{
    convert_note(
        run, convert_from(run)->is_milter
                 ? "The MTA must wait longer than this: Sendmail gives up after 10s unless T= says more"
                 : "Postfix must wait longer than this: 100s, unless timeout= after check_policy_service says less");
    convert_line(run, "DNSTimeout", setting->value);
}

static void convert_void_limit(struct conversion *run, const struct foreign_setting *setting)
{
    if (strcmp(setting->value, "2") == 0)
        convert_note(run, "This is the limit of RFC 7208 section 4.6.4, which is fixed");
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

static void convert_pass_restriction(struct conversion *run, const struct foreign_setting *setting)
{
    if (convert_from(run)->is_milter) {
        convert_lost(run, "a filter cannot name a restriction class of Postfix");
        return;
    }
    convert_note(run, "The policy service must be asked at DATA, too, for the fields (PolicySocket)");
    convert_differs(run, "a refusal for the other identity still holds, and the message has its fields");
    convert_line(run, setting->key->ours, setting->value);
}

static void convert_per_user(struct conversion *run, const struct foreign_setting *setting)
{
    if (convert_from(run)->is_milter)
        convert_lost(run, "one file is for all recipients; RecipientPolicy makes exceptions");
    else
        convert_spf_engine_per_user(run, setting);
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

/* True for a percent sign that would begin a word of RejectReason. */
static bool is_read_as_word(const char *text)
{
    return text[0] == '%' && (text[1] == 's' || text[1] == '{' || (text[1] >= '1' && text[1] <= '9'));
}

static void convert_reason(struct conversion *run, const struct foreign_setting *setting)
{
    struct strbuf reason = STRBUF_INIT;
    const char *text = setting->value;
    bool fails = false, has_words = false;

    while (*text != '\0') {
        const struct reason_word *word = find_reason_word(text);

        if (word != NULL)
            strbuf_add(&reason, word->ours);
        else
            strbuf_add_char(&reason, *text);
        fails |= word == NULL && (*text == '{' || *text == '}');
        has_words |= is_read_as_word(text);
        text += word != NULL ? strlen(word->theirs) : 1;
    }
    convert_note(run, "For a fail and other results; the replies to temperror and permerror state the error");
    if (strstr(setting->value, "{url}") != NULL)
        convert_lost(run, "the site of {url} is gone; the domain's explanation, %{e}, is used instead");
    if (fails)
        convert_differs(run, "there it fails on a brace of this text, and Postfix defers the message");
    if (has_words)
        convert_differs(run, "a percent sign of this text begins a macro of RejectReason");
    convert_built_line(run, "RejectReason", &reason);
}

void convert_finish_spf_engine(struct conversion *run)
{
    convert_spf_engine_sets(run);
    convert_section(run, "What else it does");
    convert_note(run, "Forged result fields are removed (RemoveForgedHeaders), which it does not do");
    convert_note(run, "The fields have the result of each identity that is checked; there they have one");
    convert_note(run, "Subjects are not tagged, and long local parts are let through");
    convert_line(run, "TagSubject", "off");
    convert_line(run, "RelaxedLocalPart", "on");
}

static void finish_policyd_spf(struct conversion *run)
{
    convert_finish_spf_engine(run);
    convert_note(run, "Postfix asks for each recipient, where PolicySocket says, which is to be added");
    convert_line(run, "RefuseAt", "rcpt");
}

/* name, alias, fallback, fate, our keys, note, function */
static const struct foreign_key engine_keys[] = {
    {"debugLevel", NULL, NULL, FATE_LINES, "LogLevel", NULL, convert_debug_level},
    {"TestOnly", "defaultSeedOnly", NULL, FATE_LINES, "TestMode", NULL, convert_test_only},
    {"HELO_reject", NULL, "Fail", FATE_TOGETHER, "CheckHelo, RefuseHelo, RefuseNullSender and SkipNDR", NULL, NULL},
    {"Mail_From_reject", NULL, "Fail", FATE_TOGETHER, "RefuseMailFrom", NULL, NULL},
    {"PermError_reject", NULL, "False", FATE_TOGETHER, "RefuseMailFrom, RefuseHelo and RefuseNullSender", NULL, NULL},
    {"TempError_Defer", NULL, "False", FATE_TOGETHER, "DeferMailFrom, DeferHelo and DeferNullSender", NULL, NULL},
    {"Reject_Not_Pass_Domains", NULL, NULL, FATE_TOGETHER, "RefuseFor", NULL, NULL},
    {"No_Mail", NULL, NULL, FATE_LINES, "RefuseOnlyNoMail", NULL, convert_no_mail},
    {"HELO_pass_restriction", NULL, NULL, FATE_LINES, "OnHeloPass", NULL, convert_pass_restriction},
    {"Mail_From_pass_restriction", NULL, NULL, FATE_LINES, "OnPass", NULL, convert_pass_restriction},
    {"Prospective", NULL, NULL, FATE_LINES, "FixedClientIP", NULL, convert_prospective},
    {"skip_addresses", NULL, "127.0.0.0/8,::ffff:127.0.0.0/104,::1", FATE_LINES, "WhitelistIP", NULL,
     convert_spf_engine_addresses},
    {"Whitelist", NULL, NULL, FATE_LINES, "WhitelistIP", NULL, convert_spf_engine_addresses},
    {"HELO_Whitelist", NULL, NULL, FATE_LINES, "WhitelistHelo", NULL, convert_spf_engine_helo_names},
    {"Domain_Whitelist", NULL, NULL, FATE_LINES, "WhitelistSPF", NULL, convert_spf_engine_domains},
    {"Domain_Whitelist_PTR", NULL, NULL, FATE_LINES, "WhitelistPTR", NULL, convert_spf_engine_host_names},
    {"SPF_Enhanced_Status_Codes", NULL, NULL, FATE_LINES, "", NULL, convert_status_codes},
    {"Header_Type", NULL, "SPF", FATE_LINES, "AddHeader, AddReceivedHeader", NULL, convert_header_type},
    {"Hide_Receiver", NULL, NULL, FATE_MOOT, "", "The fields name the receiving host and no recipient", NULL},
    {"Authserv_Id", NULL, NULL, FATE_LINES, "AuthservID", NULL, convert_authserv_id},
    {"Lookup_Time", NULL, "20", FATE_LINES, "DNSTimeout", NULL, convert_lookup_time},
    {"Whitelist_Lookup_Time", NULL, NULL, FATE_LOST, "", "DNSTimeout is the limit of these lookups too", NULL},
    {"Void_Limit", NULL, NULL, FATE_LINES, "", NULL, convert_void_limit},
    {"Reason_Message", NULL, NULL, FATE_LINES, "RejectReason", NULL, convert_reason},
    {"Per_User", NULL, NULL, FATE_LINES, "RecipientPolicy", NULL, convert_per_user},
    {"Mock", NULL, NULL, FATE_LINES, "WhitelistIP", NULL, convert_mock},
    {"QueueID", NULL, NULL, FATE_MOOT, "", "The log lines have another form", NULL},
};

const struct foreign_table convert_spf_engine_keys = {engine_keys, sizeof engine_keys / sizeof *engine_keys};

const struct foreign_system convert_policyd_spf = {
    .name = "policyd-spf",
    .tables = {&convert_spf_engine_keys},
    .comment_starts = "any",
    .finish = finish_policyd_spf,
};
