/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What spf-milter, the one written in Rust, has in its file. */
#include "tools/convert_table.h"

#include "base/text_search.h"

#include <string.h>
#include <strings.h>

/* Single settings */

static void convert_milter_socket(struct conversion *run, const struct foreign_setting *setting)
{
    struct strbuf ours = STRBUF_INIT;

    convert_add_socket(setting->value, &ours);
    convert_built_line(run, "Socket", &ours);
}

static void convert_milter_authserv_id(struct conversion *run, const struct foreign_setting *setting)
{
    convert_line(run, "AuthservID", setting->value);
}

/* A switch of theirs that is one of ours. */
static void convert_switch(struct conversion *run, const struct foreign_setting *setting)
{
    bool on;

    if (convert_read_switch(setting->value, &on))
        convert_line(run, setting->key->ours, on ? "on" : "off");
    else
        convert_bad_value(run, setting);
}

static void convert_deletion(struct conversion *run, const struct foreign_setting *setting)
{
    bool on;

    if (convert_read_switch(setting->value, &on))
        convert_line(run, "RemoveForgedHeaders", on ? "all" : "off");
    else
        convert_bad_value(run, setting);
}

/* The names of one or both fields. */
static void convert_header(struct conversion *run, const struct foreign_setting *setting)
{
    const bool results = text_search_has_nocase(setting->value, "Authentication-Results");
    const bool received = text_search_has_nocase(setting->value, "Received-SPF");

    if (!results && !received && *setting->value != '\0') {
        convert_bad_value(run, setting);
        return;
    }
    convert_line(run, "AddHeader", results ? "on" : "off");
    convert_line(run, "AddReceivedHeader", received ? "on" : "off");
}

static bool is_trusted(struct conversion *run, const struct addr *addr)
{
    const char *networks = convert_value(run, "trusted_networks");
    struct strbuf network = STRBUF_INIT;
    struct addr_prefix prefix;
    bool found = false;

    while (!found && convert_next_item(run, &networks, &network))
        found = strcasecmp(strbuf_text(&network), "loopback") == 0
                    ? addr_is_loopback(addr)
                    : addr_prefix_parse(strbuf_text(&network), &prefix) && addr_prefix_contains(&prefix, addr);
    strbuf_free(&network);
    return found;
}

static void convert_networks(struct conversion *run, const struct foreign_setting *setting)
{
    const char *networks = setting->value;
    struct strbuf network = STRBUF_INIT;

    convert_compare_loopback(run, is_trusted);
    while (convert_next_item(run, &networks, &network)) {
        if (strcasecmp(strbuf_text(&network), "loopback") == 0) {
            convert_line(run, "WhitelistIP", "127.0.0.0/8");
            convert_line(run, "WhitelistIP", "::1");
        } else {
            convert_line(run, "WhitelistIP", strbuf_text(&network));
        }
    }
    strbuf_free(&network);
}

/* A domain, `.domain` for those below it too, or an address. */
static void write_sender(const char *item, struct strbuf *out)
{
    strbuf_addf(out, "%s%s", strchr(item, '@') == NULL ? "@" : "", item);
}

static void convert_senders(struct conversion *run, const struct foreign_setting *setting)
{
    convert_items(run, "WhitelistFrom", setting->value, write_sender);
}

/* A number of seconds; a unit may follow it. */
static void convert_timeout(struct conversion *run, const struct foreign_setting *setting)
{
    convert_note(run, "The MTA must wait longer than this: Sendmail gives up after 10s unless T= says more");
    convert_line(run, "DNSTimeout", setting->value);
}

static void convert_void_lookups(struct conversion *run, const struct foreign_setting *setting)
{
    if (strcmp(setting->value, "2") == 0)
        convert_note(run, "This is the limit of RFC 7208 section 4.6.4, which is fixed");
    else
        convert_lost(run, "the limit of void lookups is that of RFC 7208 section 4.6.4, 2");
}

static void convert_log_destination(struct conversion *run, const struct foreign_setting *setting)
{
    if (strcasecmp(setting->value, "stderr") == 0) {
        convert_line(run, "Syslog", "none");
        convert_line(run, "LogTo", "/dev/stderr");
    } else if (strcasecmp(setting->value, "syslog") == 0) {
        convert_note(run, "This is the default");
    } else {
        convert_bad_value(run, setting);
    }
}

static void convert_log_level(struct conversion *run, const struct foreign_setting *setting)
{
    static const char *const levels[][2] = {
        {"error", "error"}, {"warn", "warning"}, {"info", "info"}, {"debug", "debug"}, {"trace", "debug"}};

    for (size_t i = 0; i < sizeof levels / sizeof *levels; i++)
        if (strcasecmp(setting->value, levels[i][0]) == 0) {
            convert_line(run, "LogLevel", levels[i][1]);
            return;
        }
    convert_bad_value(run, setting);
}

