/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Tests of the file of secrets. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/instrumented.h"
#include "session/srs_rules.h"
#include "support/alloc_fail.h"
#include "support/test_config.h"
#include "support/test_directory.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define ARRAY_SIZE(array) (sizeof(array) / sizeof *(array))

static char directory[] = "/tmp/smf-spf-srs-rules-XXXXXX";

static int make_directory(void **state)
{
    (void)state;
    if (mkdtemp(directory) == NULL)
        return -1;
    test_directory_use(directory);
    write_file("secret", "tops3cr3t\n");
    return chmod(path_of("secret"), 0640);
}

static int remove_directory(void **state)
{
    (void)state;
    (void)unlink(path_of("secret"));
    return rmdir(directory);
}

/* A configuration of `text` with the test's secret. */
static const struct config *configuration(const char *text)
{
    return test_config("SRSDomain fwd.example\nSRSSecretFile %s\n%s", path_of("secret"), text);
}

static bool opens(const char *content, mode_t mode, struct strbuf *error)
{
    const struct config *config = configuration("");
    const struct srs_rules *rules = NULL;
    bool opened;

    write_file("secret", content);
    assert_int_equal(chmod(path_of("secret"), mode), 0);
    opened = srs_rules_open(config, &rules, error);
    assert_int_equal(opened, rules != NULL);
    srs_rules_release(rules);
    config_release(config);
    return opened;
}

static void bad_files_are_told(void **state)
{
    static const struct {
        const char *content;
        mode_t mode;
        const char *words; /* NULL: it is a good one */
    } cases[] = {
        {"a\n", 0640, NULL},
        {"a", 0600, NULL},
        {"\n \t\r\n a \r\n\nb\n", 0400, NULL},
        {"#a\n", 0400, NULL},
        {"a\n", 0644, "everybody"},
        {"a\n", 0642, "everybody"},
        {"", 0640, "no secret"},
        {" \n\r\n", 0640, "no secret"},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        struct strbuf error = STRBUF_INIT;

        assert_int_equal(opens(cases[i].content, cases[i].mode, &error), cases[i].words == NULL);
        if (cases[i].words != NULL)
            assert_non_null(strstr(strbuf_text(&error), cases[i].words));
        strbuf_free(&error);
    }
    assert_int_equal(unlink(path_of("secret")), 0);
    assert_int_equal(mkdir(path_of("secret"), 0700), 0);
    struct strbuf error = STRBUF_INIT;
    const struct config *config = configuration("");
    const struct srs_rules *rules = NULL;
    assert_false(srs_rules_open(config, &rules, &error));
    assert_non_null(strstr(strbuf_text(&error), "is no file"));
    assert_int_equal(rmdir(path_of("secret")), 0);
    strbuf_free(&error);
    assert_false(srs_rules_open(config, &rules, &error));
    assert_non_null(strstr(strbuf_text(&error), "cannot be read"));
    strbuf_free(&error);
    config_release(config);
    write_file("secret", "tops3cr3t\n");
    assert_int_equal(chmod(path_of("secret"), 0640), 0);
}

/* The first secret that a file has. */
static void assert_first(const char *content, const char *secret)
{
    const struct config *config = configuration("");
    const struct srs_rules *rules = NULL;
    struct strbuf error = STRBUF_INIT;

    write_file("secret", content);
    assert_true(srs_rules_open(config, &rules, &error));
    assert_string_equal(srs_rules_settings(rules)->secrets.items[0], secret);
    srs_rules_release(rules);
    config_release(config);
}

/* Else what that program signed would not be known here. */
static void lines_are_read_as_postsrsd_reads_them(void **state)
{
    (void)state;
    assert_first("a b \nc\n", "a b ");
    assert_first("\r\n\n\ta\r\nb", "\ta");
    assert_first("# a\nb\n", "# a");
    write_file("secret", "tops3cr3t\n");
}

static void large_files_are_none(void **state)
{
    enum { TOO_LARGE = 64 * 1024 + 1 };
    char *large = calloc(1, TOO_LARGE + 1);
    struct strbuf error = STRBUF_INIT;

    (void)state;
    assert_non_null(large);
    memset(large, 'a', TOO_LARGE);
    assert_false(opens(large, 0600, &error));
    print_message("%s\n", strbuf_text(&error));
    assert_non_null(strstr(strbuf_text(&error), "too large"));
    strbuf_free(&error);
    free(large);
    write_file("secret", "tops3cr3t\n");
}

