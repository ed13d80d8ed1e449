/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Tests of the converter: each setting of each foreign system, the lines around them, and the document that lists
 * them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "config/config.h"
#include "config/config_options.h"
#include "support/alloc_fail.h"
#include "tools/convert.h"
#include "tools/convert_run.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define POLICYD "policyd-spf"
#define PYSPF   "pyspf-milter"
#define RUST    "spf-milter"
#define SRSD    "postsrsd"
#define GREY    "postgrey"

static const char *const system_names[] = {POLICYD, PYSPF, RUST, SRSD, GREY};

enum { SYSTEM_COUNT = sizeof system_names / sizeof *system_names };

/* One run: what was written, and how it ended. */
struct conversion_result {
    struct strbuf out, warnings;
    enum convert_status status;
};

static const char *other_file; /* what any other file holds; NULL: there is none */
static size_t other_len;       /* of it; 0: it is a text */

static bool read_other(void *context, const char *path, struct strbuf *text)
{
    (void)context;
    if (strcmp(path, "/etc/none") == 0 || strstr(path, ".local") != NULL)
        return false;
    if (strcmp(path, "/etc/postgrey/whitelist_clients") == 0)
        strbuf_add(text, "mail.example.com\n192.0.2\n/\\.example\\.net$/\n");
    if (strncmp(path, "/etc/postgrey/", strlen("/etc/postgrey/")) == 0)
        return true;
    assert_string_equal(path, "/etc/users");
    if (other_file == NULL)
        return false;
    strbuf_add_mem(text, other_file, other_len > 0 ? other_len : strlen(other_file));
    return true;
}

static struct conversion_result convert_octets(const char *system, const char *text, size_t len)
{
    const struct convert_source source = {.text = text, .len = len, .path = "old.conf", .read_file = read_other};
    struct conversion_result result = {.status = CONVERT_NO_MEMORY};

    assert_non_null(convert_system(system));
    result.status = convert_text(convert_system(system), &source, &result.out, &result.warnings);
    return result;
}

static struct conversion_result convert(const char *system, const char *text)
{
    return convert_octets(system, text, strlen(text));
}

static void free_result(struct conversion_result *result)
{
    strbuf_free(&result->out);
    strbuf_free(&result->warnings);
}

/* True if `line` stands in the text, from its beginning to its end. */
static bool has_line(const char *text, const char *line)
{
    const size_t len = strlen(line);

    for (const char *found = strstr(text, line); found != NULL; found = strstr(found + 1, line))
        if ((found == text || found[-1] == '\n') && (found[len] == '\n' || found[len] == '\0'))
            return true;
    return false;
}

/* Looks for the line, active where this build has its key, else as a comment. */
static bool has_setting(const char *text, const char *line)
{
    struct strbuf key = STRBUF_INIT, comment = STRBUF_INIT;
    bool found;

    strbuf_add_mem(&key, line, strcspn(line, " "));
    strbuf_addf(&comment, "#%s", line);
    found = has_line(text, config_option_find(strbuf_text(&key)) != NULL ? line : strbuf_text(&comment));
    strbuf_free(&key);
    strbuf_free(&comment);
    return found;
}

/* Checks a list of lines, one after another with \n between; a line that begins with ! must not be there. */
static void assert_settings(const char *input, const char *text, const char *lines)
{
    char line[600];

    for (; *lines != '\0'; lines += strspn(lines, "\n")) {
        const size_t len = strcspn(lines, "\n");
        const bool absent = *lines == '!';

        (void)snprintf(line, sizeof line, "%.*s", (int)(len - absent), lines + absent);
        if (has_setting(text, line) == absent)
            fail_msg("%s\n%s: %s\n%s", input, absent ? "is there" : "is missing", line, text);
        lines += len;
    }
}

/* Each key and value */

enum expected { LINES, MOOT, LOST };

