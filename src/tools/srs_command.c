/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Runs `smf-spf srs`. */
#include "tools/srs_command.h"

#include "base/strbuf.h"
#include "config/config.h"
#include "tools/srs_address.h"
#include "tools/srs_options.h"
#include "tools/srs_secret.h"

#include <sysexits.h>

/* The account of the filter: that of the configuration, or if it cannot be read, the usual one. */
static int create_secret(const struct srs_options *options)
{
    struct strbuf errors = STRBUF_INIT;
    const struct config *config = config_load(options->config_path, &errors);
    int status;

    strbuf_free(&errors);
    if (config == NULL)
        config = config_parse("", 0, "defaults", &errors);
    status = srs_secret_create(options->operand, config != NULL ? config->user : NULL);
    config_release(config);
    strbuf_free(&errors);
    return status;
}

static int run_secret(const struct srs_options *options)
{
    if (options->operand == NULL)
        return srs_secret_print();
    return options->add ? srs_secret_add(options->operand) : create_secret(options);
}

int srs_command_run(int argc, char **argv, const struct command_defaults *defaults)
{
    struct srs_options options = {.config_path = defaults->config_path};
    int status;

    if (!srs_options_read(argc, argv, &options, &status))
        return status;
    if (options.verb == SRS_HELP) {
        command_print_help(&srs_command, NULL);
        return EX_OK;
    }
    return options.verb == SRS_SECRET ? run_secret(&options) : srs_address_run(&options);
}
