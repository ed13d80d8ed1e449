/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Servers that lie, stall, flood, close or know less than they should: each is a problem with words, in a bound of time
 * and of memory, and never a wrong answer. */
#include "greylist/store/redis_link.h"

#include "base/clock.h"
#include "greylist/store/backend.h"
#include "resp_liar.h"

#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

enum { NOW = 1700000000, BOUND_MS = 10000 };

static char path[] = "/tmp/smf-spf-liar-XXXXXX";

static struct greylist_store_config config_of(void)
{
    struct greylist_store_config config = {
        .address = {.kind = STORE_REDIS_UNIX, .prefix = "smf-spf:"}, .entries_max = 10, .clock = &clock_system};

    (void)snprintf(config.address.path, sizeof config.address.path, "%s", path);
    return config;
}

static void assert_has(const struct strbuf *problem, const char *expected, const char *what)
{
    if (strstr(strbuf_text(problem), expected) == NULL)
        fail_msg("%s: \"%s\" instead of \"%s\"", what, strbuf_text(problem), expected);
}

static struct backend_visit make_visit(void)
{
    return (struct backend_visit){
        .subject = {.entry = "192.0.2.0/24 example.org user@our.example", .sender = "192.0.2.0/24 example.org"},
        .terms = {.mode = GREYLIST_ON, .delay_s = 60, .window_s = 86400, .life_s = 3110400},
        .now_s = NOW,
        .answer = STORE_ANSWER_COUNT};
}

/* What is asked of a server after it was opened. */
enum action { OPEN, VISIT, EXPIRE, EACH, PUT, FIND };

static bool refuse_row(void *context, const struct backend_row *row)
{
    (void)context;
    (void)row;
    return false;
}

static bool count_row(void *context, const struct backend_row *row)
{
    assert_string_equal(row->key, "x");
    ++*(size_t *)context;
    return true;
}

static bool act(struct backend *backend, enum action action, struct strbuf *problem)
{
    const struct backend_functions *functions = backend->functions;
    struct greylist_record record = {1, 2, 3, false};
    struct backend_visit visit = make_visit();
    struct backend_visit *visits[] = {&visit};
    struct backend_expiry expiry;

    switch (action) {
    case VISIT:
        return functions->visit(backend, visits, 1, problem);
    case EXPIRE:
        return functions->expire(backend, NOW, &expiry, problem);
    case EACH:
        return functions->each(backend, "", refuse_row, NULL, problem);
    case PUT:
        return functions->put(backend, "x", false, &record, clock_unix_s(&clock_system) + 100, problem);
    case FIND:
        return functions->find(backend, "x", false, NOW, &record, problem);
    case OPEN:
    default:
        return true;
    }
}

/* Opens, and acts. True if both went well; else the problem has a text, and it did not take for ever. A visit that was
 * answered may have one, too: why nothing is stored. */
static bool try_action(enum action action, struct strbuf *problem)
{
    const struct greylist_store_config config = config_of();
    struct backend *backend = backend_create(&config);
    const int64_t start_ms = clock_monotonic_ms(&clock_system);
    bool is_fine;

    assert_non_null(backend);
    is_fine = backend->functions->open(backend, problem) && act(backend, action, problem);
    assert_true(clock_monotonic_ms(&clock_system) - start_ms < BOUND_MS);
    assert_true(is_fine ? problem->len == 0 || action == VISIT : problem->len > 0);
    backend->functions->destroy(backend);
    return is_fine;
}

/* Errors -------------------------------------------------------------------------------------------------------- */