static const struct setting_case {
    const char *system, *input;
    const char *lines; /* as assert_settings takes them */
    enum expected expected;
} settings[] = {
    {POLICYD, "debugLevel = -1", "LogLevel error", LINES},
    {POLICYD, "debugLevel = 0", "LogLevel error", LINES},
    {POLICYD, "debugLevel = 1", "LogLevel info", LINES},
    {POLICYD, "debugLevel = 5", "LogLevel debug", LINES},
    {POLICYD, "debugLevel = high", "", LOST},
    {POLICYD, "TestOnly = 1", "TestMode off", LINES},
    {POLICYD, "TestOnly = 0", "TestMode on", LOST}, /* its fields */
    {POLICYD, "defaultSeedOnly = 0", "TestMode on", LOST},
    {POLICYD, "defaultSeedOnly = 1", "TestMode off", LINES},
    {POLICYD, "TestOnly = yes", "", LOST},
    {POLICYD, "HELO_reject = Fail", "CheckHelo on\nRefuseHelo fail\nRefuseMailFrom fail", LINES},
    {POLICYD, "HELO_reject = Softfail", "CheckHelo on\nRefuseHelo fail,softfail\nRefuseMailFrom fail", LINES},
    {POLICYD, "HELO_reject = SPF_Not_Pass", "CheckHelo on\nRefuseHelo fail,softfail,neutral", LINES},
    {POLICYD, "HELO_reject = Null", "CheckHelo on\n!RefuseHelo fail\nRefuseMailFrom fail", LINES},
    {POLICYD, "HELO_reject = Null\nMail_From_reject = False",
     "CheckHelo on\n!RefuseHelo fail\nRefuseMailFrom off\nRefuseNullSender fail", LINES},
    {POLICYD, "HELO_reject = False",
     "CheckHelo on\n!RefuseHelo fail\nRefuseMailFrom fail\nRefuseNullSender off\n!SkipNDR on", LINES},
    {POLICYD, "HELO_reject = No_Check", "CheckHelo off\n!RefuseHelo fail\nRefuseMailFrom fail\nSkipNDR on", LINES},
    {POLICYD, "HELO_reject = Sometimes", "CheckHelo on\n!RefuseHelo fail\nRefuseNullSender off", LOST},
    {POLICYD, "Mail_From_reject = Fail", "RefuseMailFrom fail\nRefuseHelo fail", LINES},
    {POLICYD, "Mail_From_reject = Softfail", "RefuseMailFrom fail,softfail\nRefuseHelo fail\nRefuseNullSender fail",
     LINES},
    {POLICYD, "Mail_From_reject = SPF_Not_Pass", "RefuseMailFrom fail,softfail,neutral", LINES},
    {POLICYD, "Mail_From_reject = False", "RefuseMailFrom off\nRefuseHelo fail", LINES},
    {POLICYD, "Mail_From_reject = No_Check", "RefuseMailFrom off\nRefuseHelo fail", LOST},
    {POLICYD, "Mail_From_reject = Pass", "RefuseMailFrom off\nRefuseHelo fail", LOST},
    {POLICYD, "Mail_From_reject = Null", "RefuseMailFrom off\nRefuseHelo fail", LOST},
    {POLICYD, "PermError_reject = True", "RefuseMailFrom fail,permerror\nRefuseHelo fail,permerror", LINES},
    {POLICYD, "PermError_reject = True\nHELO_reject = False", "RefuseMailFrom fail,permerror\n!RefuseHelo permerror",
     LINES},
    {POLICYD, "PermError_reject = True\nHELO_reject = Null", "RefuseMailFrom fail,permerror\n!RefuseHelo permerror",
     LINES},
    {POLICYD, "PermError_reject = False", "RefuseMailFrom fail\nRefuseHelo fail", LINES},
    {POLICYD, "TempError_Defer = True",
     "DeferMailFrom temperror\nDeferHelo temperror\n!DeferNullSender temperror\nRefuseMailFrom fail", LINES},
    {POLICYD, "TempError_Defer = False", "!DeferMailFrom temperror\n!DeferHelo temperror\nRefuseMailFrom fail", LINES},
    {POLICYD, "TempError_Defer = True\nHELO_reject = False",
     "DeferMailFrom temperror\n!DeferHelo temperror\nDeferNullSender off", LINES},
    {POLICYD, "TempError_Defer = True\nHELO_reject = Null",
     "DeferMailFrom temperror\n!DeferHelo temperror\n!DeferNullSender off", LINES},
    {POLICYD, "TempError_Defer = True\nHELO_reject = Null\nMail_From_reject = False",
     "!DeferMailFrom temperror\n!DeferHelo temperror\nDeferNullSender temperror", LINES},
    {POLICYD, "TempError_Defer = True\nMail_From_reject = False", "!DeferMailFrom temperror\nDeferHelo temperror",
     LINES},
    {POLICYD, "TempError_Defer = True\nHELO_reject = False\nMail_From_reject = False",
     "!DeferMailFrom temperror\n!DeferHelo temperror\n!DeferNullSender temperror", LINES},
    {POLICYD, "Reject_Not_Pass_Domains = a.example,x.b.example\nHELO_reject = SPF_Not_Pass",
     "RefuseFor a.example fail,softfail,neutral\nRefuseFor x.b.example fail,softfail,neutral\nRefuseFor b.example "
     "fail,softfail,neutral\n!RefuseFor example fail,softfail,neutral",
     LINES},
    {POLICYD, "Reject_Not_Pass_Domains = a.example", "RefuseFor a.example fail,softfail,neutral",
     LOST}, /* HELO names */
    {POLICYD, "Reject_Not_Pass_Domains = a.example, b.example\nHELO_reject = No_Check",
     "RefuseFor a.example fail,softfail,neutral\nRefuseFor b.example fail,softfail,neutral", LOST},
    {POLICYD,
     "Reject_Not_Pass_Domains = a.example\nHELO_reject = No_Check\nMail_From_reject = False\nPermError_reject = "
     "True\nTempError_Defer = True",
     "RefuseFor a.example fail,softfail,neutral,temperror,permerror\n!DeferMailFrom temperror", LINES},
    {POLICYD, "Reject_Not_Pass_Domains = a.example\nMail_From_reject = No_Check",
     "!RefuseFor a.example fail,softfail,neutral", LOST},
    {POLICYD, "No_Mail = True", "RefuseOnlyNoMail on", LINES},
    {POLICYD, "No_Mail = True\nMail_From_reject = Softfail\nPermError_reject = True",
     "RefuseMailFrom fail\nRefuseHelo fail", LINES},
    {POLICYD, "No_Mail = False", "RefuseOnlyNoMail off", LINES},
    {POLICYD, "No_Mail = some", "", LOST},
    {POLICYD, "HELO_pass_restriction = helo_passed", "OnHeloPass helo_passed", LOST},
    {POLICYD, "Mail_From_pass_restriction = mfrom_passed, permit", "OnPass mfrom_passed, permit", LOST},
    {POLICYD, "Mail_From_pass_restriction = reject", "!OnPass reject", LOST},
    {POLICYD, "Mail_From_pass_restriction = check_client_access hash:/a", "!OnPass check_client_access hash:/a", LOST},
    {PYSPF, "HELO_pass_restriction = helo_passed", "!OnHeloPass helo_passed", LOST},
    {POLICYD, "Prospective = 192.0.2.25", "FixedClientIP 192.0.2.25\nAddHeader off\nAddReceivedHeader off", LINES},
    {POLICYD, "Prospective = mail.example", "!FixedClientIP mail.example", LOST},
    {POLICYD, "Prospective = 192.0.2.25\nWhitelist = 192.0.2.0/24",
     "WhitelistIP 0.0.0.0/0\nWhitelistIP ::/0\n!WhitelistIP 192.0.2.0/24", LINES},
    {POLICYD, "Prospective = 192.0.2.25\nWhitelist = 192.0.3.0/24",
     "!WhitelistIP 0.0.0.0/0\n!WhitelistIP ::1\n!WhitelistIP 192.0.3.0/24", LINES},
    {POLICYD, "Prospective = 192.0.2.25\nDomain_Whitelist_PTR = a.example", "!WhitelistPTR a.example", LOST},
    {POLICYD, "skip_addresses = 127.0.0.0/8,::1,2001:db8::1",
     "WhitelistIP 127.0.0.0/8\nWhitelistIP 2001:db8::1\nWhitelistIP ::1", LINES},
    {POLICYD, "skip_addresses = 192.0.2.0/24,::1", "WhitelistIP 192.0.2.0/24", LOST}, /* loopback */
    {POLICYD, "skip_addresses = 127.0.0.1,::1", "WhitelistIP 127.0.0.1", LOST},
    {POLICYD, "skip_addresses = 127.0.0.0/8,::1,here", "WhitelistIP 127.0.0.0/8\n!WhitelistIP here", LOST},
    {POLICYD, "skip_addresses = 127.0.0.0/8,::ffff:127.0.0.0//104,::1//128",
     "WhitelistIP 127.0.0.0/8\nWhitelistIP ::ffff:127.0.0.0/104\nWhitelistIP ::1/128", LOST},
    {POLICYD, "Whitelist = 192.0.2.1,192.0.2.8/31", "WhitelistIP 192.0.2.1\nWhitelistIP 192.0.2.8/31\nWhitelistIP ::1",
     LINES},
    {POLICYD, "Whitelist = 192.0.2.1, 192.0.2.8/31", "WhitelistIP 192.0.2.1\nWhitelistIP 192.0.2.8/31", LOST},
    {POLICYD, "Whitelist = 192.0.2.9/31", "WhitelistIP 192.0.2.9/31", LOST},
    {POLICYD, "Whitelist = ::ffff:192.0.2.0/120", "WhitelistIP ::ffff:192.0.2.0/120", LOST},
    {POLICYD, "HELO_Whitelist = a.example,b.example", "WhitelistHelo a.example\nWhitelistHelo b.example", LOST},
    {POLICYD, "Domain_Whitelist = pobox.example", "WhitelistSPF pobox.example", LOST},
    {POLICYD, "Domain_Whitelist_PTR = pobox.example", "WhitelistPTR pobox.example", LOST},
    {POLICYD, "SPF_Enhanced_Status_Codes = Yes", "", MOOT},
    {POLICYD, "SPF_Enhanced_Status_Codes = No", "", LOST},
    {POLICYD, "Header_Type = SPF", "AddHeader off\nAddReceivedHeader on", LINES},
    {POLICYD, "Header_Type = AR", "AddHeader on\nAddReceivedHeader off", LINES},
    {POLICYD, "Header_Type = None", "AddHeader off\nAddReceivedHeader off", LINES},
    {POLICYD, "Header_Type = DKIM", "!AddHeader on", LOST},
    {POLICYD, "Hide_Receiver = Yes", "", MOOT},
    {POLICYD, "Authserv_Id = mx.example.net", "AuthservID mx.example.net", LINES},
    {POLICYD, "Authserv_Id = HOSTNAME", "!AuthservID HOSTNAME", MOOT},
    {POLICYD, "Authserv_Id = a b", "!AuthservID a b", LOST},
    {POLICYD, "Lookup_Time = 15", "DNSTimeout 15", LINES},
    {POLICYD, "Lookup_Time = 0", "!DNSTimeout 0", LOST},
    {POLICYD, "Whitelist_Lookup_Time = 5", "", LOST},
    {POLICYD, "Void_Limit = 2", "", MOOT},
    {POLICYD, "Void_Limit = 5", "", LOST},
    {POLICYD, "Reason_Message = Message {rejectdefer}: {{{spf}}} 100%",
     "RejectReason Message rejected: {SPF: %{s} may not be sent from %{c}. %{e}} 100%", LINES},
    {POLICYD, "Reason_Message = {rejectdefer}. Please see {url}", "RejectReason rejected.", LOST},
    {POLICYD, "Reason_Message = to {recipient}", "RejectReason to {recipient}", LOST},
    {POLICYD, "Reason_Message = 100%s", "RejectReason 100%s", LOST},
    {POLICYD, "Reason_Message = %{{s}}", "RejectReason %{s}", LOST},
    {POLICYD, "Per_User = file:/etc/per-user", "", LOST},
    {POLICYD, "Per_User = text,/etc/users", "", LOST}, /* it cannot be read */
    {PYSPF, "Per_User = text,/etc/users", "", LOST},
    {POLICYD, "Mock = False", "WhitelistIP 0.0.0.0/0\nWhitelistIP ::/0", LOST},
    {PYSPF, "Mock = False", "!WhitelistIP 0.0.0.0/0", MOOT},
    {PYSPF, "HELO_reject = Fail", "CheckHelo on\nRefuseHelo fail", LOST}, /* it is the client's name there */
    {PYSPF, "HELO_reject = No_Check\nHeader_Type = None", "CheckHelo off\nSkipNDR on", LINES},
    {PYSPF, "Prospective = 192.0.2.25", "FixedClientIP 192.0.2.25\nAddHeader on\nAddReceivedHeader off", LOST},
    {POLICYD, "QueueID = False", "", MOOT},
    {PYSPF, "Header_Type = SPF", "AddHeader on\nAddReceivedHeader off", LOST}, /* null senders */
    {PYSPF, "Header_Type = None", "AddHeader off\nAddReceivedHeader off", LINES},
    {PYSPF, "Socket = inet:8893@localhost", "Socket inet:8893@localhost\n!SocketMode 0660", LINES},
    {PYSPF, "Socket = inet6:8893@[::1]", "Socket inet6:8893@[::1]", LINES},
    {PYSPF, "Socket = local:/run/x.sock", "Socket local:/run/x.sock\nSocketMode 0660", LINES},
    {PYSPF, "Socket = tcp:1", "!Socket tcp:1", LOST},
    {PYSPF, "PidFile = /run/x.pid", "PidFile /run/x.pid", LINES},
    {PYSPF, "UserID = spf", "User spf\n!SocketGroup spf", LINES},
    {PYSPF, "UserID = spf:mail", "User spf\nSocketGroup mail", LINES},
    {PYSPF, "UserID = spf:mail\nSocket = inet:1@localhost", "User spf\n!SocketGroup mail", LINES},
    {PYSPF, "UMask = 007", "SocketMode 0660", LINES},
    {PYSPF, "UMask = 0127", "SocketMode 0600", LINES}, /* decimal, whatever it looks like */
    {PYSPF, "UMask = 600", "", LOST},
    {PYSPF, "UMask = 7x", "", LOST},
    {PYSPF, "InternalHosts = csl:[192.0.2.1], 2001:db8::/32", "WhitelistIP 192.0.2.1\nWhitelistIP 2001:db8::/32",
     LINES},
    {PYSPF, "InternalHosts = 192.0.2.1, mail.example, .lan.example",
     "WhitelistIP 192.0.2.1\nWhitelistPTR mail.example\nWhitelistPTR .lan.example", LOST},
    {PYSPF, "InternalHosts = !192.0.2.1", "!WhitelistIP 192.0.2.1", LOST},
    {PYSPF, "InternalHosts = /etc/hosts-list", "", LOST},
    {PYSPF, "InternalHosts = file:/etc/hosts-list", "", LOST},
    {PYSPF, "MacroList = daemon_name|ORIGINATING", "", LOST},
    {PYSPF, "MacroListVerify = x", "", LOST},
    {RUST, "socket = inet:localhost:3000", "Socket inet:3000@localhost", LINES},
    {RUST, "socket = inet:[::1]:3000", "Socket inet6:3000@[::1]", LINES},
    {RUST, "socket = inet:3000@localhost", "Socket inet:3000@localhost", LINES},
    {RUST, "socket = unix:/run/spf.sock", "Socket unix:/run/spf.sock", LINES},
    {RUST, "socket = nowhere", "!Socket nowhere", LOST},
    {RUST, "verify_helo = yes", "CheckHelo on\nRefuseHelo fail", LINES},
    {RUST, "verify_helo = no", "CheckHelo off\n!RefuseHelo fail", LINES},
    {RUST, "verify_helo = often", "CheckHelo on", LOST},
    {RUST, "reject_results = fail, softfail", "RefuseMailFrom fail,softfail\nRefuseHelo fail,softfail", LINES},
    {RUST, "reject_results = fail,permerror, temperror",
     "RefuseMailFrom fail,permerror\nRefuseHelo fail,permerror\nDeferMailFrom temperror\nDeferHelo temperror", LINES},
    {RUST, "reject_results = fail, bad", "RefuseMailFrom fail", LOST},
    {RUST, "reject_helo_results = softfail", "RefuseMailFrom fail\nRefuseHelo softfail\n!RefuseNullSender fail", LINES},
    {RUST, "reject_helo_results = softfail, permerror\npermerror_reply_code = 451",
     "RefuseMailFrom fail\nRefuseHelo softfail\nDeferHelo permerror\n!DeferMailFrom permerror", LINES},
    {RUST, "reject_helo_results = fail\nreject_results = fail, softfail\nsoftfail_reply_code = 450",
     "RefuseMailFrom fail\nRefuseHelo fail\nDeferMailFrom softfail\n!DeferHelo softfail\n!DeferNullSender softfail",
     LINES},
    {RUST, "verify_helo = no\nreject_helo_results = softfail", "RefuseMailFrom fail\n!RefuseHelo softfail", LINES},
    {RUST, "reject_helo_results = bad", "RefuseMailFrom fail", LOST},
    {RUST, "definitive_helo_results = fail", "", LOST},
    {RUST, "definitive_hello_results = fail", "", LOST},
    {RUST, "header = Received-SPF", "AddHeader off\nAddReceivedHeader on", LINES},
    {RUST, "header_type = Authentication-Results", "AddHeader on\nAddReceivedHeader off", LINES},
    {RUST, "header = Authentication-Results, Received-SPF", "AddHeader on\nAddReceivedHeader on", LINES},
    {RUST, "header =", "AddHeader off\nAddReceivedHeader off", LINES},
    {RUST, "header = X-SPF", "", LOST},
    {RUST, "include_all_results = yes", "", MOOT},
    {RUST, "include_mailfrom_local_part = no", "", MOOT},
    {RUST, "authserv_id = mx.example.net", "AuthservID mx.example.net", LINES},
    {RUST, "delete_incoming_authentication_results = yes", "RemoveForgedHeaders all", LINES},
    {RUST, "delete_incoming_authentication_results = no", "RemoveForgedHeaders off", LINES},
    {RUST, "delete_incoming_authentication_results = some", "", LOST},
    {RUST, "trusted_networks = 192.0.2.0/24, ::1",
     "WhitelistIP 192.0.2.0/24\nWhitelistIP ::1\n!WhitelistIP 127.0.0.0/8", LOST}, /* loopback */
    {RUST, "trusted_networks = 192.0.2.0/24", "WhitelistIP 192.0.2.0/24", LOST},
    {RUST, "trusted_networks =", "", LOST},
    {RUST, "trusted_networks = 127.0.0.0/8, ::1", "WhitelistIP 127.0.0.0/8\nWhitelistIP ::1", LINES},
    {RUST, "trusted_networks = 127.0.0.1, ::1", "WhitelistIP 127.0.0.1\nWhitelistIP ::1", LOST},
    {RUST, "trusted_networks = 192.0.2.1, loopback,192.0.2.9",
     "WhitelistIP 192.0.2.1\nWhitelistIP 127.0.0.0/8\nWhitelistIP ::1\nWhitelistIP 192.0.2.9", LINES},
    {RUST, "trust_authenticated_senders = yes", "SkipAuth on", LINES},
    {RUST, "trust_authenticated_senders = no", "SkipAuth off", LINES},
    {RUST, "trust_authenticated_senders = x", "", LOST},
    {RUST, "skip_senders = a.example, .b.example, c@d.example",
     "WhitelistFrom @a.example\nWhitelistFrom @.b.example\nWhitelistFrom c@d.example", LINES},
    {RUST, "dry_run = yes", "TestMode on", LINES},
    {RUST, "dry_run = no", "TestMode off", LINES},
    {RUST, "hostname = mx.example", "", LOST},
    {RUST, "lookup_timeout = 12", "DNSTimeout 12", LINES},
    {RUST, "timeout = 12s", "DNSTimeout 12s", LINES},
    {RUST, "max_void_lookups = 2", "", MOOT},
    {RUST, "max_void_lookups = 4", "", LOST},
    {RUST, "log_destination = syslog", "!Syslog none", MOOT},
    {RUST, "log_destination = stderr", "Syslog none\nLogTo /dev/stderr", LINES},
    {RUST, "log_destination = cloud", "", LOST},
    {RUST, "log_level = error", "LogLevel error", LINES},
    {RUST, "log_level = warn", "LogLevel warning", LINES},
    {RUST, "log_level = info", "LogLevel info", LINES},
    {RUST, "log_level = debug", "LogLevel debug", LINES},
    {RUST, "log_level = trace", "LogLevel debug", LINES},
    {RUST, "log_level = loud", "", LOST},
    {RUST, "syslog_facility = local3", "Syslog local3", LINES},
    {RUST, "syslog_facility = cron", "!Syslog cron", LOST},
    {RUST, "reply_text_fail = a%%b%_c%-d %{s} %", "RejectReason a%b c%20d %{s} %", LINES},
    {RUST, "fail_reply_text = no = yes", "RejectReason no = yes", LINES},
    {RUST, "reply_text_fail_exp = %{d} says: ", "", LOST},
    {RUST, "reply_text_softfail = no", "", LOST},
    {RUST, "reply_text_temperror = no", "", LOST},
    {RUST, "reply_text_permerror = no", "", LOST},
    {RUST, "reply_code_fail = 450", "DeferMailFrom fail\nDeferHelo fail", LINES},
    {RUST, "reply_code_fail = 550", "RefuseMailFrom fail\n!DeferMailFrom fail", LINES},
    {RUST, "reply_code_softfail = 450\nreject_results = softfail", "DeferMailFrom softfail", LINES},
    {RUST, "reply_code_fail = 450\nreply_code_softfail = 450\nreject_results = fail, softfail",
     "RefuseMailFrom off\nDeferMailFrom fail,softfail", LINES},
    {RUST, "reply_code_temperror = 451\nreject_results = temperror", "RefuseMailFrom off\nDeferMailFrom temperror",
     MOOT},
    {RUST, "reply_code_temperror = 550\nreject_results = temperror", "RefuseMailFrom off\nDeferMailFrom temperror",
     LOST},
    {RUST, "permerror_reply_code = 451\nreject_results = fail,permerror",
     "RefuseMailFrom fail\nDeferMailFrom permerror", LINES},
    {RUST, "status_code_fail = 5.7.23", "", MOOT},
    {RUST, "status_code_fail = 5.7.1", "", LOST},
    {RUST, "status_code_softfail = 5.7.1", "", MOOT},
    {RUST, "status_code_temperror = 4.7.24", "", MOOT},
    {RUST, "status_code_permerror = 5.7.24", "", MOOT},
    {RUST, "permerror_status_code = 5.5.2", "", LOST},
    {SRSD, "SRS_DOMAIN=fwd.example", "SRSDomain fwd.example\nSRSAlways on\n!SRSHashLength 4\n!SRSSeparator =", LINES},
    {SRSD, "SRS_DOMAIN=", "!SRSDomain fwd.example", LOST},
    {SRSD, "SRS_DOMAIN=`postconf -h mydomain || true`", "!SRSDomain fwd.example", LOST},
    {SRSD, "SRS_DOMAIN=$(postconf -h mydomain)", "!SRSDomain fwd.example", LOST},
    {SRSD, "SRS_DOMAIN=$myhostname", "!SRSDomain fwd.example", LOST},
    {SRSD, "SRS_EXCLUDE_DOMAINS=.example.com,example.org", "SRSExclude .example.com\nSRSExclude example.org", LINES},
    {SRSD, "SRS_EXCLUDE_DOMAINS=.example.com,example.org,.Example.org",
     "SRSExclude example.org\nSRSExclude .Example.org", LINES},
    {SRSD, "SRS_EXCLUDE_DOMAINS=\".a.example;.b.example\n .c.example\"",
     "SRSExclude .a.example\nSRSExclude .b.example\nSRSExclude .c.example", LINES},
    {SRSD, "SRS_EXCLUDE_DOMAINS=", "!SRSExclude ", LINES},
    {SRSD, "SRS_EXCLUDE_DOMAINS=not_a/domain", "!SRSExclude not_a/domain", LOST},
    {SRSD, "SRS_SEPARATOR==", "SRSSeparator =", LINES},
    {SRSD, "SRS_SEPARATOR=+-", "SRSSeparator +", LINES},
    {SRSD, "SRS_SEPARATOR=/", "!SRSSeparator /", LOST},
    {SRSD, "SRS_SECRET=/etc/a.secret", "SRSSecretFile /etc/a.secret\n!SRSSecretFile /etc/postsrsd.secret", LINES},
    {SRSD, "SRS_SECRET=", "!SRSSecretFile /etc/postsrsd.secret", LOST},
    {SRSD, "SRS_SECRET=a.secret", "!SRSSecretFile a.secret", LOST},
    {SRSD, "SRS_HASHLENGTH=6", "SRSHashLength 6\nSRSHashMinimum 4", LINES},
    {SRSD, "SRS_HASHLENGTH=5\nSRS_HASHMIN=5", "SRSHashLength 5\nSRSHashMinimum 5", LINES},
    {SRSD, "SRS_HASHLENGTH=3\nSRS_HASHMIN=3", "!SRSHashLength 3", LOST},
    {SRSD, "SRS_HASHMIN=5", "!SRSHashMinimum 5", LOST}, /* more than the length */
    {SRSD, "SRS_FORWARD_PORT=10011",
     "TableSocket tcp-forward:inet:10011@127.0.0.1\nTableSocket tcp-reverse:inet:10002@127.0.0.1", LINES},
    {SRSD, "SRS_REVERSE_PORT=10012\nSRS_LISTEN_ADDR=::1",
     "TableSocket tcp-forward:inet6:10001@::1\nTableSocket tcp-reverse:inet6:10012@::1", LINES},
    {SRSD, "SRS_REVERSE_PORT=smtp", "!TableSocket tcp-reverse:inet:smtp@127.0.0.1", LOST},
    {SRSD, "SRS_LISTEN_ADDR=localhost", "TableSocket tcp-forward:inet:10001@localhost", LINES},
    {SRSD, "SRS_EXTRA_OPTIONS=-A", "", LOST},
    {SRSD, "SRS_EXTRA_OPTIONS='-t600 -t 600 -4'", "", LINES},
    {SRSD, "SRS_EXTRA_OPTIONS='-t 600 -X example.org'", "", LOST},
    {SRSD, "SRS_TIMEOUT=30", "", MOOT},
    {SRSD, "SRS_PID_FILE=/run/x.pid", "!PidFile /run/x.pid", MOOT},
    {SRSD, "RUN_AS=nobody", "!User nobody", MOOT},
    {SRSD, "CHROOT=/var/lib/postsrsd", "", MOOT},
    {SRSD, "srs-domain = srs.example", "SRSDomain srs.example\nSRSAlways on\n!SRSHashLength 4", LINES},
    {SRSD, "srs-domain = \".srs.example\"", "SRSDomain srs.example", LINES},
    {SRSD, "srs-domain = \"\"\ndomains = {\"a.example\", 'b.example'}",
     "SRSDomain a.example\nSRSExclude a.example\nSRSExclude b.example", LINES},
    {SRSD, "srs-domain = \"\"", "!SRSDomain ", LOST},
    {SRSD, "domains = {a.example, .b.example,}", "SRSDomain a.example\nSRSExclude a.example\nSRSExclude .b.example",
     LINES},
    {SRSD, "domains = {.a.example, a.example}", "SRSDomain a.example\nSRSExclude .a.example\nSRSExclude a.example",
     LINES},
    {SRSD, "domains = {}\nsrs-domain = a.example", "SRSDomain a.example\n!SRSExclude a.example", LINES},
    {SRSD, "domains = a.example\ndomains += {b.example}\ndomains += c.example",
     "SRSDomain a.example\nSRSExclude a.example\nSRSExclude b.example\nSRSExclude c.example", LINES},
    {SRSD, "domains = {a.example}\ndomains = {b.example}", "SRSDomain b.example\n!SRSExclude a.example", LINES},
    {SRSD, "domains = {a.example}\nalways-rewrite = yes", "SRSDomain a.example\n!SRSExclude a.example", LOST},
    {SRSD, "domains-file = /etc/users", "SRSDomain f.example\nSRSExclude f.example\nSRSExclude .g.example", LINES},
    {SRSD, "domains-file = /etc/users\ndomains = {a.example}", "SRSDomain a.example\nSRSExclude f.example", LINES},
    {SRSD, "domains-file = \"/etc/none\"\nsrs-domain = a.example", "!SRSExclude f.example", LOST},
    {SRSD, "domains-file = ''\nsrs-domain = a.example", "!SRSExclude f.example", LINES},
    {SRSD, "domains-file-watch = on\nsrs-domain = a.example", "", LOST},
    {SRSD, "domains-file-watch = off\nsrs-domain = a.example", "", LINES},
    {SRSD, "socketmap = unix:/run/srs\nsrs-domain = a.example", "TableSocket socketmap:unix:/run/srs", LINES},
    {SRSD, "socketmap = inet:localhost:10003\nsrs-domain = a.example", "TableSocket socketmap:inet:10003@localhost",
     LINES},
    {SRSD, "socketmap = \"inet:[::1]:10003\"\nsrs-domain = a.example",
     "TableSocket socketmap:inet6:10003@[::1]\n!TableSocket socketmap:unix:/var/spool/postfix/srs", LINES},
    {SRSD, "socketmap = \"\"\nsrs-domain = a.example", "!TableSocket socketmap:unix:/var/spool/postfix/srs", LINES},
    {SRSD, "socketmap = \"inet:*:10003\"\nsrs-domain = a.example", "TableSocket socketmap:inet:10003@0.0.0.0", LINES},
    {SRSD, "socketmap = inet6:localhost:10003\nsrs-domain = a.example", "TableSocket socketmap:inet6:10003@localhost",
     LINES},
    {SRSD, "socketmap = inet:10003\nsrs-domain = a.example", "TableSocket socketmap:inet:10003", LINES},
    {SRSD, "socketmap = nowhere\nsrs-domain = a.example", "!TableSocket socketmap:nowhere", LOST},
    {SRSD, "keep-alive = 30\nsrs-domain = a.example", "", MOOT},
    {SRSD, "connection-limit = 200\nsrs-domain = a.example", "", MOOT},
    {SRSD, "secrets-file = \"/etc/post\\x73rsd.\\163ecret\"\nsrs-domain = a.example",
     "SRSSecretFile /etc/postsrsd.secret", LINES},
    {SRSD, "secrets-file = \"\"\nsrs-domain = a.example", "!SRSSecretFile /etc/postsrsd.secret", LOST},
    {SRSD, "secrets-file = \"${FILE}\"\nsrs-domain = a.example", "!SRSSecretFile /etc/postsrsd.secret", LOST},
    {SRSD, "milter = inet:localhost:9997\nsrs-domain = a.example", "", LOST},
    {SRSD, "milter = \"\"\nsrs-domain = a.example", "", LINES},
    {SRSD, "milter-rewrite-local = on\nsrs-domain = a.example", "", MOOT},
    {SRSD, "milter-recipient-limit = 5\nsrs-domain = a.example", "", MOOT},
    {SRSD, "original-envelope = embedded\nsrs-domain = a.example", "", LINES},
    {SRSD, "original-envelope = database\nsrs-domain = a.example", "", LOST},
    {SRSD, "original-envelope = letter\nsrs-domain = a.example", "", LOST},
    {SRSD, "envelope-database = \"sqlite:x.db\"\nsrs-domain = a.example", "", MOOT},
    {SRSD, "separator = \"+\"\nsrs-domain = a.example", "SRSSeparator +", LINES},
    {SRSD, "separator = =\nsrs-domain = a.example", "!SRSSeparator =", LOST}, /* it needs quotes */
    {SRSD, "hash-length = 0x6\nsrs-domain = a.example", "SRSHashLength 6\nSRSHashMinimum 4", LINES},
    {SRSD, "hash-minimum = 5\nsrs-domain = a.example", "!SRSHashMinimum 5", LOST},
    {SRSD, "always-rewrite = off\nsrs-domain = a.example", "SRSAlways on", LINES},
    {SRSD, "always-rewrite = on\nsrs-domain = a.example", "SRSAlways on", LOST},
    {SRSD, "always-rewrite = maybe\nsrs-domain = a.example", "SRSAlways on", LOST},
    {SRSD, "unprivileged-user = nobody\nsrs-domain = a.example", "!User nobody", MOOT},
    {SRSD, "chroot-dir = /x\nsrs-domain = a.example", "", MOOT},
    {SRSD, "seccomp = on\nsrs-domain = a.example", "", MOOT},
    {SRSD, "pid-file = /run/x.pid\nsrs-domain = a.example", "!PidFile /run/x.pid", MOOT},
    {SRSD, "daemonize = on\nsrs-domain = a.example", "", MOOT},
    {SRSD, "syslog = on\nsrs-domain = a.example", "", MOOT},
    {SRSD, "debug = on\nsrs-domain = a.example", "LogLevel debug", LINES},
    {SRSD, "debug = off\nsrs-domain = a.example", "!LogLevel debug", LINES},
    {SRSD, "debug = some\nsrs-domain = a.example", "!LogLevel debug", LOST},
    {GREY, "POSTGREY_OPTS=--delay=60\nPOSTGREY_OPTS=--inet=10023",
     "PolicySocket inet:10023@localhost\nGreylistDelay 300s\n!GreylistDelay 60s", LINES},
    {GREY, "POSTGREY_OPTS=`opts`", "GreylistDelay 300s", LOST},
    {GREY, "POSTGREY_TEXT='Come back'", "Greylist on", LOST},
    {GREY, "POSTGREY_TEXT=", "Greylist on", LINES},
    {GREY, "--delay=60", "Greylist on\nGreylistPass all\nGreylistDelay 60s\nGreylistWindow 48h\nGreylistLife 35d",
     LINES},
    {GREY, "--delay 60 --delay=90", "GreylistDelay 90s\n!GreylistDelay 60s", LINES},
    {GREY, "--delay=0", "GreylistDelay 300s", LINES}, /* Perl's default for what is false */
    {GREY, "--delay=90000", "GreylistDelay 86400s", LOST},
    {GREY, "--max-age=2", "GreylistWindow 47h\nGreylistLife 2d", LINES},
    {GREY, "--retry-window=40", "GreylistWindow 720h", LOST},
    {GREY, "--retry-window=99999999999999999999", "GreylistWindow 720h", LOST},
    {GREY, "--max-age=9999999999", "GreylistLife 3650d", LOST},
    {GREY, "--delay=soon", "GreylistDelay 300s", LOST},
    {GREY, "--delay", "GreylistDelay 300s", LOST},
    {GREY, "--max-age=60", "GreylistLife 60d", LINES},
    {GREY, "-MAX=60", "GreylistLife 60d", LINES},
    {GREY, "--retry-window=1", "GreylistWindow 24h", LINES},
    {GREY, "--retry-window=6H", "GreylistWindow 6h", LINES},
    {GREY, "--retry-window=6m", "GreylistWindow 48h", LOST},
    {GREY, "--auto-whitelist-clients", "GreylistKnownAfter 5", LINES},
    {GREY, "--auto-whitelist-clients=2", "GreylistKnownAfter 2", LINES},
    {GREY, "--auto-whitelist-clients 0 -d", "GreylistKnownAfter 0", LINES},
    {GREY, "--auto-whitelist-clients=x", "!GreylistKnownAfter x", LOST},
    {GREY, "--lookup-by-subnet", "GreylistNetwork 24 64", MOOT},
    {GREY, "--lookup-by-subnet=on", "GreylistNetwork 24 64", LOST},
    {GREY, "--lookup-by-host", "GreylistNetwork 32 128", LINES},
    {GREY, "--ipv4cidr=20", "GreylistNetwork 20 64", LINES},
    {GREY, "--ipv4cidr=33", "GreylistNetwork 24 64", LOST},
    {GREY, "--ipv6cidr=48", "GreylistNetwork 24 48", LINES},
    {GREY, "--whitelist-clients=/etc/users --whitelist-clients=/etc/users",
     "GreylistExempt mx.example.org\n!GreylistExempt to:mx.example.org", LINES},
    {GREY, "--whitelist-clients=/etc/none", "", LOST},
    {GREY, "--whitelist-recipients=/etc/users", "GreylistExempt to:@.mx.example.org", LINES},
    {GREY, "--unix=/run/postgrey.sock", "PolicySocket unix:/run/postgrey.sock", LINES},
    {GREY, "--unix=run/postgrey.sock", "!PolicySocket unix:run/postgrey.sock", LOST},
    {GREY, "-u /run/postgrey.sock", "PolicySocket unix:/run/postgrey.sock", LINES},
    {GREY, "--inet=10023", "PolicySocket inet:10023@localhost", LINES},
    {GREY, "--inet=192.0.2.1:10023", "PolicySocket inet:10023@192.0.2.1", LINES},
    {GREY, "--inet=[::1]:10023", "PolicySocket inet6:10023@[::1]", LINES},
    {GREY, "--inet=*:10023", "PolicySocket inet:10023@0.0.0.0", LINES},
    {GREY, "--socketmode=0660", "!SocketMode 0660", LOST},
    {GREY, "--greylist-action=DEFER_IF_PERMIT", "", LINES},
    {GREY, "--greylist-action=451", "", LOST},
    {GREY, "--greylist-text=Wait", "", LOST},
    {GREY, "--x-greylist-header=X-Waited:%t", "", LOST},
    {GREY, "--hostname=mx", "", MOOT},
    {GREY, "--privacy", "", LOST},
    {GREY, "--exim", "", LOST},
    {GREY, "--dbdir=/srv/postgrey", "", MOOT},
    {GREY, "--user=mail", "!User mail", MOOT},
    {GREY, "--group=mail", "", MOOT},
    {GREY, "--pidfile=/run/x.pid", "!PidFile /run/x.pid", MOOT},
    {GREY, "--daemonize", "", MOOT},
    {GREY, "--syslog-facility=local1", "", MOOT},
    {GREY, "--facility=local1", "", MOOT},
    {GREY, "--verbose", "", MOOT},
    {GREY, "--quiet", "", MOOT},
    {GREY, "--listen-queue-size=100", "", MOOT},
    {GREY, "--help", "", LOST},
    {GREY, "--man", "", LOST},
    {GREY, "--version", "", LOST},
    {GREY, "--noaction", "", LOST},
    {GREY, "--lookup-by", "GreylistNetwork 24 64", LOST}, /* of two */
    {GREY, "--shoes=2", "", LOST},
    {GREY, "shoes", "", LOST},
    {GREY, "--", "", LOST},
};

