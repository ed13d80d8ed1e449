/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The player of milter scripts. */
#include "story.h"

#include "config/config.h"
#include "dns/dns_zone.h"
#include "front/milter/facts.h"
#include "session/session.h"
#include "spf/spf_check.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char zone[] = "$TTL 300\n"
                           "$ORIGIN example.\n"
                           "pass      TXT \"v=spf1 ip4:192.0.2.0/24 ip6:2001:db8::/32 -all\"\n"
                           "mx.pass   TXT \"v=spf1 ip4:192.0.2.1 -all\"\n"
                           "fail      TXT \"v=spf1 -all\"\n"
                           "explain   TXT \"v=spf1 -all exp=why.explain.example\"\n"
                           "why.explain TXT \"%{i} is 100%% wrong\"\n"
                           "softfail  TXT \"v=spf1 ~all\"\n"
                           "neutral   TXT \"v=spf1 ?all\"\n"
                           "temp      SERVFAIL\n"
                           "perm      TXT \"v=spf1 bogus:x -all\"\n"
                           "none      A 192.0.2.80\n"
                           "local     TXT \"v=spf1 exists:%{l}.ok.example -all\"\n"
                           "joe.ok    A 127.0.0.2\n"
                           "helo      TXT \"v=spf1 exists:%{h}.ok.example -all\"\n"
                           "h.ok      A 127.0.0.2\n"
                           "xn--bcher-kva TXT \"v=spf1 -all\"\n"
                           "xn--bcher-kva.example.ok A 127.0.0.2\n"
                           "macros    TXT \"v=spf1 exists:%{o}.%{h}.ok.example -all\"\n"
                           "macros.example.xn--bcher-kva.example.ok A 127.0.0.2\n"
                           "forwarder TXT \"v=spf1 ip4:203.0.113.7 -all\"\n"
                           "mx.forwarder A 203.0.113.7\n"
                           "mx.forwarder AAAA 2001:db8:7::7\n";

bool world_open(struct world *world, const char *config)
{
    struct strbuf errors = STRBUF_INIT;
    char error[256] = "";
    struct spf_checker_config checker = {
        .clock = &clock_system, .cache_octets = 1 << 20, .result_ttl_s = 60, .timeout_ms = 5000};

    *world = (struct world){.config = NULL};
    world->config = config_parse(config, strlen(config), "test.conf", &errors);
    checker.dns = dns_zone_parse(zone, strlen(zone), "zone", &clock_system, error, sizeof(error));
    if (checker.dns != NULL)
        world->checker = spf_checker_create(&checker);
    if (world->config == NULL || world->checker == NULL)
        fprintf(stderr, "no world: %s%s\n", strbuf_text(&errors), error);
    strbuf_free(&errors);
    return world->config != NULL && world->checker != NULL;
}

void world_close(struct world *world)
{
    config_release(world->config);
    spf_checker_release(world->checker);
    *world = (struct world){.config = NULL};
}

enum { ARGUMENT_SIZE = 8192, MACROS = 8 };

/* A story under way. */
struct player {
    struct session *session;
    struct facts_mta mta;
    struct strbuf *out;
    char macros[MACROS][ARGUMENT_SIZE]; /* j, auth_type, ... */
    bool has_macro[MACROS];
};

static const char *const macro_names[MACROS] = {"j",         "auth_type", "auth_authen", "verify",
                                                "mail_addr", "i",         "v",           "rcpt_addr"};

static void write_reply(struct player *player, struct session_reply reply)
{
    if (player->out->len > 0)
        strbuf_add(player->out, " | ");
    if (reply.step == SESSION_REFUSE)
        strbuf_addf(player->out, "%s %s %s", reply.code, reply.enhanced, reply.text);
    else
        strbuf_add(player->out, reply.step == SESSION_ACCEPT ? "accept" : "-");
}

static void write_action(struct strbuf *out, const struct action *action)
{
    static const char *const words[] = {
        [ACTION_CHANGE_HEADER] = "change",     [ACTION_INSERT_HEADER] = "insert",  [ACTION_ADD_HEADER] = "add",
        [ACTION_DELETE_RECIPIENT] = "delrcpt", [ACTION_ADD_RECIPIENT] = "addrcpt", [ACTION_HOLD] = "hold",
        [ACTION_REDIRECT] = "redirect",
    };

    strbuf_addf(out, "[%s", words[action->kind]);
    if (action->kind == ACTION_CHANGE_HEADER)
        strbuf_addf(out, " %d", action->index);
    if (action->name != NULL)
        strbuf_addf(out, " %s:", action->name);
    strbuf_addf(out, " %s]", action->value != NULL ? action->value : "(gone)");
}

