/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The command line of `smf-spf report`: reads logs, counts, prints. */
#include "tools/report/report_command.h"

#include "base/clock.h"
#include "base/file.h"
#include "dns/dns_registrable.h"
#include "mail/idna.h"
#include "session/service.h"
#include "spf/domain.h"
#include "tools/report/log_input.h"
#include "tools/report/message_join.h"
#include "tools/report/read_line.h"
#include "tools/report/report_sheets.h"
#include "tools/report/what_if.h"
#include "tools/report/write_report.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

enum { SINCE = 256, UNTIL, TOP, OWN, WHAT_IF };

enum { WHAT_IF_MAX = 64, TOP_MAX = 10000, CONFIG_MAX = 16 << 20, PROGRESS_LINES = 20000, PROGRESS_MS = 200 };

/* One run of the command. */
struct run {
    struct command_defaults common;
    bool uses_dns, is_json, is_html;
    size_t top;
    const char *what_if[WHAT_IF_MAX];
    size_t what_if_count;
    struct text_list own;
    struct summary_options options;
    struct summary summary;
    struct log_time time;
    struct message_join *join;
    int64_t shown_ms; /* when the progress was shown last; 0: never */
    int status;       /* EX_NOINPUT once a log could not be read */
};

static const struct command_option option_table[] = {
    {SINCE, "since", "TIME",
     "count messages from this time on:\n2026-11-28, \"2026-11-28 14:00:00\", today, yesterday, -7d, -12h",
     COMMAND_HANDED},
    {UNTIL, "until", "TIME", "count messages before this time", COMMAND_HANDED},
    {TOP, "top", "N", "show at most N rows of a table (20)", COMMAND_HANDED},
    {OWN, "own", "DOMAIN", "a domain of ours, besides those of AuthServID and QuarantineBox; repeatable",
     COMMAND_HANDED},
    {WHAT_IF, "what-if", "\"KEY VALUE\"", "show what would change if the configuration had this line; repeatable",
     COMMAND_HANDED},
    {0, "dns", NULL, "check broken records as they are in the DNS now (else the network is not used)",
     COMMAND_FLAG(struct run, uses_dns)},
    {'c', "config", "FILE", "the configuration", COMMAND_CONFIG(struct run, common)},
    {0, "json", NULL, "print one JSON object", COMMAND_FLAG(struct run, is_json)},
    {0, "html", NULL, "print one HTML page", COMMAND_FLAG(struct run, is_html)},
    {.name = NULL},
};

const struct command report_command = {
    .name = "report",
    .purpose = "summarize logs: what came, what became of it, and what needs attention",
    .usage = "[--since TIME] [--until TIME] [--top N] [--own DOMAIN]\n [--what-if \"KEY VALUE\"] [--dns] [-c FILE] "
             "[--json|--html] LOG...\n",
    .options = option_table,
    .details = "LOG is a file of LogTo or syslog, plain or compressed by gzip; - is standard input.\n",
};

static int fail(int status, const char *what)
{
    fprintf(stderr, "smf-spf report: %s\n", what);
    return status;
}

static int read_top(struct run *run, const char *value)
{
    char *end;
    const unsigned long top = strtoul(value, &end, 10);

    if (value[0] < '0' || value[0] > '9' || *end != '\0' || top < 1 || top > TOP_MAX)
        return command_usage_error(&report_command, "--top is a number from 1 to 10000, not", value);
    run->top = top;
    return EX_OK;
}

static int read_time(struct run *run, const char *name, const char *value, int64_t *time_s)
{
    if (log_time_parse(&run->time, value, time_s))
        return EX_OK;
    return command_usage_error(&report_command, name, value);
}

/* Adds a domain in the form that logs have. */
static int add_own(struct run *run, const char *domain)
{
    char ascii[IDNA_SIZE];

    if (!idna_to_ascii(domain, ascii) || !domain_can_have_policy(ascii))
        return command_usage_error(&report_command, "--own is a domain of two labels or more, not", domain);
    return text_list_add(&run->own, ascii) ? EX_OK : fail(EX_OSERR, "out of memory");
}

