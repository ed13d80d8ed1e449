/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The table of all keys of smf-spf.conf, and how a key is found in it. */
#include "config/config_options.h"

#include "base/edit_distance.h"
#include "config/config.h"
#include "config/config_value.h"

#include <string.h>
#include <strings.h>

#define AT(member) offsetof(struct config, member)

/* key, alias, type, member, default, min, max, help, what a change takes */
static const struct config_option options[] = {
    {"WhitelistIP", "WhitelistIP6", &config_prefixes, AT(whitelist_ip), NULL, NULL, NULL,
     "clients that are not checked, by address", CONFIG_BY_RELOAD},
    {"WhitelistPTR", NULL, &config_hosts, AT(whitelist_ptr), NULL, NULL, NULL,
     "clients that are not checked, by verified name", CONFIG_BY_RELOAD},
    {"WhitelistFrom", NULL, &config_patterns, AT(whitelist_from), NULL, NULL, NULL,
     "envelope senders that are not checked", CONFIG_BY_RELOAD},
    {"WhitelistTo", NULL, &config_patterns, AT(whitelist_to), NULL, NULL, NULL,
     "envelope recipients who get their mail whatever the result", CONFIG_BY_RELOAD},
    {"WhitelistHelo", NULL, &config_hosts, AT(whitelist_helo), NULL, NULL, NULL,
     "clients that are not checked, by a HELO name that has their address", CONFIG_BY_RELOAD},
    {"WhitelistSPF", NULL, &config_domains, AT(whitelist_spf), NULL, NULL, NULL,
     "domains whose permitted clients may forward mail of any sender", CONFIG_BY_RELOAD},
    {"TrustedRelay", NULL, &config_prefixes, AT(trusted_relay), NULL, NULL, NULL,
     "our relays; instead of one, the client that sent to it is checked", CONFIG_BY_RELOAD},
    {"SkipAuth", NULL, &config_switch, AT(skip_auth), "on", NULL, NULL,
     "do not check authenticated clients (SMTP AUTH)", CONFIG_BY_RELOAD},
    {"SkipCert", NULL, &config_switch, AT(skip_cert), "off", NULL, NULL,
     "do not check clients whose certificate the MTA has verified", CONFIG_BY_RELOAD},
    {"SkipNDR", NULL, &config_switch, AT(skip_ndr), "off", NULL, NULL, "do not check null senders", CONFIG_BY_RELOAD},
    {"ClientIPNAT", NULL, &config_nats, AT(client_ip_nat), NULL, NULL, NULL,
     "check a client as if it had another address", CONFIG_BY_RELOAD},
    {"FixedClientIP", NULL, &config_address, AT(fixed_client_ip), "none", NULL, NULL,
     "check all clients as if they had this address", CONFIG_BY_RELOAD},

    {"CheckHelo", NULL, &config_switch, AT(check_helo), "off", NULL, NULL,
     "check the HELO name in addition to the sender", CONFIG_BY_RELOAD},
    {"RefuseMailFrom", NULL, &config_results, AT(verdict.refuse_mail_from), "fail", NULL, NULL,
     "results of the sender that are refused", CONFIG_BY_RELOAD},
    {"RefuseHelo", NULL, &config_results, AT(verdict.refuse_helo), "off", NULL, NULL,
     "results of the HELO name that are refused", CONFIG_BY_RELOAD},
    {"RefuseNullSender", NULL, &config_derived_results, AT(verdict.refuse_null_sender), NULL, NULL, NULL,
     "results of the HELO name that are refused for a null sender", CONFIG_BY_RELOAD},
    {"Defer", NULL, &config_results, AT(defer), "off", NULL, NULL, "results that are answered with a temporary failure",
     CONFIG_BY_RELOAD},
    {"DeferMailFrom", NULL, &config_derived_results, AT(verdict.defer_mail_from), NULL, NULL, NULL,
     "the same of the sender alone, instead of Defer", CONFIG_BY_RELOAD},
    {"DeferHelo", NULL, &config_derived_results, AT(verdict.defer_helo), NULL, NULL, NULL,
     "the same of the HELO name alone, instead of Defer, whatever the sender's result is", CONFIG_BY_RELOAD},
    {"DeferNullSender", NULL, &config_derived_results, AT(verdict.defer_null_sender), NULL, NULL, NULL,
     "the same for a null sender alone, instead of Defer", CONFIG_BY_RELOAD},
    {"RefuseFor", NULL, &config_domain_rules, AT(verdict.refuse_for), NULL, NULL, NULL,
     "results that are refused for some sender domains, instead of RefuseMailFrom", CONFIG_BY_RELOAD},
    {"RefuseTo", NULL, &config_recipient_rules, AT(verdict.refuse_to), NULL, NULL, NULL,
     "results that are refused for some recipients, instead of RefuseMailFrom", CONFIG_BY_RELOAD},
    {"RefuseOnlyNoMail", NULL, &config_switch, AT(verdict.refuse_only_no_mail), "off", NULL, NULL,
     "refuse a fail only of domains that send no mail at all", CONFIG_BY_RELOAD},
    {"LeaveToDMARC", NULL, &config_switch, AT(verdict.leave_to_dmarc), "off", NULL, NULL,
     "do not refuse a fail or softfail whose domain publishes a DMARC record", CONFIG_BY_RELOAD},
    {"RefuseFail", NULL, &config_switch, AT(refuse_fail), "on", NULL, NULL, "refuse the result fail", CONFIG_BY_RELOAD},
    {"RefuseSPFNone", NULL, &config_switch, AT(refuse_spf_none), "off", NULL, NULL, "refuse the result none",
     CONFIG_BY_RELOAD},
    {"RefuseSPFNoneHelo", NULL, &config_switch, AT(refuse_spf_none_helo), "off", NULL, NULL,
     "refuse the result none of a null sender", CONFIG_BY_RELOAD},
    {"AcceptTempError", NULL, &config_switch, AT(accept_temp_error), "on", NULL, NULL,
     "let the result temperror through", CONFIG_BY_RELOAD},
    {"RejectTempError", NULL, &config_switch, AT(reject_temp_error), "off", NULL, NULL,
     "answer the result temperror with a temporary failure", CONFIG_BY_RELOAD},
    {"RejectPermError", NULL, &config_switch, AT(reject_perm_error), "off", NULL, NULL, "refuse the result permerror",
     CONFIG_BY_RELOAD},
    {"RefuseAt", NULL, &config_refuse_at, AT(refuse_at), "mail", NULL, NULL, "the step at which a message is decided",
     CONFIG_BY_RELOAD},
    {"SoftFail", NULL, &config_switch, AT(verdict.soft_fail), "off", NULL, NULL,
     "answer refusals with 450 instead of 550", CONFIG_BY_RELOAD},
    {"TestMode", NULL, &config_switch, AT(test_mode), "off", NULL, NULL,
     "refuse, tag and quarantine nothing, and say what would have been done", CONFIG_BY_RELOAD},
    {"SPFBestGuess", NULL, &config_switch, AT(spf_best_guess), "off", NULL, NULL,
     "evaluate a best guess record where a domain has none", CONFIG_BY_RELOAD},
    {"RelaxedLocalPart", NULL, &config_switch, AT(relaxed_local_part), "on", NULL, NULL,
     "let local parts of more than 64 octets through", CONFIG_BY_RELOAD},
    {"OnPass", NULL, &config_pass_action, AT(on_pass), "none", "1", "512",
     "what the policy service answers for a sender that passes, instead of DUNNO", CONFIG_BY_RELOAD},
    {"OnHeloPass", NULL, &config_pass_action, AT(on_helo_pass), "none", "1", "512",
     "the same for a HELO name that passes", CONFIG_BY_RELOAD},
    {"RejectReason", NULL, &config_text, AT(reject_reason), "SPF: mail from %{s} is not permitted from %{c}. %{e}", "1",
     "800", "text of a refusal", CONFIG_BY_RELOAD},
    {"RecipientPolicy", NULL, &config_recipient_policies, AT(recipient_policies), NULL, NULL, NULL,
     "settings for some recipients instead of those for all", CONFIG_BY_RELOAD},

    {"TagSubject", NULL, &config_switch, AT(verdict.tag_subject), "on", NULL, NULL,
     "tag the subject of a fail or softfail that is let through", CONFIG_BY_RELOAD},
    {"Tag", NULL, &config_text, AT(tag), "[SPF:fail]", "1", "200", "the tag", CONFIG_BY_RELOAD},
    {"AddHeader", NULL, &config_switch, AT(add_header), "on", NULL, NULL, "add Authentication-Results",
     CONFIG_BY_RELOAD},
    {"AddReceivedHeader", NULL, &config_switch, AT(add_received_header), "off", NULL, NULL, "add Received-SPF",
     CONFIG_BY_RELOAD},
    {"AuthservID", NULL, &config_authserv_id, AT(authserv_id), "none", NULL, NULL,
     "this host's name in Authentication-Results", CONFIG_BY_RELOAD},
    {"RemoveForgedHeaders", NULL, &config_forged, AT(remove_forged_headers), "spf", NULL, NULL,
     "which forged result fields are removed", CONFIG_BY_RELOAD},
    {"Quarantine", NULL, &config_quarantine, AT(verdict.quarantine), "off", NULL, NULL,
     "redirect a fail or softfail that is let through to QuarantineBox, or have the MTA hold it", CONFIG_BY_RELOAD},
    {"QuarantineBox", NULL, &config_mailbox, AT(quarantine_box), "postmaster", NULL, NULL,
     "mailbox for quarantined messages", CONFIG_BY_RELOAD},

    {"Greylist", NULL, &config_greylist_mode, AT(greylist.terms.mode), "off", NULL, NULL,
     "defer the first message of who is not known: off, learn or on", CONFIG_BY_RELOAD},
    {"GreylistResults", NULL, &config_greylist_results, AT(greylist.results),
     "none, neutral, softfail, temperror, permerror", NULL, NULL, "results that are greylisted", CONFIG_BY_RELOAD},
    {"GreylistPass", NULL, &config_greylist_pass, AT(greylist.pass), "known", NULL, NULL,
     "what a pass is worth: known, once, wide or all", CONFIG_BY_RELOAD},
    {"GreylistWidth", NULL, &config_greylist_bits, AT(greylist.width), "16 32", NULL, NULL,
     "prefix lengths for IPv4 and IPv6; a pass by a wider network is greylisted with GreylistPass wide",
     CONFIG_BY_RELOAD},
    {"GreylistDelay", NULL, &config_time_s, AT(greylist.terms.delay_s), "1m", "1s", "1d",
     "a message that comes back sooner is deferred again", CONFIG_BY_RELOAD},
    {"GreylistWindow", NULL, &config_time_s, AT(greylist.terms.window_s), "1d", "2s", "30d",
     "a message that comes back later is new again", CONFIG_BY_RELOAD},
    {"GreylistLife", NULL, &config_time_s, AT(greylist.terms.life_s), "36d", "3s", "3650d",
     "how long who has come back is known, from the last message on", CONFIG_BY_RELOAD},
    {"GreylistKnownAfter", NULL, &config_count, AT(greylist.terms.known_after), "2", "0", "1000",
     "so many that came back make a sender known for all recipients; 0: never", CONFIG_BY_RELOAD},
    {"GreylistNetwork", NULL, &config_greylist_bits, AT(greylist.network), "24 64", NULL, NULL,
     "prefix lengths for IPv4 and IPv6; clients of one such network are one", CONFIG_BY_RELOAD},
    {"GreylistTo", NULL, &config_patterns, AT(greylist.to), NULL, NULL, NULL,
     "recipients whose messages are greylisted; none: all", CONFIG_BY_RELOAD},
    {"GreylistExempt", NULL, &config_greylist_exempt, AT(greylist.exempt), NULL, NULL, NULL,
     "clients, senders and recipients whose messages are not greylisted", CONFIG_BY_RELOAD},
    {"GreylistStore", NULL, &config_greylist_store, AT(greylist_store), "sqlite:/var/lib/smf-spf/greylist.db", NULL,
     NULL, "where greylisting stores who is known", CONFIG_BY_RELOAD},
    {"GreylistPasswordFile", NULL, &config_path, AT(greylist_password_file), "none", NULL, NULL,
     "file with the password of a Redis server", CONFIG_BY_RELOAD},
    {"GreylistEntries", NULL, &config_count, AT(greylist_entries), "1000000", "1000", "100000000",
     "entries that are stored at most", CONFIG_BY_RELOAD},

    {"SRSDomain", NULL, &config_domain, AT(srs_domain), "none", NULL, NULL,
     "domain of the senders that forwarded mail leaves under", CONFIG_BY_RELOAD},
    {"SRSSecretFile", NULL, &config_path, AT(srs_secret_file), "none", NULL, NULL,
     "file with the secrets of SRSDomain, one per line; the first one signs", CONFIG_BY_RELOAD},
    {"SRSMaxAge", NULL, &config_time_s, AT(srs_max_age_s), "21d", "1d", "1022d",
     "how long an SRS address can be written to, in whole days", CONFIG_BY_RELOAD},
    {"SRSHashLength", NULL, &config_count, AT(srs_hash_length), "4", "4", "27", "characters of a hash that is written",
     CONFIG_BY_RELOAD},
    {"SRSHashMinimum", NULL, &config_count, AT(srs_hash_minimum), "4", "4", "27",
     "characters that the hash of a bounce has at least", CONFIG_BY_RELOAD},
    {"SRSSeparator", NULL, &config_srs_separator, AT(srs_separator), "=", NULL, NULL, "character after SRS0 and SRS1",
     CONFIG_BY_RELOAD},
    {"SRSClassicHash", NULL, &config_switch, AT(srs_classic_hash), "off", NULL, NULL,
     "write hashes with + and /, for hosts with an older program and the same secret", CONFIG_BY_RELOAD},
    {"SRSExclude", NULL, &config_mail_hosts, AT(srs_exclude), NULL, NULL, NULL,
     "domains whose senders are never rewritten: our own", CONFIG_BY_RELOAD},
    {"SRSAlways", NULL, &config_switch, AT(srs_always), "off", NULL, NULL,
     "rewrite senders that pass SPF from SRSOutgoing too", CONFIG_BY_RELOAD},
    {"SRSOutgoing", NULL, &config_addresses, AT(srs_outgoing), NULL, NULL, NULL,
     "addresses from which mail leaves; who passes SPF from each of them is not rewritten", CONFIG_BY_RELOAD},
    {"SRSTooLong", NULL, &config_srs_too_long, AT(srs_too_long), "rewrite", NULL, NULL,
     "what becomes of a sender whose new local part would exceed 64 octets: rewrite or leave", CONFIG_BY_RELOAD},
    {"SRSTimeout", NULL, &config_time_ms, AT(srs_timeout_ms), "2s", "1s", "1m",
     "time limit of the SPF question before a sender is rewritten", CONFIG_BY_RELOAD},

    {"TTL", NULL, &config_time_s, AT(ttl_s), "1h", "0", "3650d", "how long a result is cached at most; 0: not at all",
     CONFIG_BY_RELOAD},
    {"CacheSize", NULL, &config_size, AT(cache_octets), "32M", "0", "64G", "memory for cached results",
     CONFIG_BY_RELOAD},
    {"DNSCacheSize", NULL, &config_size, AT(dns_cache_octets), "64M", "0", "64G", "memory for cached DNS answers",
     CONFIG_NEW_DNS},
    {"DNSServeStale", NULL, &config_switch, AT(dns_serve_stale), "on", NULL, NULL,
     "serve stale DNS records for up to an hour while their name cannot be resolved", CONFIG_NEW_DNS},
    {"DNSLookahead", "DNSPrefetch", &config_switch, AT(dns_lookahead), "on", NULL, NULL,
     "send the DNS queries for all terms of a record at once", CONFIG_BY_RELOAD},
    {"Nameserver", NULL, &config_servers, AT(nameservers), NULL, NULL, NULL,
     "name servers to use instead of those in resolv.conf", CONFIG_NEW_DNS},
    {"DNSSEC", NULL, &config_switch, AT(dnssec), "off", NULL, NULL, "validate DNS answers", CONFIG_NEW_DNS},
    {"DNSTimeout", NULL, &config_time_ms, AT(dns_timeout_ms), "8s", "1s", "10m", "time limit of one whole evaluation",
     CONFIG_BY_RELOAD},
    {"MaxChecks", NULL, &config_count, AT(max_checks), "1024", "1", "1000000",
     "evaluations under way at once; past it messages go on unchecked", CONFIG_BY_RELOAD},
    {"ZoneFile", NULL, &config_path, AT(zone_file), "none", NULL, NULL, "answer DNS queries from this file only",
     CONFIG_NEW_DNS},

    {"Socket", NULL, &config_socket, AT(socket), "unix:/var/run/smfs/smf-spf.sock", NULL, NULL,
     "where the MTA reaches the filter", CONFIG_BY_RESTART},
    {"SocketMode", NULL, &config_mode, AT(socket_mode), "0660", "0", "0777", "permissions of a unix socket",
     CONFIG_BY_RESTART},
    {"SocketGroup", NULL, &config_account, AT(socket_group), "none", NULL, NULL, "group of a unix socket",
     CONFIG_BY_RESTART},
    {"ControlSocket", NULL, &config_control, AT(control_socket), "unix:/var/run/smfs/control.sock", NULL, NULL,
     "where smf-spf reload and reopen reach the filter", CONFIG_BY_RESTART},
    {"Metrics", NULL, &config_local_socket, AT(metrics), "none", NULL, NULL, "where metrics are read over HTTP",
     CONFIG_BY_RESTART},
    {"PolicySocket", NULL, &config_local_socket, AT(policy_socket), "none", NULL, NULL,
     "where Postfix reaches the policy service", CONFIG_BY_RESTART},
    {"TableSocket", NULL, &config_table_sockets, AT(table_sockets), NULL, NULL, NULL,
     "where MTAs look senders and recipients of forwarded mail up", CONFIG_BY_RESTART},
    {"User", NULL, &config_account, AT(user), "smfs", NULL, NULL, "account to run under when started by root",
     CONFIG_BY_RESTART},
    {"PidFile", NULL, &config_path, AT(pid_file), "none", NULL, NULL, "file for the process ID", CONFIG_BY_RESTART},
    {"Sandbox", NULL, &config_sandbox, AT(sandbox), "on", NULL, NULL,
     "keep the filter from calls and files that it does not need", CONFIG_BY_RESTART},
    {"CoreDumps", NULL, &config_switch, AT(core_dumps), "off", NULL, NULL,
     "let a crash leave a core file, which holds addresses of mail", CONFIG_BY_RESTART},
    {"Daemonize", NULL, &config_switch, AT(daemonize), "on", NULL, NULL, "go into the background", CONFIG_BY_RESTART},
    {"Syslog", NULL, &config_facility, AT(syslog_facility), "mail", NULL, NULL, "syslog facility", CONFIG_BY_RELOAD},
    {"LogTo", NULL, &config_path, AT(log_to), "none", NULL, NULL, "file to log to", CONFIG_BY_RELOAD},
    {"LogFormat", NULL, &config_log_format, AT(log_format), "text", NULL, NULL,
     "what the lines of LogTo look like: text, or json for programs", CONFIG_BY_RELOAD},
    {"LogLevel", NULL, &config_level, AT(log_level), "info", NULL, NULL, "least severe level to log", CONFIG_BY_RELOAD},
};