static void the_note_is_for_who_forgot_a_key(void **state)
{
    static const struct {
        const char *text;
        bool is_there;
    } cases[] = {{"", true}, {"SRSAlways on\n", false}, {"SRSOutgoing 192.0.2.25\n", false}};

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        const struct config *config = configuration(cases[i].text);

        assert_int_equal(srs_rules_lacks_outgoing(config), cases[i].is_there);
        config_release(config);
    }
}

/* ---- What is left of a file in memory ---- */

enum {
    MARK_LEN = 24,
    MARKED_LINES = 400, /* more than a buffer of stdio, or the first size of a text, holds */
    MAPPING_MAX = 64 * 1024 * 1024,
};

/* The same octet changed in each, so that the text is nowhere but where the filter read it. */
enum { DISGUISE = 0x11 };
static const char mark[MARK_LEN + 1] = "bu~c}t&d#vu!ch$s%tuvxywz";

/* Not by stdio, whose buffer would be found. */
static void write_marked_file(void)
{
    int fd = open(path_of("secret"), O_WRONLY | O_TRUNC | O_CLOEXEC);
    volatile char line[MARK_LEN + 1];

    assert_true(fd >= 0);
    for (size_t i = 0; i < MARK_LEN; i++)
        line[i] = (char)(mark[i] ^ DISGUISE);
    line[MARK_LEN] = '\n';
    for (unsigned n = 0; n < MARKED_LINES; n++)
        assert_int_equal(write(fd, (const char *)line, sizeof line), sizeof line);
    for (size_t i = 0; i < sizeof line; i++)
        line[i] = '\0';
    assert_int_equal(close(fd), 0);
}

static size_t count_marks(const char *octets, size_t len)
{
    size_t count = 0, same = 0;

    for (size_t i = 0; i < len; i++) {
        same = octets[i] == (mark[same] ^ DISGUISE) ? same + 1 : octets[i] == (mark[0] ^ DISGUISE);
        if (same < MARK_LEN)
            continue;
        count++;
        same = 0;
    }
    return count;
}

/* In all memory of the process that can be written. */
static size_t count_marks_in_memory(void)
{
    FILE *maps = fopen("/proc/self/maps", "re");
    size_t count = 0;
    char line[512];

    assert_non_null(maps);
    while (fgets(line, sizeof line, maps) != NULL) {
        char *rest = line;
        const char *begin = (const char *)(uintptr_t)strtoumax(line, &rest, 16); /* NOLINT(performance-no-int-to-ptr) */
        const size_t len = (size_t)(strtoumax(rest + 1, &rest, 16) - (uintptr_t)begin);

        if (strncmp(rest, " rw", 3) == 0 && len <= MAPPING_MAX)
            count += count_marks(begin, len);
    }
    assert_int_equal(fclose(maps), 0);
    return count;
}

static void nothing_of_a_file_is_left(void **state)
{
    const struct config *config;
    const struct srs_rules *rules = NULL;
    struct strbuf error = STRBUF_INIT;

    (void)state;
    if (SANITIZED)
        skip(); /* its runtime keeps copies, and has more memory than can be read */
    config = configuration("");
    write_marked_file();
    assert_true(srs_rules_open(config, &rules, &error));
    assert_int_equal(count_marks_in_memory(), MARKED_LINES);
    srs_rules_release(rules);
    assert_int_equal(count_marks_in_memory(), 0);
    config_release(config);
    write_file("secret", "tops3cr3t\n");
}

static void each_failing_allocation_is_told(void **state)
{
    const struct config *config = configuration("");
    bool failed = true;

    (void)state;
    for (unsigned n = 1; failed; n++) {
        const struct srs_rules *rules = NULL;
        struct strbuf error = STRBUF_INIT;
        bool opened;

        alloc_fail_at(n);
        opened = srs_rules_open(config, &rules, &error);
        failed = alloc_fail_happened();
        alloc_fail_at(0);
        assert_int_equal(opened, rules != NULL);
        if (opened)
            assert_int_equal(srs_rules_settings(rules)->secrets.count, 1);
        assert_true(opened || failed);
        srs_rules_release(rules);
        strbuf_free(&error);
    }
    config_release(config);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bad_files_are_told),        cmocka_unit_test(lines_are_read_as_postsrsd_reads_them),
        cmocka_unit_test(large_files_are_none),      cmocka_unit_test(the_note_is_for_who_forgot_a_key),
        cmocka_unit_test(nothing_of_a_file_is_left), cmocka_unit_test(each_failing_allocation_is_told),
    };

    return cmocka_run_group_tests(tests, make_directory, remove_directory);
}
