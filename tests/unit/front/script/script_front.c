/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A front end that is no milter: decides about the envelopes of a script, over the session alone.
 *
 * usage: script_front CONFIG ZONE SCRIPT
 *
 * Each line of the script is a step, or, after "> ", what must have come out since the step before it: a decision with
 * its reason, a field, an action, or a log line. The exit status is 1 where something else came out. */
#include "base/log.h"
#include "session/service.h"
#include "session/session.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LINE_SIZE = 2048 };

static struct session *session;
static struct strbuf out;        /* what came out, a line each */
static struct strbuf log_output; /* the same from the log, which another thread may write; behind the decision */
static struct session_abilities abilities;

static void hear_log(void *context, enum log_level level, const char *line)
{
    (void)level;
    if (strncmp(line, "SPF ", 4) == 0)
        strbuf_addf(context, "> log %s\n", line);
}

static bool has_word(const char *text, const char *word)
{
    return strstr(text, word) != NULL;
}

/* "begin WORDS": a connection of a front end that can do this. */
static void begin(struct service *service, const char *words)
{
    abilities = (struct session_abilities){
        .steps = (has_word(words, "mail") ? SESSION_STEP(REFUSE_AT_MAIL) : 0) |
                 (has_word(words, "rcpt") ? SESSION_STEP(REFUSE_AT_RCPT) : 0) |
                 (has_word(words, "end") ? SESSION_STEP(REFUSE_AT_EOM) : 0),
        .inserts_fields = has_word(words, "prepend"),
        .holds = has_word(words, "hold"),
        .refuses_recipients = has_word(words, "refuse"),
    };
    session_destroy(session);
    session = service_begin_session(service, &abilities);
}

static void write_reply(struct session_reply reply)
{
    if (reply.step == SESSION_REFUSE)
        strbuf_addf(&out, "> %s %s %s (%s)\n", reply.code, reply.enhanced, reply.text, reason_name(reply.reason));
    else if (reply.reason != REASON_NONE)
        strbuf_addf(&out, "> exempt (%s)\n", reason_name(reply.reason));
}

/* An action on a line of its own, as a policy service would write a field. */
static void write_actions(struct action_list list)
{
    for (size_t n = 0; n < list.count; n++) {
        const struct action *action = &list.items[n];

        strbuf_addf(&out, "> %s ", action->kind == ACTION_HOLD ? "hold for" : action->name);
        for (const char *c = action->value; *c != '\0'; c++)
            if (*c != '\n')
                strbuf_add_char(&out, *c == '\t' ? ' ' : *c);
        strbuf_add_char(&out, '\n');
    }
}

/* "client ADDRESS [NAME]": a name that is given is a verified one. */
static struct session_reply connect_client(const char *argument)
{
    struct session_client client = {.address = {.family = ADDR_NONE}};
    char address[LINE_SIZE] = "", name[LINE_SIZE] = "";

    sscanf(argument, "%2047s %2047s", address, name);
    (void)addr_parse(address, &client.address);
    client.name = name[0] != '\0' ? name : NULL;
    client.name_is_verified = client.name != NULL;
    return session_connect(session, &client);
}

static struct session_reply mail(const char *argument, bool authenticated)
{
    struct session_sender sender = {.receiver = "mx.here.example", .queue_id = "Q1", .authenticated = authenticated};

    sender.status = address_parse(argument, &sender.address);
    if (sender.status == ADDRESS_MALFORMED)
        (void)address_make(argument, "", &sender.address);
    return session_mail(session, &sender);
}

/* "rcpt PATH [or PATH]": another reading. */
static struct session_reply rcpt(char *argument)
{
    struct address addresses[2] = {{.text = NULL}, {.text = NULL}};
    struct session_recipient recipient = {.readings = addresses, .handles = {argument}, .handle_count = 1};
    char *other = strstr(argument, " or ");
    struct session_reply reply;

