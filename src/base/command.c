/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reads options by getopt_long, and prints help and errors out of the same table. */
#include "base/command.h"

#include "base/edit_distance.h"
#include "base/strbuf.h"

#include <getopt.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>

#define PROGRAM "smf-spf"

enum { SHOWN_MAX = 200, WORD_SHOWN_MAX = 100, COLUMN_MIN = 10, COLUMN_MAX = 30, SHORT_FORMS = 256, STORED_IDS = 1024 };

static const struct command_option help_option = {'h', "help", NULL, "print this and exit", COMMAND_HANDED};

static size_t option_count(const struct command *command)
{
    size_t count = 0;

    while (command->options[count].name != NULL)
        count++;
    return count;
}

/* Every command takes it, as many try it there; `smf-spf` has it in its table. */
static const struct command_option version_option = {'V', "version", NULL, "print the version and exit",
                                                     COMMAND_HANDED};

/* The option at `index`; the one after the last is --help. */
static const struct command_option *option_at(const struct command *command, size_t index)
{
    return index < option_count(command) ? &command->options[index] : &help_option;
}

static bool has_letter(const struct command_option *option)
{
    return option->id > 0 && option->id < SHORT_FORMS;
}

/* What getopt_long returns for the option at `index`. */
static int id_at(const struct command *command, size_t index)
{
    const int id = option_at(command, index)->id;

    return id != 0 ? id : STORED_IDS + (int)index;
}

static const struct command_option *find_option(const struct command *command, int id)
{
    for (size_t i = 0; i <= option_count(command); i++)
        if (id_at(command, i) == id)
            return option_at(command, i);
    return id == version_option.id ? &version_option : NULL;
}

/* Nearest names */

/* The name among `names` (count; NULL ones are skipped) that is nearest to what was typed; NULL if none is near. */
static const char *nearest_name(const char *typed, const char *const *names, size_t count)
{
    const size_t len = strlen(typed);
    unsigned best = (unsigned)len / 3 + 1 + (len > 3); /* what is further away is not meant; two letters change place */
    const char *nearest = NULL;

    for (size_t i = 0; len <= EDIT_DISTANCE_MAX && i < count; i++) {
        const unsigned distance = names[i] != NULL ? edit_distance(typed, names[i]) : best;

        if (distance < best) {
            best = distance;
            nearest = names[i];
        }
    }
    return nearest;
}

static const char *nearest_option(const struct command *command, const char *typed)
{
    const char *names[COMMAND_OPTIONS_MAX + 1] = {NULL};
    size_t count = 0;
    char word[EDIT_DISTANCE_MAX + 1];
    const size_t len = strcspn(typed, "=");

    if (len > EDIT_DISTANCE_MAX)
        return NULL;
    memcpy(word, typed, len);
    word[len] = '\0';
    for (size_t i = 0; i <= option_count(command) && count < COMMAND_OPTIONS_MAX + 1; i++)
        names[count++] = option_at(command, i)->name;
    return nearest_name(word, names, count);
}

/* Errors: one line each */

static void add_prefix(struct strbuf *line, const struct command *command)
{
    strbuf_addf(line, PROGRAM "%s%s: ", command->name != NULL ? " " : "", command->name != NULL ? command->name : "");
}

static int end_error(struct strbuf *line, const struct command *command)
{
    strbuf_addf(line, "; " PROGRAM "%s%s --help tells more\n", command->name != NULL ? " " : "",
                command->name != NULL ? command->name : "");
    (void)fputs(strbuf_text(line), stderr);
    strbuf_free(line);
    return EX_USAGE;
}

int command_usage_error(const struct command *command, const char *what, const char *value)
{
    struct strbuf line = STRBUF_INIT;

    add_prefix(&line, command);
    strbuf_add(&line, what);
    if (value != NULL) {
        strbuf_add(&line, " \"");
        strbuf_add_shown(&line, value, SHOWN_MAX);
        strbuf_add_char(&line, '"');
    }
    return end_error(&line, command);
}

int command_unknown_word(const struct command *command, const char *what, const char *typed, const char *const *names,
                         size_t count)
{
    const char *nearest = nearest_name(typed, names, count);
    struct strbuf line = STRBUF_INIT;

    add_prefix(&line, command);
    strbuf_addf(&line, "%s ", what);
    strbuf_add_shown(&line, *typed != '\0' ? typed : "\"\"", WORD_SHOWN_MAX);
    if (nearest != NULL)
        strbuf_addf(&line, " (did you mean %s?)", nearest);
    return end_error(&line, command);
}

/* `typed` is the word with its hyphens, or NULL for the letter `letter` of a short option. */
static int unknown_option(const struct command *command, const char *typed, int letter)
{
    struct strbuf line = STRBUF_INIT;
    const char *nearest = typed != NULL ? nearest_option(command, typed + strspn(typed, "-")) : NULL;
    const char short_form[] = {'-', (char)letter, '\0'};

    add_prefix(&line, command);
    strbuf_add(&line, "there is no option ");
    strbuf_add_shown(&line, typed != NULL ? typed : short_form, SHOWN_MAX);
    if (nearest != NULL)
        strbuf_addf(&line, " (did you mean --%s?)", nearest);
    return end_error(&line, command);
}

