/* SPDX-License-Identifier: GPL-2.0-or-later */
/* smf-spf.conf: what is read, what is refused with which words, and that printing and reading agree. */
#include "config/config.h"

#include "config/config_file.h"
#include "config/config_options.h"
#include "config/config_value.h"
#include "support/alloc_fail.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>
#include <unistd.h>

#include <cmocka.h>

#define ARRAY_SIZE(array) (sizeof(array) / sizeof *(array))

static const struct config *parse(const char *text)
{
    struct strbuf errors = STRBUF_INIT;
    const struct config *config = config_parse(text, strlen(text), "t.conf", &errors);

    assert_string_equal(strbuf_text(&errors), "");
    assert_non_null(config);
    strbuf_free(&errors);
    return config;
}

static void assert_errors_of(const char *text, size_t len, const char *expected)
{
    struct strbuf errors = STRBUF_INIT;
    const struct config *config = config_parse(text, len, "t.conf", &errors);

    assert_string_equal(strbuf_text(&errors), expected);
    assert_null(config);
    strbuf_free(&errors);
}

static void assert_errors(const char *text, const char *expected)
{
    assert_errors_of(text, strlen(text), expected);
}

static void print(const struct config *config, struct strbuf *out)
{
    config_print(config, out);
    assert_false(out->failed);
}

/* The lines of `key` in the printed form of the configuration. */
static void assert_printed(const char *text, const char *key, const char *expected)
{
    const struct config *config = parse(text);
    struct strbuf all = STRBUF_INIT, lines = STRBUF_INIT;
    char *rest = NULL;

    print(config, &all);
    for (char *line = strtok_r(all.text, "\n", &rest); line != NULL; line = strtok_r(NULL, "\n", &rest)) {
        const char *name = *line == '#' ? line + 1 : line;
        size_t len = strlen(key);

        if (strncmp(name, key, len) == 0 && (name[len] == ' ' || name[len] == '\0'))
            strbuf_addf(&lines, "%s\n", line);
    }
    assert_string_equal(strbuf_text(&lines), expected);
    strbuf_free(&all);
    strbuf_free(&lines);
    config_release(config);
}

static void assert_defaults(const struct config *c)
{
    assert_int_equal(c->whitelist_ptr.texts.count + c->whitelist_from.texts.count + c->whitelist_to.texts.count, 0);
    assert_int_equal(c->client_ip_nat.count + c->nameservers.count, 0);
    assert_int_equal(c->fixed_client_ip.family, ADDR_NONE);
    assert_true(c->skip_auth && c->refuse_fail && c->accept_temp_error && c->verdict.tag_subject && c->add_header);
    assert_true(c->relaxed_local_part);
    assert_false(c->skip_ndr || c->refuse_spf_none || c->refuse_spf_none_helo || c->verdict.soft_fail ||
                 c->spf_best_guess);
    assert_false(c->add_received_header);
    assert_true(c->daemonize);
    assert_string_equal(c->reject_reason, "SPF: mail from %{s} is not permitted from %{c}. %{e}");
    assert_string_equal(c->tag, "[SPF:fail]");
    assert_null(c->authserv_id);
    assert_int_equal(c->verdict.quarantine, QUARANTINE_OFF);
    assert_string_equal(c->quarantine_box, "postmaster");
    assert_int_equal(c->ttl_s, 3600);
    assert_int_equal(c->cache_octets, 32 << 20);
    assert_int_equal(c->dns_cache_octets, 64 << 20);
    assert_true(c->dns_serve_stale);
    assert_true(c->dns_lookahead);
    assert_int_equal(c->dns_timeout_ms, 8000);
    assert_null(c->zone_file);
    assert_string_equal(c->socket, "unix:/var/run/smfs/smf-spf.sock");
    assert_int_equal(c->socket_mode, 0660);
    assert_null(c->socket_group);
    assert_string_equal(c->user, "smfs");
    assert_null(c->pid_file);
    assert_int_equal(c->syslog_facility, LOG_MAIL);
    assert_null(c->log_to);
    assert_int_equal(c->log_level, LOG_LEVEL_INFO);
    assert_int_equal(c->verdict.refuse_mail_from, RESULT_BIT(RESULT_FAIL));
    assert_int_equal(c->verdict.refuse_null_sender.results, RESULT_BIT(RESULT_FAIL));
    assert_int_equal(c->verdict.refuse_helo, 0);
    assert_int_equal(c->verdict.refuse_for.count + c->verdict.refuse_to.count, 0);
    assert_false(c->verdict.refuse_only_no_mail || c->test_mode);
    assert_int_equal(c->refuse_at, REFUSE_AT_MAIL);
    assert_int_equal(c->defer, 0);
    assert_false(c->sets_written || c->check_helo || c->reject_temp_error || c->reject_perm_error);
    assert_int_equal(c->greylist.terms.mode, GREYLIST_OFF);
    assert_int_equal(c->greylist.terms.delay_s, 60);
    assert_int_equal(c->greylist.terms.window_s, 86400);
    assert_int_equal(c->greylist.terms.life_s, 36 * 86400);
    assert_int_equal(c->greylist.results, (1U << RESULT_COUNT) - 1 - RESULT_BIT(RESULT_PASS) - RESULT_BIT(RESULT_FAIL));
}

static void an_empty_file_gives_the_defaults(void **state)
{
    (void)state;
    const char *const empty[] = {"", "\n", "# comment\n\n   # another", "\xef\xbb\xbf", "\r\n\t\r\n"};

    for (size_t i = 0; i < ARRAY_SIZE(empty); i++) {
        const struct config *config = parse(empty[i]);

        assert_int_equal(config->whitelist_ip.count, 0);
        assert_defaults(config);
        config_release(config);
    }
}

static void the_shipped_file_is_read(void **state)
{
    (void)state;
    struct strbuf errors = STRBUF_INIT;
    const struct config *config = config_load("conf/smf-spf.conf", &errors);

    assert_string_equal(strbuf_text(&errors), "");
    assert_non_null(config);
    assert_int_equal(config->whitelist_ip.count, 7);
    assert_defaults(config);
    config_release(config);
    strbuf_free(&errors);
}

/* Reads a whole file of the project. */
static void read_text(const char *path, struct strbuf *text)
{
    FILE *file = fopen(path, "re");
    char chunk[4096];
    size_t len;

    assert_non_null(file);
    while ((len = fread(chunk, 1, sizeof chunk, file)) > 0)
        strbuf_add_mem(text, chunk, len);
    fclose(file);
    assert_false(text->failed);
}

/* Its lines of the form "#Key value" are good values too, one by one, and of each option there is exactly one. */
static void the_shipped_file_shows_each_key_once(void **state)
{
    (void)state;
    struct strbuf text = STRBUF_INIT;
    size_t count, shown = 0;
    const struct config_option *options = config_options(&count);
    unsigned *times = calloc(count, sizeof *times);
    char *rest = NULL;

    assert_non_null(times);
    read_text("conf/smf-spf.conf", &text);
    for (char *line = strtok_r(text.text, "\n", &rest); line != NULL; line = strtok_r(NULL, "\n", &rest)) {
        const char *setting = *line == '#' ? line + 1 : line;

        if (strchr(" #}", *setting) != NULL) /* a comment, or the inside of a block */
            continue;

        char *key = strndup(setting, strcspn(setting, " "));
        const struct config_option *option = config_option_find(key);

        print_message("%s\n", setting);
        assert_non_null(option);
        assert_string_equal(option->key, key);
        times[option - options]++;
        free(key);
        if (!option->type->is_block && strcmp(option->key, "SRSDomain") != 0 &&
            strcmp(option->key, "TableSocket") != 0 &&
            strcmp(option->key, "GreylistPasswordFile") != 0) /* they need another key */
            config_release(parse(setting));
        shown++;
    }
    assert_int_equal(shown, count);
    for (size_t i = 0; i < count; i++)
        assert_int_equal(times[i], 1);
    free(times);
    strbuf_free(&text);
}

/* What smf-spf 2.0.2 and 2.5 took. */
static void classic_files_are_read(void **state)
{
    (void)state;
    const struct config *c =
        parse("WhitelistIP\t127.0.0.0/8\n"
              "whitelistip 10.0.0.0/8   # inside\n"
              "WhitelistPTR\t.friendlydomain.tld\n"
              "WhitelistPTR\tfriendlyhost.friendlydomain\n"
              "WhitelistFrom\tfriend@\n"
              "WhitelistFrom @friendlydomain.com\n"
              "WhitelistTo spamlover@yourdomain.tld\n"
              "RefuseFail\ton\t# (on|off)\n"
              "RefuseFail OFF\n"
              "SoftFail       off      # (on|off)\n"
              "AcceptTempError off\n"
              "refusespfnone on\nrefusespfnonehelo on\nrelaxedlocalpart on\nspfbestguess on\n"
              "Tag\t\t[SPF:FAIL]\t# tag\n"
              "AddReceivedHeader on\n"
              "Quarantine      on      # (on|off)\n"
              "QuarantineBox abuse@example.com\n"
              "TTL 1D\n"
              "User nobody\n"
              "Socket inet:2424@localhost\n"
              "Syslog local0\n"
              "Daemonize off # (on|off)\n"
              "LogTo /dev/stdout\n"
              "AuthservID  mail.example.com\n"
              "SkipNDR on\nSkipAuth off\n"
              "FixedClientIP 192.168.1.1\n"
              "ClientIPNAT 10.0.0.1:192.0.2.1\n"
              "RejectReason Rejected, look at http://spf.example/why.html?sender=%s&ip=%s#x \"so\"\n");

    assert_int_equal(c->whitelist_ip.count, 2);
    assert_int_equal(c->whitelist_ptr.texts.count, 2);
    assert_string_equal(c->whitelist_ptr.texts.items[0], ".friendlydomain.tld");
    assert_int_equal(c->whitelist_from.texts.count, 2);
    assert_string_equal(c->whitelist_to.texts.items[0], "spamlover@yourdomain.tld");
    assert_true(c->refuse_spf_none && c->refuse_spf_none_helo && c->relaxed_local_part && c->spf_best_guess);
    assert_false(c->refuse_fail || c->verdict.soft_fail || c->accept_temp_error || c->daemonize || c->skip_auth);
    assert_true(c->skip_ndr && c->add_received_header);
    assert_string_equal(c->tag, "[SPF:FAIL]");
    assert_int_equal(c->verdict.quarantine, QUARANTINE_ON);
    assert_string_equal(c->quarantine_box, "abuse@example.com");
    assert_int_equal(c->ttl_s, 86400);
    assert_string_equal(c->user, "nobody");
    assert_string_equal(c->socket, "inet:2424@localhost");
    assert_int_equal(c->syslog_facility, LOG_LOCAL0);
    assert_string_equal(c->log_to, "/dev/stdout");
    assert_string_equal(c->authserv_id, "mail.example.com");
    assert_int_equal(c->fixed_client_ip.family, ADDR_V4);
    assert_int_equal(c->client_ip_nat.count, 1);
    assert_string_equal(c->reject_reason, "Rejected, look at http://spf.example/why.html?sender=%s&ip=%s#x \"so\"");
    config_release(c);
}

