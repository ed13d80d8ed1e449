/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Tests of the file of secrets. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "session/srs_rules.h"
#include "support/alloc_fail.h"
#include "support/test_directory.h"

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
    struct strbuf whole = STRBUF_INIT, errors = STRBUF_INIT;
    const struct config *config = NULL;

    strbuf_addf(&whole, "SRSDomain fwd.example\nSRSSecretFile %s\n%s", path_of("secret"), text);
    config = config_parse(strbuf_text(&whole), whole.len, "test", &errors);
    if (config == NULL)
        fail_msg("%s", strbuf_text(&errors));
    strbuf_free(&whole);
    strbuf_free(&errors);
    return config;
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
        cmocka_unit_test(bad_files_are_told),
        cmocka_unit_test(lines_are_read_as_postsrsd_reads_them),
        cmocka_unit_test(large_files_are_none),
        cmocka_unit_test(the_note_is_for_who_forgot_a_key),
        cmocka_unit_test(each_failing_allocation_is_told),
    };

    return cmocka_run_group_tests(tests, make_directory, remove_directory);
}