/* The start of several long options. */
static int ambiguous_option(const struct command *command, const char *typed)
{
    struct strbuf line = STRBUF_INIT;
    const char *start = typed + strspn(typed, "-");
    const size_t len = strcspn(start, "=");
    bool is_first = true;

    add_prefix(&line, command);
    strbuf_add_shown(&line, typed, SHOWN_MAX);
    strbuf_add(&line, " may be ");
    for (size_t i = 0; i <= option_count(command); i++) {
        const char *name = option_at(command, i)->name;

        if (strncmp(name, start, len) != 0)
            continue;
        strbuf_addf(&line, "%s--%s", is_first ? "" : " or ", name);
        is_first = false;
    }
    return end_error(&line, command);
}

static int argument_error(const struct command *command, const struct command_option *option)
{
    struct strbuf line = STRBUF_INIT;

    add_prefix(&line, command);
    if (option->argument != NULL)
        strbuf_addf(&line, "--%s needs an argument, %s", option->name, option->argument);
    else
        strbuf_addf(&line, "--%s takes no argument", option->name);
    return end_error(&line, command);
}

static size_t options_that_begin(const struct command *command, const char *typed)
{
    const char *start = typed + strspn(typed, "-");
    size_t found = 0;

    for (size_t i = 0; i <= option_count(command); i++)
        found += strncmp(option_at(command, i)->name, start, strcspn(start, "=")) == 0;
    return found;
}

/* Says what is wrong with the option that getopt_long did not take: it leaves its letter or id in optopt, and 0 for a
 * long one that it does not know. */
static int option_error(const struct command_line *line)
{
    const struct command_option *option = optopt != 0 ? find_option(line->command, optopt) : NULL;
    const char *typed = optind > 0 && optind <= line->argc ? line->argv[optind - 1] : "";

    if (option != NULL)
        return argument_error(line->command, option);
    if (optopt != 0)
        return unknown_option(line->command, NULL, optopt);
    return options_that_begin(line->command, typed) > 1 ? ambiguous_option(line->command, typed)
                                                        : unknown_option(line->command, typed, 0);
}

/* Reading */

struct command_line command_begin(const struct command *command, int argc, char **argv, void *options)
{
    optind = 0; /* begins anew: with 1 it would go on as the command line before, up to the first operand */
    opterr = 0;
    return (struct command_line){.command = command, .argc = argc, .argv = argv, .options = options, .status = EX_OK};
}

/* What getopt_long wants, out of the table. */
static void make_tables(const struct command *command, char letters[2 * COMMAND_OPTIONS_MAX + 5],
                        struct option names[COMMAND_OPTIONS_MAX + 3])
{
    size_t len = 0, count = option_count(command) + 1;

    if (command->ends_at_operand)
        letters[len++] = '+';
    letters[len++] = ':'; /* tells a missing argument from an unknown option */
    for (size_t i = 0; i <= option_count(command); i++) {
        const struct command_option *option = option_at(command, i);

        names[i] = (struct option){.name = option->name,
                                   .has_arg = option->argument != NULL ? required_argument : no_argument,
                                   .val = id_at(command, i)};
        if (has_letter(option)) {
            letters[len++] = (char)option->id;
            if (option->argument != NULL)
                letters[len++] = ':';
        }
    }
    if (command->name != NULL) {
        names[count++] = (struct option){.name = version_option.name, .val = version_option.id};
        letters[len++] = (char)version_option.id;
    }
    names[count] = (struct option){.name = NULL};
    letters[len] = '\0';
}

static int next_option(struct command_line *line, const char **value)
{
    char letters[2 * COMMAND_OPTIONS_MAX + 5];
    struct option names[COMMAND_OPTIONS_MAX + 3];
    int option;

    make_tables(line->command, letters, names);
    optopt = 0;
    option = getopt_long(line->argc, line->argv, letters, names, NULL);
    *value = NULL;
    if (option == '?' || option == ':') {
        line->status = option_error(line);
        return COMMAND_OVER;
    }
    if (option == help_option.id && line->command->name != NULL) {
        command_print_help(line->command, NULL);
        return COMMAND_OVER;
    }
    if (option == version_option.id && line->command->name != NULL) {
        command_print_version();
        return COMMAND_OVER;
    }
    if (option == -1) {
        line->operands = line->argv + optind;
        line->operand_count = line->argc - optind;
        return COMMAND_READY;
    }
    *value = optarg;
    return option;
}

/* False if the option has no place. */
static bool store(const struct command_line *line, int id, const char *value)
{
    const struct command_option *option = find_option(line->command, id);
    void *member = (char *)line->options + option->offset;

    switch (option->place) {
    case COMMAND_PLACE_FLAG:
        *(bool *)member = true;
        return true;
    case COMMAND_PLACE_TEXT:
        *(const char **)member = value;
        return true;
    case COMMAND_PLACE_CONFIG:
        *(struct command_defaults *)member = (struct command_defaults){.config_path = value, .config_named = true};
        return true;
    default:
        return false;
    }
}