/* What TableSocket needs. */
#define SRS "SRSDomain fwd.example\nSRSSecretFile /etc/secret\n"

struct value_case {
    const char *text, *key, *printed;
};

static const struct value_case values[] = {
    /* lists: several lines, commas, white space, quotes, comments, both families */
    {"WhitelistIP 192.0.2.1,198.51.100.0/24 2001:DB8::/32 # 10.0.0.1\nWhitelistIP6 ::1 , ,10.1.2.3/8", "WhitelistIP",
     "WhitelistIP 192.0.2.1\nWhitelistIP 198.51.100.0/24\nWhitelistIP 2001:db8::/32\nWhitelistIP ::1\n"
     "WhitelistIP 10.0.0.0/8\n"},
    {"WhitelistIP ::ffff:192.0.2.0/120", "WhitelistIP", "WhitelistIP 192.0.2.0/24\n"},
    {"", "WhitelistIP", "#WhitelistIP\n"},
    {"WhitelistFrom \"\\\"a b\\\"@\" \"#c@\",\"\\\"d,e\\\"@\"\tf#g@", "WhitelistFrom",
     "WhitelistFrom \"\\\"a b\\\"@\"\nWhitelistFrom \"#c@\"\nWhitelistFrom \"\\\"d,e\\\"@\"\nWhitelistFrom f#g@\n"},
    /* as the files of earlier versions have them */
    {"WhitelistFrom friend@\nWhitelistFrom @example.org\nWhitelistFrom friend@example.org # mine", "WhitelistFrom",
     "WhitelistFrom friend@\nWhitelistFrom @example.org\nWhitelistFrom friend@example.org\n"},
    {"WhitelistTo postmaster\nWhitelistTo .example.org # all below\nWhitelistTo \"a b\"", "WhitelistTo",
     "WhitelistTo postmaster\nWhitelistTo .example.org\nWhitelistTo \"a b\"\n"},
    {"WhitelistTo \"\\\"a*b?<c>\\\"@example.org\"", "WhitelistTo", "WhitelistTo \"\\\"a*b?<c>\\\"@example.org\"\n"},
    {"WhitelistTo \"\\\"a b\\\"@example.org\"", "WhitelistTo", "WhitelistTo \"\\\"a b\\\"@example.org\"\n"},
    {"WhitelistTo Postmaster@,@.Example.org,@[192.0.2.1]", "WhitelistTo",
     "WhitelistTo Postmaster@\nWhitelistTo @.Example.org\nWhitelistTo @[192.0.2.1]\n"},
    {"WhitelistFrom none", "WhitelistFrom", "WhitelistFrom none\n"},
    {"WhitelistFrom j\xc3\xb6rg@b\xc3\xbc"
     "cher.example",
     "WhitelistFrom",
     "WhitelistFrom j\xc3\xb6rg@b\xc3\xbc"
     "cher.example\n"},
    {"WhitelistPTR mx_1.example.org. xn--bcher-kva.example", "WhitelistPTR",
     "WhitelistPTR mx_1.example.org.\nWhitelistPTR xn--bcher-kva.example\n"},
    {"TrustedRelay 192.0.2.26 2001:db8::/64", "TrustedRelay", "TrustedRelay 192.0.2.26\nTrustedRelay 2001:db8::/64\n"},
    {"WhitelistHelo mx.example.org,.lists.example", "WhitelistHelo",
     "WhitelistHelo mx.example.org\nWhitelistHelo .lists.example\n"},
    {"WhitelistSPF a.example B.example.", "WhitelistSPF", "WhitelistSPF a.example\nWhitelistSPF B.example.\n"},
    {"ClientIPNAT [fd00::1]:192.0.2.1 10.0.0.1:[2001:db8::1]", "ClientIPNAT",
     "ClientIPNAT [fd00::1]:192.0.2.1\nClientIPNAT 10.0.0.1:[2001:db8::1]\n"},
    {"ClientIPNAT 10.0.0.1:192.0.2.1 [fd00::1]:[2001:db8::1]", "ClientIPNAT",
     "ClientIPNAT 10.0.0.1:192.0.2.1\nClientIPNAT [fd00::1]:[2001:db8::1]\n"},
    {"Nameserver 127.0.0.1, [::1]:5353 192.0.2.53:53", "Nameserver",
     "Nameserver 127.0.0.1\nNameserver [::1]:5353\nNameserver 192.0.2.53:53\n"},
    {"Nameserver None", "Nameserver", "Nameserver None\n"},
    {"SRSMaxAge 30d", "SRSMaxAge", "SRSMaxAge 30d\n"},
    {"SRSSeparator +", "SRSSeparator", "SRSSeparator +\n"},
    {"SRSOutgoing 192.0.2.25, 2001:DB8::25", "SRSOutgoing", "SRSOutgoing 192.0.2.25\nSRSOutgoing 2001:db8::25\n"},
    {"SRSExclude .example.org example.com", "SRSExclude", "SRSExclude .example.org\nSRSExclude example.com\n"},
    {"SRSExclude b\xc3\xbc.example .b\xc3\xbc.example", "SRSExclude",
     "SRSExclude b\xc3\xbc.example\nSRSExclude .b\xc3\xbc.example\n"},
    {"SRSTooLong Leave", "SRSTooLong", "SRSTooLong leave\n"},
    {"SRSHashLength 8", "SRSHashLength", "SRSHashLength 8\n"},
    {"Greylist Learn", "Greylist", "Greylist learn\n"},
    {"Greylist yes", "Greylist", "Greylist on\n"},
    {"GreylistResults fail, none", "GreylistResults", "GreylistResults none, fail\n"},
    {"GreylistResults off", "GreylistResults", "GreylistResults off\n"},
    {"GreylistPass wide", "GreylistPass", "GreylistPass wide\n"},
    {"GreylistWidth 0 128", "GreylistWidth", "GreylistWidth 0 128\n"},
    {"GreylistNetwork 32,\t48", "GreylistNetwork", "GreylistNetwork 32 48\n"},
    {"GreylistDelay 90", "GreylistDelay", "GreylistDelay 90s\n"},
    {"GreylistKnownAfter 0", "GreylistKnownAfter", "GreylistKnownAfter 0\n"},
    {"GreylistTo user@, @b.example", "GreylistTo", "GreylistTo user@\nGreylistTo @b.example\n"},
    {"GreylistExempt To:user@, user@, mx.example.org 2001:DB8::/32, to:@b.example, .example.org, 192.0.2.1",
     "GreylistExempt",
     "GreylistExempt 2001:db8::/32\nGreylistExempt 192.0.2.1\nGreylistExempt mx.example.org\n"
     "GreylistExempt .example.org\nGreylistExempt user@\nGreylistExempt to:user@\nGreylistExempt to:@b.example\n"},
    {"GreylistStore redis://[::1]:7000/3?prefix=a", "GreylistStore", "GreylistStore redis://[::1]:7000/3?prefix=a\n"},
    {"GreylistEntries 5000", "GreylistEntries", "GreylistEntries 5000\n"},
    {"DNSSEC on", "DNSSEC", "DNSSEC on\n"},
    /* texts */
    {"Tag   [a  b]  ", "Tag", "Tag [a  b]\n"},
    {"Tag \" a \"", "Tag", "Tag \" a \"\n"},
    {"Tag \"a # b\" # c", "Tag", "Tag \"a # b\"\n"},
    {"Tag \"a \\\"b\\\" \\\\ \\c\"", "Tag", "Tag a \"b\" \\ \\c\n"},
    {"Tag a#b", "Tag", "Tag a#b\n"},
    {"RefuseFail off#b", "RefuseFail", "RefuseFail off\n"},
    {"TTL 2h#b c", "TTL", "TTL 2h\n"},
    {"WhitelistIP 10.0.0.1, 10.0.0.2#our 10.0.0.3", "WhitelistIP", "WhitelistIP 10.0.0.1\nWhitelistIP 10.0.0.2\n"},
    {"WhitelistFrom a@b.example#c d, a#b@c.example", "WhitelistFrom", "WhitelistFrom a@b.example\n"},
    {"WhitelistFrom a#b@c.example, d@e.example", "WhitelistFrom",
     "WhitelistFrom a#b@c.example\nWhitelistFrom d@e.example\n"},
    {"RefuseFor a.example fail#b", "RefuseFor", "RefuseFor a.example fail\n"},
    {"User smfs#b", "User", "User smfs\n"},
    {"LogTo /var/log/a#b", "LogTo", "LogTo /var/log/a#b\n"},
    {"Tag a # b", "Tag", "Tag a\n"},
    {"Tag none", "Tag", "Tag none\n"},
    {"Tag [\xc3\xa4]", "Tag", "Tag [\xc3\xa4]\n"},
    {"Tag one\nTag two", "Tag", "Tag two\n"},
    {"Tag a\r\n", "Tag", "Tag a\n"},
    {"  tAG\ta", "Tag", "Tag a\n"},
    {"AuthservID a\nAuthservID none", "AuthservID", "#AuthservID\n"},
    {"QuarantineBox <spam@example.org>", "QuarantineBox", "QuarantineBox spam@example.org\n"},
    /* switches */
    {"SkipNDR ON", "SkipNDR", "SkipNDR on\n"},
    {"SkipNDR yes", "SkipNDR", "SkipNDR on\n"},
    {"SkipNDR True", "SkipNDR", "SkipNDR on\n"},
    {"SkipAuth no", "SkipAuth", "SkipAuth off\n"},
    {"SkipAuth false", "SkipAuth", "SkipAuth off\n"},
    {"Quarantine yes", "Quarantine", "Quarantine on\n"},
    {"Quarantine Hold", "Quarantine", "Quarantine hold\n"},
    {"", "RemoveForgedHeaders", "RemoveForgedHeaders spf\n"},
    {"RemoveForgedHeaders ALL", "RemoveForgedHeaders", "RemoveForgedHeaders all\n"},
    {"RemoveForgedHeaders no", "RemoveForgedHeaders", "RemoveForgedHeaders off\n"},
    /* sets of results */
    {"RefuseMailFrom PermError,,Fail  softfail", "RefuseMailFrom", "RefuseMailFrom fail, softfail, permerror\n"},
    {"RefuseMailFrom none", "RefuseMailFrom", "RefuseMailFrom none\n"},
    {"RefuseMailFrom \"none neutral\"", "RefuseMailFrom", "RefuseMailFrom none, neutral\n"},
    {"RefuseMailFrom \"\"", "RefuseMailFrom", "RefuseMailFrom off\n"},
    {"RefuseFor Example.org Fail softfail\nRefuseFor .b.example., off", "RefuseFor",
     "RefuseFor Example.org fail,softfail\nRefuseFor .b.example. off\n"},
    {"RefuseFor b\xc3\xbc"
     "cher.example none",
     "RefuseFor",
     "RefuseFor b\xc3\xbc"
     "cher.example none\n"},
    {"RefuseTo a@b.example  fail,none # x\nRefuseTo @.c.example off\nRefuseTo abuse none", "RefuseTo",
     "RefuseTo a@b.example none,fail\nRefuseTo @.c.example off\nRefuseTo abuse none\n"},
    {"RefuseTo \"\\\"a b,c\\\"@d.example permerror\"", "RefuseTo", "RefuseTo \"\\\"a b,c\\\"@d.example permerror\"\n"},
    {"RefuseMailFrom Off", "RefuseMailFrom", "RefuseMailFrom off\n"},
    {"Defer pass, temperror,", "Defer", "Defer pass, temperror\n"},
    /* numbers */
    {"TTL 0", "TTL", "TTL 0\n"},
    {"TTL 0d", "TTL", "TTL 0\n"},
    {"TTL 3600", "TTL", "TTL 1h\n"},
    {"TTL 90", "TTL", "TTL 90s\n"},
    {"TTL 60m", "TTL", "TTL 1h\n"},
    {"TTL 3650D", "TTL", "TTL 3650d\n"},
    {"DNSTimeout 1", "DNSTimeout", "DNSTimeout 1s\n"},
    {"DNSTimeout 10m", "DNSTimeout", "DNSTimeout 10m\n"},
    {"CacheSize 0", "CacheSize", "CacheSize 0\n"},
    {"CacheSize 1000", "CacheSize", "CacheSize 1000\n"},
    {"DNSCacheSize 0", "DNSCacheSize", "DNSCacheSize 0\n"},
    {"DNSCacheSize 2g", "DNSCacheSize", "DNSCacheSize 2G\n"},
    {"DNSServeStale no", "DNSServeStale", "DNSServeStale off\n"},
    {"DNSLookahead no", "DNSLookahead", "DNSLookahead off\n"},
    {"DNSPrefetch no", "DNSLookahead", "DNSLookahead off\n"},
    {"CacheSize 1024k", "CacheSize", "CacheSize 1M\n"},
    {"SocketMode 600", "SocketMode", "SocketMode 0600\n"},
    {"SocketMode 0777", "SocketMode", "SocketMode 0777\n"},
    /* words */
    {"Syslog NONE", "Syslog", "Syslog none\n"},
    {"Syslog local7", "Syslog", "Syslog local7\n"},
    {"RefuseAt EOM", "RefuseAt", "RefuseAt eom\n"},
    {"LogLevel Debug", "LogLevel", "LogLevel debug\n"},
    /* sockets */
    {"Socket UNIX:/run/x", "Socket", "Socket unix:/run/x\n"},
    {"Socket local:/run/x", "Socket", "Socket unix:/run/x\n"},
    {"Socket /run/x", "Socket", "Socket unix:/run/x\n"},
    {"Socket inet:10010@127.0.0.1", "Socket", "Socket inet:10010@127.0.0.1\n"},
    {"Socket inet:10010@[127.0.0.1]", "Socket", "Socket inet:10010@[127.0.0.1]\n"},
    {"Socket inet:65535", "Socket", "Socket inet:65535\n"},
    {"Socket inet6:1@::1", "Socket", "Socket inet6:1@::1\n"},
    {"Socket inet6:1@[::1]", "Socket", "Socket inet6:1@[::1]\n"},
    {"Socket inet6:1@localhost", "Socket", "Socket inet6:1@localhost\n"},
    {"Socket fd:3", "Socket", "Socket fd:3\n"},
    {"Socket FD:Milter", "Socket", "Socket fd:Milter\n"},
};

