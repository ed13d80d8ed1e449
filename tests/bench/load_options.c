/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reads the command line by a table. */
#include "load_options.h"

#include "load_workload.h"

#include <getopt.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

static void set(const struct load_option *option, const char *text)
{
    switch (option->kind) {
    case LOAD_OPTION_TEXT:
        *(const char **)option->value = text;
        break;
    case LOAD_OPTION_NUMBER:
        *(unsigned *)option->value = (unsigned)strtoul(text, NULL, 10);
        break;
    case LOAD_OPTION_COUNT:
        *(uint64_t *)option->value = strtoull(text, NULL, 10);
        break;
    case LOAD_OPTION_SECONDS:
        *(double *)option->value = strtod(text, NULL);
        break;
    case LOAD_OPTION_MS:
        *(int64_t *)option->value = strtoll(text, NULL, 10) * 1000000;
        break;
    case LOAD_OPTION_WORKLOAD:
        *(const struct workload **)option->value = workload_find(text);
        break;
    case LOAD_OPTION_FLAG:
        *(bool *)option->value = true;
        break;
    }
}

void load_options_read(int argc, char **argv, const struct load_option *options, void (*usage)(void))
{
    struct option names[LOAD_OPTIONS_MAX + 1] = {{0}};
    int number;

    for (int i = 0; i < LOAD_OPTIONS_MAX && options[i].name != NULL; i++)
        names[i] = (struct option){options[i].name,
                                   options[i].kind == LOAD_OPTION_FLAG ? no_argument : required_argument, NULL, i + 1};
    while ((number = getopt_long(argc, argv, "", names, NULL)) != -1) {
        if (number < 1 || number > LOAD_OPTIONS_MAX)
            usage();
        else
            set(&options[number - 1], optarg);
    }
}
