/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reads /etc/default/postgrey: variables of a shell, one of which holds the options of the program. Perl's Getopt::Long
 * reads those: with one dash or two, in either case, shortened as long as it is clear which one is meant. */
#include "tools/convert_postgrey.h"

#include "tools/convert_syntax.h"
#include "tools/convert_words.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static const char options_name[] = "POSTGREY_OPTS";
static const char blanks[] = " \t\r\n";

enum argument { ARGUMENT_NONE, ARGUMENT_NEEDED, ARGUMENT_OPTIONAL };

enum { ALIASES = 2, OPTION_SIZE = 64 }; /* octets of the longest name, with two dashes */

static const struct option_form {
    const char *name, *aliases[ALIASES];
    enum argument argument;
} forms[] = {
    {"help", {"h"}, ARGUMENT_NONE},
    {"man", {NULL}, ARGUMENT_NONE},
    {"version", {NULL}, ARGUMENT_NONE},
    {"noaction", {"no-action", "n"}, ARGUMENT_NONE},
    {"verbose", {"v"}, ARGUMENT_NONE},
    {"quiet", {"q"}, ARGUMENT_NONE},
    {"daemonize", {"d"}, ARGUMENT_NONE},
    {"unix", {"u"}, ARGUMENT_NEEDED},
    {"inet", {"i"}, ARGUMENT_NEEDED},
    {"socketmode", {NULL}, ARGUMENT_NEEDED},
    {"user", {NULL}, ARGUMENT_NEEDED},
    {"group", {NULL}, ARGUMENT_NEEDED},
    {"dbdir", {NULL}, ARGUMENT_NEEDED},
    {"pidfile", {NULL}, ARGUMENT_NEEDED},
    {"delay", {NULL}, ARGUMENT_NEEDED},
    {"max-age", {NULL}, ARGUMENT_NEEDED},
    {"lookup-by-subnet", {NULL}, ARGUMENT_NONE},
    {"lookup-by-host", {NULL}, ARGUMENT_NONE},
    {"ipv4cidr", {NULL}, ARGUMENT_NEEDED},
    {"ipv6cidr", {NULL}, ARGUMENT_NEEDED},
    {"auto-whitelist-clients", {NULL}, ARGUMENT_OPTIONAL},
    {"whitelist-clients", {NULL}, ARGUMENT_NEEDED},
    {"whitelist-recipients", {NULL}, ARGUMENT_NEEDED},
    {"syslog-facility", {"syslogfacility", "facility"}, ARGUMENT_NEEDED},
    {"retry-window", {NULL}, ARGUMENT_NEEDED},
    {"greylist-action", {NULL}, ARGUMENT_NEEDED},
    {"greylist-text", {NULL}, ARGUMENT_NEEDED},
    {"privacy", {NULL}, ARGUMENT_NONE},
    {"hostname", {NULL}, ARGUMENT_NEEDED},
    {"exim", {NULL}, ARGUMENT_NONE},
    {"listen-queue-size", {NULL}, ARGUMENT_NEEDED},
    {"x-greylist-header", {NULL}, ARGUMENT_NEEDED},
};

enum { FORM_COUNT = sizeof forms / sizeof *forms };

/* True if the text is a name of the option, or begins one where `is_part`. */
static bool is_named(const struct option_form *form, const char *text, size_t len, bool is_part)
{
    const char *const names[] = {form->name, form->aliases[0], form->aliases[1]};

    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (names[i] != NULL && strncasecmp(names[i], text, len) == 0 && (is_part || names[i][len] == '\0'))
            return true;
    return false;
}

/* The option that the text names or, if it is the only one, begins; NULL if there is none. */
static const struct option_form *find_form(const char *text, size_t len)
{
    const struct option_form *found = NULL;
    size_t count = 0;

    for (size_t i = 0; i < FORM_COUNT; i++)
        if (is_named(&forms[i], text, len, false))
            return &forms[i];
    for (size_t i = 0; i < FORM_COUNT; i++)
        if (is_named(&forms[i], text, len, true)) {
            found = &forms[i];
            count++;
        }
    return count == 1 ? found : NULL;
}

/* What is read: the options that are left, of a line. */
struct option_words {
    struct words *words;
    const char *rest;
    unsigned line;
};

/* Takes the next word into `word`; false at the end. */
static bool next_word(struct option_words *from, struct strbuf *word)
{
    size_t len;

    from->rest += strspn(from->rest, blanks);
    len = strcspn(from->rest, blanks);
    strbuf_truncate(word, 0);
    strbuf_add_mem(word, from->rest, len);
    from->rest += len;
    from->words->run->no_memory |= word->failed;
    return len > 0 && !word->failed;
}

static bool is_option_next(const struct option_words *from)
{
    const char *next = from->rest + strspn(from->rest, blanks);

    return *next == '\0' || *next == '-';
}

/* Adds an option whose value, if it has one in the same word, follows `equals`. */
static void add_option(struct option_words *from, const struct option_form *form, const char *equals)
{
    struct strbuf value = STRBUF_INIT;
    const char *problem = NULL;
    char name[OPTION_SIZE];

    (void)snprintf(name, sizeof name, "--%s", form->name);
    if (equals != NULL && form->argument == ARGUMENT_NONE)
        problem = "it takes no value";
    if (equals != NULL)
        strbuf_add(&value, equals + 1);
    else if (form->argument == ARGUMENT_NEEDED && !next_word(from, &value))
        problem = "it has no value";
    else if (form->argument == ARGUMENT_OPTIONAL && !is_option_next(from))
        (void)next_word(from, &value);
    from->words->run->no_memory |= value.failed;
    words_add(from->words, name, strbuf_text(&value), from->line, problem);
    strbuf_free(&value);
}

static void read_option(struct option_words *from, const char *word)
{
    const char *text = word + strspn(word, "-"), *equals = strchr(text, '=');
    const struct option_form *form = NULL;

    if (*word == '-' && *text != '\0')
        form = find_form(text, equals != NULL ? (size_t)(equals - text) : strlen(text));
    if (form != NULL)
        add_option(from, form, equals);
    else
        words_add(from->words, word, "", from->line, "postgrey has no such option");
}

static void read_options(struct words *words, const struct foreign_setting *setting)
{
    struct option_words from = {.words = words, .rest = setting->value, .line = setting->line};
    struct strbuf word = STRBUF_INIT;

    while (next_word(&from, &word))
        read_option(&from, strbuf_text(&word));
    strbuf_free(&word);
}

void convert_read_postgrey(struct conversion *run, const char *text, size_t len)
{
    struct foreign_setting *variables;
    struct words words;
    size_t count;
    char *texts;

    convert_read_shell(run, text, len);
    variables = run->settings;
    count = run->count;
    texts = run->words;
    run->settings = NULL;
    run->count = 0;
    run->words = NULL;
    words_begin(&words, run, "", 0);
    for (size_t i = 0; i < count && !run->no_memory; i++) {
        const struct foreign_setting *variable = &variables[i];
        const bool is_last =
            convert_find(&(struct conversion){.settings = variables, .count = count}, variable->key) == variable;

        if (strcmp(variable->name, options_name) == 0 && variable->problem == NULL && is_last)
            read_options(&words, variable);
        else
            words_add(&words, variable->name, variable->value, variable->line, variable->problem);
    }
    words_finish(&words);
    free(variables);
    free(texts);
}