static void values_are_read(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(values); i++) {
        print_message("%s\n", values[i].text);
        assert_printed(values[i].text, values[i].key, values[i].printed);
        assert_printed(values[i].printed, values[i].key, values[i].printed);
    }
}

static void tables_have_protocols_and_sockets(void **state)
{
    (void)state;
    assert_printed(SRS
                   "TableSocket Socketmap:local:/run/map tcp-forward:inet:1\nTableSocket TCP-REVERSE:INET:2@192.0.2.1",
                   "TableSocket",
                   "TableSocket socketmap:unix:/run/map\nTableSocket tcp-forward:inet:1@127.0.0.1\n"
                   "TableSocket tcp-reverse:inet:2@192.0.2.1\n");
    assert_printed(SRS "TableSocket socketmap:inet6:3, socketmap:fd:srs socketmap:/run/map", "TableSocket",
                   "TableSocket socketmap:inet6:3@::1\nTableSocket socketmap:fd:srs\n"
                   "TableSocket socketmap:unix:/run/map\n");
    assert_printed(SRS "TableSocket socketmap:inet6:3@h tcp-forward:inet:1@h", "TableSocket",
                   "TableSocket socketmap:inet6:3@h\nTableSocket tcp-forward:inet:1@h\n");
    assert_printed("", "TableSocket", "#TableSocket\n");
}

struct bad_case {
    const char *key;
    const char *values[24];
};

/* Each value by itself is refused, with a message that names it. */
static const struct bad_case bad[] = {
    {"WhitelistIP",
     {"10.0.0.0/33", "10.0.0/8", "10.0.0.1.", "2001:db8::/129", "localhost", "10.0.0.0/", "10.0.0.0/-1", "[::1]",
      "none", "10.0.0.0-10.0.0.9", "/8"}},
    {"WhitelistPTR",
     {"..example.org", "example..org", ".", "*.example.org", "exa mple\"", "192.0.2.1", "a@b",
      "b\xc3\xbc"
      "cher.example",
      "012345678901234567890123456789012345678901234567890123456789abcd.example"}},
    {"WhitelistFrom",
     {"@", "a@b@c", "user@.example.org", "<user@example.org>", "user@exam_ple..org", "@..org", "@192.0.2.1", "a(b)@c",
      "@[192.0.2.1", "*@example.org", "user@*", "*", "*@", "a?b@example.org", "*.example.org", "<>", "news-*"}},
    {"WhitelistTo", {"*@example.org", "@*.example.org", "?"}},
    {"TrustedRelay", {"mx.example.org", "192.0.2.0/33"}},
    {"WhitelistHelo", {"..example.org", "[192.0.2.1]", "192.0.2.1", "*.example.org"}},
    {"WhitelistSPF", {"*.example.org", ".example.org", "@example.org", "192.0.2.1", "a..b"}},
    {"FixedClientIP", {"192.0.2.1/32", "localhost", "192.0.2.256", "[::1]", "1"}},
    {"ClientIPNAT",
     {"10.0.0.1", "10.0.0.1:", ":10.0.0.1", "10.0.0.1:2001:db8::1", "[::1]:[::2", "[::1]x[::2]",
      "10.0.0.1:10.0.0.2:10.0.0.3", "127.0.0.ss:54.154.127.152", "[::1]:[::2]x"}},
    {"SkipAuth", {"1", "onn", "of", "-"}},
    {"Quarantine", {"held", "maybe"}},
    {"RemoveForgedHeaders", {"on", "dkim", "none"}},
    {"RefuseMailFrom", {"on", "fial", "fail;none", "fail off", "off fail", "fail,, x", ",", "hardfail-or-so-it-seems"}},
    {"Defer", {"tempfail", "yes"}},
    {"RefuseFor",
     {"example.org", "fail", "example.org fial", "example.org fail off", "a@example.org fail", "@example.org fail",
      "192.0.2.1 fail", "a.example fail, b.example fail", "..a fail", "a..b fail", "none"}},
    {"RefuseTo",
     {"a@b", "a@@b fail", "@ off", "a@b.example bounce", "a@b.example off,fail", "*@b.example off", "* off"}},
    {"RejectReason", {"a\tb"}},
    {"Tag", {"a\tb"}},
    {"AuthservID",
     {"a b", "a;b", "\"a\"b",
      "b\xc3\xbc"
      "cher",
      "a/b", "a=b"}},
    {"QuarantineBox", {"a@b@c", "a@", "@b", "a b", "<>", "a@b c", "a@b (c)", "Fred <a@b>"}},
    {"TTL", {"-1", "3651d", "1w", "1hh", "h", "1 h", "1.5h", "99999999999999999999", "18446744073709551617", "0x10"}},
    {"DNSTimeout", {"0", "601", "11m", "8 seconds", "500ms"}},
    {"CacheSize", {"65G", "1T", "32MB", "-1", "M"}},
    {"SRSDomain", {"$myhostname", "localhost", "srs.example.org.", "192.0.2.1", "a b", "@example.org"}},
    {"SRSMaxAge", {"21", "0d", "1023d", "12h"}},
    {"SRSHashLength", {"3", "28", "x"}},
    {"SRSHashMinimum", {"3", "28"}},
    {"SRSSeparator", {"==", "_", "/"}},
    {"SRSOutgoing", {"192.0.2.0/24", "mx.example.org", "0.0.0.0/0"}},
    {"SRSTooLong", {"on", "shorten"}},
    {"Greylist", {"always", "1"}},
    {"GreylistResults", {"pass", "fail, pass", "on", "known"}},
    {"GreylistPass", {"on", "pass", "known once"}},
    {"GreylistWidth",
     {"16", "16 129", "33 64", "16 32 1", "016 32", "/16 /32", "16/32", "-1 32", "a 32", "16 b", "0016 3"}},
    {"GreylistDelay", {"0", "2d", "soon"}},
    {"GreylistWindow", {"1", "31d"}},
    {"GreylistLife", {"2", "3651d"}},
    {"GreylistKnownAfter", {"-1", "1001"}},
    {"GreylistTo", {"*@example.org", "@"}},
    {"GreylistExempt",
     {"192.0.2.0/33", "192.0.2.*", "*.example.org", "to:", "to:user", "to:*@b.example", "@", "to:to:user", "host_/x"}},
    {"GreylistStore",
     {"/var/lib/greylist.db", "sqlite:greylist.db", "redis://:secret@host", "redis:host", "memory", "none"}},
    {"GreylistPasswordFile", {"secret", "redis.password"}},
    {"GreylistEntries", {"999", "100000001", "1M"}},
    {"SRSTimeout", {"0", "61s", "500ms"}},
    {"TableSocket",
     {"inet:10001", "unix:/run/map", "tcp:inet:10001", "socketmap:", "socketmap:map", "socketmap:unix:map",
      "tcp-forward:inet:0", "tcp-reverse:inet:65536@127.0.0.1", "socketmap:socketmap:unix:/run/map", "none"}},
    {"Nameserver", {"localhost", "127.0.0.1:0", "127.0.0.1:65536", "[::1", "127.0.0.1:x"}},
    {"ZoneFile", {"example.zone", "/", "/etc/", "./x"}},
    {"PidFile", {"smf-spf.pid"}},
    {"LogTo", {"smf-spf.log", "/var/log/"}},
    {"Socket",
     {"unix:",
      "inet:",
      "inet:0@127.0.0.1",
      "inet:65536",
      "inet:x@127.0.0.1",
      "inet:1@",
      "inet:1@::1",
      "inet6:1@127.0.0.1",
      "inet:1@300.0.0.1",
      "inet:1@a..b",
      "fd:",
      "fd:a:b",
      "fd:-1",
      "run/x",
      "tcp:1@x",
      "inet:1@[127.0.0.1",
      "unix:/run/",
      "unix:run/x",
      "local:x",
      "unix:/",
      "/012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789012345678901234567"}},
    {"SocketMode", {"0778", "01777", "rw", "-600", "0x1ff", "000600"}},
    {"SocketGroup", {"a b", "-a", "a:b", "a/b"}},
    {"User", {"smfs:smfs", "\xc3\xa4"}},
    {"Syslog", {"mial", "local8", "auth"}},
    {"RefuseAt", {"data", "on", "helo"}},
    {"LogLevel", {"6", "warn", "err"}},
};

