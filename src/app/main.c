/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The command line of smf-spf. */
#include "app/daemon.h"
#include "base/strbuf.h"
#include "config/config.h"
#include "session/service.h"
#include "tools/convert.h"
#include "tools/query.h"
#include "tools/query_options.h"

#include <getopt.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#define DEFAULT_CONFIG_PATH SMF_SPF_CONFDIR "/smf-spf.conf"

struct command_line {
    const char *config_path;
    bool config_named;
    bool foreground;
    bool check_only;
};

static void print_usage(FILE *to)
{
    (void)fputs(
        "usage: smf-spf [-f] [-n] [-V] [-h] [-c FILE]\n"
        "       " QUERY_USAGE "       smf-spf config [-c FILE]\n"
        "       smf-spf config --from SYSTEM FILE\n"
        "\n"
        "  -f       stay in the foreground\n"
        "  -n       check the configuration and end\n"
        "  -V       print the version and end\n"
        "  -h       print this and end\n"
        "  -c FILE  the configuration (" DEFAULT_CONFIG_PATH ")\n"
        "\n"
        "query      print the SPF result for one client, HELO name and sender, or check a record\n"
        "config     print the whole effective configuration, or what FILE of policyd-spf, pyspf-milter or spf-milter\n"
        "           is as smf-spf.conf\n",
        to);
}

/* Loads the configuration for a command that ends at once; NULL after its errors were printed. */
static const struct config *load_config(const char *path)
{
    struct strbuf errors = STRBUF_INIT;
    const struct config *config = config_load(path, &errors);

    if (config == NULL)
        (void)fputs(strbuf_text(&errors), stderr);
    strbuf_free(&errors);
    return config;
}

/* Loads the zone file, or the trust anchor, that a configuration needs, so that -n finds their errors too. */
static bool check_files(const struct config *config)
{
    const bool needs_file = config->zone_file != NULL || config->dnssec;
    struct strbuf error = STRBUF_INIT;
    struct dns *dns = needs_file ? service_open_dns(config, NULL, &error) : NULL;
    const bool valid = !needs_file || dns != NULL;

    if (!valid)
        (void)fprintf(stderr, "smf-spf: %s%s\n", config->zone_file != NULL ? "ZoneFile: " : "", strbuf_text(&error));
    dns_destroy(dns);
    strbuf_free(&error);
    return valid;
}

static int check_config(const char *path)
{
    const struct config *config = load_config(path);
    const bool valid = config != NULL && check_files(config);

    config_release(config);
    if (!valid)
        return EX_CONFIG;
    printf("%s: the configuration is valid\n", path);
    return EX_OK;
}

static int print_config(const char *path)
{
    const struct config *config = load_config(path);
    struct strbuf text = STRBUF_INIT;

    if (config == NULL)
        return EX_CONFIG;
    config_print(config, &text);
    (void)fputs(strbuf_text(&text), stdout);
    strbuf_free(&text);
    config_release(config);
    return EX_OK;
}

/* `config [-c FILE]` or `config --from SYSTEM FILE`. */
static int run_config(int argc, char **argv, const struct command_line *line)
{
    static const struct option names[] = {{"from", required_argument, NULL, 'f'}, {NULL, 0, NULL, 0}};
    const char *path = line->config_path, *system = NULL;
    bool named = line->config_named, good = true;
    int option = 0;

    optind = 1;
    while (good && (option = getopt_long(argc, argv, "c:", names, NULL)) != -1) {
        good = option != '?';
        if (option == 'f')
            system = optarg;
        if (option == 'c') {
            path = optarg;
            named = true;
        }
    }
    if (!good || argc - optind != (system != NULL ? 1 : 0) || (system != NULL && named)) {
        print_usage(stderr);
        return EX_USAGE;
    }
    return system != NULL ? convert_run(system, argv[optind]) : print_config(path);
}

/* Ends a command whose output could not be written with an error, as it was not read. */
static int finish_output(int status)
{
    if (fflush(stdout) == 0)
        return status;
    perror("smf-spf: cannot write the output");
    return EX_IOERR;
}

static int run_command(int argc, char **argv, const struct command_line *line)
{
    if (strcmp(argv[0], "query") == 0)
        return finish_output(query_run(argc, argv, line->config_path, line->config_named));
    if (strcmp(argv[0], "config") == 0)
        return finish_output(run_config(argc, argv, line));
    fprintf(stderr, "smf-spf: there is no command \"%s\"\n", argv[0]);
    print_usage(stderr);
    return EX_USAGE;
}

int main(int argc, char **argv)
{
    struct command_line line = {.config_path = DEFAULT_CONFIG_PATH};
    int option = 0;

    while ((option = getopt(argc, argv, "+fnVhc:")) != -1) {
        switch (option) {
        case 'f':
            line.foreground = true;
            break;
        case 'n':
            line.check_only = true;
            break;
        case 'c':
            line.config_path = optarg;
            line.config_named = true;
            break;
        case 'V':
            puts("smf-spf " SMF_SPF_VERSION);
            return finish_output(EX_OK);
        case 'h':
            print_usage(stdout);
            return finish_output(EX_OK);
        default:
            print_usage(stderr);
            return EX_USAGE;
        }
    }
    if (optind < argc)
        return run_command(argc - optind, argv + optind, &line);
    if (line.check_only)
        return finish_output(check_config(line.config_path));
    return daemon_run(line.config_path, line.foreground);
}