    if (other != NULL)
        *other = '\0';
    recipient.status = address_parse(argument, &addresses[0]);
    recipient.count = addresses[0].text != NULL;
    if (other != NULL && address_parse(other + strlen(" or "), &addresses[1]) == ADDRESS_OK)
        recipient.count++;
    reply = session_rcpt(session, &recipient);
    address_free(&addresses[0]);
    address_free(&addresses[1]);
    return reply;
}

static struct session_reply end(void)
{
    struct action_list actions;
    struct session_reply reply = session_end(session, NULL, &actions);

    write_actions(actions);
    return reply;
}

static bool starts_with(const char *line, const char *word)
{
    return strncmp(line, word, strlen(word)) == 0;
}

static void play(struct service *service, char *line)
{
    char *argument = line + strcspn(line, " ");

    argument += *argument == ' ';
    if (starts_with(line, "begin "))
        begin(service, argument);
    else if (starts_with(line, "client "))
        write_reply(connect_client(argument));
    else if (starts_with(line, "helo "))
        write_reply(session_helo(session, argument));
    else if (starts_with(line, "mail ") || starts_with(line, "authenticated-mail "))
        write_reply(mail(argument, line[0] == 'a'));
    else if (starts_with(line, "rcpt "))
        write_reply(rcpt(argument));
    else if (starts_with(line, "fields"))
        write_actions(session_early_actions(session));
    else if (starts_with(line, "end"))
        write_reply(end());
    else
        strbuf_addf(&out, "> no step: %s\n", line);
}

/* Plays all steps, and compares what comes out with what must. Returns the number of faults. */
static int play_all(struct service *service, FILE *script)
{
    char line[LINE_SIZE];
    struct strbuf wanted = STRBUF_INIT;
    int faults = 0, steps = 0;
    bool more = true;

    while (more) {
        more = fgets(line, sizeof line, script) != NULL;
        if (more && line[0] == '>')
            strbuf_add(&wanted, line);
        if (more && (line[0] == '>' || line[0] == '#' || line[0] == '\n'))
            continue;
        strbuf_add(&out, strbuf_text(&log_output));
        if (strcmp(strbuf_text(&out), strbuf_text(&wanted)) != 0)
            printf("fault %d, before %s%s--- must be\n%s", ++faults, more ? line : "the end\n", strbuf_text(&out),
                   strbuf_text(&wanted));
        strbuf_truncate(&out, 0);
        strbuf_truncate(&log_output, 0);
        strbuf_truncate(&wanted, 0);
        line[strcspn(line, "\n")] = '\0';
        if (more)
            play(service, line);
        steps += more;
    }
    strbuf_free(&wanted);
    printf("%d steps\n", steps);
    return steps > 0 ? faults : 1;
}

int main(int argc, char **argv)
{
    const struct log_config quiet = {.level = LOG_LEVEL_DEBUG, .syslog_facility = -1, .ident = "script"};
    struct strbuf error = STRBUF_INIT, text = STRBUF_INIT;
    const struct config *config = NULL;
    struct service *service = NULL;
    FILE *script = argc == 4 ? fopen(argv[3], "r") : NULL;
    FILE *settings = script != NULL ? fopen(argv[1], "r") : NULL;
    char line[LINE_SIZE];
    int faults = 1;

    if (settings == NULL)
        return EXIT_FAILURE;
    strbuf_addf(&text, "ZoneFile %s\nSyslog none\nLogTo /dev/null\n", argv[2]);
    while (fgets(line, sizeof line, settings) != NULL)
        strbuf_add(&text, line);
    config = config_parse(strbuf_text(&text), text.len, argv[1], &error);
    service = config != NULL ? service_create(config, &error) : NULL;
    if (service != NULL) {
        (void)log_open(&quiet);
        log_set_sink(hear_log, &log_output);
        faults = play_all(service, script);
    }
    fputs(strbuf_text(&error), stderr);
    session_destroy(session);
    service_destroy(service);
    config_release(config);
    log_set_sink(NULL, NULL);
    strbuf_free(&out);
    strbuf_free(&log_output);
    strbuf_free(&text);
    strbuf_free(&error);
    fclose(settings);
    fclose(script);
    return faults == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