static void bad_values_are_refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
        for (size_t j = 0; bad[i].values[j] != NULL; j++) {
            char text[512], begin[64];
            struct strbuf errors = STRBUF_INIT;

            snprintf(text, sizeof text, "\n%s %s\n", bad[i].key, bad[i].values[j]);
            snprintf(begin, sizeof begin, "t.conf:2: %s: \"", bad[i].key);
            print_message("%s %s\n", bad[i].key, bad[i].values[j]);
            assert_null(config_parse(text, strlen(text), "t.conf", &errors));
            print_message("%s", strbuf_text(&errors));
            if (bad[i].values[j][0] != '"')
                assert_memory_equal(strbuf_text(&errors), begin, strlen(begin));
            strbuf_free(&errors);
        }
}

static void an_unset_text_is_refused(void **state)
{
    (void)state;
    const char *const keys[] = {"Tag",   "RejectReason", "AuthservID", "QuarantineBox", "Socket", "User",
                                "LogTo", "TTL",          "CacheSize",  "SkipAuth",      "Syslog", "SocketMode"};

    for (size_t i = 0; i < ARRAY_SIZE(keys); i++) {
        char text[64];
        struct strbuf errors = STRBUF_INIT;

        snprintf(text, sizeof text, "%s \"\"\n", keys[i]);
        assert_null(config_parse(text, strlen(text), "t.conf", &errors));
        assert_non_null(strstr(errors.text, "\"\" is not "));
        strbuf_free(&errors);
    }
}

#define FORM                                                                                                           \
    "address patterns (user@example.org, user@, @example.org, @.example.org), then {, and settings on lines of "       \
    "their own up to }"

/* What a RecipientPolicy says, and what the file says for those it does not cover. */
static void recipients_have_settings(void **state)
{
    static const char text[] = "RefuseFail on\nAcceptTempError off\nRefuseSPFNoneHelo on\nWhitelistFrom a@example.org\n"
                               "RecipientPolicy boss@example.org \"\\\"a b\\\"@example.org\" @vip.example { # some\n"
                               "  RefuseMailFrom fail softfail\n"
                               "  WhitelistFrom none\n"
                               "  WhitelistIP 192.0.2.0/24, 2001:db8::1\n"
                               "  WhitelistIP 192.0.3.1\n"
                               "  RejectReason no # comment\n"
                               "} # end\n"
                               "RejectReason for all\n"
                               "RecipientPolicy postmaster@ {\n"
                               "RefuseFail off\n"
                               "}\n"
                               "RecipientPolicy none@ {\n"
                               "Defer none\n"
                               "}\n"
                               "RecipientPolicy empty@ {\n"
                               "}\n";
    const struct config *config = parse(text), *again;
    struct strbuf once = STRBUF_INIT, twice = STRBUF_INIT;
    const struct config *boss, *postmaster, *deferring;

    (void)state;
    assert_int_equal(config_variants(config), 5);
    boss = config_variant(config, 1);
    assert_int_equal(boss->verdict.refuse_mail_from, RESULT_BIT(RESULT_FAIL) | RESULT_BIT(RESULT_SOFTFAIL));
    assert_int_equal(boss->verdict.defer_mail_from.results, RESULT_BIT(RESULT_TEMPERROR));
    assert_int_equal(boss->whitelist_from.texts.count, 0);
    assert_int_equal(boss->whitelist_ip.count, 3);
    assert_string_equal(boss->reject_reason, "no");
    postmaster = config_variant(config, 2);
    assert_int_equal(postmaster->verdict.refuse_mail_from, 0);
    assert_string_equal(postmaster->reject_reason, "for all");
    assert_ptr_equal(postmaster->whitelist_from.texts.items, config->whitelist_from.texts.items);
    deferring = config_variant(config, 3);
    assert_int_equal(deferring->verdict.defer_mail_from.results, RESULT_BIT(RESULT_NONE)); /* in place of the file's */
    assert_int_equal(deferring->verdict.refuse_mail_from, RESULT_BIT(RESULT_FAIL));
    assert_int_equal(deferring->verdict.refuse_null_sender.results, RESULT_BIT(RESULT_FAIL) | RESULT_BIT(RESULT_NONE));
    assert_int_equal(config->verdict.refuse_mail_from, RESULT_BIT(RESULT_FAIL));
    assert_int_equal(config_variant(config, 4)->whitelist_from.texts.count, 1);
    assert_int_equal(config->recipient_policies.exempting[CONFIG_EXEMPT_CLIENT].count, 1);
    assert_ptr_equal(config->recipient_policies.exempting[CONFIG_EXEMPT_CLIENT].items[0], boss);
    assert_int_equal(config->recipient_policies.exempting[CONFIG_EXEMPT_PROOF].count, 0);
    assert_int_equal(config->recipient_policies.exempting[CONFIG_EXEMPT_MESSAGE].count, 1);
    config_print(config, &once);
    again = parse(strbuf_text(&once));
    config_print(again, &twice);
    assert_string_equal(strbuf_text(&once), strbuf_text(&twice));
    assert_non_null(strstr(strbuf_text(&once),
                           "RecipientPolicy boss@example.org \"\\\"a b\\\"@example.org\" @vip.example {\n"
                           "    RefuseMailFrom fail, softfail\n"
                           "    WhitelistFrom none\n"
                           "    WhitelistIP 192.0.2.0/24\n"));
    strbuf_free(&once);
    strbuf_free(&twice);
    config_release(config);
    config_release(again);
}

static void recipients_have_their_greylisting(void **state)
{
    static const char text[] = "Greylist learn\nGreylistTo @a.example\nGreylistExempt 192.0.2.1 to:x@\n"
                               "RecipientPolicy b@ {\nGreylist on\nGreylistDelay 5m\nGreylistExempt mx.example.org\n"
                               "GreylistTo none\n}\n"
                               "RecipientPolicy c@ {\nGreylistNetwork 32 128\n}\n";
    const struct config *config = parse(text);
    const struct greylist_settings *of_b = &config_variant(config, 1)->greylist;
    const struct greylist_settings *of_c = &config_variant(config, 2)->greylist;

    (void)state;
    assert_int_equal(config->greylist.terms.mode, GREYLIST_LEARN);
    assert_int_equal(config->greylist.terms.delay_s, 60);
    assert_int_equal(config->greylist.exempt.clients.count + config->greylist.exempt.recipients.texts.count, 2);
    assert_int_equal(of_b->terms.mode, GREYLIST_ON);
    assert_int_equal(of_b->terms.delay_s, 300);
    assert_int_equal(of_b->to.texts.count, 0);
    assert_int_equal(of_b->exempt.clients.count + of_b->exempt.recipients.texts.count, 0);
    assert_string_equal(of_b->exempt.hosts.texts.items[0], "mx.example.org");
    assert_int_equal(of_c->terms.mode, GREYLIST_LEARN);
    assert_int_equal(of_c->network.v6, 128);
    assert_int_equal(of_c->network.v4, 32);
    assert_ptr_equal(of_c->to.texts.items, config->greylist.to.texts.items);
    assert_ptr_equal(of_c->exempt.clients.items, config->greylist.exempt.clients.items);
    config_release(config);
}

static void the_last_policy_of_a_recipient_counts(void **state)
{
    static const struct {
        const char *address, *reason;
    } cases[] = {
        {"<a@example.org>", "two"},         {"<b@example.org>", "one"},      {"<B@EXAMPLE.ORG>", "one"},
        {"<b@sub.example.org>", "for all"}, {"<boss@example.net>", "three"}, {"<b@example.net>", "for all"},
    };
    const struct config *config = parse("RejectReason for all\n"
                                        "RecipientPolicy @example.org {\nRejectReason one\n}\n"
                                        "RecipientPolicy a@example.org {\nRejectReason two\n}\n"
                                        "RecipientPolicy boss@ {\nRejectReason three\n}\n");

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct address address;

        assert_int_equal(address_parse(cases[i].address, &address), ADDRESS_OK);
        assert_string_equal(config_for_recipient(config, &address)->reject_reason, cases[i].reason);
        address_free(&address);
    }
    config_release(config);
}

/* What a policy says counts more than what the file says for all, whichever of two words for it they use. */
static void a_policy_outweighs_the_file(void **state)
{
    static const struct {
        const char *file, *policy;
        bool checks_helo, defers;
    } cases[] = {
        {"CheckHelo off\n", "RefuseHelo fail\n", true, false},
        {"CheckHelo off\n", "OnHeloPass a_class\n", true, false},
        {"RefuseHelo fail\n", "RefuseHelo off\n", true, false},
        {"RefuseHelo fail\n", "RefuseHelo off\nCheckHelo off\n", false, false},
        {"AcceptTempError on\n", "RejectTempError on\n", false, true},
        {"AcceptTempError off\n", "RejectTempError off\n", false, false},
        {"RejectTempError on\n", "AcceptTempError on\n", false, false},
        {"RejectTempError off\n", "AcceptTempError off\n", false, true},
        {"AcceptTempError off\n", "Defer off\n", false, false},
        {"RejectTempError on\n", "Defer off\n", false, false},
        {"AcceptTempError off\n", "RefuseMailFrom off\n", false, true},
        {"AcceptTempError off\n", "Defer off\nRejectTempError on\n", false, true},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct strbuf text = STRBUF_INIT;
        const struct config *config, *settings;

        strbuf_addf(&text, "%sRecipientPolicy a@b {\n%s}\n", cases[i].file, cases[i].policy);
        config = parse(strbuf_text(&text));
        settings = config_variant(config, 1);
        assert_int_equal(settings->check_helo, cases[i].checks_helo);
        assert_int_equal(result_set_has(settings->verdict.defer_mail_from.results, RESULT_TEMPERROR), cases[i].defers);
        config_release(config);
        strbuf_free(&text);
    }
}

