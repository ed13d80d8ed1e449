/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which texts say where a store is, and what they say. */
#include "greylist/store_address.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define ARRAY_SIZE(array) (sizeof(array) / sizeof *(array))

static void test_good(void **state)
{
    static const struct {
        const char *text;
        struct store_address wanted;
    } rows[] = {
        {"sqlite:/var/lib/smf-spf/greylist.db",
         {STORE_SQLITE, .path = "/var/lib/smf-spf/greylist.db", .port = 6379, .prefix = "smf-spf:"}},
        {"SQLite:/a?b", {STORE_SQLITE, .path = "/a?b", .port = 6379, .prefix = "smf-spf:"}},
        {"redis://redis.example", {STORE_REDIS, .host = "redis.example", .port = 6379, .prefix = "smf-spf:"}},
        {"redis://localhost/", {STORE_REDIS, .host = "localhost", .port = 6379, .prefix = "smf-spf:"}},
        {"redis://192.0.2.1:7000/3?prefix=mx.",
         {STORE_REDIS, .host = "192.0.2.1", .port = 7000, .database = 3, .prefix = "mx."}},
        {"redis://[2001:db8::1]?prefix=a:b-c_D9",
         {STORE_REDIS, .host = "2001:db8::1", .port = 6379, .prefix = "a:b-c_D9"}},
        {"redis://[2001:db8::1]:65535/9999",
         {STORE_REDIS, .host = "2001:db8::1", .port = 65535, .database = 9999, .prefix = "smf-spf:"}},
        {"redis+unix:/run/redis/redis.sock",
         {STORE_REDIS_UNIX, .path = "/run/redis/redis.sock", .port = 6379, .prefix = "smf-spf:"}},
        {"redis+unix:/r?db=12&prefix=x", {STORE_REDIS_UNIX, .path = "/r", .port = 6379, .database = 12, .prefix = "x"}},
        {"redis+unix:/r?prefix=x&db=0", {STORE_REDIS_UNIX, .path = "/r", .port = 6379, .prefix = "x"}},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        struct store_address address;

        if (!store_address_parse(rows[i].text, &address))
            fail_msg("refused: %s", rows[i].text);
        assert_int_equal(address.kind, rows[i].wanted.kind);
        assert_string_equal(address.path, rows[i].wanted.path);
        assert_string_equal(address.host, rows[i].wanted.host);
        assert_int_equal(address.port, rows[i].wanted.port);
        assert_int_equal(address.database, rows[i].wanted.database);
        assert_string_equal(address.prefix, rows[i].wanted.prefix);
    }
}

static void test_bad(void **state)
{
    static const char *const texts[] = {
        "",
        "/var/lib/greylist.db",
        "sqlite:",
        "sqlite:/",
        "sqlite:greylist.db",
        "sqlite:/var/lib/",
        "redis:",
        "redis://",
        "redis:///1",
        "redis://:6379",
        "redis://:secret@host",
        "redis://user:secret@host/1",
        "redis://host:",
        "redis://host:0",
        "redis://host:65536",
        "redis://host:063",
        "redis://host:4294973675",
        "redis://host:6379x",
        "redis://host/x",
        "redis://host/01",
        "redis://host/10000",
        "redis://host/1/2",
        "redis://host/-1",
        "redis://host?",
        "redis://host/1?db=2",
        "redis://host?prefix=",
        "redis://host?prefix=a b",
        "redis://host?prefix=a&",
        "redis://host?prefix=a&prefix=b",
        "redis://host?PREFIX",
        "redis://ho st",
        "redis://192.0.2.300",
        "redis://2001:db8::1",
        "redis://[192.0.2.1]",
        "redis://[2001:db8::1",
        "redis://[2001:db8::1]7",
        "redis://[]",
        "redis+unix:redis.sock",
        "redis+unix:/",
        "redis+unix:/r?",
        "redis+unix:/r?db=",
        "redis+unix:/r?db=1&db=1",
        "redis+unix:/r?db=1&secret=x",
        "rediss://host",
        "redis+unix://r?db=1x",
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
        struct store_address address = {.port = 77};

        if (store_address_parse(texts[i], &address))
            fail_msg("taken: %s", texts[i]);
        assert_int_equal(address.port, 77);
    }
}

static void test_lengths(void **state)
{
    struct store_address address;
    char text[STORE_ADDRESS_PATH_SIZE + 64], prefix[STORE_ADDRESS_PREFIX_SIZE + 1], fill[STORE_ADDRESS_PATH_SIZE + 1];

    (void)state;
    memset(fill, 'a', sizeof fill);
    fill[0] = '/';
    snprintf(text, sizeof text, "sqlite:%.*s", STORE_ADDRESS_PATH_SIZE - 1, fill);
    assert_true(store_address_parse(text, &address));
    snprintf(text, sizeof text, "sqlite:%.*s", STORE_ADDRESS_PATH_SIZE, fill);
    assert_false(store_address_parse(text, &address));

    memset(prefix, 'p', sizeof prefix);
    snprintf(text, sizeof text, "redis://h?prefix=%.*s", STORE_ADDRESS_PREFIX_SIZE - 1, prefix);
    assert_true(store_address_parse(text, &address));
    snprintf(text, sizeof text, "redis://h?prefix=%.*s", STORE_ADDRESS_PREFIX_SIZE, prefix);
    assert_false(store_address_parse(text, &address));
}

static void test_written(void **state)
{
    static const struct {
        const char *text, *written;
    } cases[] = {
        {"sqlite:/var/lib/greylist.db", "sqlite:/var/lib/greylist.db"},
        {"redis://host", "redis://host:6379"},
        {"redis://host:6380/3?prefix=mx:", "redis://host:6380/3"},
        {"redis://[2001:db8::1]/3", "redis://[2001:db8::1]:6379/3"},
        {"redis+unix:/run/redis.sock", "redis+unix:/run/redis.sock"},
        {"redis+unix:/run/redis.sock?db=2&prefix=mx:", "redis+unix:/run/redis.sock?db=2"},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        struct store_address address;
        struct strbuf out = STRBUF_INIT;

        assert_true(store_address_parse(cases[i].text, &address));
        store_address_write(&address, &out);
        assert_string_equal(strbuf_text(&out), cases[i].written);
        strbuf_free(&out);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_good),
        cmocka_unit_test(test_bad),
        cmocka_unit_test(test_written),
        cmocka_unit_test(test_lengths),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
