/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Tests when connections have to wait for descriptors. */
#include "base/descriptor_reserve.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cmocka.h>

enum { LIMIT = 64, FREE_AT_FIRST = 32 };

static struct rlimit usual;

static int limit_descriptors(void **state)
{
    struct rlimit low;

    (void)state;
    if (getrlimit(RLIMIT_NOFILE, &usual) != 0)
        return -1;
    low = (struct rlimit){.rlim_cur = LIMIT, .rlim_max = usual.rlim_max};
    return setrlimit(RLIMIT_NOFILE, &low);
}

static int unlimit_descriptors(void **state)
{
    (void)state;
    for (int fd = STDERR_FILENO + 1; fd < LIMIT; fd++)
        close(fd);
    return setrlimit(RLIMIT_NOFILE, &usual);
}

/* Takes descriptors until the lowest free one is this. */
static void hold_below(int number)
{
    int fd;

    do
        fd = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 0);
    while (fd >= 0 && fd < number);
    close(fd);
}

/* A crowd of other connections leaves an eighth of all to those of the milter. */
static void each_leaves_its_part(void **state)
{
    static const struct {
        int taken;
        bool milter_waits, others_wait;
    } rows[] = {{LIMIT - FREE_AT_FIRST, false, false}, {LIMIT * 5 / 8 - 1, false, false}, {LIMIT * 5 / 8, false, true},
                {LIMIT * 6 / 8 - 1, false, true},      {LIMIT * 6 / 8, true, true},       {LIMIT, true, true}};

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        hold_below(rows[i].taken);
        assert_int_equal(descriptor_reserve_is_low(STDERR_FILENO, DESCRIPTORS_FOR_LOOKUPS), rows[i].milter_waits);
        assert_int_equal(descriptor_reserve_is_low(STDERR_FILENO, DESCRIPTORS_FOR_MILTER_AND_LOOKUPS),
                         rows[i].others_wait);
    }
    assert_false(descriptor_reserve_is_low(-1, DESCRIPTORS_FOR_LOOKUPS)); /* it says nothing */
}

/* Of many descriptors no more are left than this filter has use for. */
static void the_reserve_is_bounded(void **state)
{
    enum { MANY = 16384 };
    const struct rlimit high = {.rlim_cur = MANY, .rlim_max = usual.rlim_max};

    (void)state;
    if (usual.rlim_max < MANY)
        skip();
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &high), 0);
    hold_below(MANY - 3073);
    assert_false(descriptor_reserve_is_low(STDERR_FILENO, DESCRIPTORS_FOR_MILTER_AND_LOOKUPS));
    hold_below(MANY - 3072);
    assert_true(descriptor_reserve_is_low(STDERR_FILENO, DESCRIPTORS_FOR_MILTER_AND_LOOKUPS));
    for (int fd = LIMIT; fd < MANY; fd++)
        close(fd);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(each_leaves_its_part, limit_descriptors, unlimit_descriptors),
        cmocka_unit_test_setup_teardown(the_reserve_is_bounded, limit_descriptors, unlimit_descriptors),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