static void errors_of_policies_are_reported(void **state)
{
    static const struct {
        const char *text, *errors;
    } cases[] = {
        {"RecipientPolicy boss {\n}\n",
         "t.conf:1: RecipientPolicy: \"boss\" has no @; write user@, @example.org or user@example.org\n"},
        {"RecipientPolicy {\n}\n", "t.conf:1: RecipientPolicy: no pattern stands before the {; it takes " FORM "\n"},
        {"RecipientPolicy a@b\n", "t.conf:1: RecipientPolicy: the { is missing; it takes " FORM "\n"},
        {"RecipientPolicy a@b { SkipAuth off\n}\n",
         "t.conf:1: RecipientPolicy: text follows the {; it takes " FORM "\n"},
        {"RecipientPolicy a@b {\n} SkipAuth off\n", "t.conf:2: }: text follows it\n"},
        {"}\n", "t.conf:1: }: it closes nothing\n"},
        {"RecipientPolicy a@b {\nSkipAuth off\n", "t.conf:1: RecipientPolicy: its closing } is missing\n"},
        {"RecipientPolicy a@b {\nRecipientPolicy c@d {\nSkipAuth maybe\n}\n",
         "t.conf:1: RecipientPolicy: its closing } is missing\nt.conf:3: SkipAuth: \"maybe\" is not on or off\n"},
        {"RecipientPolicy a@b {\nTTL 5m\nSocket unix:/a\nWhitelistTo a@b\n}\n",
         "t.conf:2: TTL: it holds for all recipients; write it outside of RecipientPolicy\n"
         "t.conf:3: Socket: it holds for all recipients; write it outside of RecipientPolicy\n"
         "t.conf:4: WhitelistTo: it holds for all recipients; write it outside of RecipientPolicy\n"},
        {"RefuseMailFrom fail\nRecipientPolicy a@b {\nRefuseFail off\n}\n",
         "t.conf:3: RefuseFail: contradicts RefuseMailFrom in line 1: it stands for members of the sets; name all "
         "results "
         "in RefuseMailFrom, RefuseHelo, Defer and their companions, or in none of them\n"},
        {"RefuseHelo fail\nRecipientPolicy a@b {\nCheckHelo off\n}\n",
         "t.conf:3: CheckHelo: contradicts RefuseHelo in line 1: only a name that is checked has a result; leave out "
         "CheckHelo\n"},
        {"TestMode on\nRecipientPolicy a@b {\nTestMode off\n}\n",
         "t.conf:3: TestMode: it is on for all recipients, so that it cannot be off for some\n"},
        {"RecipientPolicy a@b {\nOnPass reject\n}\n",
         "t.conf:2: OnPass: \"reject\" is not an action of Postfix that refuses nothing, or restrictions or classes of "
         "them, from 1 to 512 octets; mail that passes is not refused\n"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_errors(cases[i].text, cases[i].errors);
}

static void messages_say_what_would_be_right(void **state)
{
    (void)state;
    assert_errors("DNSTimeout 0s\n", "t.conf:1: DNSTimeout: \"0s\" is not a time from 1s to 10m (30s, 5m, 1h, 2d)\n");
    assert_errors("\nwhitelistip 10.0.0.0/33 # x\n",
                  "t.conf:2: WhitelistIP: \"10.0.0.0/33\" is not an address or prefix (192.0.2.1, 192.0.2.0/24, "
                  "2001:db8::/32)\n");
    assert_errors("RefusFail on\n", "t.conf:1: RefusFail: there is no such key; did you mean RefuseFail?\n");
    assert_errors("WhitelistIP4 10.0.0.1\n",
                  "t.conf:1: WhitelistIP4: there is no such key; did you mean WhitelistIP?\n");
    assert_errors("whitelistpt a\n", "t.conf:1: whitelistpt: there is no such key; did you mean WhitelistPTR?\n");
    assert_errors(
        "Socket=unix:/x\n",
        "t.conf:1: Socket=unix:/x: there is no such key; did you mean Socket? Only a space stands before the value\n");
    assert_errors(
        "loglevel: info\n",
        "t.conf:1: loglevel:: there is no such key; did you mean LogLevel? Only a space stands before the value\n");
    assert_errors("Frobnicate on\n", "t.conf:1: Frobnicate: there is no such key; smf-spf.conf(5) names them all\n");
    assert_errors("Key\xff on\n", "t.conf:1: Key\\xff: there is no such key; smf-spf.conf(5) names them all\n");
    assert_errors("RefuseFail\n", "t.conf:1: RefuseFail: the value is missing; it takes on or off\n");
    assert_errors("RefuseFail \"off#b\"\n", "t.conf:1: RefuseFail: \"off#b\" is not on or off\n");
    assert_errors("RefuseFail of#b\n", "t.conf:1: RefuseFail: \"of\" is not on or off\n");
    assert_errors("RefuseFail   # on\n", "t.conf:1: RefuseFail: the value is missing; it takes on or off\n");
    assert_errors("Nameserver ,\n", "t.conf:1: Nameserver: the value is missing; it takes a name server (192.0.2.53, "
                                    "192.0.2.53:5353, 2001:db8::53, [2001:db8::53]:5353, or none)\n");
    assert_errors("User \"smfs\n", "t.conf:1: User: the closing \" is missing; it takes the name of an account\n");
    assert_errors("User \"smfs\\\"\n", "t.conf:1: User: the closing \" is missing; it takes the name of an account\n");
    assert_errors("User \"a\" b\n", "t.conf:1: User: text follows the closing \" (inside quotes write \\\" for a "
                                    "quote); it takes the name of an account\n");
    assert_errors("User \"a\"# b\n", "t.conf:1: User: text follows the closing \" (inside quotes write \\\" for a "
                                     "quote); it takes the name of an account\n");
    assert_errors("User a\xff\n", "t.conf:1: User: the value is not valid UTF-8; it takes the name of an account\n");
}

static void octets_that_no_text_holds_are_refused(void **state)
{
    (void)state;
    static const char nul[] = "Tag a\0b\nSkipNDR on\n";

    assert_errors_of(nul, sizeof nul - 1, "t.conf:1: the line holds a control character\n");
    assert_errors("Tag a\x1b[1m\n", "t.conf:1: the line holds a control character\n");
    assert_errors("Tag a\rb\n", "t.conf:1: the line holds a control character\n");
    assert_errors("# \x7f\n", "t.conf:1: the line holds a control character\n");
    config_release(parse("# not UTF-8: \xe4\nTag a # \xe4\n"));
}

/* The bounds of a text are of what may stand there. */
static void a_text_may_be_as_long_as_its_bound(void **state)
{
    const struct config *config;
    struct strbuf errors = STRBUF_INIT;
    char text[300];

    (void)state;
    (void)snprintf(text, sizeof text, "Tag %0200d\n", 1);
    config = parse(text);
    assert_int_equal(strlen(config->tag), 200);
    config_release(config);
    (void)snprintf(text, sizeof text, "Tag %0201d\n", 1);
    assert_null(config_parse(text, strlen(text), "t.conf", &errors));
    assert_non_null(strstr(strbuf_text(&errors), "from 1 to 200 octets"));
    strbuf_free(&errors);
}

/* A line of CONFIG_LINE_MAX octets is read, a longer one is not. */
static void lines_are_bounded(void **state)
{
    (void)state;
    struct strbuf text = STRBUF_INIT;

    strbuf_add(&text, "WhitelistIP ::1");
    while (text.len < CONFIG_LINE_MAX)
        strbuf_add_char(&text, ' ');
    config_release(parse(text.text));
    strbuf_add(&text, "\r\nTag x\n");
    config_release(parse(text.text));
    strbuf_truncate(&text, CONFIG_LINE_MAX);
    strbuf_add(&text, " \nTTL x\n");
    assert_errors(text.text, "t.conf:1: the line is longer than 8192 octets\n"
                             "t.conf:2: TTL: \"x\" is not a time from 0 to 3650d (30s, 5m, 1h, 2d)\n");
    strbuf_free(&text);
}

#define PATH_OF_120                                                                                                    \
    "/0123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789"            \
    "0123456789012345678"

/* What stands behind the form in the message. */
static void what_was_meant_is_told(void **state)
{
    static const struct {
        const char *line, *hint;
    } cases[] = {
        {"Socket inet:127.0.0.1:10010", "; did you mean inet:10010@127.0.0.1?\n"},
        {"TTL = 1h", "; only a space stands between key and value\n"},
        {"Socket : unix:/x", "; only a space stands between key and value\n"},
        {"LogTo syslog", "; syslog gets every line without this key\n"},
        {"LogTo journal", "; syslog gets every line without this key\n"},
        {"LogTo stderr", "; did you mean /dev/stderr?\n"},
        {"LogTo mail.log", " path of a file\n"},
        {"Socket 10010", "; did you mean inet:10010@127.0.0.1?\n"},
        {"Socket unix:smfs/sock", "; did you mean unix:/var/spool/postfix/smfs/sock?\n"},
        {"Socket inet:99999", "; a port is from 1 to 65535\n"},
        {"Metrics inet:99999@127.0.0.1", "; a port is from 1 to 65535\n"},
        {"Socket unix:" PATH_OF_120, "; the path of a socket has at most 107 octets\n"},
        {"ControlSocket unix:" PATH_OF_120, "; the path of a socket has at most 107 octets\n"},
        {"Nameserver 192.0.2.53@5353", "; did you mean 192.0.2.53:5353?\n"},
        {"Nameserver 2001:db8::53@5353", "; did you mean [2001:db8::53]:5353?\n"},
        {"Nameserver udp:192.0.2.53", "; did you mean 192.0.2.53?\n"},
        {"Nameserver localhost", "; a name server is given by its address, not by a name\n"},
        {"Nameserver 192.0.2.53:99999", "or none)\n"},
        {"Nameserver 53", "or none)\n"},
        {"WhitelistFrom *@example.org", "; write @example.org\n"},
        {"WhitelistFrom *@*.example.org", "; write @.example.org\n"},
        {"WhitelistFrom @*.example.org", "; write @.example.org\n"},
        {"WhitelistFrom *.example.org", "; write @.example.org\n"},
        {"WhitelistFrom user@*", "; write user@\n"},
        {"WhitelistFrom *spam*", "; write spam\n"},
        {"WhitelistFrom <user@example.org>", "; write user@example.org\n"},
        {"WhitelistTo user@*.example.org", "without @); there are no wildcards\n"},
        {"WhitelistTo news-*@example.org", "; there are no wildcards\n"},
        {"WhitelistTo *", "; there are no wildcards\n"},
        {"WhitelistTo *@*", "; there are no wildcards\n"},
        {"WhitelistTo a@b@c", "without @)\n"},
        {"WhitelistTo to:user@example.org", "; write user@example.org\n"},
        {"WhitelistTo to:user", "; write user\n"},
        {"WhitelistFrom a@b.c, From:<user@example.org>", "; write user@example.org\n"},
        {"WhitelistFrom mailto:user@example.org", "; write user@example.org\n"},
        {"GreylistTo to:user@example.org", "; write user@example.org\n"},
        {"GreylistTo TO:*@example.org", "; write @example.org\n"},
        {"GreylistTo to:", "without @)\n"},
        {"RecipientPolicy to:user@example.org {\n}", "; write user@example.org\n"},
        {"WhitelistPTR *.example.org", "; write .example.org\n"},
        {"WhitelistPTR *@example.org", "; write example.org\n"},
        {"WhitelistPTR @example.org", "; write example.org\n"},
        {"WhitelistPTR mx*.example.org", "; there are no wildcards\n"},
        {"WhitelistHelo *.example.org", "; write .example.org\n"},
        {"WhitelistSPF *.example.org", "; there are no wildcards\n"},
        {"WhitelistSPF @example.org", "; write example.org\n"},
        {"GreylistResults none, pass", "; GreylistPass says what a pass is worth\n"},
        {"GreylistResults known", "permerror)\n"},
        {"GreylistExempt *@example.org", "; write @example.org\n"},
        {"GreylistExempt to:*@example.org", "; write @example.org\n"},
        {"GreylistExempt from:user@example.org", "; write user@example.org\n"},
        {"GreylistExempt to:to:user@example.org", "; write user@example.org\n"},
        {"GreylistExempt *.example.org", "; write .example.org\n"},
        {"GreylistStore /var/lib/greylist.db", "; write sqlite:/var/lib/greylist.db\n"},
        {"GreylistStore redis://:secret@host", "; the password stands in GreylistPasswordFile\n"},
        {"GreylistStore memory", "prefix=text)\n"},
        {"RefuseFor *.example.org fail", "; write .example.org\n"},
        {"RefuseFor *@example.org fail", "; write example.org\n"},
        {"RefuseFor * off", "; there are no wildcards\n"},
        {"RefuseFor example.org bounce", "permerror)\n"},
        {"RefuseTo *@example.org fail", "; write @example.org\n"},
        {"RefuseTo user@* fail", "; write user@\n"},
        {"RefuseTo user@ bounce", "permerror)\n"},
        {"RefuseTo to:user@example.org fail", "; write user@example.org\n"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct strbuf errors = STRBUF_INIT;

        assert_null(config_parse(cases[i].line, strlen(cases[i].line), "t.conf", &errors));
        size_t len = strlen(strbuf_text(&errors)), hint_len = strlen(cases[i].hint);
        if (len < hint_len || strcmp(strbuf_text(&errors) + len - hint_len, cases[i].hint) != 0)
            fail_msg("<%s> gives <%s>", cases[i].line, strbuf_text(&errors));
        strbuf_free(&errors);
    }
}

/* Each of these is read, and warned of with what may have been meant. */
static void a_comment_within_a_word_is_told(void **state)
{
    static const struct {
        const char *text, *warnings;
    } rows[] = {
        {"Nameserver 192.0.2.53#5353",
         "t:1: Nameserver: \"192.0.2.53#5353\" is read as \"192.0.2.53\", and the line from "
         "# on as a comment; did you mean 192.0.2.53:5353?\n"},
        {"\nSocket inet:10010#127.0.0.1",
         "t:2: Socket: \"inet:10010#127.0.0.1\" is read as \"inet:10010\", and the line "
         "from # on as a comment; did you mean inet:10010@127.0.0.1?\n"},
        {"Metrics inet:9097#127.0.0.1", "t:1: Metrics: \"inet:9097#127.0.0.1\" is read as \"inet:9097\", and the line "
                                        "from # on as a comment; did you mean inet:9097@127.0.0.1?\n"},
        {"RefuseFail off#x", "t:1: RefuseFail: \"off#x\" is read as \"off\", and the line from # on as a comment\n"},
        {"TTL 2h#b c", "t:1: TTL: \"2h#b c\" is read as \"2h\", and the line from # on as a comment\n"},
        {"WhitelistIP 10.0.0.1, 10.0.0.2#our 10.0.0.3",
         "t:1: WhitelistIP: \"10.0.0.2#our\" is read as \"10.0.0.2\", and the line from # on as a comment\n"},
        {"RefuseFail off #x\nTag a#b\nUser smfs # c\n# d\nNameserver 192.0.2.53 #5353", NULL},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        struct strbuf errors = STRBUF_INIT;
        const struct config *config = config_parse(rows[i].text, strlen(rows[i].text), "t", &errors);

        assert_non_null(config);
        assert_string_equal(config->warnings != NULL ? config->warnings : "",
                            rows[i].warnings != NULL ? rows[i].warnings : "");
        config_release(config);
        strbuf_free(&errors);
    }
}

static void warnings_are_bounded(void **state)
{
    struct strbuf text = STRBUF_INIT, errors = STRBUF_INIT;
    const struct config *config;
    size_t lines = 0;

    (void)state;
    for (int i = 0; i < 1000; i++)
        strbuf_add(&text, "TTL 2h#b\n");
    config = config_parse(strbuf_text(&text), text.len, "t", &errors);
    assert_non_null(config);
    for (const char *p = config->warnings; *p != '\0'; p++)
        lines += *p == '\n';
    assert_int_equal(lines, 50);
    config_release(config);
    strbuf_free(&text);
    strbuf_free(&errors);
}

/* Up to version 2.4 the first word of a line alone counted, and in 2.5 the line as one word. */
static void words_between_others_are_no_patterns(void **state)
{
#define NOT_ALONE(line, key, word)                                                                                     \
    "t.conf:" line ": " key ": \"" word                                                                                \
    "\" has no @ and would match anywhere in an address; write user@ or @example.org, or give it a line of its own\n"
    (void)state;
    assert_errors("WhitelistFrom a@b.c my friend\n",
                  NOT_ALONE("1", "WhitelistFrom", "my") NOT_ALONE("1", "WhitelistFrom", "friend"));
    assert_errors("\nWhitelistTo my a@b.c\n", NOT_ALONE("2", "WhitelistTo", "my"));
    assert_errors("WhitelistTo my, a@b.c, example.org # x\n",
                  NOT_ALONE("1", "WhitelistTo", "my") NOT_ALONE("1", "WhitelistTo", "example.org"));
    config_release(parse("WhitelistFrom my # friend\nWhitelistFrom friend,\nWhitelistFrom a@b.c, @d.e\n"));
}

static void all_mistakes_are_told(void **state)
{
    (void)state;
    struct strbuf text = STRBUF_INIT, errors = STRBUF_INIT;
    size_t lines = 0;

    assert_errors("TTL x\nFoo\nWhitelistIP a ::1 b\n",
                  "t.conf:1: TTL: \"x\" is not a time from 0 to 3650d (30s, 5m, 1h, 2d)\n"
                  "t.conf:2: Foo: there is no such key; smf-spf.conf(5) names them all\n"
                  "t.conf:3: WhitelistIP: \"a\" is not an address or prefix (192.0.2.1, 192.0.2.0/24, 2001:db8::/32)\n"
                  "t.conf:3: WhitelistIP: \"b\" is not an address or prefix (192.0.2.1, 192.0.2.0/24, "
                  "2001:db8::/32)\n");
    for (int i = 0; i < 60; i++)
        strbuf_add(&text, "Tag\n");
    assert_null(config_parse(text.text, text.len, "t.conf", &errors));
    for (const char *p = errors.text; (p = strchr(p, '\n')) != NULL; p++)
        lines++;
    assert_int_equal(lines, 51);
    assert_non_null(strstr(errors.text, "\nt.conf: 10 more errors\n"));
    strbuf_free(&text);
    strbuf_free(&errors);
}

/* A long value is cut in its message, never within a character. */
static void long_values_are_cut(void **state)
{
    (void)state;
    struct strbuf text = STRBUF_INIT, errors = STRBUF_INIT;

    strbuf_add(&text, "LogLevel ");
    for (int i = 0; i < 1000; i++)
        strbuf_add(&text, "\xe2\x82\xac");
    assert_null(config_parse(text.text, text.len, "t.conf", &errors));
    assert_true(errors.len < 200);
    assert_non_null(strstr(errors.text, "\xe2\x82\xac...\" is not error,"));
    strbuf_free(&text);
    strbuf_free(&errors);
}

static void contradictions_name_both_lines(void **state)
{
    (void)state;
    assert_errors("Nameserver 127.0.0.1\n\nNameserver ::1\nZoneFile /x.zone\n",
                  "t.conf:1: Nameserver: contradicts ZoneFile in line 4: with a zone file no name server is queried; "
                  "leave out one of the two\n");
    assert_errors("Tag x\nNameserver 127.0.0.1\nNameserver none\n",
                  "t.conf:2: Nameserver: contradicts Nameserver in line 2: none means recursion from the root; "
                  "leave out the others\n");
    assert_errors(
        "SocketGroup mail\nSocket inet:1@127.0.0.1\n",
        "t.conf:1: SocketGroup: contradicts Socket in line 2: only a unix socket has a group; leave it out\n");
    assert_errors("CheckHelo off\nRefuseHelo fail\n",
                  "t.conf:1: CheckHelo: contradicts RefuseHelo in line 2: only a name that is checked has a result; "
                  "leave out CheckHelo\n");
    assert_errors("RejectTempError on\nAcceptTempError on\n",
                  "t.conf:2: AcceptTempError: contradicts RejectTempError in line 1: each says the opposite of the "
                  "other; leave one out\n");
    assert_errors("DeferHelo temperror\nCheckHelo off\n",
                  "t.conf:2: CheckHelo: contradicts DeferHelo in line 1: only a name that is checked has a result; "
                  "leave out CheckHelo\n");
    assert_errors("\nSRSDomain srs.example.org\n",
                  "t.conf:2: SRSDomain: needs an SRSSecretFile (smf-spf srs secret makes one)\n");
    assert_errors("SRSHashLength 5\nSRSHashMinimum 6\n",
                  "t.conf:2: SRSHashMinimum: a hash of SRSHashLength (5) would be shorter\n");
    assert_errors("GreylistWindow 30s\n",
                  "t.conf:1: GreylistWindow: it must be longer than GreylistDelay, which is 1m\n");
    assert_errors("\nGreylistDelay 1d\n",
                  "t.conf:2: GreylistWindow: it must be longer than GreylistDelay, which is 1d\n");
    assert_errors("GreylistWindow 10d\n\nGreylistLife 10d\n",
                  "t.conf:3: GreylistLife: it must be longer than GreylistWindow, which is 10d\n");
    assert_errors("RecipientPolicy a@b.example {\nGreylist on\nGreylistDelay 24h\n}\n",
                  "t.conf:3: GreylistWindow: it must be longer than GreylistDelay, which is 1d\n");
    assert_errors("GreylistWindow 1m\nRecipientPolicy a@b.example {\nGreylist on\n}\n",
                  "t.conf:1: GreylistWindow: it must be longer than GreylistDelay, which is 1m\n");
    assert_errors("GreylistPasswordFile /etc/p\n",
                  "t.conf:1: GreylistPasswordFile: only a Redis server has a password (GreylistStore)\n");
    assert_errors("RecipientPolicy a@b.example {\nGreylistStore sqlite:/a/b\n}\n",
                  "t.conf:2: GreylistStore: it holds for all recipients; write it outside of RecipientPolicy\n");
    config_release(parse("GreylistPasswordFile /etc/p\nGreylistStore redis://localhost\n"));
    assert_errors("TableSocket socketmap:unix:/run/map\n",
                  "t.conf:1: TableSocket: its tables are about addresses of SRSDomain, which is missing\n");
    assert_errors(
        SRS "SocketGroup mail\nSocket inet:1\nTableSocket socketmap:inet:2\n",
        "t.conf:3: SocketGroup: contradicts Socket in line 4: only a unix socket has a group; leave it out\n");
    config_release(
        parse(SRS "SocketGroup mail\nSocket inet:1\nTableSocket socketmap:inet:2 socketmap:unix:/run/map\n"));
    config_release(parse("SocketGroup mail\nSocketGroup none\nSocket inet:1\n"));
    config_release(parse("SocketMode 0600\nSocket inet:1\n"));
    config_release(parse("SocketMode 0600\nSocketGroup mail\n"));
    config_release(parse("SocketMode 0600\nSocket fd:3\nSocket unix:/x\n"));
    config_release(parse("Nameserver ::1\nZoneFile /x\nZoneFile none\n"));
}

/* Metrics are for this host alone, unless the file says otherwise. */
static void metrics_without_a_host_are_on_loopback(void **state)
{
    (void)state;
    assert_printed("Metrics inet:9097", "Metrics", "Metrics inet:9097@127.0.0.1\n");
    assert_printed("Metrics INET6:9097", "Metrics", "Metrics inet6:9097@::1\n");
    assert_printed("Metrics inet:9097@0.0.0.0", "Metrics", "Metrics inet:9097@0.0.0.0\n");
    assert_printed("Metrics inet6:9097@[::]", "Metrics", "Metrics inet6:9097@[::]\n");
    assert_printed("Metrics local:/a", "Metrics", "Metrics unix:/a\n");
    assert_printed("Metrics fd:3", "Metrics", "Metrics fd:3\n");
    assert_printed("Socket inet:9097", "Socket", "Socket inet:9097\n");
}

struct set_case {
    const char *text;
    result_set mail_from, null_sender, helo, defer;
    bool check_helo;
};

#define FAIL     RESULT_BIT(RESULT_FAIL)
#define NONE     RESULT_BIT(RESULT_NONE)
#define TEMP     RESULT_BIT(RESULT_TEMPERROR)
#define PERM     RESULT_BIT(RESULT_PERMERROR)
#define SOFTFAIL RESULT_BIT(RESULT_SOFTFAIL)

static const struct set_case sets[] = {
    {"RefuseFail off", 0, 0, 0, 0, false},
    {"RefuseSPFNone on", FAIL | NONE, FAIL, 0, 0, false},
    {"RefuseSPFNoneHelo on", FAIL, FAIL | NONE, 0, 0, false},
    {"RefuseFail off\nRefuseSPFNone on\nRefuseSPFNoneHelo on", NONE, NONE, 0, 0, false},
    {"AcceptTempError off", FAIL, FAIL, 0, TEMP, false},
    {"AcceptTempError off\nRejectTempError on", FAIL, FAIL, 0, TEMP, false},
    {"AcceptTempError on\nRejectTempError off", FAIL, FAIL, 0, 0, false},
    {"RejectTempError on", FAIL, FAIL, 0, TEMP, false},
    {"RejectPermError on", FAIL | PERM, FAIL | PERM, 0, 0, false},
    {"RejectPermError on\nRefuseFail off", PERM, PERM, 0, 0, false},
    {"CheckHelo on", FAIL, FAIL, 0, 0, true},
    {"RefuseMailFrom off", 0, 0, 0, 0, false},
    {"RefuseMailFrom none", NONE, NONE, 0, 0, false},
    {"RefuseMailFrom fail,softfail permerror", FAIL | SOFTFAIL | PERM, FAIL | SOFTFAIL | PERM, 0, 0, false},
    {"RefuseMailFrom fail\nRefuseMailFrom softfail", SOFTFAIL, SOFTFAIL, 0, 0, false},
    {"RefuseHelo fail, none", FAIL, FAIL | NONE, FAIL | NONE, 0, true},
    {"RefuseHelo fail\nCheckHelo on", FAIL, FAIL, FAIL, 0, true},
    {"RefuseHelo off\nCheckHelo off", FAIL, FAIL, 0, 0, false},
    {"RefuseHelo permerror\nRefuseMailFrom off", 0, PERM, PERM, 0, true},
    {"Defer temperror", FAIL, FAIL, 0, TEMP, false},
    {"Defer fail\nRejectTempError on\nRejectPermError on", FAIL | PERM, FAIL | PERM, 0, FAIL | TEMP, false},
};

static void words_become_sets(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(sets); i++) {
        const struct config *config = parse(sets[i].text);

        print_message("%s\n", sets[i].text);
        assert_int_equal(config->verdict.refuse_mail_from, sets[i].mail_from);
        assert_int_equal(config->verdict.refuse_null_sender.results, sets[i].null_sender);
        assert_int_equal(config->verdict.refuse_helo, sets[i].helo);
        assert_int_equal(config->defer, sets[i].defer);
        assert_int_equal(config->check_helo, sets[i].check_helo);
        config_release(config);
    }
}

struct derived_case {
    const char *text;
    result_set null_sender, defer_mail_from, defer_helo, defer_null_sender;
    bool check_helo;
};

static const struct derived_case derived[] = {
    {"", FAIL, 0, 0, 0, false},
    {"AcceptTempError off", FAIL, TEMP, TEMP, TEMP, false},
    {"Defer temperror", FAIL, TEMP, TEMP, TEMP, false},
    {"RefuseNullSender off", 0, 0, 0, 0, false},
    {"RefuseNullSender none", NONE, 0, 0, 0, false},
    {"RefuseNullSender fail\nRefuseNullSender off\nRefuseMailFrom fail", 0, 0, 0, 0, false},
    {"RefuseNullSender off\nRefuseHelo fail", 0, 0, 0, 0, true},
    {"RefuseNullSender off\nRejectPermError on\nRejectTempError on", 0, TEMP, TEMP, TEMP, false},
    {"DeferMailFrom temperror", FAIL, TEMP, 0, TEMP, false},
    {"DeferHelo temperror", FAIL, 0, TEMP, TEMP, true},
    {"DeferHelo off", FAIL, 0, 0, 0, false},
    {"Defer temperror\nDeferHelo off", FAIL, TEMP, 0, TEMP, false},
    {"Defer temperror\nDeferHelo permerror", FAIL, TEMP, PERM, TEMP | PERM, true},
    {"Defer temperror\nDeferNullSender off", FAIL, TEMP, TEMP, 0, false},
    {"DeferNullSender temperror", FAIL, 0, 0, TEMP, false},
    {"DeferMailFrom off\nDeferNullSender off\nRejectTempError on", FAIL, 0, TEMP, 0, false},
};

static void check_derived(const struct config *config, const struct derived_case *expected)
{
    assert_int_equal(config->verdict.refuse_null_sender.results, expected->null_sender);
    assert_int_equal(config->verdict.defer_mail_from.results, expected->defer_mail_from);
    assert_int_equal(config->verdict.defer_helo.results, expected->defer_helo);
    assert_int_equal(config->verdict.defer_null_sender.results, expected->defer_null_sender);
    assert_int_equal(config->check_helo, expected->check_helo);
}

/* What is not written follows from other sets; and what is printed is read again as the same. */
static void sets_follow_from_others_where_no_key_says_them(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(derived); i++) {
        const struct config *config = parse(derived[i].text);
        struct strbuf printed = STRBUF_INIT;

        print_message("%s\n", derived[i].text);
        check_derived(config, &derived[i]);
        config_print(config, &printed);
        const struct config *again = parse(strbuf_text(&printed));
        check_derived(again, &derived[i]);
        assert_int_equal(again->verdict.defer_helo.is_written, config->verdict.defer_helo.is_written);
        config_release(again);
        config_release(config);
        strbuf_free(&printed);
    }
    assert_printed("", "RefuseNullSender", "#RefuseNullSender\n");
    assert_printed("RefuseNullSender off", "RefuseNullSender", "RefuseNullSender off\n");
    assert_printed("DeferHelo none", "DeferHelo", "DeferHelo none\n");
    assert_printed("DeferHelo none", "CheckHelo", "CheckHelo on\n");
}

/* Each classic word beside each set is a contradiction, whatever they say. */
static void classic_words_and_sets_exclude_each_other(void **state)
{
    (void)state;
    static const char *const words[] = {"RefuseFail on", "RefuseSPFNone off", "RefuseSPFNoneHelo on",
                                        "AcceptTempError on"};
    static const char *const keys[] = {"RefuseMailFrom", "RefuseHelo", "RefuseNullSender", "Defer",
                                       "DeferMailFrom",  "DeferHelo",  "DeferNullSender"};

    for (size_t i = 0; i < ARRAY_SIZE(words) * ARRAY_SIZE(keys); i++) {
        const char *word = words[i / ARRAY_SIZE(keys)], *key = keys[i % ARRAY_SIZE(keys)];
        char text[128], expected[256];

        snprintf(text, sizeof text, "%s fail\n\n%s\n", key, word);
        snprintf(expected, sizeof expected,
                 "t.conf:3: %.*s: contradicts %s in line 1: it stands for members of the sets; name all results in "
                 "RefuseMailFrom, RefuseHelo, Defer and their companions, or in none of them\n",
                 (int)strcspn(word, " "), word, key);
        assert_errors(text, expected);
    }
}

/* What is not in force is printed as a comment that says what it would be. */
static void words_out_of_force_are_printed_as_comments(void **state)
{
    (void)state;
    assert_printed("RefuseFail off", "RefuseFail", "RefuseFail off\n");
    assert_printed("RefuseFail off", "RefuseMailFrom", "#RefuseMailFrom off\n");
    assert_printed("RefuseSPFNone on", "RefuseMailFrom", "#RefuseMailFrom none, fail\n");
    assert_printed("RejectTempError on", "AcceptTempError", "AcceptTempError off\n");
    assert_printed("Defer off", "RefuseFail", "#RefuseFail on\n");
    assert_printed("Defer off", "RefuseMailFrom", "RefuseMailFrom fail\n");
    assert_printed("RefuseHelo fail", "CheckHelo", "CheckHelo on\n");
}

static const char everything[] =
    "TTL 2h#a\nWhitelistIP ::1, 127.0.0.0/8\nWhitelistPTR .a.example\nWhitelistFrom \"a "
    "b\"\nWhitelistFrom c@\n"
    "WhitelistTo @d.example\nFixedClientIP ::1\nClientIPNAT 10.0.0.1:10.0.0.2\nTag \" x\"\n"
    "AuthservID a\nZoneFile /z\nSocketGroup g\nPidFile /p\nLogTo /l\nSocket local:/s\n"
    "QuarantineBox <a@b>\nUser u\nRefuseMailFrom fail none\nRefuseHelo fail\nRejectPermError on\n"
    "RefuseNullSender off\nDeferMailFrom temperror\nDeferHelo none\nDeferNullSender pass, fail\n"
    "RefuseFor .a.example fail,none\nRefuseFor b.example off\nRefuseTo \"\\\"a b\\\"@c off\"\nRefuseTo x pass\n"
    "RejectReason \"# \\\" \\\\\"\nOnPass a, permit\n"
    "RecipientPolicy a@b.example \"\\\"a b\\\"@c\" {\nWhitelistFrom none\nWhitelistIP ::2\nRejectReason x\nOnPass "
    "none\n}\n"
    "Greylist learn\nGreylistTo a@ b@\nGreylistExempt 192.0.2.1 a.example @b.example to:c@\n"
    "GreylistStore redis://host\nGreylistPasswordFile /p\n"
    "RecipientPolicy e@ {\nGreylistExempt to:d@ ::1\nGreylistTo none\nGreylistResults off\nGreylistWidth 1 2\n}\n"
    "RecipientPolicy c@ {\nRefuseMailFrom off\n}\nRecipientPolicy d@ {\nRefuseHelo off\nDeferHelo off\n}\n";

/* What is printed holds every key and is read again as the same. */
static void printing_and_reading_agree(void **state)
{
    (void)state;
    const char *const texts[] = {"",
                                 everything,
                                 "Socket inet:1@localhost\nTag none\nLogTo none\n",
                                 "RefuseSPFNone on\nRefuseSPFNoneHelo on\nAcceptTempError off\n",
                                 "RejectTempError on\nRefuseFail off\nCheckHelo on\n",
                                 "Defer temperror, none\nRejectTempError off\n",
                                 "RecipientPolicy a@ {\nRefuseHelo fail\n}\nRecipientPolicy b@ {\nRejectTempError "
                                 "on\n}\nRecipientPolicy c@ {\nOnHeloPass a\n}\n",
                                 "AcceptTempError off\nRecipientPolicy a@ {\nDefer off\n}\nRecipientPolicy b@ "
                                 "{\nRejectTempError off\n}\nRecipientPolicy c@ {\nAcceptTempError on\n}\n"};

    for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
        const struct config *first = parse(texts[i]);
        struct strbuf once = STRBUF_INIT, twice = STRBUF_INIT;

        print(first, &once);
        const struct config *second = parse(once.text);
        print(second, &twice);
        assert_string_equal(once.text, twice.text);
        config_release(first);
        config_release(second);
        strbuf_free(&once);
        strbuf_free(&twice);
    }
}