static void play_connect(struct player *player, const char *argument)
{
    char text[ADDR_TEXT_SIZE] = "";
    char host[ARGUMENT_SIZE] = "";
    struct addr client = {.family = ADDR_NONE};
    uint16_t port = 25000;

    sscanf(argument, "%45s %8191s", text, host);
    if (strcmp(text, "local") == 0) {
        addr_parse("127.0.0.1", &client);
        port = 0;
    } else {
        addr_parse(text, &client);
    }
    const struct session_client facts = facts_client(&client, port, host);
    write_reply(player, session_connect(player->session, &facts));
}

static void play_macro(struct player *player, const char *argument)
{
    for (size_t i = 0; i < MACROS; i++) {
        size_t len = strlen(macro_names[i]);
        if (strncmp(argument, macro_names[i], len) == 0 && argument[len] == '=') {
            snprintf(player->macros[i], ARGUMENT_SIZE, "%s", argument + len + 1);
            player->has_macro[i] = true;
        }
    }
}

static const char *macro(const struct player *player, size_t i)
{
    return player->has_macro[i] ? player->macros[i] : NULL;
}

static void play_mail(struct player *player, const char *argument)
{
    struct facts_macros macros = {
        .mta_name = macro(player, 0),
        .auth_type = macro(player, 1),
        .auth_authen = macro(player, 2),
        .verify = macro(player, 3),
        .mail_addr = macro(player, 4),
        .queue_id = macro(player, 5),
        .mta_version = macro(player, 6),
    };

    struct session_sender sender = facts_sender(argument, &macros, session_host_name(player->session), &player->mta);

    write_reply(player, session_mail(player->session, &sender));
    memset(player->has_macro, 0, sizeof(player->has_macro));
}

static void play_rcpt(struct player *player, const char *argument)
{
    struct facts_recipient facts;

    facts_recipient(argument, macro(player, 7), &player->mta, &facts);
    write_reply(player, session_rcpt(player->session, &facts.recipient));
    facts_recipient_free(&facts);
    player->has_macro[7] = false;
}

static void play_header(struct player *player, char *argument)
{
    char *colon = strchr(argument, ':');

    *colon = '\0';
    session_header(player->session, argument, colon[1] == ' ' ? colon + 2 : colon + 1);
}

static void play_eom(struct player *player)
{
    struct action_list actions;
    struct session_reply reply = session_end(player->session, "QID", &actions);

    if (reply.step == SESSION_REFUSE) {
        write_reply(player, reply);
        return;
    }
    strbuf_add(player->out, actions.count > 0 ? " | " : " | nothing");
    for (size_t i = 0; i < actions.count; i++)
        write_action(player->out, &actions.items[i]);
}

static void play_step(struct player *player, char *step)
{
    char *argument = step + strcspn(step, " ");

    if (*argument != '\0')
        *argument++ = '\0';
    if (strcmp(step, "connect") == 0)
        play_connect(player, argument);
    else if (strcmp(step, "helo") == 0)
        write_reply(player, session_helo(player->session, argument));
    else if (strcmp(step, "macro") == 0)
        play_macro(player, argument);
    else if (strcmp(step, "mail") == 0)
        play_mail(player, argument);
    else if (strcmp(step, "rcpt") == 0)
        play_rcpt(player, argument);
    else if (strcmp(step, "header") == 0)
        play_header(player, argument);
    else if (strcmp(step, "data") == 0)
        write_reply(player, session_data(player->session));
    else if (strcmp(step, "eom") == 0)
        play_eom(player);
    else if (strcmp(step, "abort") == 0)
        session_abort(player->session);
    else
        strbuf_addf(player->out, " | no such step: %s", step);
}

bool story_play(const struct world *world, const char *script, struct strbuf *out)
{
    struct session_shared shared = {.config = world->config,
                                    .checker = world->checker,
                                    .greylist = world->greylist,
                                    .host_name = "host.here.example"};
    static struct player player;
    static char steps[1 << 17];
    char *rest = steps;

    player = (struct player){.session = session_create(&shared, &facts_abilities), .out = out};
    if (player.session == NULL)
        return false;
    snprintf(steps, sizeof(steps), "%s", script);
    for (char *step; (step = strsep(&rest, "|")) != NULL;) {
        size_t len = strlen(step);

        if (rest != NULL && len > 0 && step[len - 1] == ' ')
            step[len - 1] = '\0';
        step += strspn(step, " ");
        play_step(&player, step);
    }
    session_destroy(player.session);
    return true;
}