enum { OPTION_COUNT = sizeof options / sizeof *options, KEY_MAX = EDIT_DISTANCE_MAX };

const struct config_option *config_options(size_t *count)
{
    *count = OPTION_COUNT;
    return options;
}

const struct config_option *config_option_find(const char *key)
{
    for (size_t i = 0; i < OPTION_COUNT; i++)
        if (strcasecmp(key, options[i].key) == 0 || (options[i].alias && strcasecmp(key, options[i].alias) == 0))
            return &options[i];
    return NULL;
}

const char *config_option_nearest(const char *key)
{
    char word[KEY_MAX + 1];
    size_t len = strcspn(key, "=:"); /* other programs' way to set a value */
    const char *nearest = NULL;

    if (len > KEY_MAX)
        return NULL;
    memcpy(word, key, len);
    word[len] = '\0';

    unsigned best = (unsigned)len / 3 + 1; /* what is further away is not meant */
    for (size_t i = 0; i < 2 * (size_t)OPTION_COUNT; i++) {
        const struct config_option *option = &options[i / 2];
        const char *name = i % 2 == 0 ? option->key : option->alias;
        unsigned distance = name ? edit_distance(word, name) : best;

        if (distance < best) {
            best = distance;
            nearest = name;
        }
    }
    return nearest;
}

bool config_option_is_optional(const struct config_option *option)
{
    return option->default_text && strcmp(option->default_text, "none") == 0;
}

void config_option_form(const struct config_option *option, struct strbuf *out)
{
    strbuf_add(out, option->type->form);
    if (option->max)
        strbuf_addf(out, " from %s to %s", option->min, option->max);
    if (option->type->detail)
        strbuf_add(out, option->type->detail);
}
