/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What PostSRSd has in its file: up to 1.12 variables of a shell in /etc/default/postsrsd, from 2.0 on postsrsd.conf,
 * which libConfuse reads. */
#include "tools/convert_syntax.h"

#include "base/endpoint.h"
#include "base/printable.h"
#include "config/config_file.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { DOMAINS_FILE_MAX = 4 * 1024 * 1024 }; /* octets */

static const char preface[] = "# These lines go into the smf-spf.conf that there is. SPF is checked only for an MTA "
                              "that has the filter's Socket\n"
                              "# among its milters, so a main.cf written for PostSRSd works on as before.\n";

/* What both have */

/* The separators that PostSRSd takes between domains become those that convert_items takes. */
static char *copy_with_blanks(struct conversion *run, const char *list)
{
    char *copy = strdup(list);

    run->no_memory |= copy == NULL;
    for (char *c = copy; c != NULL && *c != '\0'; c++)
        if (strchr(";\r\n", *c) != NULL)
            *c = ' ';
    return copy;
}

static void convert_excluded(struct conversion *run, const struct foreign_setting *setting)
{
    char *list = copy_with_blanks(run, setting->value);

    if (list != NULL)
        convert_items(run, "SRSExclude", list, NULL);
    free(list);
}

/* The first octet counts. */
static void convert_separator(struct conversion *run, const struct foreign_setting *setting)
{
    const char separator[] = {setting->value[0], '\0'};

    convert_line(run, "SRSSeparator", separator);
}

/* Appends a line of ours. */
static void add_line(struct conversion *run, const char *key, const char *value, struct strbuf *lines)
{
    char *copy = strdup(value);

    run->no_memory |= copy == NULL;
    if (copy == NULL)
        return;
    printable_mask_controls(copy);
    strbuf_addf(lines, "%s ", key);
    config_file_write(copy, false, lines);
    strbuf_add_char(lines, '\n');
    free(copy);
}

/* A domain needs secrets, so both are tried together, and sockets need the domain. */
static void write_domain(struct conversion *run, const char *domain, const char *secrets)
{
    struct strbuf lines = STRBUF_INIT, copy = STRBUF_INIT;

    if (*secrets == '\0') {
        convert_lost(run, "there is no file of secrets, without which no address is written (smf-spf srs secret)");
        return;
    }
    convert_note(run, "The account of the filter must be able to read the secrets, and few others:");
    convert_note(run, "chgrp to the group of that account, and chmod 640");
    add_line(run, "SRSDomain", domain, &lines);
    add_line(run, "SRSSecretFile", secrets, &lines);
    strbuf_add(&copy, strbuf_text(&lines));
    run->no_memory |= copy.failed;
    if (convert_block(run, "SRSDomain", &lines) && !copy.failed)
        run->assumed = copy;
    else
        strbuf_free(&copy);
}

/* Writes where tables are asked for; a comment where there is no domain for them to be about. */
static void write_table_socket(struct conversion *run, struct strbuf *socket)
{
    if (run->assumed.len > 0) {
        convert_built_line(run, "TableSocket", socket);
        return;
    }
    strbuf_add(run->out, "#TableSocket ");
    strbuf_add_shown(run->out, strbuf_text(socket), CONVERT_SHOWN_MAX);
    strbuf_add(run->out, "\n#   Not active: it needs SRSDomain\n");
    run->no_memory |= socket->failed;
    strbuf_free(socket);
}

/* A minimum that stands alone may be more than the length that holds by default, so both are tried together. */
static void write_lengths(struct conversion *run, const char *length, const char *minimum)
{
    struct strbuf lines = STRBUF_INIT;

    if (!convert_is_set(run, length) && !convert_is_set(run, minimum))
        return;
    convert_section(run, "The length of hashes, and the least that is accepted");
    strbuf_addf(&lines, "SRSHashLength %ld\n", strtol(convert_value(run, length), NULL, 0));
    strbuf_addf(&lines, "SRSHashMinimum %ld\n", strtol(convert_value(run, minimum), NULL, 0));
    (void)convert_block(run, "SRSHashLength", &lines);
}