/* Options are the value of a variable. */
static void add_input(const struct setting_case *c, struct strbuf *text)
{
    strbuf_addf(text, strcmp(c->system, GREY) == 0 && c->input[0] != 'P' ? "POSTGREY_OPTS=\"%s\"" : "%s", c->input);
}

/* What takes out of the way what is lost with each file of a system, so that only the line under test can be lost: the
 * two open defaults of spf-milter, and what pyspf-milter does with HELO and null senders. */
static void add_open_defaults(const struct setting_case *c, struct strbuf *text)
{
    if (strcmp(c->system, PYSPF) == 0 && strstr(c->input, "HELO_reject") == NULL) {
        strbuf_add(text, "\nHELO_reject = No_Check");
        if (strstr(c->input, "Header_Type") == NULL && strstr(c->input, "Prospective") == NULL)
            strbuf_add(text, "\nHeader_Type = None");
    }
    if (strcmp(c->system, SRSD) == 0 && strncmp(c->input, "SRS_DOMAIN", 10) != 0 && strstr(c->input, "=") != NULL &&
        strcspn(c->input, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") == 0)
        strbuf_add(text, "\nSRS_DOMAIN=fwd.example");
    if (strcmp(c->system, RUST) != 0)
        return;
    if (strstr(c->input, "reject_results") == NULL)
        strbuf_add(text, "\nreject_results = fail");
    if (strstr(c->input, "verify_helo") == NULL)
        strbuf_add(text, "\nverify_helo = yes");
}

/* The warning that belongs to line 1, or to no line: anything but one about a key that this build lacks. */
static bool warns_of_loss(const char *warnings)
{
    for (const char *line = warnings; *line != '\0'; line += strcspn(line, "\n"), line += *line == '\n') {
        const char *lacks = strstr(line, "a key that this smf-spf does not have");

        if (lacks == NULL || lacks > line + strcspn(line, "\n"))
            return true;
    }
    return false;
}

static void each_setting_becomes_ours(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof settings / sizeof *settings; i++) {
        const struct setting_case *c = &settings[i];
        struct strbuf text = STRBUF_INIT;
        struct conversion_result result;

        add_input(c, &text);
        add_open_defaults(c, &text);
        other_file = strcmp(c->system, SRSD) == 0   ? "f.example # a comment\n\n  .g.example\r\n"
                     : strcmp(c->system, GREY) == 0 ? "mx.example.org # a comment\n"
                                                    : NULL;
        result = convert(c->system, strbuf_text(&text));
        other_file = NULL;
        assert_settings(c->input, strbuf_text(&result.out), c->lines);
        if (warns_of_loss(strbuf_text(&result.warnings)) != (c->expected == LOST))
            fail_msg("%s %s: %s\n%s", c->system, c->input, strbuf_text(&result.warnings), strbuf_text(&result.out));
        if (c->expected == LOST)
            assert_int_equal(result.status, CONVERT_PARTLY);
        free_result(&result);
        strbuf_free(&text);
    }
}

static bool is_tested(const char *system, const char *key)
{
    const size_t len = strlen(key);

    for (size_t i = 0; i < sizeof settings / sizeof *settings; i++)
        if ((strcmp(settings[i].system, system) == 0 || strcmp(system, PYSPF) == 0) &&
            strncmp(settings[i].input, key, len) == 0 &&
            (settings[i].input[len] == '=' || settings[i].input[len] == '\0' ||
             strncmp(settings[i].input + len, " =", 2) == 0))
            return true;
    return false;
}

static void each_key_has_a_case(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof system_names / sizeof *system_names; i++) {
        const struct foreign_system *system = convert_system(system_names[i]);

        for (size_t j = 0; j < sizeof system->tables / sizeof *system->tables; j++)
            for (size_t k = 0; system->tables[j] != NULL && k < system->tables[j]->count; k++) {
                const struct foreign_key *key = &system->tables[j]->keys[k];

                if (!is_tested(system_names[i], key->name) &&
                    (key->alias == NULL || !is_tested(system_names[i], key->alias)))
                    fail_msg("%s: %s", system_names[i], key->name);
            }
    }
}