static void test_errors(void **state)
{
    static const struct {
        const char *answer, *words;
        bool is_open, is_visit; /* does opening go well, and a visit? */
    } cases[] = {
        {"-OOM command not allowed when used memory > 'maxmemory'.", "its memory is full (maxmemory): OOM", true, true},
        {"-ERR Error running script (call to f_1): @user_script:9: @user_script: 9: -OOM command not allowed",
         "its memory is full (maxmemory): ERR", true, true},
        {"-MISCONF Redis is configured to save RDB snapshots, but it's currently unable to persist to disk.",
         "it stores nothing, as it cannot save its data: MISCONF", true, true},
        {"-NOREPLICAS Not enough good replicas to write.", "it stores nothing, as it has too few replicas: NOREPLICAS",
         true, true},
        {"-NOAUTH Authentication required.", "it wants a password (GreylistPasswordFile): NOAUTH", false, false},
        {"-NOPERM User x has no permissions to run the 'eval' command", "lacks a right: NOPERM User x", false, false},
        {"-LOADING Redis is loading the dataset in memory", "it is still loading its data: LOADING", false, false},
        {"-READONLY You can't write against a read only replica.", "it is a replica, which stores nothing: READONLY",
         false, false},
        {"-ERR Error running script (call to f_1): @user_script:9: -READONLY You can't write", "it is a replica", false,
         false},
        {"-MASTERDOWN Link with MASTER is down", "it is a replica without its master: MASTERDOWN", false, false},
        {"-MOVED 3999 127.0.0.1:6381", "it is one of a cluster, in which this does not work: MOVED 3999", false, false},
        {"-CROSSSLOT Keys in request don't hash to the same slot", "it is one of a cluster", false, false},
        {"-CLUSTERDOWN Hash slot not served", "it is one of a cluster", false, false},
        {"-ASK 3999 127.0.0.1:6381", "it is one of a cluster", false, false},
        {"-ERR unknown command 'EVAL'", "it lacks a command, perhaps as it is too old, or no Redis", false, false},
        {"-BUSY Redis is busy running a script.", "it is busy with another program's script", false, false},
        {"-DENIED Redis is running in protected mode", "it takes no connection from this host", false, false},
        {"-ERR max number of clients reached", "it answers: ERR max number of clients reached", false, false},
        {"-\x1b[31mred\x01\xff", "it answers: \\x1b[31mred\\x01\\xff", false, false},
        {"-", "it answers: ", false, false},
        {"+OK", "it answers something else than was asked", false, false},
        {"$-1", "it answers something else than was asked", false, false},
        {"*0", "it answers something else than was asked", false, false},
        {"*-1", "it answers something else than was asked", false, false},
        {"*1\r\n*1\r\n*1\r\n:1", "it answers something else than was asked", false, false},
        {":5", "it answers something else than was asked", true, false},
        {"*2\r\n$0\r\n\r\n:1", "it answers something else than was asked", false, false},
    };

    (void)state;
    for (size_t n = 0; n < sizeof cases / sizeof *cases; n++) {
        char answer[300];
        const char *const at_open[] = {answer}, *const at_visit[] = {":0\r\n", answer};
        struct strbuf problem = STRBUF_INIT;
        struct resp_liar *liar;

        (void)snprintf(answer, sizeof answer, "%s\r\n", cases[n].answer);
        liar = resp_liar_start(path, at_open, 1, LIAR_IS_QUIET);
        if (try_action(OPEN, &problem) != cases[n].is_open)
            fail_msg("%s: opened wrongly", cases[n].answer);
        if (!cases[n].is_open)
            assert_has(&problem, cases[n].words, "at the start");
        strbuf_free(&problem);
        (void)resp_liar_stop(liar);

        liar = resp_liar_start(path, at_visit, 2, LIAR_IS_QUIET);
        if (try_action(VISIT, &problem) != cases[n].is_visit)
            fail_msg("%s: answered wrongly: %s", cases[n].answer, strbuf_text(&problem));
        assert_has(&problem, cases[n].words, "at a visit");
        strbuf_free(&problem);
        (void)resp_liar_stop(liar);
    }
}

/* Lies ---------------------------------------------------------------------------------------------------------- */

#define LONG_VALUE "$39\r\n012345678901234567890123456789012345678\r\n"
#define ELSE       "it answers something else than was asked"
#define SYNTAX     "its answer cannot be understood: Protocol error"
#define NO_MEMORY  "out of memory, or its answer is too long"
#define CLOSED     "it has closed the connection"
#define LATE       "no answer in time"