static void options_are_sound(void **state)
{
    (void)state;
    size_t count;
    const struct config_option *options = config_options(&count);

    assert_true(count > 0);
    for (size_t i = 0; i < count; i++) {
        const struct config_option *option = &options[i];
        struct strbuf form = STRBUF_INIT;

        assert_ptr_equal(config_option_find(option->key), option);
        assert_string_equal(config_option_nearest(option->key), option->key);
        assert_int_equal(option->default_text == NULL,
                         option->type->is_list || option->type == &config_derived_results);
        assert_int_equal(option->min == NULL, option->max == NULL);
        assert_true(!config_option_is_optional(option) || option->type->clear != NULL);
        assert_null(strchr(option->help, '\n'));
        config_option_form(option, &form);
        assert_true(form.len > 0);
        strbuf_free(&form);
    }
    assert_ptr_equal(config_option_find("whitelistip6"), config_option_find("WhitelistIP"));
    assert_null(config_option_find("White"));
    assert_null(config_option_find(""));
}

static void references_are_counted(void **state)
{
    (void)state;
    const struct config *config = parse("Tag x\n");

    assert_ptr_equal(config_acquire(config), config);
    config_release(config);
    assert_string_equal(config->tag, "x");
    config_release(config);
    config_release(NULL);
}