/* Each line of the file that Per_User names; of what stands there twice the first. */
static void recipients_have_their_settings(void **state)
{
    static const struct {
        const char *recipient;
        result_set refused, deferred;
        bool test_mode, check_helo, skips_null, adds_header, adds_received;
        size_t addresses, rules;
    } cases[] = {
        {"<all@example.org>", RESULT_BIT(RESULT_FAIL), 0, false, true, false, false, true, 3, 1},
        {"<soft@example.org>", RESULT_BIT(RESULT_FAIL) | RESULT_BIT(RESULT_SOFTFAIL), 0, false, true, false, false,
         true, 3, 1},
        {"<test@example.org>", RESULT_BIT(RESULT_FAIL), 0, true, true, false, true, false, 3, 1},
        {"<none@example.org>", 0, 0, false, false, true, false, true, 3, 0},
        {"<temp@example.org>", RESULT_BIT(RESULT_FAIL), RESULT_BIT(RESULT_TEMPERROR), false, true, false, false, true,
         3, 1},
        {"<net@example.org>", RESULT_BIT(RESULT_FAIL), 0, false, true, false, false, true, 1, 1},
        {"<nonet@example.org>", RESULT_BIT(RESULT_FAIL), 0, false, true, false, false, true, 0, 1},
        {"<upper@example.org>", 0, 0, false, true, false, false, true, 3, 1},
    };
    struct conversion_result result;
    struct strbuf errors = STRBUF_INIT;
    const struct config *config;

    (void)state;
    other_file = "# users\n"
                 "soft@example.org,Mail_From_reject=Softfail\n"
                 "test@example.org,TestOnly=0|Header_Type=AR\n"
                 "none@example.org,HELO_reject=No_Check|Mail_From_reject=No_Check|PermError_reject=True # none\n"
                 "none@example.org,TestOnly=0\n"
                 "temp@example.org,TempError_Defer=True\n\n"
                 "net@example.org,Whitelist=192.0.2.0/24|skip_addresses=\n"
                 "nonet@example.org,skip_addresses=\n"
                 "Upper@Example.Org,Mail_From_reject=False|HELO_reject=False\n"
                 "all@example.org\n"
                 "bad,Mail_From_reject=False\n"
                 "all@example.org,Lookup_Time=5|Nope=1\n"
                 "@example.net,Mail_From_reject=False\n";
    result = convert(POLICYD, "Per_User = text,/etc/users\nReject_Not_Pass_Domains = a.example\n");
    other_file = NULL;
    assert_int_equal(result.status, CONVERT_PARTLY);
    config = config_parse(strbuf_text(&result.out), result.out.len, "new", &errors);
    assert_non_null(config);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const struct config *found;
        struct address address;

        assert_int_equal(address_parse(cases[i].recipient, &address), ADDRESS_OK);
        found = config_for_recipient(config, &address);
        print_message("%s\n", cases[i].recipient);
        assert_int_equal(found->verdict.refuse_mail_from, cases[i].refused);
        assert_int_equal(found->verdict.defer_mail_from.results, cases[i].deferred);
        assert_int_equal(found->test_mode, cases[i].test_mode);
        assert_int_equal(found->check_helo, cases[i].check_helo);
        assert_int_equal(found->skip_ndr, cases[i].skips_null);
        assert_int_equal(found->add_header, cases[i].adds_header);
        assert_int_equal(found->add_received_header, cases[i].adds_received);
        assert_int_equal(found->whitelist_ip.count, cases[i].addresses);
        assert_int_equal(found->verdict.refuse_for.count, cases[i].rules);
        address_free(&address);
    }
    assert_non_null(strstr(strbuf_text(&result.warnings), "/etc/users:5: none@example.org: an earlier line"));
    assert_non_null(strstr(strbuf_text(&result.warnings), "/etc/users:11: all@example.org: it has no comma"));
    assert_non_null(strstr(strbuf_text(&result.warnings), "/etc/users:13: Lookup_Time: it holds for all"));
    assert_non_null(strstr(strbuf_text(&result.warnings), "/etc/users:13: Nope: there is no such setting"));
    assert_non_null(strstr(strbuf_text(&result.warnings), "there a part of an address matches nothing"));
    assert_non_null(strstr(strbuf_text(&result.out), "\nRecipientPolicy @example.net {\n"));
    assert_non_null(strstr(strbuf_text(&result.out), "#RecipientPolicy bad {\n"));
    config_release(config);
    free_result(&result);
}

