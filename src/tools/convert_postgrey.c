/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What postgrey has among its options, of which Debian's /etc/default/postgrey holds some. */
#include "tools/convert_postgrey.h"

#include <ctype.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static const char preface[] =
    "# These lines go into the smf-spf.conf that there is: postgrey knows nothing of SPF, which is checked as before.\n"
    "# What postgrey knows is not carried over: begin with a week of Greylist learn, which delays nobody.\n";

static const long day_h = 24, life_max_d = 3650;

/* The digits that the text begins with as a number, and what follows them. False if there is none. */
static bool read_number(const char *text, long *number, const char **rest)
{
    char *end;

    *number = strtol(text, &end, 10);
    *rest = end;
    return isdigit((unsigned char)*text) != 0;
}

static void tell_bad_value(struct conversion *run, const char *option)
{
    const struct foreign_setting *setting = convert_find(run, convert_key(run->system, option));

    if (setting != NULL && setting->problem == NULL)
        convert_bad_value(run, setting);
}

/* At most `max`, which is told. */
static long bounded(struct conversion *run, long number, long max, const char *what)
{
    if (number > max)
        convert_differs(run, what);
    return number < max ? number : max;
}

/* The number of an option. Zero is the default there, and so is what is no number, which is told. */
static long number_of(struct conversion *run, const char *option)
{
    const char *rest;
    long number;

    if (!read_number(convert_value(run, option), &number, &rest) || *rest != '\0') {
        tell_bad_value(run, option);
        number = 0;
    }
    return number > 0 ? number : strtol(convert_key(run->system, option)->fallback, NULL, 10);
}

/* The value of --retry-window in hours: it is days, or hours with an h. */
static long read_window(struct conversion *run)
{
    const char *rest;
    long number;

    if (!read_number(convert_value(run, "--retry-window"), &number, &rest) ||
        (*rest != '\0' && strcasecmp(rest, "h") != 0)) {
        tell_bad_value(run, "--retry-window");
        return 2 * day_h;
    }
    return *rest == '\0' && number < LONG_MAX / day_h ? number * day_h : number;
}

/* An entry is deleted there after --max-age, even within the window. */
static void write_times(struct conversion *run)
{
    struct strbuf lines = STRBUF_INIT;
    long life_d, window_h, delay_s;

    convert_section(run, "How long a message waits, may take to come back, and is known then");
    delay_s = bounded(run, number_of(run, "--delay"), day_h * 3600, "GreylistDelay is a day at most");
    life_d = bounded(run, number_of(run, "--max-age"), life_max_d, "GreylistLife is ten years at most");
    window_h = bounded(run, read_window(run), 30 * day_h, "GreylistWindow is 30 days at most");
    if (window_h >= life_d * day_h)
        window_h = life_d * day_h - 1;
    strbuf_addf(&lines, "GreylistDelay %lds\nGreylistWindow %ldh\nGreylistLife %ldd\n", delay_s, window_h, life_d);
    (void)convert_block(run, "GreylistDelay", &lines);
}

static long read_bits(struct conversion *run, const char *option, long max)
{
    const long bits = number_of(run, option);

    if (bits <= max)
        return bits;
    tell_bad_value(run, option);
    return strtol(convert_key(run->system, option)->fallback, NULL, 10);
}

static void write_network(struct conversion *run)
{
    struct strbuf bits = STRBUF_INIT;

    convert_section(run, "Clients of one network are one");
    if (convert_is_set(run, "--lookup-by-host"))
        strbuf_add(&bits, "32 128");
    else
        strbuf_addf(&bits, "%ld %ld", read_bits(run, "--ipv4cidr", 32), read_bits(run, "--ipv6cidr", 128));
    convert_built_rule(run, "GreylistNetwork", &bits);
}

static void write_what_is_greylisted(struct conversion *run)
{
    convert_section(run, "What postgrey does unasked");
    convert_line(run, "Greylist", "on");
    convert_note(run, "It delays all mail. Mail that passes SPF gains nothing by it: take the next line out, and only");
    convert_note(run, "what SPF does not vouch for waits; or let GreylistPass be once or wide");
    convert_line(run, "GreylistPass", "all");
    convert_line(run, "GreylistResults", "none,neutral,softfail,fail,permerror,temperror");
    convert_note(run,
                 "The sender's domain counts here, not the whole address; of a pass, whatever address it comes from");
    convert_note(run, "There is no field X-Greylist; the log says how long a message has waited");
}

static void finish(struct conversion *run)
{
    write_what_is_greylisted(run);
    write_times(run);
    write_network(run);
    convert_postgrey_lists(run);
}

/* Options with lines of their own */

static void convert_socket(struct conversion *run, const char *socket)
{
    struct strbuf ours = STRBUF_INIT;

    convert_add_socket(socket, &ours);
    convert_built_line(run, "PolicySocket", &ours);
    convert_note(run,
                 "It answers what SPF says as well. With a milter (Socket) leave it out, and take postgrey out of");
    convert_note(run, "the restrictions of Postfix; without one put it into smtpd_data_restrictions, too, where mail");
    convert_note(run, "without a sender is delayed");
}

static void convert_inet(struct conversion *run, const struct foreign_setting *setting)
{
    const bool has_host = strchr(setting->value, ':') != NULL;
    struct strbuf socket = STRBUF_INIT;

    strbuf_addf(&socket, "inet:%s%s", has_host ? "" : "localhost:", setting->value);
    run->no_memory |= socket.failed;
    convert_socket(run, strbuf_text(&socket));
    strbuf_free(&socket);
}