static void convert_facility(struct conversion *run, const struct foreign_setting *setting)
{
    convert_line(run, "Syslog", setting->value);
}

/* A text with the macros of SPF explanations (RFC 7208 7.3), whose escaped characters we write as they are. */
static void convert_reply_text(struct conversion *run, const struct foreign_setting *setting)
{
    struct strbuf ours = STRBUF_INIT;

    for (const char *text = setting->value; *text != '\0'; text++) {
        const char *escaped = text[0] == '%' && text[1] != '\0' ? strchr("%_-", text[1]) : NULL;

        if (escaped == NULL) {
            strbuf_add_char(&ours, *text);
            continue;
        }
        strbuf_add(&ours, *escaped == '%' ? "%" : *escaped == '_' ? " " : "%20");
        text++;
    }
    convert_built_line(run, "RejectReason", &ours);
}

static void convert_temperror_code(struct conversion *run, const struct foreign_setting *setting)
{
    if (*setting->value == '4')
        convert_note(run, "A temperror is deferred");
    else
        convert_lost(run, "a temperror is never refused permanently");
}

/* The enhanced codes that we give anyway. */
static void convert_status_code(struct conversion *run, const struct foreign_setting *setting)
{
    static const struct {
        const char *key, *code;
    } codes[] = {
        {"status_code_fail", "5.7.23"},
        {"status_code_softfail", "5.7.1"},
        {"status_code_temperror", "4.7.24"},
        {"status_code_permerror", "5.7.24"},
    };

    for (size_t i = 0; i < sizeof codes / sizeof *codes; i++)
        if (strcmp(setting->key->name, codes[i].key) == 0 && strcmp(setting->value, codes[i].code) == 0) {
            convert_note(run, "Replies have this code");
            return;
        }
    convert_lost(run, "replies have the codes of RFC 7372, and no others can be set");
}

/* What several settings decide together */

/* Reads a list of results; false if one is unknown, which is left out. */
static bool read_results(struct conversion *run, const char *list, result_set *out)
{
    struct strbuf name = STRBUF_INIT;
    enum spf_result result;
    bool good = true;

    *out = 0;
    while (convert_next_item(run, &list, &name)) {
        if (result_from_name(strbuf_text(&name), &result))
            *out |= RESULT_BIT(result);
        else
            good = false;
    }
    strbuf_free(&name);
    return good;
}

/* The results whose reply code is 4xx: they are deferred. A temperror is in any case. */
static result_set deferred_results(const struct conversion *run)
{
    static const struct {
        const char *key;
        enum spf_result result;
    } codes[] = {
        {"reply_code_fail", RESULT_FAIL},
        {"reply_code_softfail", RESULT_SOFTFAIL},
        {"reply_code_permerror", RESULT_PERMERROR},
    };
    result_set deferred = RESULT_BIT(RESULT_TEMPERROR);

    for (size_t i = 0; i < sizeof codes / sizeof *codes; i++)
        if (*convert_value(run, codes[i].key) == '4')
            deferred |= RESULT_BIT(codes[i].result);
    return deferred;
}

static struct convert_sets split_reply_setting(result_set results, result_set deferred)
{
    return (struct convert_sets){.refuse = results & ~deferred, .defer = results & deferred};
}

/* Says what is assumed where the file leaves it open, as the defaults are not the same in all versions. */
static void note_assumptions(struct conversion *run)
{
    if (!convert_is_set(run, "reject_results"))
        convert_lost(run, "reject_results is not set, and fail is assumed; see its manual");
    if (!convert_is_set(run, "verify_helo"))
        convert_lost(run, "verify_helo is not set, and yes is assumed; see its manual");
}

static void finish_spf_milter(struct conversion *run)
{
    const result_set deferred = deferred_results(run);
    struct convert_decision decision = {.check_helo = true};
    result_set results;

    convert_section(run, "verify_helo, reject_results, reject_helo_results and the reply codes");
    note_assumptions(run);
    if (!convert_read_switch(convert_value(run, "verify_helo"), &decision.check_helo))
        convert_lost(run, "verify_helo is neither yes nor no; yes is assumed");
    if (!read_results(run, convert_value(run, "reject_results"), &results))
        convert_lost(run, "reject_results holds a result that is not known");
    decision.mail_from = decision.helo = split_reply_setting(results, deferred);
    if (convert_is_set(run, "reject_helo_results")) {
        if (!read_results(run, convert_value(run, "reject_helo_results"), &results))
            convert_lost(run, "reject_helo_results holds a result that is not known");
        decision.helo = split_reply_setting(results, deferred);
    }
    /* A null sender is decided by the HELO name for either identity. */
    decision.null_sender = decision.mail_from;
    if (decision.check_helo) {
        decision.null_sender.refuse |= decision.helo.refuse;
        decision.null_sender.defer |= decision.helo.defer;
    }
    convert_write_decision(run, &decision);
    convert_section(run, "What else it does");
    convert_note(run, "Subjects are not tagged, and long local parts are let through");
    convert_line(run, "TagSubject", "off");
    convert_line(run, "RelaxedLocalPart", "on");
}