static size_t comparisons;

int __real_strcasecmp(const char *a, const char *b);
int __wrap_strcasecmp(const char *a, const char *b);

int __wrap_strcasecmp(const char *a, const char *b)
{
    comparisons++;
    return __real_strcasecmp(a, b);
}

/* How many texts are compared to convert a file with so many recipients. */
static size_t count_comparisons(size_t recipients)
{
    struct conversion_result result;
    struct strbuf file = STRBUF_INIT;

    for (size_t i = 0; i < recipients; i++)
        strbuf_addf(&file, "user%zu@example.org,HELO_Whitelist=a.example\n", i);
    other_file = strbuf_text(&file);
    comparisons = 0;
    result = convert(POLICYD, "Per_User = text,/etc/users\n");
    other_file = NULL;
    free_result(&result);
    strbuf_free(&file);
    return comparisons;
}

static void many_recipients_take_as_much_time_each_as_few(void **state)
{
    const size_t base = count_comparisons(0), few = count_comparisons(100) - base;

    (void)state;
    assert_true(few > 0);
    assert_in_range(count_comparisons(2000) - base, few, few * 22); /* 20, and what the hash has by accident */
}

/* Where the file of recipients is none, the new one does not do what the old program does. */
static void recipients_that_are_no_text_are_told_of(void **state)
{
    struct conversion_result result;

    (void)state;
    other_file = "a@example.org,TestOnly=0\n\0b@example.org,TestOnly=0\n";
    other_len = 51;
    result = convert(POLICYD, "Per_User = text,/etc/users\n");
    other_file = NULL;
    other_len = 0;
    assert_int_equal(result.status, CONVERT_PARTLY);
    assert_non_null(strstr(strbuf_text(&result.warnings), "Per_User: its file holds an octet of value 0"));
    free_result(&result);
}