static void write_what_is_unasked(struct conversion *run)
{
    convert_section(run, "What PostSRSd does unasked");
    convert_note(run,
                 "It rewrites all other senders, whatever SPF says of them. It is better to rewrite those only that");
    convert_note(run,
                 "do not pass SPF from here: then take this line out, and name this host's addresses in SRSOutgoing");
    convert_line(run, "SRSAlways", "on");
    convert_note(run, "Hashes are read as any PostSRSd writes them. While another host shares the secret and has");
    convert_note(run, "PostSRSd 1.x, or 2.x before 2.2.6, which read theirs alone, add here: SRSClassicHash on");
}

/* 1.x */

static void convert_domain_1(struct conversion *run, const struct foreign_setting *setting)
{
    if (*setting->value == '\0')
        convert_lost(run, "there it is the domain that Postfix has: set it to what postconf -h mydomain says");
    else
        write_domain(run, setting->value, convert_value(run, "SRS_SECRET"));
}

static void write_port(struct conversion *run, const char *protocol, const char *port)
{
    const char *host = convert_value(run, "SRS_LISTEN_ADDR");
    struct strbuf ours = STRBUF_INIT;
    struct addr addr;

    strbuf_addf(&ours, "%s:%s:%s@%s", protocol, addr_parse(host, &addr) && addr.family == ADDR_V6 ? "inet6" : "inet",
                convert_value(run, port), host);
    write_table_socket(run, &ours);
}

static void convert_option(struct conversion *run, const char *option)
{
    if (strcmp(option, "-A") == 0)
        convert_lost(run, "-A: a sender of SRSDomain itself is never rewritten");
    else if (strncmp(option, "-t", 2) == 0)
        convert_note(run, "-t: how long a connection may be idle changes no answer");
    else if (strcmp(option, "-4") == 0 || strcmp(option, "-6") == 0)
        convert_note(run, "-4, -6: the addresses of TableSocket say it");
    else
        convert_lost(run, "there are options in it that a variable has: convert the file with that set");
}

static void convert_extra_options(struct conversion *run, const struct foreign_setting *setting)
{
    const char *options = setting->value;
    struct strbuf option = STRBUF_INIT;
    bool is_argument = false;

    while (convert_next_item(run, &options, &option)) {
        if (!is_argument)
            convert_option(run, strbuf_text(&option));
        is_argument = !is_argument && strcmp(strbuf_text(&option), "-t") == 0;
    }
    strbuf_free(&option);
}

static void finish_1(struct conversion *run)
{
    write_lengths(run, "SRS_HASHLENGTH", "SRS_HASHMIN");
    convert_section(run, "Where main.cf has its tables");
    write_port(run, "tcp-forward", "SRS_FORWARD_PORT");
    write_port(run, "tcp-reverse", "SRS_REVERSE_PORT");
    write_what_is_unasked(run);
}