static int read_option(struct run *run, int option, const char *value)
{
    switch (option) {
    case SINCE:
        return read_time(run, "--since is a time such as 2026-11-28, \"2026-11-28 14:00:00\", yesterday or -7d, not",
                         value, &run->options.since_s);
    case UNTIL:
        return read_time(run, "--until is a time such as 2026-11-28, \"2026-11-28 14:00:00\", yesterday or -7d, not",
                         value, &run->options.until_s);
    case TOP:
        return read_top(run, value);
    case OWN:
        return add_own(run, value);
    default:
        if (run->what_if_count == WHAT_IF_MAX)
            return command_usage_error(&report_command, "there are too many --what-if", NULL);
        run->what_if[run->what_if_count++] = value;
        return EX_OK;
    }
}

/* The domains that the configuration says are ours. */
static bool add_configured(struct run *run)
{
    const struct config *config = run->options.now;
    const char *at = config->quarantine_box != NULL ? strrchr(config->quarantine_box, '@') : NULL;
    const char *names[] = {config->authserv_id, at != NULL ? at + 1 : NULL};

    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (names[i] != NULL && domain_can_have_policy(names[i]) &&
            !text_list_add(&run->own, dns_registrable(names[i])))
            return false;
    return true;
}

/* Reads the configuration, if there is one, and the one that --what-if makes of it. */
static int load_configs(struct run *run)
{
    struct strbuf text = {.limit = CONFIG_MAX}, errors = STRBUF_INIT;
    const bool missing = !run->common.config_named && access(run->common.config_path, F_OK) != 0;
    const char *path = missing ? "defaults" : run->common.config_path;
    int status = EX_OK;

    if (!missing && !file_read(run->common.config_path, &text))
        strbuf_addf(&errors, "%s: %s", path, strerror(errno));
    else
        run->options.now = config_parse(strbuf_text(&text), text.len, path, &errors);
    if (run->options.now != NULL && run->what_if_count > 0)
        run->options.then = what_if_config(run->options.now, strbuf_text(&text), text.len, path, run->what_if,
                                           run->what_if_count, &errors);
    if (errors.len > 0 && strbuf_text(&errors)[errors.len - 1] == '\n')
        strbuf_truncate(&errors, errors.len - 1);
    if (run->options.now == NULL || (run->what_if_count > 0 && run->options.then == NULL))
        status = fail(run->options.now == NULL ? EX_CONFIG : EX_USAGE, strbuf_text(&errors));
    else if (!add_configured(run))
        status = fail(EX_OSERR, "out of memory");
    strbuf_free(&text);
    strbuf_free(&errors);
    return status;
}

static void count_message(void *context, const struct log_entry *message)
{
    struct run *run = context;

    summary_add(&run->summary, message);
}

/* On a terminal: how far it is. */
static void show_progress(struct run *run, const struct log_input *input, const char *path)
{
    const int64_t now_ms = clock_monotonic_ms(&clock_system);
    uint64_t done, all;

    if (!isatty(STDERR_FILENO) || now_ms - run->shown_ms < PROGRESS_MS)
        return;
    run->shown_ms = now_ms;
    log_input_progress(input, &done, &all);
    fprintf(stderr, "\r\033[K%.50s: %" PRIu64 " lines", path, run->summary.lines);
    if (all > 0)
        fprintf(stderr, ", %" PRIu64 " %%", done * 100 / all);
    (void)fflush(stderr);
}

static void clear_progress(struct run *run)
{
    if (run->shown_ms > 0)
        (void)fputs("\r\033[K", stderr);
    run->shown_ms = 0;
}

static void take_line(struct run *run, const char *line, size_t len, bool cut)
{
    static struct log_entry entry; /* two kilobytes: the only one */

    read_line(&run->time, line, len, &entry);
    run->summary.lines++;
    run->summary.cut += cut;
    switch (entry.kind) {
    case ENTRY_FOREIGN:
        run->summary.foreign++;
        break;
    case ENTRY_UNREAD:
        run->summary.unread++;
        break;
    case ENTRY_OTHER:
        run->summary.other++;
        break;
    default:
        message_join_add(run->join, &entry);
        break;
    }
}

static void complain(struct run *run, struct strbuf *error)
{
    clear_progress(run);
    run->status = fail(EX_NOINPUT, strbuf_text(error));
    strbuf_free(error);
}