/* A line of postgrey's lists, and ours; NULL: it is told, with what `hint` says. */
static const struct list_case {
    const char *option, *item, *ours, *hint;
} list_cases[] = {
    {"clients", "example.org", "example.org", NULL},
    {"clients", "  192.0.2.1   # one", "192.0.2.1", NULL},
    {"clients", "192.0.2.0/25", "192.0.2.0/25", NULL},
    {"clients", "192.0.2", "192.0.2.0/24", NULL},
    {"clients", "192.0", "192.0.0.0/16", NULL},
    {"clients", "2001:db8::/32", "2001:db8::/32", NULL},
    {"clients", "2001:db8:::/32", NULL, NULL},
    {"clients", "two words", NULL, NULL},
    {"clients", "joe@example.net", NULL, NULL},
    {"clients", "to:joe@example.net", NULL, NULL},
    {"clients", "/^joe@example\\.net$/", NULL, NULL},
    {"clients", "Unknown", NULL, NULL},
    {"clients", "/^unknown$/", NULL, NULL},
    {"clients", "/\\.example\\.org$/", ".example.org", NULL},
    {"clients", "/^.*\\.example\\.org$/", ".example.org", NULL},
    {"clients", "/(^|\\.)example\\.org$/", "example.org", NULL},
    {"clients", "/(?:^|\\.)mx-1\\.example\\.org$/", "mx-1.example.org", NULL},
    {"clients", "/example\\.org$/", NULL, NULL},
    {"clients", "/^mx\\.example\\.org/", NULL, NULL},
    {"clients", "/^mx\\d+\\.example\\.org$/", NULL, "GreylistExempt .example.org"},
    {"clients", "/^mx[0-9]\\.example\\.co\\.uk$/", NULL, "GreylistExempt .example.co.uk"},
    {"clients", "/^mx.example.org$/", NULL, NULL},
    {"clients", "/^(mx|mail)\\.org$/", NULL, NULL},
    {"clients", "/^mx\\.(org|net)$/", NULL, NULL},
    {"clients", "/[/", NULL, NULL},
    {"recipients", "joe@example.net", "to:joe@example.net", NULL},
    {"recipients", "postmaster@", "to:postmaster@", NULL},
    {"recipients", "example.net", "to:@.example.net", NULL},
    {"recipients", "@", NULL, NULL},
    {"recipients", "a b@example.net", NULL, NULL},
    {"recipients", "/^joe@example\\.net$/", "to:joe@example.net", NULL},
    {"recipients", "/^joe\\@/", "to:joe@", NULL},
    {"recipients", "/@example\\.net$/", "to:@example.net", NULL},
    {"recipients", "/joe@example\\.net$/", NULL, NULL},
    {"recipients", "/^joe@example\\.net/", NULL, NULL},
    {"recipients", "/^@example\\.net$/", NULL, NULL},
    {"recipients", "/^.*@example\\.net$/", NULL, NULL},
    {"recipients", "/joe/", NULL, NULL},
};

static void check_list_case(const struct list_case *c)
{
    char options[100], line[300], told[100];
    struct conversion_result result;

    (void)snprintf(options, sizeof options, "POSTGREY_OPTS=--whitelist-%s=/etc/users", c->option);
    other_file = c->item;
    result = convert(GREY, options);
    other_file = NULL;
    (void)snprintf(line, sizeof line, "%sGreylistExempt %s", c->ours != NULL ? "" : "!",
                   c->ours != NULL ? c->ours : "");
    assert_settings(c->item, strbuf_text(&result.out), line);
    (void)snprintf(told, sizeof told, "/etc/users:1: %s: ", c->item);
    if (c->ours == NULL && strstr(strbuf_text(&result.warnings), told) == NULL)
        fail_msg("%s: not told\n%s", c->item, strbuf_text(&result.warnings));
    if (c->hint != NULL && strstr(strbuf_text(&result.out), c->hint) == NULL)
        fail_msg("%s: no %s\n%s", c->item, c->hint, strbuf_text(&result.out));
    if (c->hint == NULL && strstr(strbuf_text(&result.out), "below its domain would") != NULL)
        fail_msg("%s: %s", c->item, strbuf_text(&result.out));
    free_result(&result);
}

