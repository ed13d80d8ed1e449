/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The command line of smf-spf. */
#include "app/control_command.h"
#include "app/daemon.h"
#include "app/preflight/preflight.h"
#include "base/command.h"
#include "base/strbuf.h"
#include "config/config.h"
#include "tools/config_command.h"
#include "tools/greylist/greylist_command.h"
#include "tools/greylist/greylist_options.h"
#include "tools/query.h"
#include "tools/query_options.h"
#include "tools/report/report_command.h"
#include "tools/srs_command.h"
#include "tools/srs_options.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>

#define DEFAULT_CONFIG_PATH SMF_SPF_CONFDIR "/smf-spf.conf"

/* What follows `smf-spf` on a command line: the one list of commands. */
static const struct command_row commands[] = {
    {&query_command, query_run},
    {&config_command, config_command_run},
    {&srs_command, srs_command_run},
    {&greylist_command, greylist_command_run},
    {&report_command, report_command_run},
    {&reload_command, reload_command_run},
    {&reopen_command, reopen_command_run},
    {&stats_command, stats_command_run},
    {NULL, NULL},
};

/* What was typed before a command, or without one. */
struct options {
    struct command_defaults common;
    bool foreground, check_only;
};

static const struct command_option option_table[] = {
    {'c', "config", "FILE", "the configuration (" DEFAULT_CONFIG_PATH ")", COMMAND_CONFIG(struct options, common)},
    {'f', "foreground", NULL, "stay in the foreground", COMMAND_FLAG(struct options, foreground)},
    {'n', "check", NULL, "check the configuration, and whether the filter could start with it, and exit",
     COMMAND_FLAG(struct options, check_only)},
    {'V', "version", NULL, "print the version and exit", COMMAND_HANDED},
    {.name = NULL},
};

static const struct command program = {
    .name = NULL,
    .purpose = "checks mail by SPF for Postfix and Sendmail: without a command it is the filter",
    .usage = "[-fn] [-c FILE]\n[-c FILE] COMMAND [OPTION...]\n",
    .options = option_table,
    .details = "smf-spf COMMAND --help tells more of a command. The manuals: man smf-spf, man smf-spf.conf\n",
    .ends_at_operand = true,
};

/* Prints each line of `lines` on standard error, with the program's name before it. */
static void print_lines(const char *lines)
{
    while (*lines != '\0') {
        const size_t len = strcspn(lines, "\n");

        (void)fprintf(stderr, "smf-spf: %.*s\n", (int)len, lines);
        lines += len + (lines[len] == '\n');
    }
}

/* Checks what the configuration needs of this host, as the start does. Returns a status of sysexits.h. */
static int check_host(const struct config *config, const char *path)
{
    struct preflight found = {.status = EX_OK};
    struct identity unused;

    preflight_run(config, path, false, &unused, &found);
    print_lines(strbuf_text(&found.problems));
    print_lines(strbuf_text(&found.notes));
    preflight_free(&found);
    return found.status;
}

static int check_config(const char *path)
{
    struct strbuf errors = STRBUF_INIT;
    const struct config *config = config_load(path, &errors);
    const int status = config != NULL ? check_host(config, path) : EX_CONFIG;

    (void)fputs(strbuf_text(&errors), stderr); /* each line begins with file and number, as editors read it */
    strbuf_free(&errors);
    if (config != NULL && config->warnings != NULL)
        (void)fputs(config->warnings, stderr);
    config_release(config);
    if (status == EX_OK)
        printf("%s: the configuration is valid\n", path);
    return status;
}

/* Ends a command whose output could not be written with an error, as it was not read: its end, or a part before. */
static int finish_output(int status)
{
    const int problem = fflush(stdout) == 0 ? 0 : errno;

    if (problem == 0 && !ferror(stdout))
        return status;
    (void)fprintf(stderr, "smf-spf: cannot write the output: %s\n",
                  problem != 0 ? strerror(problem) : "a part is missing; is the disk full?");
    return EX_IOERR;
}

static const struct command_row *find_command(const char *name)
{
    for (size_t i = 0; commands[i].command != NULL; i++)
        if (strcmp(name, commands[i].command->name) == 0)
            return &commands[i];
    return NULL;
}

static int unknown_command(const char *name)
{
    const char *names[sizeof commands / sizeof *commands];

    for (size_t i = 0; i < sizeof commands / sizeof *commands; i++)
        names[i] = commands[i].command != NULL ? commands[i].command->name : "help";
    return command_unknown_word(&program, "there is no command", name, names, sizeof commands / sizeof *commands);
}

/* `smf-spf help [COMMAND]`, which many try first. */
static int print_help(int argc, char **argv)
{
    const struct command_row *row = argc > 1 ? find_command(argv[1]) : NULL;

    if (argc > 1 && row == NULL)
        return unknown_command(argv[1]);
    command_print_help(row != NULL ? row->command : &program, row != NULL ? NULL : commands);
    return EX_OK;
}

static int run_command(int argc, char **argv, const struct command_defaults *defaults)
{
    const struct command_row *row = find_command(argv[0]);

    if (row != NULL)
        return row->run(argc, argv, defaults);
    return strcmp(argv[0], "help") == 0 ? print_help(argc, argv) : unknown_command(argv[0]);
}

int main(int argc, char **argv)
{
    struct options options = {.common = {.config_path = DEFAULT_CONFIG_PATH}};
    struct command_line line = command_begin(&program, argc, argv, &options);
    const char *value = NULL;
    const int option = command_next(&line, &value);

    if (option == COMMAND_OVER)
        return line.status;
    if (option == 'V')
        command_print_version();
    else if (option != COMMAND_READY)
        command_print_help(&program, commands);
    if (option != COMMAND_READY)
        return finish_output(EX_OK);
    if (line.operand_count > 0 && (options.foreground || options.check_only))
        return command_usage_error(&program, "-f and -n go with the filter, not with", line.operands[0]);
    if (line.operand_count > 0)
        return finish_output(run_command(line.operand_count, line.operands, &options.common));
    if (options.check_only)
        return finish_output(check_config(options.common.config_path));
    return daemon_run(options.common.config_path, options.foreground);
}