/* A length that no size_t of 32 bits can hold is refused at once there; elsewhere that many octets are awaited. */
#if SIZE_MAX > UINT32_MAX
#define PAST_32_BITS(awaited) (awaited)
#define MAX_OF_32_BITS        LATE
#else
#define PAST_32_BITS(awaited) "its answer cannot be understood: Bulk string length out of range"
#define MAX_OF_32_BITS        NO_MEMORY
#endif

static void test_lies(void **state)
{
    static const struct {
        const char *answer, *problem;
        enum action action;
        enum resp_liar_end end;
    } cases[] = {
        {"*2\r\n$0\r\n\r\n" LONG_VALUE, ELSE, VISIT, LIAR_IS_QUIET},
        {"*2\r\n" LONG_VALUE "$0\r\n\r\n", ELSE, VISIT, LIAR_IS_QUIET},
        {"*1\r\n$0\r\n\r\n", ELSE, VISIT, LIAR_IS_QUIET},
        {"*3\r\n$0\r\n\r\n$0\r\n\r\n$0\r\n\r\n", ELSE, VISIT, LIAR_IS_QUIET},
        {"*2\r\n$-1\r\n$-1\r\n", ELSE, VISIT, LIAR_IS_QUIET},
        {"*2\r\n+OK\r\n+OK\r\n", ELSE, VISIT, LIAR_IS_QUIET},
        {"*2\r\n*0\r\n*0\r\n", ELSE, VISIT, LIAR_IS_QUIET},
        {"*8193\r\n", NO_MEMORY, VISIT, LIAR_IS_QUIET},
        {"*2147483647\r\n", NO_MEMORY, VISIT, LIAR_IS_QUIET},
        {"*2\r\n*2147483647\r\n", NO_MEMORY, VISIT, LIAR_IS_QUIET},
        {"*99999999999\r\n", "o", VISIT, LIAR_IS_QUIET}, /* one of the two above, by the version of the library */
        {"*99999999999999999999999\r\n", "o", VISIT, LIAR_IS_QUIET},
        {"$9223372036854775807\r\n", PAST_32_BITS(LATE), VISIT, LIAR_IS_QUIET},
        {"$4294967295\r\nx", MAX_OF_32_BITS, VISIT, LIAR_IS_QUIET}, /* with a NUL that is 0 in 32 bits */
        {"*2\r\n$4294967295\r\nx", MAX_OF_32_BITS, VISIT, LIAR_IS_QUIET},
        {"*2\r\n$4294967280\r\nx", MAX_OF_32_BITS, VISIT, LIAR_IS_QUIET},
        {"%2147483648\r\n:1\r\n:2\r\n", "o", VISIT, LIAR_IS_QUIET}, /* twice that is 0 in 32 bits */
        {"%2147483649\r\n:1\r\n:2\r\n:3\r\n", "o", VISIT, LIAR_IS_QUIET},
        {"$99999999999999999999\r\n", "o", VISIT, LIAR_IS_QUIET},
        {"$100\r\n", ELSE, VISIT, LIAR_FLOODS},
        {"$9000000000\r\n0123456789", PAST_32_BITS("its answer is too long"), VISIT, LIAR_FLOODS},
        {"*2\r\n$900000000\r\nx", "its answer is too long", VISIT, LIAR_FLOODS},
        {"x", SYNTAX, VISIT, LIAR_IS_QUIET},
        {"HTTP/1.1 400 Bad Request\r\n\r\n", SYNTAX, VISIT, LIAR_IS_QUIET},
        {"220 mail.example ESMTP\r\n", SYNTAX, VISIT, LIAR_IS_QUIET},
        {"\r\n", SYNTAX, VISIT, LIAR_IS_QUIET},
        {"*2\r\n$0\r\n\r\n", LATE, VISIT, LIAR_IS_QUIET},
        {"*2\r\n$5\r\nabc", CLOSED, VISIT, LIAR_CLOSES},
        {"*2\r\n", CLOSED, VISIT, LIAR_CLOSES},
        {"", LATE, VISIT, LIAR_IS_QUIET},
        {"", CLOSED, VISIT, LIAR_CLOSES},
        {"*2\r\n$600\r\n0", LATE, VISIT, LIAR_DRIBBLES},
        {"*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n", "o", VISIT, LIAR_IS_QUIET},
        {"*0\r\n", ELSE, EXPIRE, LIAR_IS_QUIET},
        {"-ERR no\r\n", "it answers: ERR no", EXPIRE, LIAR_IS_QUIET},
        {"$1\r\n5\r\n", ELSE, EXPIRE, LIAR_IS_QUIET},
        {":0\r\n", ELSE, EACH, LIAR_IS_QUIET},
        {"*1\r\n$1\r\n0\r\n", ELSE, EACH, LIAR_IS_QUIET},
        {"*2\r\n:0\r\n*0\r\n", ELSE, EACH, LIAR_IS_QUIET},
        {"*2\r\n$0\r\n\r\n*0\r\n", ELSE, EACH, LIAR_IS_QUIET},
        {"*2\r\n$24\r\n012345678901234567890123\r\n*0\r\n", ELSE, EACH, LIAR_IS_QUIET},
        {"*2\r\n$1\r\n0\r\n*1\r\n:5\r\n", ELSE, EACH, LIAR_IS_QUIET},
        {"*2\r\n$1\r\n0\r\n:5\r\n", ELSE, EACH, LIAR_IS_QUIET},
        {"*2\r\n$1\r\n0\r\n*8193\r\n", NO_MEMORY, EACH, LIAR_IS_QUIET},
        {"-OOM command not allowed\r\n", "its memory is full (maxmemory): OOM", PUT, LIAR_IS_QUIET},
        {"x", SYNTAX, PUT, LIAR_IS_QUIET},
        {"-ERR x\r\n", "it answers: ERR x", FIND, LIAR_IS_QUIET},
        {"*1\r\n$3\r\nab", CLOSED, FIND, LIAR_CLOSES},
    };

    (void)state;
    for (size_t n = 0; n < sizeof cases / sizeof *cases; n++) {
        const char *const answers[] = {":0\r\n", cases[n].answer};
        struct resp_liar *liar = resp_liar_start(path, answers, 2, cases[n].end);
        struct strbuf problem = STRBUF_INIT;

        if (try_action(cases[n].action, &problem))
            fail_msg("\"%s\" is taken for an answer", cases[n].answer);
        assert_has(&problem, cases[n].problem, cases[n].answer);
        strbuf_free(&problem);
        (void)resp_liar_stop(liar);
    }
}

