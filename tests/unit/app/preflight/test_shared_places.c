/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Each two keys that name one file are reported, whichever they are. */
#include "app/preflight/shared_places.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define SHARED "/nowhere/file"

enum { KEYS = 6 };

static const char *const names[KEYS] = {"Socket", "Metrics", "ControlSocket", "PidFile", "LogTo", "ZoneFile"};

/* Gives a key a path that only it has, or the one that is shared. */
static void set_key(struct config *config, size_t key, bool is_shared)
{
    static char sockets[] = "unix:" SHARED, files[] = SHARED;
    static char own_sockets[2][16] = {"unix:/a", "unix:/b"}, own_files[KEYS][4] = {"", "", "/c", "/d", "/e", "/f"};
    char *socket = is_shared ? sockets : own_sockets[key % 2], *file = is_shared ? files : own_files[key];

    switch (key) {
    case 0:
        config->socket = socket;
        break;
    case 1:
        config->metrics = socket;
        break;
    case 2:
        config->control_socket = file;
        break;
    case 3:
        config->pid_file = file;
        break;
    case 4:
        config->log_to = file;
        break;
    default:
        config->zone_file = file;
    }
}

static void two_keys_that_share_a_file_are_named(void **state)
{
    (void)state;
    for (size_t one = 0; one < KEYS; one++) {
        for (size_t other = 0; other < one; other++) {
            struct config config = {0};
            struct strbuf found = STRBUF_INIT, wanted = STRBUF_INIT;

            for (size_t key = 0; key < KEYS; key++)
                set_key(&config, key, key == one || key == other);
            shared_places_find(&config, "/g", &found);
            strbuf_addf(&wanted, "%s: names the same file as %s\n", names[one], names[other]);
            assert_string_equal(strbuf_text(&found), strbuf_text(&wanted));
            strbuf_free(&found);
            strbuf_free(&wanted);
        }
    }
}

static void a_key_that_names_the_configuration_is_named(void **state)
{
    (void)state;
    for (size_t one = 0; one < KEYS; one++) {
        struct config config = {0};
        struct strbuf found = STRBUF_INIT, wanted = STRBUF_INIT;

        for (size_t key = 0; key < KEYS; key++)
            set_key(&config, key, key == one);
        shared_places_find(&config, SHARED, &found);
        strbuf_addf(&wanted, "%s: names the same file as the configuration\n", names[one]);
        assert_string_equal(strbuf_text(&found), strbuf_text(&wanted));
        strbuf_free(&found);
        strbuf_free(&wanted);
    }
}

static void two_sockets_of_one_port_are_named(void **state)
{
    static const struct {
        char socket[32], metrics[32];
        bool is_shared;
    } rows[] = {
        {"inet:10@192.0.2.1", "inet:10@192.0.2.1", true},
        {"inet:10@192.0.2.1", "inet:11@192.0.2.1", false},
        {"inet:10@192.0.2.1", "inet:10@192.0.2.2", false},
        {"inet:10", "inet:10@192.0.2.2", true},
        {"inet:10@192.0.2.1", "inet:10@0.0.0.0", true},
        {"inet:10", "inet:11", false},
        {"inet:10", "inet6:10", false}, /* that of metrics takes IPv6 alone */
        {"inet6:10", "inet:10", true},
        {"inet6:10@::", "inet:10@192.0.2.1", true},
        {"inet6:10@::1", "inet:10@127.0.0.1", false},
        {"inet6:10", "inet:11", false},
        {"inet6:10@2001:db8::1", "inet6:10@2001:DB8::1", true},
        {"inet6:10", "inet6:10@::1", true},
        {"fd:3", "fd:3", true},
        {"fd:3", "fd:4", false},
        {"fd:milter", "fd:milter", true},
        {"fd:milter", "fd:metrics", false},
        {"fd:milter", "fd:3", false},
        {"fd:3", "inet:3", false},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char socket[32], metrics[32];
        struct config config = {.socket = socket, .metrics = metrics};
        struct strbuf found = STRBUF_INIT;

        memcpy(socket, rows[i].socket, sizeof socket);
        memcpy(metrics, rows[i].metrics, sizeof metrics);
        shared_places_find(&config, "/g", &found);
        if (strcmp(strbuf_text(&found), rows[i].is_shared ? "Metrics: names the same socket as Socket\n" : "") != 0)
            fail_msg("%s, %s: %s", socket, metrics, strbuf_text(&found));
        strbuf_free(&found);
    }
}

static void places_that_differ_are_no_problem(void **state)
{
    struct config config = {0};
    struct strbuf found = STRBUF_INIT;

    (void)state;
    for (size_t key = 0; key < KEYS; key++)
        set_key(&config, key, false);
    shared_places_find(&config, "/g", &found);
    assert_string_equal(strbuf_text(&found), "");
    strbuf_free(&found);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(two_keys_that_share_a_file_are_named),
        cmocka_unit_test(a_key_that_names_the_configuration_is_named),
        cmocka_unit_test(two_sockets_of_one_port_are_named),
        cmocka_unit_test(places_that_differ_are_no_problem),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
