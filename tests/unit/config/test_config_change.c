/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What differs between two configurations. */
#include "config/config_change.h"

#include "config/config_options.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static const struct config *parse(const char *text)
{
    struct strbuf errors = STRBUF_INIT;
    const struct config *config = config_parse(text, strlen(text), "test", &errors);

    if (config == NULL)
        fail_msg("%s", strbuf_text(&errors));
    strbuf_free(&errors);
    return config;
}

static void each_difference_is_seen(void **state)
{
    static const struct {
        const char *a, *b;
        bool is_same, has_same_dns;
        const char *restart;
    } cases[] = {
        {"", "", true, true, ""},
        {"", "# a comment\n\nRefuseFail on\n", true, true, ""},
        {"RefuseFail on\n", "RefuseFail off\n", false, true, ""},
        {"WhitelistFrom a@\nWhitelistFrom b@\n", "WhitelistFrom a@ b@\n", true, true, ""},
        {"WhitelistFrom a@\n", "WhitelistFrom a@ b@\n", false, true, ""},
        {"WhitelistIP 192.0.2.1\n", "", false, true, ""},
        {"RefuseMailFrom fail\n", "RefuseMailFrom fail, none\n", false, true, ""},
        {"TTL 60s\n", "TTL 1m\n", true, true, ""},
        {"Nameserver 192.0.2.53\n", "", false, false, ""},
        {"DNSSEC on\n", "", false, false, ""},
        {"DNSCacheSize 1M\n", "", false, false, ""},
        {"DNSServeStale off\n", "", false, false, ""},
        {"ZoneFile /a\n", "ZoneFile /b\n", false, false, ""},
        {"Socket inet:1@127.0.0.1\n", "", false, true, "Socket"},
        {"SocketMode 0600\nUser a\n", "SocketGroup b\nUser a\n", false, true, "SocketMode, SocketGroup"},
        {"PidFile /a\n", "Daemonize off\nUser b\n", false, true, "User, PidFile, Daemonize"},
        {"Sandbox log\n", "CoreDumps on\n", false, true, "Sandbox, CoreDumps"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        const struct config *a = parse(cases[i].a), *b = parse(cases[i].b);
        struct strbuf keys = STRBUF_INIT;
        size_t next = 0;
        bool failed = false;

        assert_int_equal(config_changed_key(a, b, &next, &failed) == NULL, cases[i].is_same);
        assert_false(failed);
        assert_int_equal(config_is_same(a, b), cases[i].is_same);
        assert_int_equal(config_is_same(b, a), cases[i].is_same);
        assert_int_equal(config_has_same_dns(a, b), cases[i].has_same_dns);
        assert_int_equal(config_restart_keys(a, b, &keys) > 0, cases[i].restart[0] != '\0');
        assert_string_equal(strbuf_text(&keys), cases[i].restart);
        strbuf_free(&keys);
        config_release(a);
        config_release(b);
    }
}

/* One after the other, in the order of the table. */
static void all_changed_keys(void **state)
{
    static const char *const expected[] = {"WhitelistTo", "Tag", "LogLevel"};
    const struct config *a = parse("Tag a\n"), *b = parse("LogLevel error\nWhitelistTo a@b.c\n");
    size_t next = 0;
    bool failed = false;

    (void)state;
    for (size_t i = 0; i < COUNT(expected); i++)
        assert_string_equal(config_changed_key(a, b, &next, &failed), expected[i]);
    assert_null(config_changed_key(a, b, &next, &failed));
    assert_false(failed);
    config_release(a);
    config_release(b);
}

/* The part of the manual that explains a key, up to the next one; NULL if there is none. */
static char *section_of(const char *manual, const char *key)
{
    char head[80];
    const char *begin, *end;

    snprintf(head, sizeof head, ".It Ic %s Ar ", key);
    begin = strstr(manual, head);
    if (begin == NULL)
        return NULL;
    end = strstr(begin + 1, ".It Ic ");
    return end != NULL ? strndup(begin, (size_t)(end - begin)) : strdup(begin);
}

static void the_manual_says_what_waits_for_a_restart(void **state)
{
    static char manual[1 << 18];
    FILE *file = fopen("docs/smf-spf.conf.5", "r");
    size_t count = 0;
    const struct config_option *options = config_options(&count);

    (void)state;
    assert_non_null(file);
    assert_in_range(fread(manual, 1, sizeof manual - 1, file), 1, sizeof manual - 2);
    assert_int_equal(fclose(file), 0);
    for (size_t i = 0; i < count; i++) {
        char *section = section_of(manual, options[i].key);

        assert_non_null(section);
        if ((strstr(section, "\nTakes effect at the next start.\n") != NULL) !=
            (options[i].effect == CONFIG_BY_RESTART))
            fail_msg("%s", options[i].key);
        free(section);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_difference_is_seen),
        cmocka_unit_test(all_changed_keys),
        cmocka_unit_test(the_manual_says_what_waits_for_a_restart),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