/* More is counted than is there, and there is nothing to delete. */
static void test_empty_database_of_many(void **state)
{
    static const char *const answers[] = {":0\r\n", ":9223372036854775807\r\n", "*2\r\n$1\r\n0\r\n*0\r\n"};
    static const char *const negative[] = {":0\r\n", ":-5\r\n"};
    struct strbuf problem = STRBUF_INIT;
    struct resp_liar *liar = resp_liar_start(path, answers, 3, LIAR_IS_QUIET);

    (void)state;
    assert_true(try_action(EXPIRE, &problem));
    (void)resp_liar_stop(liar);
    liar = resp_liar_start(path, negative, 2, LIAR_IS_QUIET);
    assert_true(try_action(EXPIRE, &problem));
    (void)resp_liar_stop(liar);
}

/* Redis may tell of a key twice. */
static void test_twice(void **state)
{
#define KEY   "$15\r\nsmf-spf:entry:x\r\n"
#define VALUE "*1\r\n$7\r\n1 2 3 0\r\n:100\r\n"
#define FIRST "*2\r\n$1\r\n7\r\n*2\r\n" KEY KEY
#define TWO   VALUE VALUE
#define LAST  "*2\r\n$1\r\n0\r\n*1\r\n" KEY
    static const char *const answers[] = {":0\r\n", FIRST, TWO, LAST, VALUE};
    const struct greylist_store_config config = config_of();
    struct backend *backend = backend_create(&config);
    struct strbuf problem = STRBUF_INIT;
    struct resp_liar *liar = resp_liar_start(path, answers, 5, LIAR_IS_QUIET);
    size_t count = 0;

    (void)state;
    assert_non_null(backend);
    if (!backend->functions->open(backend, &problem) ||
        !backend->functions->each(backend, "", count_row, &count, &problem))
        fail_msg("%s", strbuf_text(&problem));
    assert_int_equal(count, 1);
    backend->functions->destroy(backend);
    (void)resp_liar_stop(liar);
}