static void files_that_cannot_be_read_are_told(void **state)
{
    (void)state;
    const char *const paths[][2] = {
        {"/nonexistent/x.conf", "/nonexistent/x.conf: cannot be read: No such file or directory\n"},
        {"/", "/: cannot be read: Is a directory\n"},
        {"/dev/zero", "/dev/zero: cannot be read: File too large\n"}};

    for (size_t i = 0; i < ARRAY_SIZE(paths); i++) {
        struct strbuf errors = STRBUF_INIT;

        assert_null(config_load(paths[i][0], &errors));
        assert_string_equal(strbuf_text(&errors), paths[i][1]);
        strbuf_free(&errors);
    }
}

/* Each allocation fails in turn: an error that says so or is lost, never a half configuration. */
static void survives_no_memory(void **state)
{
    (void)state;
    unsigned failures = 0;

    for (unsigned n = 1;; n++) {
        struct strbuf errors = STRBUF_INIT;

        alloc_fail_at(n);
        const struct config *config = config_parse(everything, sizeof everything - 1, "t.conf", &errors);
        bool failed = alloc_fail_happened();
        alloc_fail_at(0);
        if (!failed) {
            assert_non_null(config);
            config_release(config);
            break;
        }
        failures++;
        assert_null(config);
        assert_string_equal(strbuf_text(&errors), "t.conf: out of memory\n");
        strbuf_free(&errors);
    }
    assert_true(failures > 30);
}