/* name, alias, fallback, fate, our keys, note, function */
static const struct foreign_key keys_1[] = {
    {"SRS_DOMAIN", NULL, "", FATE_LINES, "SRSDomain, SRSSecretFile", NULL, convert_domain_1},
    {"SRS_EXCLUDE_DOMAINS", NULL, NULL, FATE_LINES, "SRSExclude", NULL, convert_excluded},
    {"SRS_SEPARATOR", NULL, NULL, FATE_LINES, "SRSSeparator", NULL, convert_separator},
    {"SRS_SECRET", NULL, "/etc/postsrsd.secret", FATE_TOGETHER, "SRSSecretFile", NULL, NULL},
    {"SRS_HASHLENGTH", NULL, "4", FATE_TOGETHER, "SRSHashLength", NULL, NULL},
    {"SRS_HASHMIN", NULL, "4", FATE_TOGETHER, "SRSHashMinimum", NULL, NULL},
    {"SRS_FORWARD_PORT", NULL, "10001", FATE_TOGETHER, "TableSocket", NULL, NULL},
    {"SRS_REVERSE_PORT", NULL, "10002", FATE_TOGETHER, "TableSocket", NULL, NULL},
    {"SRS_LISTEN_ADDR", NULL, "127.0.0.1", FATE_TOGETHER, "TableSocket", NULL, NULL},
    {"SRS_EXTRA_OPTIONS", NULL, NULL, FATE_LINES, "", NULL, convert_extra_options},
    {"SRS_TIMEOUT", NULL, NULL, FATE_MOOT, "", "How long a connection may be idle changes no answer", NULL},
    {"SRS_PID_FILE", NULL, NULL, FATE_MOOT, "", "PidFile is that of the filter", NULL},
    {"RUN_AS", NULL, NULL, FATE_MOOT, "", "The account is that of the filter (User)", NULL},
    {"CHROOT", NULL, NULL, FATE_MOOT, "", "Sandbox keeps the filter to what it needs", NULL},
};
static const struct foreign_table table_1 = {keys_1, sizeof keys_1 / sizeof *keys_1};

static const struct foreign_system postsrsd_1 = {
    .name = "postsrsd",
    .tables = {&table_1},
    .preface = preface,
    .read = convert_read_shell,
    .finish = finish_1,
};

/* 2.x */

static bool is_on(const struct conversion *run, const char *name)
{
    bool on;

    return convert_read_switch(convert_value(run, name), &on) && on;
}

/* Appends what the file holds, a domain a line, as a list; false if it cannot be read. */
static bool read_domains_file(struct conversion *run, const char *path, struct strbuf *list)
{
    struct strbuf text = {.limit = DOMAINS_FILE_MAX};
    char *next;

    if (run->read_file == NULL || !run->read_file(run->context, path, &text) || text.failed) {
        strbuf_free(&text);
        return false;
    }
    for (char *line = text.text; line != NULL; line = next) {
        next = strchr(line, '\n');
        if (next != NULL)
            *next++ = '\0';
        line[strcspn(line, "#")] = '\0';
        strbuf_addf(list, "%s ", line);
    }
    run->no_memory |= list->failed;
    strbuf_free(&text);
    return true;
}

/* Puts the domain that addresses are of into `domain`: it is named, or the first one of the lists. A dot before it is
 * not looked at. */
static void find_domain(struct conversion *run, struct strbuf *domain)
{
    const char *const lists[] = {convert_value(run, "srs-domain"), convert_value(run, "domains")};
    struct strbuf from_file = STRBUF_INIT;
    const char *items;

    for (size_t i = 0; i < sizeof lists / sizeof *lists && domain->len == 0; i++) {
        items = lists[i];
        (void)convert_next_item(run, &items, domain);
    }
    if (domain->len == 0 && *convert_value(run, "domains-file") != '\0' &&
        read_domains_file(run, convert_value(run, "domains-file"), &from_file)) {
        items = strbuf_text(&from_file);
        (void)convert_next_item(run, &items, domain);
    }
    strbuf_drop(domain, strbuf_text(domain)[0] == '.');
    strbuf_free(&from_file);
}

static void convert_domain_2(struct conversion *run, const struct foreign_setting *setting)
{
    struct strbuf domain = STRBUF_INIT;

    find_domain(run, &domain);
    if (domain.len == 0)
        convert_lost(run, "there is no domain in the file, and PostSRSd does not start");
    else if (*setting->value == '\0')
        convert_note(run, "It is the first of the local domains");
    if (domain.len > 0)
        write_domain(run, strbuf_text(&domain), convert_value(run, "secrets-file"));
    strbuf_free(&domain);
}

/* Where everything is rewritten, no domain is left out. */
static void convert_domains(struct conversion *run, const struct foreign_setting *setting)
{
    if (is_on(run, "always-rewrite"))
        convert_note(run, "always-rewrite is on: senders of these are rewritten like others");
    else
        convert_excluded(run, setting);
}