static void each_item_is_exempt_or_told(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof list_cases / sizeof *list_cases; i++)
        check_list_case(&list_cases[i]);
}

/* What holds for a whole list is told once. */
static void lists_that_differ_are_told(void **state)
{
    static const struct {
        const char *option, *text, *warning; /* NULL: none */
    } cases[] = {
        {"recipients", "joe@\njim@example.net\n",
         "/etc/users: the file: there name@ stands for name+extension@, too\n"},
        {"recipients", "example.net\n", NULL},
        {"clients", "/^mx\\.example\\.org$/\n", "/etc/users: the file: a name that a regular expression has alone"},
        {"clients", "mx.example.org\n", NULL},
        {"clients", "", NULL},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char options[100];
        struct conversion_result result;

        (void)snprintf(options, sizeof options, "POSTGREY_OPTS=--whitelist-%s=/etc/users", cases[i].option);
        other_file = cases[i].text;
        result = convert(GREY, options);
        other_file = NULL;
        if (cases[i].warning == NULL)
            assert_false(warns_of_loss(strbuf_text(&result.warnings)));
        else
            assert_non_null(strstr(strbuf_text(&result.warnings), cases[i].warning));
        free_result(&result);
    }
}

/* The lines around */

static void an_empty_file_means_the_foreign_defaults(void **state)
{
    static const struct {
        const char *system, *lines;
    } cases[] = {
        {POLICYD,
         "WhitelistIP 127.0.0.0/8\nWhitelistIP ::1\nAddHeader off\nAddReceivedHeader on\nDNSTimeout 20\nCheckHelo "
         "on\nRefuseMailFrom fail\nRefuseHelo fail\nTagSubject off\nRelaxedLocalPart on\nRefuseAt rcpt"},
        {PYSPF,
         "WhitelistIP 127.0.0.1\nAddHeader on\nAddReceivedHeader off\nSkipAuth off\nUser pyspf-milter\nSocketMode "
         "0660\nSocket local:/run/pyspf-milter/pyspf-milter.sock\nPidFile "
         "/run/pyspf-milter/pyspf-milter.pid\n!RefuseAt rcpt"},
        {RUST, "WhitelistIP 127.0.0.0/8\nAddHeader off\nAddReceivedHeader on\nSkipAuth on\nRemoveForgedHeaders "
               "all\nDNSTimeout 20\nCheckHelo on\nRefuseMailFrom fail\nTagSubject off"},
        {SRSD, "SRSAlways on\n!TableSocket socketmap:unix:/var/spool/postfix/srs\n!RefuseMailFrom fail"},
        {GREY, "Greylist on\nGreylistPass all\nGreylistDelay 300s\nGreylistWindow 48h\nGreylistLife 35d\n"
               "GreylistNetwork 24 64\nGreylistKnownAfter 5\nGreylistExempt mail.example.com\n"
               "GreylistExempt 192.0.2.0/24\nGreylistExempt .example.net\n!RefuseMailFrom fail"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct conversion_result result = convert(cases[i].system, "");

        assert_settings(cases[i].system, strbuf_text(&result.out), cases[i].lines);
        free_result(&result);
    }
}

static const struct line_case {
    const char *system, *input, *present, *warning; /* parts of the output and of the warnings; NULL: none */
} lines[] = {
    {POLICYD, "Nonsense = 1", "# Nonsense = 1\n#   Not converted: policyd-spf has no such setting\n",
     "old.conf:1: Nonsense: there is no such setting\n"},
    {POLICYD, "helo_reject = Fail", "policyd-spf has no such setting", "old.conf:1: helo_reject: "},
    {POLICYD, "# only\n\n   # comments\n", "RefuseMailFrom fail", NULL},
    {POLICYD, "Void_Limit=2#default", "# Void_Limit = 2\n", NULL},
    {POLICYD, "no equals sign", "# no equals sign\n#   Not converted", "old.conf:1: no equals sign: "},
    {POLICYD, "Reason_Message = a?b=c", "Not converted", "old.conf:1: Reason_Message = a?b=c: "},
    {POLICYD, "\tVoid_Limit\t=\t2\t\r\nVoid_Limit = 3\r\n", "#   A later line replaces this one\n",
     "old.conf:2: Void_Limit"},
    {POLICYD, "=\n==\n", "Not converted", "old.conf:2: ==: "},
    {RUST, "  # a comment\nreject_results = fail\nverify_helo=no # none", "verify_helo = no # none", "verify_helo"},
    {SRSD, "SRS_HASHMIN=5 SRS_DOMAIN='a.ex'\"amp\"\\le\\\n;SRS_HASHLENGTH=5 # a comment", "# SRS_DOMAIN = a.example\n",
     NULL},
    {SRSD, "A=a\nexport SRS_DOMAIN=${A}.b-$A.example # a comment", "# SRS_DOMAIN = a.b-a.example\n",
     "old.conf:1: A: there is no such setting"},
    {SRSD, "SRS_DOMAIN=\"a$\\\"\\x.example\"", "# SRS_DOMAIN = a$\"\\x.example\n", "old.conf:1: SRS_DOMAIN: "},
    {SRSD, "SRS_DOMAIN=\"a.example", "its quotes are not closed",
     "old.conf:1: SRS_DOMAIN: its quotes are not closed\n"},
    {SRSD, "SRS_DOMAIN='a.example\nSRS_SECRET=x", "quotes are not closed", "old.conf:1: SRS_DOMAIN: "},
    {SRSD, "SRS_DOMAIN=${A:-`b`}\nRUN_AS=x", "# RUN_AS = x\n", "old.conf:1: SRS_DOMAIN: the shell makes this value"},
    {SRSD, "SRS_DOMAIN=$(a \"(b)\" \\))\nRUN_AS=x", "# RUN_AS = x\n", "old.conf:1: SRS_DOMAIN: the shell makes"},
    {SRSD, "A=`x`\nSRS_DOMAIN=$A.example", "# SRS_DOMAIN = $A.example\n", "old.conf:2: SRS_DOMAIN: the shell makes"},
    {SRSD, "SRS_DOMAIN=$1\nRUN_AS=x", "# RUN_AS = x\n", "old.conf:1: SRS_DOMAIN: the shell makes"},
    {SRSD, "SRS_DOMAIN=a.example\n. /etc/more\nif true; then\n RUN_AS=x\nfi", "# RUN_AS = x\n",
     "old.conf:2: . /etc/more: only variables are read, and this is a command of the shell\n"},
    {SRSD, "SRS_DOMAIN=a.example\nSRS_SHOES=1", "postsrsd has no such setting", "old.conf:2: SRS_SHOES: "},
    {SRSD, "SRS_DOMAIN=a.example\nSRS_DOMAIN=b.example", "#   A later line replaces this one\n", NULL},
    {SRSD, "srs-domain=a.example//b\n/* debug = on\n*/ syslog = 'o\\n' # debug = on", "# syslog = o\\n\n", NULL},
    {SRSD, "domains = {\"a.\\\nexample\" // one\n, '\\'b\\\n'}", "# domains = a.example, 'b\n",
     "old.conf:1: domains: "},
    {SRSD, "srs-domain = a.example\npid-file = \"\\n\\t\\e\\\\\\\"\\0\\x\\q\"", "# pid-file = \\x0a\\x09\\x1b\\\"?xq\n",
     NULL},
    {SRSD, "srs-domain = a.example\nsocketmap =\n", "it has no value", "old.conf:2: socketmap: it has no value\n"},
    {SRSD, "srs-domain = a.example\ndomains = {b.example, ", "not closed", "old.conf:2: domains: its quotes or braces"},
    {SRSD, "srs-domain = \"a.example", "not closed", "old.conf:1: srs-domain: its quotes or braces are not closed\n"},
    {SRSD, "srs-domain = ${D:-a.example}\nsyslog = on", "# syslog = on\n", "old.conf:1: srs-domain: the environment"},
    {SRSD, "srs-domain a.example\n", "it has no value", "old.conf:1: a.example: it has no value\n"},
    {SRSD, "srs-domain = a.example\n= }", "# }\n#   No equivalent: it is no setting\n",
     "old.conf:2: =: it is no setting\n"},
    {SRSD, "srs-domain = a.example\nshoes = 2", "postsrsd has no such setting", "old.conf:2: shoes: "},
    {SRSD, "# SRS_DOMAIN=example.com\n#SRS_SECRET=x\n", "SRS_DOMAIN is not set", "old.conf: SRS_DOMAIN: "},
    {SRSD, "", "srs-domain is not set", "old.conf: srs-domain: "},
    {GREY, "POSTGREY_OPTS=\"--delay=60\n  --sho=1\"\nPOSTGREY_DELAY=2",
     "# --sho=1\n#   No equivalent: postgrey has no such",
     "old.conf:1: --sho=1: postgrey has no such option\nold.conf:3: POSTGREY_DELAY: there is no such setting\n"},
    {GREY, "POSTGREY_OPTS=--delay", "it has no value", "old.conf:1: --delay: it has no value\n"},
    {POLICYD, "Evil\x01\x1b[2J\xff = 1", "# Evil\\x01\\x1b[2J\\xff = 1\n", "old.conf:1: Evil\\x01\\x1b[2J\\xff: "},
};

static void lines_are_read_as_the_foreign_program_reads_them(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
        struct conversion_result result = convert(lines[i].system, lines[i].input);

        if (strstr(strbuf_text(&result.out), lines[i].present) == NULL)
            fail_msg("%s: no \"%s\" in\n%s", lines[i].input, lines[i].present, strbuf_text(&result.out));
        if (strstr(strbuf_text(&result.out), " = \n") != NULL || strstr(strbuf_text(&result.out), " means \n") != NULL)
            fail_msg("%s: a line that breaks off in\n%s", lines[i].input, strbuf_text(&result.out));
        if (lines[i].warning != NULL && strstr(strbuf_text(&result.warnings), lines[i].warning) == NULL)
            fail_msg("%s: no \"%s\" in\n%s", lines[i].input, lines[i].warning, strbuf_text(&result.warnings));
        if (lines[i].warning == NULL && warns_of_loss(strbuf_text(&result.warnings)))
            fail_msg("%s: %s", lines[i].input, strbuf_text(&result.warnings));
        free_result(&result);
    }
}

