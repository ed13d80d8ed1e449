/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Tests which connections are shut down. */
#include "front/metrics/scrapers.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

enum { PATIENCE_MS = 100 };

static struct scrapers scrapers;
static int ends[SCRAPERS_MAX][2];

static int set_up(void **state)
{
    (void)state;
    scrapers = (struct scrapers){0};
    for (size_t i = 0; i < SCRAPERS_MAX; i++)
        if (socketpair(AF_UNIX, SOCK_STREAM, 0, ends[i]) != 0)
            return -1;
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    for (size_t i = 0; i < SCRAPERS_MAX; i++) {
        close(ends[i][0]);
        close(ends[i][1]);
    }
    return 0;
}

static bool is_open(size_t number)
{
    char octet;

    return recv(ends[number][1], &octet, 1, MSG_DONTWAIT) < 0;
}

static struct scraper *come(size_t number, int64_t now_ms)
{
    return scrapers_come(&scrapers, ends[number][0], now_ms);
}

/* From when it came, or its last answer was complete, each has its time. */
static void test_late(void **state)
{
    struct scraper *answered;

    (void)state;
    assert_non_null(come(0, 0));
    answered = come(1, 0);
    assert_non_null(come(2, 50));
    scrapers_end_late(&scrapers, PATIENCE_MS - 1, PATIENCE_MS);
    assert_true(is_open(0) && is_open(1) && is_open(2));
    scrapers_answered(answered, 60);
    scrapers_end_late(&scrapers, PATIENCE_MS, PATIENCE_MS);
    assert_true(!is_open(0) && is_open(1) && is_open(2));
    scrapers_end_late(&scrapers, PATIENCE_MS + 50, PATIENCE_MS);
    assert_true(is_open(1) && !is_open(2));
}

/* Whoever has gone is left alone: another may have its descriptor. */
static void test_gone(void **state)
{
    (void)state;
    scrapers_go(come(0, 0));
    scrapers_end_late(&scrapers, PATIENCE_MS, PATIENCE_MS);
    assert_true(is_open(0));
}

static void test_too_many(void **state)
{
    struct scraper *last = NULL;

    (void)state;
    for (size_t i = 0; i < SCRAPERS_MAX; i++)
        assert_non_null(last = come(i, 0));
    assert_null(come(0, 0));
    scrapers_answered(NULL, 0);
    scrapers_go(NULL);
    scrapers_go(last);
    assert_ptr_equal(come(SCRAPERS_MAX - 1, 0), last);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_late, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_gone, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_too_many, set_up, tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