static void convert_domains_file(struct conversion *run, const struct foreign_setting *setting)
{
    struct strbuf list = STRBUF_INIT;
    const struct foreign_setting domains = {.key = setting->key, .name = setting->name, .line = setting->line};
    struct foreign_setting read = domains;

    if (*setting->value == '\0')
        return;
    if (!read_domains_file(run, setting->value, &list)) {
        convert_lost(run, "that file cannot be read: add its lines as SRSExclude");
    } else if (!list.failed) {
        convert_note(run, "Its domains are written here, and the file itself is not read any more");
        read.value = strbuf_text(&list);
        convert_domains(run, &read);
    }
    strbuf_free(&list);
}

static void convert_domains_watch(struct conversion *run, const struct foreign_setting *setting)
{
    (void)setting;
    if (is_on(run, "domains-file-watch"))
        convert_lost(run, "the domains are in smf-spf.conf: after a change there, smf-spf reload");
}

static void write_socketmap(struct conversion *run)
{
    const char *socket = convert_value(run, "socketmap");
    struct strbuf ours = STRBUF_INIT;

    if (*socket == '\0')
        return;
    convert_section(run, "Where main.cf has its tables");
    if (endpoint_unix_path(socket) != NULL) {
        convert_note(run,
                     "The filter's account must be able to make it there, and Postfix to connect, which everybody may");
        convert_note(run, "with PostSRSd: a directory as in POSTFIX of smf-spf(8), SocketGroup and SocketMode do that");
    }
    strbuf_add(&ours, "socketmap:");
    convert_add_socket(socket, &ours);
    write_table_socket(run, &ours);
}

static void convert_milter(struct conversion *run, const struct foreign_setting *setting)
{
    if (*setting->value == '\0')
        convert_note(run, "There is none");
    else
        convert_lost(run, "the milter rewrites no addresses: let the MTA ask TableSocket");
}

static void convert_envelope(struct conversion *run, const struct foreign_setting *setting)
{
    if (strcmp(setting->value, "database") == 0)
        convert_lost(run, "every address holds its sender, as with embedded; those in the database are lost");
    else if (strcmp(setting->value, "embedded") != 0)
        convert_bad_value(run, setting);
}

static void convert_always(struct conversion *run, const struct foreign_setting *setting)
{
    bool on;

    if (!convert_read_switch(setting->value, &on))
        convert_bad_value(run, setting);
    else if (on)
        convert_lost(run, "a sender of SRSDomain itself is never rewritten");
}

static void convert_debug(struct conversion *run, const struct foreign_setting *setting)
{
    bool on;

    if (!convert_read_switch(setting->value, &on))
        convert_bad_value(run, setting);
    else if (on)
        convert_line(run, "LogLevel", "debug");
}

static void finish_2(struct conversion *run)
{
    write_lengths(run, "hash-length", "hash-minimum");
    write_socketmap(run);
    write_what_is_unasked(run);
}

