/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Fuzzes a session: the octets are a script of steps in any order, each with any text. */
#include "base/log.h"
#include "dns/dns_zone.h"
#include "front/milter/facts.h"
#include "session/session.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char zone[] = "$TTL 300\n"
                           "pass.example. TXT \"v=spf1 ip4:192.0.2.0/24 -all\"\n"
                           "fail.example. TXT \"v=spf1 -all exp=fail.example\"\n"
                           "soft.example. TXT \"v=spf1 exists:%{l}.%{h}.example ~all\"\n"
                           "temp.example. SERVFAIL\n";

static const char *const configs[] = {
    "Quarantine on\nAddReceivedHeader on\nRefuseFail off\n",
    "WhitelistTo w@example\nWhitelistFrom w@example\nRefuseSPFNone on\nRejectReason \"%s %{S} %{e} %% %n\"\n",
    "TrustedRelay 192.0.2.1\nWhitelistHelo .example\nWhitelistSPF pass.example\nRemoveForgedHeaders all\n",
    "FixedClientIP 192.0.2.1\nSPFBestGuess on\nSoftFail on\nRelaxedLocalPart on\nTag \"gr\xC3\xBCn\"\n",
    "RefuseAt eom\nRefuseHelo fail\nDefer temperror\nQuarantine on\nRefuseFor .soft.example softfail\n",
    "TestMode on\nRefuseTo w@ off\nRefuseTo @example none,neutral\nQuarantine on\nCheckHelo on\n",
};

enum { CONFIGS = sizeof(configs) / sizeof(configs[0]) };

/* One world for each configuration, for as long as the fuzzer runs. */
static struct session_shared worlds[CONFIGS];
static struct facts_mta mta;

static void make_worlds(void)
{
    struct log_config quiet = {.level = LOG_LEVEL_DEBUG,
                               .syslog_facility = -1,
                               .path = "/dev/null",
                               .ident = "fuzz",
                               .format = LOG_FORMAT_JSON}; /* which is made beside the text */
    struct strbuf errors = STRBUF_INIT;
    char error[128] = "";

    log_open(&quiet);
    for (size_t i = 0; i < CONFIGS; i++) {
        struct spf_checker_config checker = {
            .clock = &clock_system, .cache_octets = 1 << 16, .result_ttl_s = 60, .timeout_ms = 2000};

        checker.dns = dns_zone_parse(zone, strlen(zone), "zone", &clock_system, error, sizeof(error));
        worlds[i].config = config_parse(configs[i], strlen(configs[i]), "fuzz.conf", &errors);
        worlds[i].checker = checker.dns != NULL ? spf_checker_create(&checker) : NULL;
        worlds[i].host_name = "here.example";
        if (worlds[i].config == NULL || worlds[i].checker == NULL) {
            fprintf(stderr, "%s%s\n", strbuf_text(&errors), error);
            exit(EXIT_FAILURE);
        }
    }
    strbuf_free(&errors);
}

static void check_reply(struct session_reply reply)
{
    if (reply.step != SESSION_REFUSE)
        return;
    if (strlen(reply.text) > 900 || reply.enhanced[0] != reply.code[0])
        abort();
    for (const char *c = reply.text; *c != '\0'; c++) {
        if (*c < ' ' || *c > '~')
            abort();
    }
}

/* A message whose recipients are taken away, each in one form or several, goes to the box. */
static void check_actions(struct action_list actions)
{
    size_t deleted = 0;
    size_t added = 0;
    size_t kept = 0;

    for (size_t i = 0; i < actions.count; i++) {
        const struct action *action = &actions.items[i];

        deleted += action->kind == ACTION_DELETE_RECIPIENT;
        added += action->kind == ACTION_ADD_RECIPIENT;
        kept += action->kind == ACTION_ADD_HEADER && strcmp(action->name, "X-SPF-Original-To") == 0;
    }
    if (added != (deleted > 0) || kept > deleted || (kept > 0) != (deleted > 0))
        abort();
}

static void check_end(struct session *session, const char *queue_id)
{
    struct action_list actions;
    struct session_reply reply = session_end(session, queue_id, &actions);

    check_reply(reply);
    check_actions(actions);
    if (reply.step == SESSION_REFUSE && actions.count > 0)
        abort();
}

/* The text, or the address that it would be for an MTA, or nothing. */
static const char *reading(const char *text, uint8_t choice)
{
    return choice % 3 == 0 ? NULL : choice % 3 == 1 ? "a@fail.example" : text + strcspn(text, "<>:;");
}

static void mail(struct session *session, const char *text, uint8_t choice)
{
    struct facts_macros macros = {
        .mta_name = (choice & 8) != 0 ? text : "mx.example",
        .auth_authen = (choice & 16) != 0 ? text : NULL,
        .verify = (choice & 32) != 0 ? text : NULL,
        .mail_addr = reading(text, choice),
        .mta_version = (choice & 64) != 0 ? "8.17" : "Postfix",
    };

    struct session_sender sender = facts_sender(text, &macros, session_host_name(session), &mta);

    check_reply(session_mail(session, &sender));
}

static void rcpt(struct session *session, const char *text, uint8_t choice)
{
    struct facts_recipient facts;

    facts_recipient(text, reading(text, choice), &mta, &facts);
    check_reply(session_rcpt(session, &facts.recipient));
    facts_recipient_free(&facts);
}

static void connect_client(struct session *session, struct session_client client)
{
    session_connect(session, &client);
}

static void step(struct session *session, uint8_t choice, const char *text)
{
    static const char *const names[] = {"Subject", "AUTHENTICATION-RESULTS", "Received-SPF", "Received"};
    struct addr client = addr_from_v4((const uint8_t[4]){(choice & 8) != 0 ? 127 : 192, 0, 2, 1});

    switch (choice % 8) {
    case 0:
        connect_client(session, facts_client(&client, choice >> 4, text));
        break;
    case 1:
        session_helo(session, text);
        break;
    case 2:
    case 3:
        mail(session, text, choice);
        break;
    case 4:
        rcpt(session, text, choice);
        break;
    case 5:
        session_header(session, names[choice >> 6], text);
        break;
    case 6:
        check_end(session, (choice & 8) != 0 ? text : NULL);
        break;
    default:
        session_abort(session);
        break;
    }
}

/* The first octet chooses the configuration; each line is a step, chosen by its first octet. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = malloc(size + 1);
    char *rest = text;
    struct session *session;

    if (worlds[0].config == NULL)
        make_worlds();
    if (text == NULL || size == 0) {
        free(text);
        return 0;
    }
    memcpy(text, data, size);
    text[size] = '\0';
    mta = (struct facts_mta){.is_sendmail = false};
    session = session_create(&worlds[data[0] % CONFIGS], &facts_abilities);
    for (const char *line = strsep(&rest, "\n"); session != NULL && (line = strsep(&rest, "\n")) != NULL;)
        step(session, (uint8_t)line[0], line[0] != '\0' ? line + 1 : line);
    session_destroy(session);
    free(text);
    return 0;
}