/* Whatever the file holds, the result is a configuration. */
static void assert_valid(const struct strbuf *text)
{
    struct strbuf errors = STRBUF_INIT;
    const struct config *config = config_parse(strbuf_text(text), text->len, "smf-spf.conf", &errors);

    if (config == NULL)
        fail_msg("%s\n%s", strbuf_text(&errors), strbuf_text(text));
    config_release(config);
    strbuf_free(&errors);
}

static void any_octets_give_a_valid_file(void **state)
{
    /* Of each system, in their order. */
    static const char keys[][22] = {"Whitelist",     "Socket",         "reply_text_fail", "SRS_EXCLUDE_DOMAINS",
                                    "POSTGREY_OPTS", "Reason_Message", "Authserv_Id",     "socket",
                                    "domains",       "POSTGREY_TEXT"};
    char text[700];
    unsigned random = 1;

    (void)state;
    for (size_t i = 0; i < 300; i++) {
        int begin = snprintf(text, sizeof text, i % 5 >= 3 ? "%s=\"" : "%s = ", keys[i % (sizeof keys / sizeof *keys)]);
        struct conversion_result result;

        for (size_t j = (size_t)begin; j < sizeof text; j++) {
            random = random * 1103515245U + 12345U;
            text[j] = (char)(random >> 16);
        }
        result = convert_octets(system_names[i % SYSTEM_COUNT], text, sizeof text);
        assert_valid(&result.out);
        free_result(&result);
    }
}

/* The sample files */

static char *read_whole(const char *path)
{
    struct strbuf text = STRBUF_INIT;
    FILE *file = fopen(path, "re");
    int c;

    if (file == NULL)
        fail_msg("%s is not there", path);
    while ((c = fgetc(file)) != EOF)
        strbuf_add_char(&text, (char)c);
    (void)fclose(file);
    return strbuf_take(&text);
}

static const struct sample {
    const char *system, *file;
} samples[] = {
    {POLICYD, "policyd-spf.conf"}, {PYSPF, "pyspf-milter.conf"}, {RUST, "spf-milter.conf"},
    {SRSD, "postsrsd.default"},    {SRSD, "postsrsd.conf"},      {GREY, "postgrey.default"},
};

enum { SAMPLE_COUNT = sizeof samples / sizeof *samples };

static void sample_files_become_valid_files(void **state)
{
    (void)state;
    for (size_t i = 0; i < SAMPLE_COUNT; i++) {
        char path[100], *text;
        struct conversion_result result;

        (void)snprintf(path, sizeof path, "tests/unit/tools/convert/%s", samples[i].file);
        text = read_whole(path);
        result = convert(samples[i].system, text);
        assert_valid(&result.out);
        assert_false(warns_of_loss(strbuf_text(&result.warnings)));
        free_result(&result);
        free(text);
    }
}

/* The document: the part of docs/migration.md on a system lists the keys of one table, with the keys of ours. */

/* The line of the section `## name` whose first cell names the key, NULL if none; its length in *len. */
static const char *find_row(const char *document, const char *name, const char *key, size_t *len)
{
    char heading[64], cell[128];
    const char *line;

    (void)snprintf(heading, sizeof heading, "\n## %s\n", name);
    (void)snprintf(cell, sizeof cell, "| `%s`", key);
    line = strstr(document, heading);
    assert_non_null(line);
    for (line += strlen(heading); *line != '\0' && strncmp(line, "## ", 3) != 0; line += *len + 1) {
        *len = strcspn(line, "\n");
        if (strncmp(line, cell, strlen(cell)) == 0)
            return line;
        if (line[*len] == '\0')
            break;
    }
    return NULL;
}

static void check_row(const char *document, const char *name, const struct foreign_key *key)
{
    struct strbuf row = STRBUF_INIT, word = STRBUF_INIT;
    struct conversion run = {0};
    const char *ours = key->ours;
    size_t len = 0;
    const char *found = find_row(document, name, key->name, &len);

    if (found == NULL)
        fail_msg("%s: docs/migration.md does not list %s", name, key->name);
    strbuf_add_mem(&row, found, len);
    if (key->alias != NULL && strstr(strbuf_text(&row), key->alias) == NULL)
        fail_msg("%s: docs/migration.md does not list %s", name, key->alias);
    while (convert_next_item(&run, &ours, &word))
        if (strcmp(strbuf_text(&word), "and") != 0 && strstr(strbuf_text(&row), strbuf_text(&word)) == NULL)
            fail_msg("%s: docs/migration.md does not say that %s becomes %s", name, key->name, strbuf_text(&word));
    strbuf_free(&row);
    strbuf_free(&word);
}

/* Rows of the section, and the check that each names a key of the system. */
static size_t count_rows(const char *document, const char *name)
{
    char heading[64], key[64];
    size_t rows = 0;
    const char *line;

    (void)snprintf(heading, sizeof heading, "\n## %s\n", name);
    line = strstr(document, heading);
    assert_non_null(line);
    for (line += strlen(heading); *line != '\0' && strncmp(line, "## ", 3) != 0; line = strchr(line, '\n') + 1) {
        if (strncmp(line, "| `", 3) != 0)
            continue;
        (void)snprintf(key, sizeof key, "%.*s", (int)strcspn(line + 3, "`"), line + 3);
        if (convert_key(convert_system(name), key) == NULL)
            fail_msg("%s: docs/migration.md lists %s, which the converter does not know", name, key);
        rows++;
    }
    return rows;
}

static void the_document_lists_what_the_converter_knows(void **state)
{
    char *document = read_whole("docs/migration.md");

    (void)state;
    for (size_t i = 0; i < sizeof system_names / sizeof *system_names; i++) {
        const struct foreign_system *system = convert_system(system_names[i]);
        const bool is_linked = strcmp(system_names[i], PYSPF) == 0; /* the section on the first table's system */
        size_t rows = 0;

        for (size_t j = is_linked ? 1 : 0; j < FOREIGN_TABLES && system->tables[j] != NULL; j++) {
            const struct foreign_table *table = system->tables[j];

            for (size_t k = 0; k < table->count; k++)
                check_row(document, system_names[i], &table->keys[k]);
            rows += table->count;
        }
        assert_int_equal(count_rows(document, system_names[i]), rows);
    }
    free(document);
}

static void survives_no_memory(void **state)
{
    (void)state;
    for (size_t i = 0; i < SAMPLE_COUNT; i++) {
        char path[100], *text;
        struct conversion_result whole;
        unsigned failures = 0;

        (void)snprintf(path, sizeof path, "tests/unit/tools/convert/%s", samples[i].file);
        text = read_whole(path);
        whole = convert(samples[i].system, text);
        for (bool happened = true; happened; failures += happened) {
            struct conversion_result result;

            alloc_fail_at(failures + 1);
            result = convert(samples[i].system, text);
            happened = alloc_fail_happened();
            alloc_fail_at(0);
            if (happened && result.status != CONVERT_NO_MEMORY)
                fail_msg("%s: allocation %u", samples[i].file, failures + 1);
            if (happened)
                assert_int_equal(result.status, CONVERT_NO_MEMORY);
            else
                assert_string_equal(strbuf_text(&result.out), strbuf_text(&whole.out));
            free_result(&result);
        }
        assert_true(failures > 100);
        free_result(&whole);
        free(text);
    }
}

static void there_are_no_other_systems(void **state)
{
    (void)state;
    assert_null(convert_system("Policyd-SPF"));
    assert_null(convert_system(""));
    assert_null(convert_system("rspamd"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_setting_becomes_ours),
        cmocka_unit_test(each_key_has_a_case),
        cmocka_unit_test(recipients_have_their_settings),
        cmocka_unit_test(many_recipients_take_as_much_time_each_as_few),
        cmocka_unit_test(recipients_that_are_no_text_are_told_of),
        cmocka_unit_test(each_item_is_exempt_or_told),
        cmocka_unit_test(lists_that_differ_are_told),
        cmocka_unit_test(an_empty_file_means_the_foreign_defaults),
        cmocka_unit_test(lines_are_read_as_the_foreign_program_reads_them),
        cmocka_unit_test(any_octets_give_a_valid_file),
        cmocka_unit_test(sample_files_become_valid_files),
        cmocka_unit_test(the_document_lists_what_the_converter_knows),
        cmocka_unit_test(survives_no_memory),
        cmocka_unit_test(there_are_no_other_systems),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