#define ONE_TEXT "RejectReason is the text for a fail; the replies to errors state the error"

/* name, alias, fallback, fate, our keys, note, function. The aliases are the spellings of other versions. */
static const struct foreign_key keys[] = {
    {"socket", NULL, NULL, FATE_LINES, "Socket", NULL, convert_milter_socket},
    {"verify_helo", NULL, "yes", FATE_TOGETHER, "CheckHelo", NULL, NULL},
    {"reject_results", NULL, "fail", FATE_TOGETHER, "RefuseMailFrom, RefuseHelo, DeferMailFrom and DeferHelo", NULL,
     NULL},
    {"reject_helo_results", NULL, NULL, FATE_TOGETHER, "RefuseHelo and DeferHelo", NULL, NULL},
    {"definitive_helo_results", "definitive_hello_results", NULL, FATE_LOST, "",
     "both identities are always evaluated, and each has its own result", NULL},
    {"header", "header_type", "Received-SPF", FATE_LINES, "AddHeader, AddReceivedHeader", NULL, convert_header},
    {"include_all_results", NULL, NULL, FATE_MOOT, "", "The fields have the result of each identity that was checked",
     NULL},
    {"include_mailfrom_local_part", NULL, NULL, FATE_MOOT, "", "The fields have a fixed form", NULL},
    {"authserv_id", NULL, NULL, FATE_LINES, "AuthservID", NULL, convert_milter_authserv_id},
    {"delete_incoming_authentication_results", NULL, "yes", FATE_LINES, "RemoveForgedHeaders", NULL, convert_deletion},
    {"trusted_networks", NULL, "loopback", FATE_LINES, "WhitelistIP", NULL, convert_networks},
    {"trust_authenticated_senders", NULL, "yes", FATE_LINES, "SkipAuth", NULL, convert_switch},
    {"skip_senders", NULL, NULL, FATE_LINES, "WhitelistFrom", NULL, convert_senders},
    {"dry_run", NULL, NULL, FATE_LINES, "TestMode", NULL, convert_switch},
    {"hostname", NULL, NULL, FATE_LOST, "", "the MTA says what this host is called", NULL},
    {"lookup_timeout", "timeout", "20", FATE_LINES, "DNSTimeout", NULL, convert_timeout},
    {"max_void_lookups", NULL, NULL, FATE_LINES, "", NULL, convert_void_lookups},
    {"log_destination", NULL, NULL, FATE_LINES, "Syslog, LogTo", NULL, convert_log_destination},
    {"log_level", NULL, NULL, FATE_LINES, "LogLevel", NULL, convert_log_level},
    {"syslog_facility", NULL, NULL, FATE_LINES, "Syslog", NULL, convert_facility},
    {"reply_text_fail", "fail_reply_text", NULL, FATE_LINES, "RejectReason", NULL, convert_reply_text},
    {"reply_text_fail_exp", "fail_reply_text_exp", NULL, FATE_LOST, "",
     "%{e} in RejectReason is the domain's explanation, and is always marked as its words", NULL},
    {"reply_text_softfail", "softfail_reply_text", NULL, FATE_LOST, "", ONE_TEXT, NULL},
    {"reply_text_temperror", "temperror_reply_text", NULL, FATE_LOST, "", ONE_TEXT, NULL},
    {"reply_text_permerror", "permerror_reply_text", NULL, FATE_LOST, "", ONE_TEXT, NULL},
    {"reply_code_fail", "fail_reply_code", "550", FATE_TOGETHER, "DeferMailFrom and DeferHelo", NULL, NULL},
    {"reply_code_softfail", "softfail_reply_code", "550", FATE_TOGETHER, "DeferMailFrom and DeferHelo", NULL, NULL},
    {"reply_code_temperror", "temperror_reply_code", NULL, FATE_LINES, "DeferMailFrom, DeferHelo", NULL,
     convert_temperror_code},
    {"reply_code_permerror", "permerror_reply_code", "550", FATE_TOGETHER, "DeferMailFrom and DeferHelo", NULL, NULL},
    {"status_code_fail", "fail_status_code", NULL, FATE_LINES, "", NULL, convert_status_code},
    {"status_code_softfail", "softfail_status_code", NULL, FATE_LINES, "", NULL, convert_status_code},
    {"status_code_temperror", "temperror_status_code", NULL, FATE_LINES, "", NULL, convert_status_code},
    {"status_code_permerror", "permerror_status_code", NULL, FATE_LINES, "", NULL, convert_status_code},
};
static const struct foreign_table table = {keys, sizeof keys / sizeof *keys};

const struct foreign_system convert_spf_milter = {
    .name = "spf-milter",
    .is_milter = true,
    .tables = {&table},
    .comment_starts = "line",
    .value_may_hold_equals = true,
    .finish = finish_spf_milter,
};
