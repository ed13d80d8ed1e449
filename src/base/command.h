/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The commands of the command line: each is one row with its options, out of which it is read, and its help printed. */
#ifndef SMF_BASE_COMMAND_H
#define SMF_BASE_COMMAND_H

#include <stdbool.h>
#include <stddef.h>

enum { COMMAND_OPTIONS_MAX = 32 };

/* Whether an option is stored, in a member of the struct that command_begin is given. The macros make the last two
 * members of a row, and do not compile if the member has another type. */
enum command_place { COMMAND_PLACE_NONE, COMMAND_PLACE_FLAG, COMMAND_PLACE_TEXT, COMMAND_PLACE_CONFIG };

/* Not stored: command_next returns the option. */
#define COMMAND_HANDED COMMAND_PLACE_NONE, 0
/* Versions of clang-format differ in what stands before the colons. */
/* clang-format off */
/* Without an argument: a bool becomes true. */
#define COMMAND_FLAG(type, member) COMMAND_PLACE_FLAG, _Generic(((type *)NULL)->member, bool : offsetof(type, member))
/* The argument, as a const char * into argv. */
#define COMMAND_TEXT(type, member)                                                                                     \
    COMMAND_PLACE_TEXT, _Generic(((type *)NULL)->member, const char * : offsetof(type, member))
/* The argument as the path of the configuration, which is named thereby: a struct command_defaults. */
#define COMMAND_CONFIG(type, member)                                                                                   \
    COMMAND_PLACE_CONFIG, _Generic(((type *)NULL)->member, struct command_defaults : offsetof(type, member))
/* clang-format on */

struct command_option {
    int id;               /* the letter of its short form; else 0, or from 256 to 1023 for one that is handed */
    const char *name;     /* of its long form, without the hyphens; NULL ends a table */
    const char *argument; /* what the help calls its argument; NULL: it takes none */
    const char *help;     /* one line, or more with \n between them */
    enum command_place place;
    unsigned offset; /* of the member */
};

/* What the options before a command's name say to it. */
struct command_defaults {
    const char *config_path;
    bool config_named; /* it was named, and is not just the usual file */
};

/* What can be typed after a command. The options --help (-h) and --version (-V) are not in its table; "smf-spf" itself
 * is handed the first (id 'h') by command_next, as its help has the list of commands, and has the second in its table.
 */
struct command {
    const char *name;    /* as typed after "smf-spf"; NULL: this is "smf-spf" itself */
    const char *purpose; /* a few words for the list of commands; \n between lines */
    const char *usage;   /* what follows its name, one form a line; a line that begins with a blank continues a form */
    const struct command_option *options;
    const char *details;  /* printed after the options, ends with \n; NULL: nothing */
    bool ends_at_operand; /* options after the first operand are not its own */
};

/* Reading the options of one command line; the members are set by command_begin. */
struct command_line {
    const struct command *command;
    int argc;
    char **argv;
    void *options; /* what the places are in */

    int status;      /* when the command is over: EX_OK after --help, EX_USAGE after an error */
    char **operands; /* when the options are over: what is left, */
    int operand_count;
};

/* One row of the list of commands; the last has no command. */
struct command_row {
    const struct command *command;
    /* Runs `smf-spf name ...`, argv[0] being the name. Returns the status to exit with. */
    int (*run)(int argc, char **argv, const struct command_defaults *defaults);
};

enum { COMMAND_READY = 0, COMMAND_OVER = -1 };

/* `argv` stays the caller's, and getopt may put it in another order. `options` is the struct that the places are
 * members of, and holds the defaults; NULL if no option has a place. */
struct command_line command_begin(const struct command *command, int argc, char **argv, void *options);

/* Stores what has a place, up to the next option that is handed: returns its id, with *value set to its argument (NULL:
 * none); COMMAND_READY after the last, when the operands are known; or COMMAND_OVER, when help or an error was printed:
 * then exit with `status`. Not reentrant, as getopt is not. */
int command_next(struct command_line *line, const char **value);

/* The same for a command of which every option has a place. True when the operands are known; else help or an error was
 * printed. *status is what to exit with then. */
bool command_read(struct command_line *line, int *status);

/* EX_OK; or EX_USAGE after a message, if there are more than `most` operands. */
int command_limit_operands(const struct command_line *line, int most);

/* Prints the help of a command. For "smf-spf" itself, `rows` are listed; else NULL. */
void command_print_help(const struct command *command, const struct command_row *rows);

/* Prints the version of the program on standard output. */
void command_print_version(void);

/* Prints one line on standard error, "smf-spf NAME: WHAT "VALUE"; smf-spf NAME --help tells more", and returns
 * EX_USAGE. `value` NULL: none. */
int command_usage_error(const struct command *command, const char *what, const char *value);

/* The same for a word that is none of `names` (count; NULL ones are skipped): WHAT, the word, and the nearest name if
 * one is near. Returns EX_USAGE. */
int command_unknown_word(const struct command *command, const char *what, const char *typed, const char *const *names,
                         size_t count);

/* Reads the operands of a command whose first one is a word that says what to do: one of `verbs` (count, two or more
 * after the first, which is NULL and stands for none). Sets *verb to its number, 0 if there are no operands, and
 * *operand to the second operand, NULL if there is none. Returns EX_OK; or EX_USAGE after a message, if there is no
 * such verb, or a third operand. */
int command_read_verb(const struct command_line *line, const char *const *verbs, size_t count, size_t *verb,
                      const char **operand);

#endif
