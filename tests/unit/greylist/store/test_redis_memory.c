/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The n-th allocation fails, ours or the library's, while a real Redis server is asked: a problem, or a wrong guess
 * less, but never a wrong answer, and all is well afterwards. */
#include "redis_server.h"

#include "support/alloc_fail.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>

enum { NOW = 1700000000, VISITS = 20, LAST = 3000 };

static const char *const options[] = {"--requirepass", "secret", NULL};
static char password_path[300];

static struct backend_visit visit_of(size_t number, int64_t now_s)
{
    struct backend_visit visit = {
        .subject.sender = "192.0.2.0/24 example.org",
        .terms = {.mode = GREYLIST_ON, .delay_s = 60, .window_s = 86400, .life_s = 3110400, .known_after = 1000000},
        .now_s = now_s,
        .answer = STORE_ANSWER_COUNT};

    (void)snprintf(visit.subject.entry, sizeof visit.subject.entry, "192.0.2.0/24 example.org user%zu@our.example",
                   number);
    return visit;
}

static bool visit_all(struct backend *backend, int64_t now_s, enum greylist_reason expected, struct strbuf *problem)
{
    struct backend_visit visits[VISITS], *batch[VISITS];

    for (size_t n = 0; n < VISITS; n++) {
        visits[n] = visit_of(n, now_s);
        batch[n] = &visits[n];
    }
    if (!backend->functions->visit(backend, batch, VISITS, problem))
        return false;
    for (size_t n = 0; n < VISITS; n++) {
        assert_int_equal(visits[n].answer, STORE_ANSWERED);
        assert_int_equal(visits[n].decision.reason, expected);
    }
    return true;
}

static bool count_row(void *context, const struct backend_row *row)
{
    assert_non_null(strstr(row->key, "example.org"));
    ++*(size_t *)context;
    return true;
}

static bool list_all(struct backend *backend, struct strbuf *problem)
{
    size_t count = 0;

    if (!backend->functions->each(backend, "example.org", count_row, &count, problem))
        return false;
    assert_int_equal(count, VISITS + 1);
    return true;
}

/* Where memory is short, what is there is not taken for nothing. */
static bool find(struct backend *backend, struct strbuf *problem)
{
    const struct backend_visit visit = visit_of(0, NOW);
    struct greylist_record found = {0};

    if (!backend->functions->find(backend, visit.subject.entry, false, NOW, &found, problem))
        return false;
    assert_int_equal(found.first_s, NOW);
    assert_int_equal(found.count, 1);
    return true;
}

/* One after the other, until one fails. False: one has failed. */
static bool use(struct backend *backend, struct strbuf *problem)
{
    const struct greylist_record record = {1, 2, 3, false};
    struct backend_expiry expiry;

    return backend->functions->open(backend, problem) &&
           backend->functions->put(backend, "key", false, &record, NOW, problem) && /* that is over: it is deleted */
           visit_all(backend, NOW, GREYLIST_NEW, problem) &&
           visit_all(backend, NOW + 60, GREYLIST_CAME_BACK, problem) && list_all(backend, problem) &&
           find(backend, problem) && backend->functions->expire(backend, NOW, &expiry, problem);
}

/* True if the n-th allocation has failed. */
static bool fails_at(unsigned n)
{
    struct greylist_store_config config = redis_server_config(&clock_system);
    struct strbuf problem = STRBUF_INIT;
    struct backend *backend;
    bool is_fine = false, has_failed;

    config.password_file = password_path;
    (void)snprintf(config.address.prefix, sizeof config.address.prefix, "%u:", n); /* nothing is there yet */
    alloc_fail_at(n);
    backend = backend_create(&config);
    if (backend != NULL)
        is_fine = use(backend, &problem);
    has_failed = alloc_fail_happened();
    alloc_fail_at(0);
    if (!has_failed)
        assert_true(is_fine);
    if (!is_fine && backend != NULL)
        assert_true(problem.len > 0 || problem.failed);
    strbuf_free(&problem);
    if (backend != NULL)
        backend->functions->destroy(backend);
    return has_failed;
}

static void test_each_allocation(void **state)
{
    unsigned n = 1;

    (void)state;
    while (fails_at(n))
        assert_true(++n < LAST);
    assert_true(n > 500); /* the library's are among them */
}

static int set_up(void **state)
{
    FILE *file;

    (void)state;
    redis_server_make_directory();
    (void)snprintf(password_path, sizeof password_path, "%s", redis_server_path("password"));
    file = fopen(password_path, "we");
    assert_non_null(file);
    assert_true(fputs("default secret\n", file) >= 0);
    assert_int_equal(fclose(file), 0);
    assert_int_equal(chmod(password_path, 0600), 0);
    redis_server_start(options);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_each_allocation),
    };

    return cmocka_run_group_tests(tests, set_up, redis_server_tear_down);
}