static const struct foreign_key keys_2[] = {
    {"srs-domain", NULL, "", FATE_LINES, "SRSDomain, SRSSecretFile", NULL, convert_domain_2},
    {"domains", NULL, NULL, FATE_LINES, "SRSExclude", NULL, convert_domains},
    {"domains-file", NULL, NULL, FATE_LINES, "SRSExclude", NULL, convert_domains_file},
    {"domains-file-watch", NULL, NULL, FATE_LINES, "", NULL, convert_domains_watch},
    {"socketmap", NULL, "unix:/var/spool/postfix/srs", FATE_TOGETHER, "TableSocket", NULL, NULL},
    {"keep-alive", NULL, NULL, FATE_MOOT, "", "How long a connection may be idle changes no answer", NULL},
    {"connection-limit", NULL, NULL, FATE_MOOT, "", "A connection costs no process here", NULL},
    {"secrets-file", NULL, "/etc/postsrsd.secret", FATE_TOGETHER, "SRSSecretFile", NULL, NULL},
    {"milter", NULL, NULL, FATE_LINES, "", NULL, convert_milter},
    {"milter-rewrite-local", NULL, NULL, FATE_MOOT, "", "The milter rewrites no addresses", NULL},
    {"milter-recipient-limit", NULL, NULL, FATE_MOOT, "", "The milter rewrites no addresses", NULL},
    {"original-envelope", NULL, NULL, FATE_LINES, "", NULL, convert_envelope},
    {"envelope-database", NULL, NULL, FATE_MOOT, "", "Every address holds its sender: there is no database", NULL},
    {"separator", NULL, NULL, FATE_LINES, "SRSSeparator", NULL, convert_separator},
    {"hash-length", NULL, "4", FATE_TOGETHER, "SRSHashLength", NULL, NULL},
    {"hash-minimum", NULL, "4", FATE_TOGETHER, "SRSHashMinimum", NULL, NULL},
    {"always-rewrite", NULL, NULL, FATE_LINES, "", NULL, convert_always},
    {"unprivileged-user", NULL, NULL, FATE_MOOT, "", "The account is that of the filter (User)", NULL},
    {"chroot-dir", NULL, NULL, FATE_MOOT, "", "Sandbox keeps the filter to what it needs", NULL},
    {"seccomp", NULL, NULL, FATE_MOOT, "", "Sandbox keeps the filter to what it needs", NULL},
    {"pid-file", NULL, NULL, FATE_MOOT, "", "PidFile is that of the filter", NULL},
    {"daemonize", NULL, NULL, FATE_MOOT, "", "Daemonize is that of the filter", NULL},
    {"syslog", NULL, NULL, FATE_MOOT, "", "The log is that of the filter (Syslog, LogTo)", NULL},
    {"debug", NULL, NULL, FATE_LINES, "LogLevel", NULL, convert_debug},
};
static const struct foreign_table table_2 = {keys_2, sizeof keys_2 / sizeof *keys_2};

static const struct foreign_system postsrsd_2 = {
    .name = "postsrsd",
    .tables = {&table_2},
    .preface = preface,
    .read = convert_read_confuse,
    .finish = finish_2,
};

/* Both */

enum { NAME_SIZE = 32 }; /* the longest key is shorter */

/* The name that a line sets, a comment too, as example files have most keys in comments. */
static void read_line_name(const char *line, size_t len, char name[NAME_SIZE])
{
    size_t begin = 0, count = 0;

    while (begin < len && line[begin] != '\0' && strchr("# \t", line[begin]) != NULL)
        begin++;
    if (len - begin > strlen("export ") && strncmp(line + begin, "export ", strlen("export ")) == 0)
        begin += strlen("export ");
    while (count < NAME_SIZE - 1 && begin + count < len && strchr(" \t=+", line[begin + count]) == NULL)
        count++;
    memcpy(name, line + begin, count);
    name[count] = '\0';
}

/* 1.x if most lines about a key are about one of its keys. */
static const struct foreign_system *choose(const char *text, size_t len)
{
    size_t lines_1 = 0, lines_2 = 0;

    for (size_t line_len; len > 0; text += line_len, len -= line_len) {
        const char *end = memchr(text, '\n', len);
        char name[NAME_SIZE];

        line_len = end != NULL ? (size_t)(end - text) + 1 : len;
        read_line_name(text, line_len, name);
        lines_1 += convert_key(&postsrsd_1, name) != NULL;
        lines_2 += convert_key(&postsrsd_2, name) != NULL;
    }
    return lines_1 > lines_2 ? &postsrsd_1 : &postsrsd_2;
}

const struct foreign_system convert_postsrsd = {
    .name = "postsrsd",
    .tables = {&table_1, &table_2},
    .choose = choose,
    .finish = finish_2,
};