static void convert_unix(struct conversion *run, const struct foreign_setting *setting)
{
    struct strbuf socket = STRBUF_INIT;

    strbuf_addf(&socket, "unix:%s", setting->value);
    run->no_memory |= socket.failed;
    convert_socket(run, strbuf_text(&socket));
    convert_note(run, "SocketMode and SocketGroup say who may connect: there it is everybody");
    strbuf_free(&socket);
}

static void convert_known(struct conversion *run, const struct foreign_setting *setting)
{
    convert_note(run,
                 "There an address is known, for all senders; here a domain from a network is, for all recipients");
    if (setting->value[strspn(setting->value, "0123456789")] != '\0')
        convert_bad_value(run, setting);
    else
        convert_line(run, "GreylistKnownAfter", *setting->value != '\0' ? setting->value : "5");
}

static void convert_action(struct conversion *run, const struct foreign_setting *setting)
{
    if (strcasecmp(setting->value, "DEFER_IF_PERMIT") == 0)
        convert_note(run, "The policy service answers so");
    else
        convert_lost(run, "the policy service answers DEFER_IF_PERMIT, the milter 451 4.7.1");
}

static void convert_text_of_reply(struct conversion *run, const struct foreign_setting *setting)
{
    if (*setting->value == '\0')
        convert_note(run, "There is none");
    else
        convert_lost(run, "the reply says how many seconds are left, and has no other text");
}

static const char not_a_service[] = "postgrey starts no service with this option";

/* name, alias, fallback, fate, our keys, note, function */
static const struct foreign_key keys[] = {
    {"POSTGREY_OPTS", NULL, NULL, FATE_MOOT, "", "A later line replaces this one", NULL},
    {"POSTGREY_TEXT", NULL, NULL, FATE_LINES, "", NULL, convert_text_of_reply},
    {"--delay", NULL, "300", FATE_TOGETHER, "GreylistDelay", NULL, NULL},
    {"--max-age", NULL, "35", FATE_TOGETHER, "GreylistLife", NULL, NULL},
    {"--retry-window", NULL, "2", FATE_TOGETHER, "GreylistWindow", NULL, NULL},
    {"--auto-whitelist-clients", NULL, "5", FATE_LINES, "GreylistKnownAfter", NULL, convert_known},
    {"--lookup-by-subnet", NULL, NULL, FATE_MOOT, "", "It is the default", NULL},
    {"--lookup-by-host", NULL, NULL, FATE_TOGETHER, "GreylistNetwork", NULL, NULL},
    {"--ipv4cidr", NULL, "24", FATE_TOGETHER, "GreylistNetwork", NULL, NULL},
    {"--ipv6cidr", NULL, "64", FATE_TOGETHER, "GreylistNetwork", NULL, NULL},
    {"--whitelist-clients", NULL, NULL, FATE_EACH, "GreylistExempt", NULL, NULL},
    {"--whitelist-recipients", NULL, NULL, FATE_EACH, "GreylistExempt", NULL, NULL},
    {"--unix", NULL, NULL, FATE_LINES, "PolicySocket", NULL, convert_unix},
    {"--inet", NULL, NULL, FATE_LINES, "PolicySocket", NULL, convert_inet},
    {"--socketmode", NULL, NULL, FATE_LOST, "", "SocketMode is for all sockets of the filter", NULL},
    {"--greylist-action", NULL, NULL, FATE_LINES, "", NULL, convert_action},
    {"--greylist-text", NULL, NULL, FATE_LINES, "", NULL, convert_text_of_reply},
    {"--x-greylist-header", NULL, NULL, FATE_LOST, "", "no field says how long a message has waited", NULL},
    {"--hostname", NULL, NULL, FATE_MOOT, "", "It stands in the field X-Greylist, which there is not", NULL},
    {"--privacy", NULL, NULL, FATE_LOST, "",
     "the store has its keys as text, which the filter's account alone can read", NULL},
    {"--exim", NULL, NULL, FATE_LOST, "", "a connection stays open after an answer", NULL},
    {"--dbdir", NULL, NULL, FATE_MOOT, "", "GreylistStore says where the filter has its own", NULL},
    {"--user", NULL, NULL, FATE_MOOT, "", "The account is that of the filter (User)", NULL},
    {"--group", NULL, NULL, FATE_MOOT, "", "The account is that of the filter (User)", NULL},
    {"--pidfile", NULL, NULL, FATE_MOOT, "", "PidFile is that of the filter", NULL},
    {"--daemonize", NULL, NULL, FATE_MOOT, "", "Daemonize is that of the filter", NULL},
    {"--syslog-facility", NULL, NULL, FATE_MOOT, "", "The log is that of the filter (Syslog, LogTo)", NULL},
    {"--verbose", NULL, NULL, FATE_MOOT, "", "The log is that of the filter (LogLevel)", NULL},
    {"--quiet", NULL, NULL, FATE_MOOT, "", "The log is that of the filter (LogLevel)", NULL},
    {"--listen-queue-size", NULL, NULL, FATE_MOOT, "", "How many may wait for a connection changes no answer", NULL},
    {"--help", NULL, NULL, FATE_LOST, "", not_a_service, NULL},
    {"--man", NULL, NULL, FATE_LOST, "", not_a_service, NULL},
    {"--version", NULL, NULL, FATE_LOST, "", not_a_service, NULL},
    {"--noaction", NULL, NULL, FATE_LOST, "", not_a_service, NULL},
};
static const struct foreign_table table = {keys, sizeof keys / sizeof *keys};

const struct foreign_system convert_postgrey = {
    .name = "postgrey",
    .tables = {&table},
    .preface = preface,
    .read = convert_read_postgrey,
    .finish = finish,
};
