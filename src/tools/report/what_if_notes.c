/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Notes about keys. */
#include "tools/report/what_if_notes.h"

#include "base/strbuf.h"
#include "config/config_change.h"
#include "config/config_options.h"

#include <string.h>

#define NO_RECIPIENTS  "the log does not say whom a message was for, unless it was refused"
#define NO_SESSION     "the log does not say for which of the evaluated messages it holds, and exempt ones have no result"
#define OTHER_RESULTS  "results would be different, and the log has those that were"
#define OTHER_CLIENT   "another client would be evaluated, and the log has no result for it"
#define NO_RETRIES     "which messages come back, and when, would be different"
#define HELO_EVALUATED "HELO names have a result in the log only where they were evaluated"

/* One row per key, in the order of the option table; `why` for those that are left out or decided roughly. */
static const struct row {
    const char *key;
    enum what_if_scope scope;
    const char *why;
} rows[] = {
    {"WhitelistIP", WHAT_IF_DECIDED, NULL},
    {"WhitelistPTR", WHAT_IF_DECIDED, NULL},
    {"WhitelistFrom", WHAT_IF_DECIDED, NULL},
    {"WhitelistTo", WHAT_IF_LEFT_OUT, NO_RECIPIENTS},
    {"WhitelistHelo", WHAT_IF_ROUGHLY,
     "a client counts as exempt by the name that it gave; the filter also asks the "
     "DNS whether the name has its address"},
    {"WhitelistSPF", WHAT_IF_ROUGHLY,
     "a client counts as permitted if its verified name has the same owner as the "
     "domain; the filter evaluates the domain's record"},
    {"TrustedRelay", WHAT_IF_LEFT_OUT, "the log does not say who sent to the relay"},
    {"SkipAuth", WHAT_IF_LEFT_OUT, NO_SESSION},
    {"SkipCert", WHAT_IF_LEFT_OUT, NO_SESSION},
    {"SkipNDR", WHAT_IF_ROUGHLY, "null senders that were exempt have no result in the log"},
    {"ClientIPNAT", WHAT_IF_LEFT_OUT, OTHER_CLIENT},
    {"FixedClientIP", WHAT_IF_LEFT_OUT, OTHER_CLIENT},
    {"CheckHelo", WHAT_IF_ROUGHLY, HELO_EVALUATED},
    {"RefuseMailFrom", WHAT_IF_DECIDED, NULL},
    {"RefuseHelo", WHAT_IF_DECIDED, NULL},
    {"RefuseNullSender", WHAT_IF_DECIDED, NULL},
    {"Defer", WHAT_IF_DECIDED, NULL},
    {"DeferMailFrom", WHAT_IF_DECIDED, NULL},
    {"DeferHelo", WHAT_IF_DECIDED, NULL},
    {"DeferNullSender", WHAT_IF_DECIDED, NULL},
    {"RefuseFor", WHAT_IF_DECIDED, NULL},
    {"RefuseTo", WHAT_IF_LEFT_OUT, NO_RECIPIENTS},
    {"RefuseOnlyNoMail", WHAT_IF_ROUGHLY,
     "the log does not say which domains send no mail at all, so that no fail "
     "counts as refused"},
    {"LeaveToDMARC", WHAT_IF_DECIDED, NULL},
    {"RefuseFail", WHAT_IF_DECIDED, NULL},
    {"RefuseSPFNone", WHAT_IF_DECIDED, NULL},
    {"RefuseSPFNoneHelo", WHAT_IF_DECIDED, NULL},
    {"AcceptTempError", WHAT_IF_DECIDED, NULL},
    {"RejectTempError", WHAT_IF_DECIDED, NULL},
    {"RejectPermError", WHAT_IF_DECIDED, NULL},
    {"RefuseAt", WHAT_IF_NO_MATTER, NULL},
    {"SoftFail", WHAT_IF_ROUGHLY, "what is refused is refused with 450 or with 550; the same messages are"},
    {"TestMode", WHAT_IF_DECIDED, NULL},
    {"SPFBestGuess", WHAT_IF_LEFT_OUT, OTHER_RESULTS},
    {"RelaxedLocalPart", WHAT_IF_LEFT_OUT, "messages that were refused for their addresses have no result"},
    {"OnPass", WHAT_IF_NO_MATTER, NULL},
    {"OnHeloPass", WHAT_IF_NO_MATTER, NULL},
    {"RejectReason", WHAT_IF_NO_MATTER, NULL},
    {"RecipientPolicy", WHAT_IF_LEFT_OUT, NO_RECIPIENTS},
    {"TagSubject", WHAT_IF_NO_MATTER, NULL},
    {"Tag", WHAT_IF_NO_MATTER, NULL},
    {"AddHeader", WHAT_IF_NO_MATTER, NULL},
    {"AddReceivedHeader", WHAT_IF_NO_MATTER, NULL},
    {"AuthservID", WHAT_IF_NO_MATTER, NULL},
    {"RemoveForgedHeaders", WHAT_IF_NO_MATTER, NULL},
    {"Quarantine", WHAT_IF_NO_MATTER, NULL},
    {"QuarantineBox", WHAT_IF_NO_MATTER, NULL},
    {"Greylist", WHAT_IF_LEFT_OUT, NO_RETRIES},
    {"GreylistResults", WHAT_IF_LEFT_OUT, NO_RETRIES},
    {"GreylistPass", WHAT_IF_LEFT_OUT, NO_RETRIES},
    {"GreylistWidth", WHAT_IF_LEFT_OUT, NO_RETRIES},
    {"GreylistDelay", WHAT_IF_LEFT_OUT, NO_RETRIES},
    {"GreylistWindow", WHAT_IF_LEFT_OUT, NO_RETRIES},
    {"GreylistLife", WHAT_IF_LEFT_OUT, NO_RETRIES},
    {"GreylistKnownAfter", WHAT_IF_LEFT_OUT, NO_RETRIES},
    {"GreylistNetwork", WHAT_IF_LEFT_OUT, NO_RETRIES},
    {"GreylistTo", WHAT_IF_LEFT_OUT, NO_RETRIES},
    {"GreylistExempt", WHAT_IF_LEFT_OUT, NO_RETRIES},
    {"GreylistStore", WHAT_IF_NO_MATTER, NULL},
    {"GreylistPasswordFile", WHAT_IF_NO_MATTER, NULL},
    {"GreylistEntries", WHAT_IF_NO_MATTER, NULL},
    {"SRSDomain", WHAT_IF_LEFT_OUT, NO_RECIPIENTS},
    {"SRSSecretFile", WHAT_IF_LEFT_OUT, NO_RECIPIENTS},
    {"SRSMaxAge", WHAT_IF_LEFT_OUT, NO_RECIPIENTS},
    {"SRSHashLength", WHAT_IF_NO_MATTER, NULL},
    {"SRSHashMinimum", WHAT_IF_LEFT_OUT, NO_RECIPIENTS},
    {"SRSSeparator", WHAT_IF_NO_MATTER, NULL},
    {"SRSClassicHash", WHAT_IF_NO_MATTER, NULL},
    {"SRSExclude", WHAT_IF_NO_MATTER, NULL},
    {"SRSAlways", WHAT_IF_NO_MATTER, NULL},
    {"SRSOutgoing", WHAT_IF_NO_MATTER, NULL},
    {"SRSTooLong", WHAT_IF_NO_MATTER, NULL},
    {"SRSTimeout", WHAT_IF_NO_MATTER, NULL},
    {"TTL", WHAT_IF_NO_MATTER, NULL},
    {"CacheSize", WHAT_IF_NO_MATTER, NULL},
    {"DNSCacheSize", WHAT_IF_NO_MATTER, NULL},
    {"DNSServeStale", WHAT_IF_LEFT_OUT, OTHER_RESULTS},
    {"DNSLookahead", WHAT_IF_NO_MATTER, NULL},
    {"Nameserver", WHAT_IF_LEFT_OUT, OTHER_RESULTS},
    {"DNSSEC", WHAT_IF_LEFT_OUT, OTHER_RESULTS},
    {"DNSTimeout", WHAT_IF_LEFT_OUT, OTHER_RESULTS},
    {"MaxChecks", WHAT_IF_NO_MATTER, NULL},
    {"ZoneFile", WHAT_IF_LEFT_OUT, OTHER_RESULTS},
    {"Socket", WHAT_IF_NO_MATTER, NULL},
    {"SocketMode", WHAT_IF_NO_MATTER, NULL},
    {"SocketGroup", WHAT_IF_NO_MATTER, NULL},
    {"ControlSocket", WHAT_IF_NO_MATTER, NULL},
    {"Metrics", WHAT_IF_NO_MATTER, NULL},
    {"PolicySocket", WHAT_IF_NO_MATTER, NULL},
    {"TableSocket", WHAT_IF_NO_MATTER, NULL},
    {"User", WHAT_IF_NO_MATTER, NULL},
    {"PidFile", WHAT_IF_NO_MATTER, NULL},
    {"Sandbox", WHAT_IF_NO_MATTER, NULL},
    {"CoreDumps", WHAT_IF_NO_MATTER, NULL},
    {"Daemonize", WHAT_IF_NO_MATTER, NULL},
    {"Syslog", WHAT_IF_NO_MATTER, NULL},
    {"LogTo", WHAT_IF_NO_MATTER, NULL},
    {"LogFormat", WHAT_IF_NO_MATTER, NULL},
    {"LogLevel", WHAT_IF_NO_MATTER, NULL},
};

