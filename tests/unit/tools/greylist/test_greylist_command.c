/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Tests of `smf-spf greylist` with a store in SQLite: what is printed, and what is deleted. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/file.h"
#include "greylist/store/backend.h"
#include "support/test_directory.h"
#include "tools/greylist/greylist_command.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

enum { PATH_SIZE = 400, ENTRIES_MAX = 1000000, NOBODY = 65534 };

static struct strbuf printed, told; /* by the last run, on standard output and standard error */

/* --- The store. --- */

static const struct {
    const char *key;
    int64_t first_s, last_s; /* before now */
    uint32_t count;
    bool is_sender;
} stored[] = {
    {"192.0.2.0/24 example.org ann@our.example", 100, 0, 0, false},
    {"192.0.2.0/24 example.org bob@our.example", 300, 200, 1, false},
    {"198.51.100.0/24 example.net ann@our.example", 900, 100, 5, false},
    {"192.0.2.0/24 example.org", 300, 200, 1, true},
    {"198.51.100.0/24 example.net", 900, 100, 2, true},
    {"pass once.example", 900, 100, 3, false},
};

enum { STORED = sizeof stored / sizeof *stored };

/* Makes the store anew, and a configuration that names it. */
static void fill_store(void)
{
    char text[PATH_SIZE];
    struct greylist_store_config config = {.entries_max = ENTRIES_MAX, .clock = &clock_system};
    const int64_t now_s = clock_unix_s(&clock_system);
    struct strbuf problem = STRBUF_INIT;
    struct backend *backend;

    (void)snprintf(text, sizeof text, "sqlite:%s", path_of("greylist.db"));
    assert_true(store_address_parse(text, &config.address));
    backend = backend_create(&config);
    assert_true(backend->functions->open(backend, &problem));
    for (size_t i = 0; i < STORED; i++) {
        const struct greylist_record record = {.first_s = now_s - stored[i].first_s,
                                               .last_s = stored[i].last_s > 0 ? now_s - stored[i].last_s : 0,
                                               .count = stored[i].count};

        assert_true(
            backend->functions->put(backend, stored[i].key, stored[i].is_sender, &record, now_s + 1000, &problem));
    }
    backend->functions->destroy(backend);
    strbuf_free(&problem);
    (void)snprintf(text, sizeof text, "GreylistStore sqlite:%s\n", path_of("greylist.db"));
    write_file("conf", text);
}

/* --- The command. --- */

/* Sends a stream into a file, and returns what it was. */
static int redirect(FILE *stream, const char *name)
{
    const int was = dup(fileno(stream)), fd = open(path_of(name), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

    assert_true(was >= 0 && fd >= 0 && fflush(stream) == 0 && dup2(fd, fileno(stream)) >= 0);
    (void)close(fd);
    return was;
}

static void restore(FILE *stream, int was, const char *name, struct strbuf *text)
{

    (void)fflush(stream);
    assert_true(dup2(was, fileno(stream)) >= 0);
    (void)close(was);
    strbuf_free(text);
    assert_true(file_read(path_of(name), text));
}

static int run(const char *verb, const char *first, const char *second)
{
    char *argv[] = {"greylist", (char *)verb, (char *)first, (char *)second, NULL};
    const int argc = second != NULL ? 4 : first != NULL ? 3 : 2;
    const struct command_defaults defaults = {.config_path = path_of("conf")};
    const int out = redirect(stdout, "out"), err = redirect(stderr, "err");
    const int status = greylist_command_run(argc, argv, &defaults);

    restore(stdout, out, "out", &printed);
    restore(stderr, err, "err", &told);
    return status;
}

static size_t count_lines(const char *text)
{
    size_t lines = 0;

    for (; *text != '\0'; text++)
        lines += *text == '\n';
    return lines;
}

/* --- Tests. --- */

static void each_pattern_finds_its_rows(void **state)
{
    static const struct {
        const char *verb, *pattern;
        size_t rows;
        const char *part; /* of the output */
    } cases[] = {
        {"show", NULL, 4, " 192.0.2.0/24 example.org ann@our.example\n"},
        {"show", "EXAMPLE.ORG", 2, "waiting "},
        {"show", "ann@", 2, "known "},
        {"show", "once", 1, "known "},
        {"show", "nobody", 0, ""},
        {"known", NULL, 3, "counted "},
        {"known", "example.net", 1, "known "},
        {"known", "once", 1, " pass once.example\n"},
        {"known", "ann@", 0, ""},
        {"show", "192.0.2.77", 2, "waiting "},
        {"show", "92.0.2.1", 0, ""},
        {"show", "92.0.2.0/24", 2, ""},
        {"known", "::ffff:198.51.100.9", 1, "known "},
        {"show", "2001:DB8::9", 0, ""},
    };

    (void)state;
    fill_store();
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const size_t expected = cases[i].rows > 0 ? cases[i].rows + 1 : 0; /* with the heading */

        assert_int_equal(run(cases[i].verb, cases[i].pattern, NULL), EX_OK);
        if (count_lines(strbuf_text(&printed)) != expected || strstr(strbuf_text(&printed), cases[i].part) == NULL)
            fail_msg("%s %s: %s", cases[i].verb, cases[i].pattern, strbuf_text(&printed));
        assert_string_equal(strbuf_text(&told), "");
    }
    assert_int_equal(run("show", "--json", NULL), EX_OK);
    assert_int_equal(count_lines(strbuf_text(&printed)), 4);
    assert_non_null(strstr(strbuf_text(&printed), "\"kind\": \"entry\", \"state\": \"waiting\""));
}