int command_next(struct command_line *line, const char **value)
{
    int option;

    do
        option = next_option(line, value);
    while (option > 0 && store(line, option, *value));
    return option;
}

bool command_read(struct command_line *line, int *status)
{
    const char *value;
    const int option = command_next(line, &value);

    *status = line->status;
    return option == COMMAND_READY;
}

int command_limit_operands(const struct command_line *line, int most)
{
    if (line->operand_count <= most)
        return EX_OK;
    return command_usage_error(line->command, "there is no place for", line->operands[most]);
}

void command_print_version(void)
{
    (void)puts(PROGRAM " " SMF_SPF_VERSION);
}

/* Verbs */

static int unknown_verb(const struct command *command, const char *typed, const char *const *verbs, size_t count)
{
    struct strbuf what = STRBUF_INIT;
    int status;

    strbuf_addf(&what, "it is %s", verbs[1]);
    for (size_t i = 2; i < count; i++)
        strbuf_addf(&what, "%s%s", i + 1 < count ? ", " : " or ", verbs[i]);
    strbuf_add(&what, ", not");
    status = command_unknown_word(command, strbuf_text(&what), typed, verbs, count);
    strbuf_free(&what);
    return status;
}

int command_read_verb(const struct command_line *line, const char *const *verbs, size_t count, size_t *verb,
                      const char **operand)
{
    *verb = 0;
    *operand = line->operand_count > 1 ? line->operands[1] : NULL;
    if (line->operand_count == 0)
        return EX_OK;
    for (size_t i = 1; i < count; i++)
        if (strcmp(line->operands[0], verbs[i]) == 0)
            *verb = i;
    if (*verb == 0)
        return unknown_verb(line->command, line->operands[0], verbs, count);
    return command_limit_operands(line, 2);
}

/* Help */

static void print_usage(const struct command *command)
{
    const char *text = command->usage;
    const size_t name_len = command->name != NULL ? strlen(command->name) + 1 : 0;
    bool is_first = true;

    while (*text != '\0') {
        const size_t len = strcspn(text, "\n");

        if (*text == ' ')
            printf("%*s%.*s\n", (int)(sizeof "usage: " PROGRAM + name_len), "", (int)(len - strspn(text, " ")),
                   text + strspn(text, " "));
        else
            printf("%s" PROGRAM "%s%s%s%.*s\n", is_first ? "usage: " : "       ", name_len > 0 ? " " : "",
                   name_len > 0 ? command->name : "", len > 0 ? " " : "", (int)len, text);
        is_first = false;
        text += len + (text[len] == '\n');
    }
}

/* Prints `left` in its column, and the lines of `right` beside it. */
static void print_row(const char *left, const char *right, size_t column)
{
    printf("  %-*s", (int)column, left);
    if (strlen(left) > column)
        printf("\n  %*s", (int)column, "");
    while (*right != '\0') {
        const size_t len = strcspn(right, "\n");

        printf("  %.*s\n", (int)len, right);
        right += len + (right[len] == '\n');
        if (*right != '\0')
            printf("  %*s", (int)column, "");
    }
}

static void add_forms(struct strbuf *out, const struct command_option *option)
{
    strbuf_truncate(out, 0);
    if (has_letter(option))
        strbuf_addf(out, "-%c, ", option->id);
    else
        strbuf_add(out, "    ");
    strbuf_addf(out, "--%s%s%s", option->name, option->argument != NULL ? " " : "",
                option->argument != NULL ? option->argument : "");
}

static void widen(size_t *column, size_t len)
{
    if (len > *column && len <= COLUMN_MAX)
        *column = len;
}

static void print_options(const struct command *command)
{
    struct strbuf forms = STRBUF_INIT;
    size_t column = COLUMN_MIN;

    for (size_t i = 0; i <= option_count(command); i++) {
        add_forms(&forms, option_at(command, i));
        widen(&column, forms.len);
    }
    (void)puts("\noptions:");
    for (size_t i = 0; i <= option_count(command); i++) {
        add_forms(&forms, option_at(command, i));
        print_row(strbuf_text(&forms), option_at(command, i)->help, column);
    }
    strbuf_free(&forms);
}

static void print_rows(const struct command_row *rows)
{
    size_t column = COLUMN_MIN;

    for (size_t i = 0; rows[i].command != NULL; i++)
        widen(&column, strlen(rows[i].command->name));
    (void)puts("\ncommands:");
    for (size_t i = 0; rows[i].command != NULL; i++)
        print_row(rows[i].command->name, rows[i].command->purpose, column);
}

void command_print_help(const struct command *command, const struct command_row *rows)
{
    print_usage(command);
    printf("\n%s\n", command->purpose);
    print_options(command);
    if (rows != NULL)
        print_rows(rows);
    if (command->details != NULL)
        printf("\n%s", command->details);
}