static void survives_no_memory_when_printing_and_telling(void **state)
{
    (void)state;
    static const char wrong[] = "Tag\nFoo x\nTTL x\n";
    const struct config *config = parse(everything);

    for (unsigned n = 1;; n++) {
        struct strbuf out = STRBUF_INIT;

        alloc_fail_at(n);
        config_print(config, &out);
        bool happened = alloc_fail_happened();
        alloc_fail_at(0);
        assert_int_equal(out.failed, happened);
        strbuf_free(&out);
        if (!happened)
            break;
    }
    for (unsigned n = 1;; n++) {
        struct strbuf errors = STRBUF_INIT;

        alloc_fail_at(n);
        assert_null(config_parse(wrong, sizeof wrong - 1, "t.conf", &errors));
        bool happened = alloc_fail_happened();
        alloc_fail_at(0);
        strbuf_free(&errors);
        if (!happened)
            break;
    }
    config_release(config);
}

/* What no message looks for in each policy. */
static void it_sums_up_what_holds_for_somebody(void **state)
{
    static const struct {
        const char *own;
        struct config_somebody somebody;
        size_t exempting[CONFIG_EXEMPT_KINDS];
    } rows[] = {
        {"RejectReason no", {.has_helo_checked = false}, {0, 0, 0}},
        {"CheckHelo on", {.has_helo_checked = true}, {0, 0, 0}},
        {"SkipCert on", {.skips_certificates = true}, {0, 1, 1}},
        {"SkipAuth off", {.skips_certificates = false}, {0, 1, 1}},
        {"SkipNDR on", {.skips_certificates = false}, {0, 0, 1}},
        {"WhitelistFrom a@b.example", {.skips_certificates = false}, {0, 0, 1}},
        {"WhitelistPTR b.example", {.skips_certificates = false}, {1, 0, 1}},
        {"WhitelistIP 192.0.2.1", {.skips_certificates = false}, {1, 0, 1}},
        {"Greylist on", {.is_greylisted = true, .has_null_senders_greylisted = true}, {0, 0, 0}},
        {"Greylist on\nSkipNDR on", {.is_greylisted = true}, {0, 0, 1}},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        struct strbuf text = STRBUF_INIT;
        const struct config *config;

        strbuf_addf(&text, "CheckHelo off\nSkipCert off\nSkipNDR off\nRecipientPolicy a@ {\n%s\n}\n", rows[i].own);
        config = parse(strbuf_text(&text));
        print_message("%s\n", rows[i].own);
        assert_memory_equal(&config->somebody, &rows[i].somebody, sizeof config->somebody);
        for (size_t n = 0; n < CONFIG_EXEMPT_KINDS; n++)
            assert_int_equal(config->recipient_policies.exempting[n].count, rows[i].exempting[n]);
        config_release(config);
        strbuf_free(&text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_sums_up_what_holds_for_somebody),
        cmocka_unit_test(an_empty_file_gives_the_defaults),
        cmocka_unit_test(the_shipped_file_is_read),
        cmocka_unit_test(the_shipped_file_shows_each_key_once),
        cmocka_unit_test(classic_files_are_read),
        cmocka_unit_test(values_are_read),
        cmocka_unit_test(tables_have_protocols_and_sockets),
        cmocka_unit_test(bad_values_are_refused),
        cmocka_unit_test(an_unset_text_is_refused),
        cmocka_unit_test(messages_say_what_would_be_right),
        cmocka_unit_test(recipients_have_settings),
        cmocka_unit_test(recipients_have_their_greylisting),
        cmocka_unit_test(the_last_policy_of_a_recipient_counts),
        cmocka_unit_test(a_policy_outweighs_the_file),
        cmocka_unit_test(errors_of_policies_are_reported),
        cmocka_unit_test(octets_that_no_text_holds_are_refused),
        cmocka_unit_test(a_text_may_be_as_long_as_its_bound),
        cmocka_unit_test(lines_are_bounded),
        cmocka_unit_test(what_was_meant_is_told),
        cmocka_unit_test(a_comment_within_a_word_is_told),
        cmocka_unit_test(warnings_are_bounded),
        cmocka_unit_test(words_between_others_are_no_patterns),
        cmocka_unit_test(all_mistakes_are_told),
        cmocka_unit_test(long_values_are_cut),
        cmocka_unit_test(contradictions_name_both_lines),
        cmocka_unit_test(metrics_without_a_host_are_on_loopback),
        cmocka_unit_test(words_become_sets),
        cmocka_unit_test(sets_follow_from_others_where_no_key_says_them),
        cmocka_unit_test(classic_words_and_sets_exclude_each_other),
        cmocka_unit_test(words_out_of_force_are_printed_as_comments),
        cmocka_unit_test(printing_and_reading_agree),
        cmocka_unit_test(options_are_sound),
        cmocka_unit_test(references_are_counted),
        cmocka_unit_test(files_that_cannot_be_read_are_told),
        cmocka_unit_test(survives_no_memory),
        cmocka_unit_test(survives_no_memory_when_printing_and_telling),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
