/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Tests how resolv.conf is read, and that a change is noticed. */
#include "dns/resolv_conf.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static char path[] = "/tmp/smf-spf-resolv.XXXXXX";

static int make_path(void **state)
{
    int fd = mkstemp(path);

    (void)state;
    if (fd >= 0)
        close(fd);
    return fd >= 0 ? 0 : -1;
}

static int remove_path(void **state)
{
    (void)state;
    unlink(path);
    return 0;
}

static void write_file(const char *text)
{
    char other[sizeof(path) + 4];
    FILE *file;

    snprintf(other, sizeof(other), "%s.new", path);
    file = fopen(other, "w");
    assert_non_null(file);
    fputs(text, file);
    fclose(file);
    assert_int_equal(rename(other, path), 0); /* as those who write resolv.conf do */
}

/* Reads the text; the servers with a space behind each. */
static void expect(const char *text, const char *servers)
{
    struct resolv_conf conf = {0};
    char got[RESOLV_CONF_SERVERS * DNS_SERVER_SIZE] = "";

    write_file(text);
    assert_true(resolv_conf_update(&conf, path));
    for (size_t i = 0; i < conf.count; i++)
        snprintf(got + strlen(got), sizeof(got) - strlen(got), "%s ", conf.servers[i].text);
    if (strcmp(got, servers) != 0)
        fail_msg("%s\ngives %s", text, got);
}

static void test_lines(void **state)
{
    char text[4096] = "";

    (void)state;
    expect("", "");
    expect("# nothing\nsearch example.org\noptions edns0\n", "");
    expect("nameserver 192.0.2.1\n", "192.0.2.1@53 ");
    expect("nameserver 192.0.2.1", "192.0.2.1@53 ");
    expect("nameserver\t 192.0.2.1 # mine\nnameserver 2001:db8::1;\nnameserver fe80::1%eth0\r\n",
           "192.0.2.1@53 2001:db8::1@53 fe80::1%eth0@53 ");
    expect("nameserver\nnameservers 192.0.2.1\n nameserver 192.0.2.2\nnameserver ns.example\nnameserver 192.0.2.3\n"
           "#nameserver 192.0.2.4\n",
           "192.0.2.3@53 ");
    for (unsigned i = 0; i < 20; i++)
        strcat(text, "nameserver 192.0.2.1\n");
    expect(text, "192.0.2.1@53 192.0.2.1@53 192.0.2.1@53 192.0.2.1@53 192.0.2.1@53 192.0.2.1@53 192.0.2.1@53 "
                 "192.0.2.1@53 ");
    memset(text, 'x', 1500);
    strcpy(text + 1500, "nameserver 192.0.2.1\nnameserver 192.0.2.2\n"); /* the rest of a long line is no line */
    memcpy(text, "search ", 7);
    expect(text, "192.0.2.2@53 ");
}

static void test_changes(void **state)
{
    struct resolv_conf conf = {0};

    (void)state;
    unlink(path);
    assert_true(resolv_conf_update(&conf, path)); /* the first time */
    assert_int_equal(conf.count, 0);
    assert_false(resolv_conf_update(&conf, path));
    write_file("");
    assert_false(resolv_conf_update(&conf, path));
    write_file("nameserver 192.0.2.1\n");
    assert_true(resolv_conf_update(&conf, path));
    assert_false(resolv_conf_update(&conf, path));
    write_file("nameserver 192.0.2.2\n"); /* of the same size */
    assert_true(resolv_conf_update(&conf, path));
    assert_string_equal(conf.servers[0].text, "192.0.2.2@53");
    write_file("# a word\nnameserver 192.0.2.2\n");
    assert_false(resolv_conf_update(&conf, path)); /* the same servers */
    write_file("nameserver 192.0.2.2\nnameserver 192.0.2.3\n");
    assert_true(resolv_conf_update(&conf, path));
    unlink(path);
    assert_true(resolv_conf_update(&conf, path));
    assert_int_equal(conf.count, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_lines),
        cmocka_unit_test(test_changes),
    };

    return cmocka_run_group_tests(tests, make_path, remove_path);
}