static void counts_are_those_of_the_pattern(void **state)
{
    (void)state;
    fill_store();
    assert_int_equal(run("stats", NULL, NULL), EX_OK);
    assert_non_null(strstr(strbuf_text(&printed), "         1  have been deferred"));
    assert_non_null(strstr(strbuf_text(&printed), "         3  have come back"));
    assert_non_null(strstr(strbuf_text(&printed), "waits of 1 that came back: half up to 100 s"));
    assert_int_equal(run("stats", "example.net", NULL), EX_OK);
    assert_non_null(strstr(strbuf_text(&printed), "         1  have come back"));
    assert_null(strstr(strbuf_text(&printed), "waits of"));
    assert_int_equal(run("stats", "192.0.2.1", NULL), EX_OK);
    assert_non_null(strstr(strbuf_text(&printed), "         1  have come back"));
    assert_int_equal(run("stats", "2.0.2.1", NULL), EX_OK);
    assert_non_null(strstr(strbuf_text(&printed), "         0  have come back"));
    assert_int_equal(run("stats", "--json", NULL), EX_OK);
    assert_non_null(strstr(strbuf_text(&printed), "{\"waiting\": 1, \"known\": 3, "));
}

static void what_is_forgotten_is_gone(void **state)
{
    (void)state;
    fill_store();
    assert_int_equal(run("forget", "example.net", NULL), EX_OK);
    assert_string_equal(strbuf_text(&printed), "2 deleted; a running filter follows within a minute\n");
    assert_int_equal(run("forget", "example.net", NULL), EX_OK);
    assert_string_equal(strbuf_text(&printed), "0 deleted\n");
    assert_int_equal(run("show", NULL, NULL), EX_OK);
    assert_int_equal(count_lines(strbuf_text(&printed)), 1 + 3);
    assert_int_equal(run("forget", "98.51.100.1", NULL), EX_OK);
    assert_string_equal(strbuf_text(&printed), "0 deleted\n");
    assert_int_equal(run("forget", "--json", "--all"), EX_OK);
    assert_string_equal(strbuf_text(&printed), "{\"entries\": 3, \"senders\": 1}\n");
    assert_int_equal(run("known", NULL, NULL), EX_OK);
    assert_string_equal(strbuf_text(&printed), "");
}

static void a_store_that_is_not_there_is_not_made(void **state)
{
    char text[PATH_SIZE];

    (void)state;
    (void)snprintf(text, sizeof text, "GreylistStore sqlite:%s\n", path_of("none.db"));
    write_file("conf", text);
    assert_int_equal(run("show", NULL, NULL), EX_UNAVAILABLE);
    assert_non_null(strstr(strbuf_text(&told), "/none.db: is not there: no filter with Greylist on has made it\n"));
    assert_int_equal(access(path_of("none.db"), F_OK), -1);
    write_file("conf", "GreylistStore redis+unix:/nonexistent/redis.sock\n");
    assert_int_equal(run("forget", "x", NULL), EX_UNAVAILABLE);
    assert_non_null(strstr(strbuf_text(&told), "/nonexistent/redis.sock"));
    assert_int_equal(count_lines(strbuf_text(&told)), 1);
    write_file("conf", "GreylistStore nowhere\n");
    assert_int_equal(run("show", NULL, NULL), EX_CONFIG);
    assert_non_null(strstr(strbuf_text(&told), "GreylistStore"));
}

static void help_is_no_error(void **state)
{
    char *argv[] = {"greylist", NULL};
    const struct command_defaults defaults = {.config_path = "/nonexistent"};
    const int out = redirect(stdout, "out");

    (void)state;
    assert_int_equal(greylist_command_run(1, argv, &defaults), EX_OK);
    restore(stdout, out, "out", &printed);
    assert_non_null(strstr(strbuf_text(&printed), "usage: smf-spf greylist show"));
}

int main(void)
{
    static const char *const files[] = {"conf", "out", "err", "greylist.db", "greylist.db-wal", "greylist.db-shm"};
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_pattern_finds_its_rows),
        cmocka_unit_test(counts_are_those_of_the_pattern),
        cmocka_unit_test(what_is_forgotten_is_gone),
        cmocka_unit_test(a_store_that_is_not_there_is_not_made),
        cmocka_unit_test(help_is_no_error),
    };
    char directory[] = "/tmp/smf-spf-greylist.XXXXXX";
    int failed;

    if (geteuid() == 0 &&
        (setgid(NOBODY) != 0 || setuid(NOBODY) != 0)) /* root's run becomes an account that may be missing */
        return EXIT_FAILURE;
    if (mkdtemp(directory) == NULL)
        return EXIT_FAILURE;
    test_directory_use(directory);
    failed = cmocka_run_group_tests(tests, NULL, NULL);
    strbuf_free(&printed);
    strbuf_free(&told);
    for (size_t i = 0; i < sizeof files / sizeof *files; i++)
        (void)unlink(path_of(files[i]));
    (void)rmdir(directory);
    return failed;
}