static const struct row *row_of(const char *key)
{
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (strcmp(rows[i].key, key) == 0)
            return &rows[i];
    return NULL;
}

enum what_if_scope what_if_scope(const char *key)
{
    const struct row *row = row_of(key);

    return row != NULL ? row->scope : WHAT_IF_UNKNOWN_KEY;
}

/* Notes what a change of `key` does not show; one that decides nothing is added to `without`. */
static void note_key(const char *key, struct strbuf *without, struct sheets *sheets)
{
    const struct row *row = row_of(key);

    if (row == NULL || row->scope == WHAT_IF_DECIDED)
        return;
    if (row->scope == WHAT_IF_LEFT_OUT)
        sheets_note(sheets, "What if: %s is left out: %s.", key, row->why);
    else if (row->scope == WHAT_IF_ROUGHLY)
        sheets_note(sheets, "What if: %s is decided roughly: %s.", key, row->why);
    else
        strbuf_addf(without, "%s%s", without->len > 0 ? ", " : "", key);
}

void what_if_notes(const struct config *now, const struct config *then, struct sheets *sheets)
{
    struct strbuf without = STRBUF_INIT;
    const char *key;
    size_t next = 0, changed = 0;

    for (; (key = config_changed_key(now, then, &next, &sheets->failed)) != NULL; changed++)
        note_key(key, &without, sheets);
    if (changed == 0 && now->sets_written == then->sets_written)
        sheets_note(sheets, "What if: the configuration says this already.");
    if (without.len > 0)
        sheets_note(sheets, "What if: no message is refused or deferred for a change of %s.", strbuf_text(&without));
    sheets->failed |= without.failed;
    strbuf_free(&without);
}