static void read_log(struct run *run, const char *path)
{
    struct strbuf error = STRBUF_INIT;
    struct log_input *input = log_input_open(path, &error);
    const char *line;
    size_t len;
    bool cut;

    if (input == NULL) {
        complain(run, &error);
        return;
    }
    while ((line = log_input_line(input, &len, &cut)) != NULL) {
        take_line(run, line, len, cut);
        if (run->summary.lines % PROGRESS_LINES == 0)
            show_progress(run, input, path);
    }
    if (log_input_failed(input, &error))
        complain(run, &error);
    log_input_close(input);
}

/* Opens the DNS for --dns; without it NULL. A report without it is printed all the same. */
static struct dns *open_dns(struct run *run)
{
    struct strbuf error = STRBUF_INIT;
    struct dns *dns = run->uses_dns ? service_open_dns(run->options.now, NULL, &error) : NULL;

    if (run->uses_dns && dns == NULL)
        run->status = fail(EX_CONFIG, strbuf_text(&error));
    strbuf_free(&error);
    return dns;
}

static int print_report(struct run *run)
{
    struct sheets sheets = {.count = 0};
    struct dns *dns = open_dns(run);
    const struct written_report report = {&run->summary, &sheets, run->time.now_s};
    struct strbuf out = STRBUF_INIT;
    bool failed;

    report_sheets(&run->summary, run->top, dns, run->options.now->dns_timeout_ms, &sheets);
    dns_destroy(dns);
    failed = run->summary.failed || sheets.failed;
    for (size_t i = 0; i < sheets.count; i++)
        failed |= sheets.items[i].failed;
    if (run->is_html)
        write_report_html(&report, &out);
    else if (run->is_json)
        write_report_json(&report, &out);
    else
        write_report_text(&report, &out);
    failed |= out.failed;
    if (!failed)
        (void)fwrite(strbuf_text(&out), 1, out.len, stdout);
    strbuf_free(&out);
    sheets_free(&sheets);
    return failed ? fail(EX_OSERR, "out of memory") : run->status;
}

static int run_report(struct run *run, char **logs, int count)
{
    if (!summary_begin(&run->summary, &run->options))
        return fail(EX_OSERR, "out of memory");
    run->join = message_join_create(count_message, run);
    if (run->join == NULL)
        return fail(EX_OSERR, "out of memory");
    for (int i = 0; i < count; i++)
        read_log(run, logs[i]);
    clear_progress(run);
    message_join_finish(run->join);
    if (run->summary.messages == 0 && run->summary.outside > 0)
        (void)fail(EX_OK, "no message is between --since and --until");
    else if (run->summary.messages == 0 && run->status == EX_OK)
        run->status =
            fail(EX_DATAERR, run->summary.lines > 0 ? "no line is about a message" : "there is no line to read");
    return print_report(run);
}

int report_command_run(int argc, char **argv, const struct command_defaults *defaults)
{
    struct run run = {
        .common = *defaults,
        .top = 20,
        .options = {.since_s = INT64_MIN, .until_s = INT64_MAX},
        .time = {.now_s = clock_unix_s(&clock_system)},
    };
    struct command_line line = command_begin(&report_command, argc, argv, &run);
    const char *value = NULL;
    int option, status = EX_OK;

    run.options.own = &run.own;
    while (status == EX_OK && (option = command_next(&line, &value)) != COMMAND_READY) {
        if (option == COMMAND_OVER) {
            status = line.status;
            goto done;
        }
        status = read_option(&run, option, value);
    }
    if (status == EX_OK && run.is_json && run.is_html)
        status = command_usage_error(&report_command, "--json and --html exclude each other", NULL);
    if (status == EX_OK && line.operand_count == 0)
        status = command_usage_error(&report_command, "a LOG is needed, or - for standard input", NULL);
    if (status == EX_OK)
        status = load_configs(&run);
    if (status == EX_OK)
        status = run_report(&run, line.operands, line.operand_count);
done:
    summary_free(&run.summary);
    text_list_free(&run.own);
    config_release(run.options.now);
    config_release(run.options.then);
    return status;
}
