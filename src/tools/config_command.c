/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The command line of `smf-spf config`, and the configuration as the program understands it. */
#include "tools/config_command.h"

#include "base/strbuf.h"
#include "config/config.h"
#include "tools/convert.h"

#include <stddef.h>
#include <stdio.h>
#include <sysexits.h>

/* What was typed. */
struct options {
    struct command_defaults common;
    const char *system; /* of --from; NULL: none */
};

static const struct command_option option_table[] = {
    {'c', "config", "FILE", "the configuration to print", COMMAND_CONFIG(struct options, common)},
    {0, "from", "SYSTEM",
     "print what FILE, the configuration of policyd-spf, pyspf-milter, spf-milter,\n"
     "postsrsd or postgrey, or the directory of tumgreyspf, is as smf-spf.conf",
     COMMAND_TEXT(struct options, system)},
    {.name = NULL},
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

static int check_operands(const struct command_line *line, const struct options *options)
{
    if (options->system == NULL)
        return command_limit_operands(line, 0);
    if (options->common.config_named)
        return command_usage_error(&config_command, "--from and --config exclude each other", NULL);
    if (line->operand_count == 0)
        return command_usage_error(&config_command, "--from needs the FILE to convert", NULL);
    return command_limit_operands(line, 1);
}

int config_command_run(int argc, char **argv, const struct command_defaults *defaults)
{
    struct options options = {.common = *defaults};
    struct command_line line = command_begin(&config_command, argc, argv, &options);
    int status;

    if (!command_read(&line, &status))
        return status;
    status = check_operands(&line, &options);
    if (status != EX_OK)
        return status;
    return options.system != NULL ? convert_run(options.system, line.operands[0])
                                  : print_config(options.common.config_path);
}