/* A server that never agrees with what it said before: a visit ends all the same. */
static void test_never_the_same(void **state)
{
    enum { ROUNDS = 2000 };
    static const char *answers[ROUNDS] = {":0\r\n"};
    struct strbuf problem = STRBUF_INIT;
    struct resp_liar *liar;

    (void)state;
    for (size_t n = 1; n < ROUNDS; n++)
        answers[n] = n % 2 == 0 ? "*2\r\n$1\r\nx\r\n$0\r\n\r\n" : "*2\r\n$1\r\ny\r\n$0\r\n\r\n";
    liar = resp_liar_start(path, answers, ROUNDS, LIAR_IS_QUIET);
    assert_false(try_action(VISIT, &problem));
    strbuf_free(&problem);
    (void)resp_liar_stop(liar);
}

/* Idle connections ---------------------------------------------------------------------------------------------- */

/* One that says something unasked, or closes, is replaced before anything is asked on it. */
static void test_replaced(void **state)
{
    static const char *const unasked[] = {":0\r\n:0\r\n"}, *const closes[] = {":0\r\n"};
    struct strbuf problem = STRBUF_INIT;

    (void)state;
    for (int n = 0; n < 2; n++) {
        struct resp_liar *liar =
            resp_liar_start(path, n == 0 ? unasked : closes, 1, n == 0 ? LIAR_IS_QUIET : LIAR_CLOSES);
        const struct greylist_store_config config = config_of();
        struct backend *backend = backend_create(&config);

        assert_non_null(backend);
        assert_true(backend->functions->open(backend, &problem));
        (void)poll(NULL, 0, 50);
        assert_false(act(backend, VISIT, &problem)); /* the second connection answers no visit either */
        assert_has(&problem, n == 0 ? ELSE : CLOSED, "the second connection");
        strbuf_free(&problem);
        backend->functions->destroy(backend);
        assert_int_equal(resp_liar_stop(liar), 2);
    }
}

/* Addresses ----------------------------------------------------------------------------------------------------- */

static void test_nobody_there(void **state)
{
    struct greylist_store_config configs[5];
    static const char *const problems[] = {"connect: No such file or directory", "too long",
                                           "connect: Connection refused", "connect: ", ""};

    (void)state;
    for (size_t n = 0; n < 5; n++)
        configs[n] = config_of();
    (void)snprintf(configs[0].address.path, sizeof configs[0].address.path, "/nonexistent/socket");
    (void)snprintf(configs[1].address.path, sizeof configs[1].address.path, "/%0200d", 7);
    configs[2].address = (struct store_address){.kind = STORE_REDIS, .host = "127.0.0.1", .port = 1};
    configs[3].address = (struct store_address){.kind = STORE_REDIS, .host = "::1", .port = 1};
    configs[4].address = (struct store_address){.kind = STORE_REDIS, .host = "no.such.host.invalid.", .port = 1};
    for (size_t n = 0; n < 5; n++) {
        struct backend *backend = backend_create(&configs[n]);
        struct strbuf problem = STRBUF_INIT;

        assert_non_null(backend);
        assert_false(backend->functions->open(backend, &problem));
        assert_true(problem.len > 0);
        assert_has(&problem, problems[n], "an address");
        assert_false(act(backend, VISIT, &problem)); /* it tries again */
        strbuf_free(&problem);
        backend->functions->close(backend);
        backend->functions->destroy(backend);
    }
}

static int set_up(void **state)
{
    const int fd = mkstemp(path);

    (void)state;
    return fd < 0 ? -1 : close(fd);
}

static int tear_down(void **state)
{
    (void)state;
    return unlink(path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_errors),
        cmocka_unit_test(test_lies),
        cmocka_unit_test(test_empty_database_of_many),
        cmocka_unit_test(test_twice),
        cmocka_unit_test(test_never_the_same),
        cmocka_unit_test(test_replaced),
        cmocka_unit_test(test_nobody_there),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
