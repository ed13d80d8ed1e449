/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The command line of `smf-spf config`, and the configuration as the program understands it. */
#include "tools/config_command.h"

#include "base/strbuf.h"
#include "config/config.h"
#include "tools/convert.h"

#include <stddef.h>
#include <stdio.h>
#include <sysexits.h>

enum { FROM = 256 };

static const struct command_option option_table[] = {
    {'c', "config", "FILE", "the configuration to print"},
    {FROM, "from", "SYSTEM",
     "print what FILE, the configuration of policyd-spf, pyspf-milter, spf-milter,\n"
     "postsrsd or postgrey, or the directory of tumgreyspf, is as smf-spf.conf"},
    {0, NULL, NULL, NULL},
};

const struct command config_command = {
    .name = "config",
    .purpose = "print the effective configuration, or convert another program's",
    .usage = "[-c FILE]\n--from SYSTEM FILE\n",
    .options = option_table,
};

static int print_config(const char *path)
{
    struct strbuf text = STRBUF_INIT, errors = STRBUF_INIT;
    const struct config *config = config_load(path, &errors);

    if (config == NULL) {
        (void)fputs(strbuf_text(&errors), stderr);
        strbuf_free(&errors);
        return EX_CONFIG;
    }
    config_print(config, &text);
    (void)fputs(strbuf_text(&text), stdout);
    strbuf_free(&text);
    config_release(config);
    return EX_OK;
}

static int check_operands(const struct command_line *line, const char *system, bool named)
{
    if (system != NULL && named)
        return command_usage_error(&config_command, "--from and --config exclude each other", NULL);
    if (system != NULL && line->operand_count == 0)
        return command_usage_error(&config_command, "--from needs the FILE to convert", NULL);
    if (line->operand_count > (system != NULL ? 1 : 0))
        return command_usage_error(&config_command, "there is no place for", line->operands[system != NULL ? 1 : 0]);
    return EX_OK;
}

int config_command_run(int argc, char **argv, const struct command_defaults *defaults)
{
    struct command_line line = command_begin(&config_command, argc, argv);
    const char *path = defaults->config_path, *system = NULL, *value = NULL;
    bool named = defaults->config_named;
    int option = 0, status = EX_OK;

    while ((option = command_next(&line, &value)) > 0) {
        if (option == FROM) {
            system = value;
        } else {
            path = value;
            named = true;
        }
    }
    if (option == COMMAND_OVER)
        return line.status;
    status = check_operands(&line, system, named);
    if (status != EX_OK)
        return status;
    return system != NULL ? convert_run(system, line.operands[0]) : print_config(path);
}
