/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Where options and verbs are stored. Messages and helps are checked with the whole program: check_commands.py. */
#include "base/command.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sysexits.h>

#include <cmocka.h>

enum { ARGS_MAX = 8, NUMBER = 256 };

struct typed {
    const char *text;
    struct command_defaults common;
    bool first, last;
};

static const struct command_option stored[] = {
    {'c', "config", "FILE", "the configuration", COMMAND_CONFIG(struct typed, common)},
    {0, "text", "TEXT", "a text", COMMAND_TEXT(struct typed, text)},
    {0, "first", NULL, "the first flag", COMMAND_FLAG(struct typed, first)},
    {'l', "last", NULL, "the last flag", COMMAND_FLAG(struct typed, last)},
    {.name = NULL},
};

static const struct command_option mixed[] = {
    {NUMBER, "number", "N", "a number", COMMAND_HANDED},
    {0, "text", "TEXT", "a text", COMMAND_TEXT(struct typed, text)},
    {.name = NULL},
};

static const struct command stored_command = {.name = "stored", .purpose = "stores", .usage = "\n", .options = stored};
static const struct command mixed_command = {.name = "mixed", .purpose = "hands", .usage = "\n", .options = mixed};

/* The words of a command line, up to a NULL; `argv` is given back with the name before them. */
static int make_line(const char *const *words, char *argv[ARGS_MAX + 2])
{
    int count = 1;

    argv[0] = (char *)"name";
    for (; *words != NULL; words++)
        argv[count++] = (char *)*words;
    argv[count] = NULL;
    return count;
}

static void test_places(void **state)
{
    static const struct {
        const char *words[ARGS_MAX + 1];
        struct typed wanted;
    } rows[] = {
        {{NULL}, {"default", {"usual", false}, false, false}},
        {{"--text", "x"}, {"x", {"usual", false}, false, false}},
        {{"--text=x", "--text="}, {"", {"usual", false}, false, false}},
        {{"--first"}, {"default", {"usual", false}, true, false}},
        {{"-l"}, {"default", {"usual", false}, false, true}},
        {{"-lc", "mine", "--fi"}, {"default", {"mine", true}, true, true}},
        {{"--config", "usual", "--last", "--last"}, {"default", {"usual", true}, false, true}},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct typed typed = {.text = "default", .common = {.config_path = "usual"}};
        char *argv[ARGS_MAX + 2];
        struct command_line line = command_begin(&stored_command, make_line(rows[i].words, argv), argv, &typed);
        int status = -1;

        assert_true(command_read(&line, &status));
        assert_int_equal(status, EX_OK);
        assert_string_equal(typed.text, rows[i].wanted.text);
        assert_string_equal(typed.common.config_path, rows[i].wanted.common.config_path);
        assert_int_equal(typed.common.config_named, rows[i].wanted.common.config_named);
        assert_int_equal(typed.first, rows[i].wanted.first);
        assert_int_equal(typed.last, rows[i].wanted.last);
    }
}

static void test_over(void **state)
{
    static const struct {
        const char *words[ARGS_MAX + 1];
        int status;
    } rows[] = {
        {{"--help"}, EX_OK},        {{"-V"}, EX_OK},     {{"--text"}, EX_USAGE}, {{"--first=1"}, EX_USAGE},
        {{"--nonsense"}, EX_USAGE}, {{"-lx"}, EX_USAGE},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct typed typed = {.text = NULL};
        char *argv[ARGS_MAX + 2];
        struct command_line line = command_begin(&stored_command, make_line(rows[i].words, argv), argv, &typed);
        int status = -1;

        assert_false(command_read(&line, &status));
        assert_int_equal(status, rows[i].status);
    }
}

/* What is handed comes one by one, and what is stored between is not seen. */
static void test_handed(void **state)
{
    static const char *const words[] = {"--text",   "a", "--number=1", "x", "--text=b",
                                        "--number", "2", "--text=c",   NULL};
    struct typed typed = {.text = NULL};
    char *argv[ARGS_MAX + 2];
    struct command_line line = command_begin(&mixed_command, make_line(words, argv), argv, &typed);
    const char *value;

    (void)state;
    assert_int_equal(command_next(&line, &value), NUMBER);
    assert_string_equal(value, "1");
    assert_string_equal(typed.text, "a");
    assert_int_equal(command_next(&line, &value), NUMBER);
    assert_string_equal(value, "2");
    assert_string_equal(typed.text, "b");
    assert_int_equal(command_next(&line, &value), COMMAND_READY);
    assert_string_equal(typed.text, "c");
    assert_int_equal(line.operand_count, 1);
    assert_int_equal(command_limit_operands(&line, 1), EX_OK);
    assert_int_equal(command_limit_operands(&line, 0), EX_USAGE);
}

static void test_verbs(void **state)
{
    static const char *const verbs[] = {NULL, "open", "close"};
    static const struct {
        const char *words[ARGS_MAX + 1];
        int status;
        size_t verb;
        const char *operand;
    } rows[] = {
        {{NULL}, EX_OK, 0, NULL},           {{"open"}, EX_OK, 1, NULL},      {{"close", "it"}, EX_OK, 2, "it"},
        {{"clos"}, EX_USAGE, 0, NULL},      {{"", "it"}, EX_USAGE, 0, "it"}, {{"open", "it", "now"}, EX_USAGE, 1, "it"},
        {{"open", "", "-l"}, EX_OK, 1, ""},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct typed typed = {.text = NULL};
        char *argv[ARGS_MAX + 2];
        struct command_line line = command_begin(&stored_command, make_line(rows[i].words, argv), argv, &typed);
        const char *operand = "unset";
        size_t verb = SIZE_MAX;
        int status;

        assert_true(command_read(&line, &status));
        assert_int_equal(command_read_verb(&line, verbs, sizeof verbs / sizeof *verbs, &verb, &operand),
                         rows[i].status);
        assert_int_equal(verb, rows[i].verb);
        if (rows[i].operand == NULL)
            assert_null(operand);
        else
            assert_string_equal(operand, rows[i].operand);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_places),
        cmocka_unit_test(test_over),
        cmocka_unit_test(test_handed),
        cmocka_unit_test(test_verbs),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
