/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a real Redis server does to its clients: passwords and rights, no memory, being a replica, standing still, being
 * killed and started while hosts ask. Nothing of it holds a caller up for long, and all of it passes by itself. */
#include "redis_server.h"

#include "base/clock.h"
#include "greylist/store/redis_link.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

enum { NOW = 1700000000, BOUND_MS = 10000 };

static const struct greylist_terms terms = {
    .mode = GREYLIST_ON, .delay_s = 60, .window_s = 86400, .life_s = 3110400, .known_after = 2};
static const char *const no_options[] = {NULL};

static struct backend_visit visit_of(const char *entry, int64_t now_s)
{
    struct backend_visit visit = {
        .subject.sender = "192.0.2.0/24 example.org", .terms = terms, .now_s = now_s, .answer = STORE_ANSWER_COUNT};

    (void)snprintf(visit.subject.entry, sizeof visit.subject.entry, "192.0.2.0/24 example.org %s", entry);
    return visit;
}

static struct backend *make_store(const struct greylist_store_config *config)
{
    struct backend *backend = backend_create(config);

    assert_non_null(backend);
    return backend;
}

/* Each of these is over in a bounded time, and has words where it failed, or stored nothing. */
static bool visit(struct backend *backend, struct backend_visit *asked, struct strbuf *problem)
{
    struct backend_visit *visits[] = {asked};
    const int64_t start_ms = clock_monotonic_ms(&clock_system);
    const size_t before = problem->len;
    const bool is_answered = backend->functions->visit(backend, visits, 1, problem);

    assert_true(clock_monotonic_ms(&clock_system) - start_ms < BOUND_MS);
    assert_true((is_answered && asked->answer != STORE_FULL) == (problem->len == before));
    return is_answered;
}

static bool open_store(struct backend *backend, struct strbuf *problem)
{
    const int64_t start_ms = clock_monotonic_ms(&clock_system);
    const size_t before = problem->len;
    const bool is_open = backend->functions->open(backend, problem);

    assert_true(clock_monotonic_ms(&clock_system) - start_ms < BOUND_MS);
    assert_true(is_open == (problem->len == before));
    return is_open;
}

static void assert_answer(struct backend *backend, const char *entry, int64_t now_s, enum store_answer answer,
                          enum greylist_reason reason)
{
    struct backend_visit asked = visit_of(entry, now_s);
    struct strbuf problem = STRBUF_INIT;

    if (!visit(backend, &asked, &problem))
        fail_msg("%s", strbuf_text(&problem));
    assert_int_equal(asked.answer, answer);
    if (answer == STORE_ANSWERED)
        assert_int_equal(asked.decision.reason, reason);
    strbuf_free(&problem);
}

static void assert_has(const struct strbuf *problem, const char *expected)
{
    if (strstr(strbuf_text(problem), expected) == NULL)
        fail_msg("\"%s\" instead of \"%s\"", strbuf_text(problem), expected);
}

/* Passwords and rights ------------------------------------------------------------------------------------------ */

static void write_password(const char *text, mode_t mode)
{
    FILE *file = fopen(redis_server_path("password"), "we");

    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
    assert_int_equal(chmod(redis_server_path("password"), mode), 0);
}

/* Opens with a password file of this text (NULL: without one). */
static void assert_opens(const char *text, mode_t mode, const char *expected)
{
    struct greylist_store_config config = redis_server_config(&clock_system);
    char path[300];
    struct backend *backend;
    struct backend_visit asked = visit_of("user@our.example", NOW);
    struct strbuf problem = STRBUF_INIT;

    (void)snprintf(path, sizeof path, "%s", redis_server_path("password"));
    config.password_file = text == NULL ? NULL : path;
    if (text != NULL)
        write_password(text, mode);
    backend = make_store(&config);
    if (open_store(backend, &problem) != (expected == NULL))
        fail_msg("with \"%s\": %s", text == NULL ? "none" : text, strbuf_text(&problem));
    if (expected != NULL)
        assert_has(&problem, expected);
    else
        assert_true(visit(backend, &asked, &problem) && asked.answer == STORE_ANSWERED);
    strbuf_free(&problem);
    backend->functions->destroy(backend);
}

static void test_password(void **state)
{
    static const char *const options[] = {"--requirepass", "secret", NULL};
    static const char one_line[] = "one line with a password, or with a user and a password, is expected there";
    static const char wrong[] = "it does not take the password of GreylistPasswordFile: WRONGPASS ";
    static const char others[] = "everybody on this host may read or write it";

    (void)state;
    redis_server_start(options);
    assert_opens(NULL, 0, "it wants a password (GreylistPasswordFile): NOAUTH ");
    assert_opens("secret", 0600, NULL);
    assert_opens("secret\n", 0640, NULL);
    assert_opens("secret\r\n\r\n", 0400, NULL);
    assert_opens("default secret\n", 0600, NULL);
    assert_opens("wrong\n", 0600, wrong);
    assert_opens("secret \n", 0600, wrong);
    assert_opens("nobody secret\n", 0600, wrong);
    assert_opens("default  secret\n", 0600, wrong);
    assert_opens("", 0600, one_line);
    assert_opens("\n", 0600, one_line);
    assert_opens("\nsecret\n", 0600, one_line);
    assert_opens("secret\nmore\n", 0600, one_line);
    assert_opens("secret", 0644, others);
    assert_opens("secret", 0606, others);
    redis_server_kill();
}

/* One that is set where the server wants none is a mistake of somebody's. */
static void test_needless_password(void **state)
{
    (void)state;
    redis_server_start(no_options);
    assert_opens("secret", 0600, "it has no password, but GreylistPasswordFile is set: ERR AUTH ");
    redis_server_kill();
}

static void test_password_file(void **state)
{
    struct greylist_store_config config = redis_server_config(&clock_system);
    struct backend *backend;
    struct strbuf problem = STRBUF_INIT;

    (void)state;
    redis_server_start(no_options);
    config.password_file = "/nonexistent/password";
    backend = make_store(&config);
    assert_false(open_store(backend, &problem));
    assert_string_equal(strbuf_text(&problem), "GreylistPasswordFile /nonexistent/password: No such file or directory");
    strbuf_free(&problem);
    backend->functions->destroy(backend);
    redis_server_kill();
}

/* The rights that the guide names are enough, and without one of them it is said which. */
static void test_rights(void **state)
{
    static const struct {
        const char *rights, *problem;
    } cases[] = {
        {"~smf-spf:*|+eval|+mget|+set|+del|+select|+scan|+ttl|+dbsize", NULL},
        {"~smf-spf:*|+mget|+set|+del", "its account for us lacks a right: "},
        {"~smf-spf:*|+eval|+mget|+set", "its account for us lacks a right: "},
        {"~other:*|+eval|+mget|+set|+del", "its account for us lacks a right: "},
    };

    (void)state;
    redis_server_start(no_options);
    for (size_t n = 0; n < sizeof cases / sizeof *cases; n++) {
        char command[300];

        (void)redis_server_command("ACL|DELUSER|filter");
        (void)redis_server_command("FLUSHALL");
        (void)snprintf(command, sizeof command, "ACL|SETUSER|filter|on|>secret|%s", cases[n].rights);
        assert_string_equal(redis_server_command(command), "");
        assert_opens("filter secret", 0600, cases[n].problem);
    }
    redis_server_kill();
}

/* What a server does not take ------------------------------------------------------------------------------------ */

static void test_full(void **state)
{
    const struct greylist_store_config config = redis_server_config(&clock_system);
    struct backend *backend = make_store(&config);
    struct strbuf problem = STRBUF_INIT;

    (void)state;
    redis_server_start(no_options);
    assert_true(open_store(backend, &problem));
    assert_answer(backend, "a", NOW, STORE_ANSWERED, GREYLIST_NEW);
    assert_answer(backend, "a", NOW + 60, STORE_ANSWERED, GREYLIST_CAME_BACK);
    (void)redis_server_command("CONFIG|SET|maxmemory|1");
    assert_answer(backend, "b", NOW + 60, STORE_FULL, GREYLIST_NEW);
    assert_answer(backend, "a", NOW + 61, STORE_ANSWERED, GREYLIST_KNOWN_ENTRY);
    backend->functions->close(backend);
    assert_true(open_store(backend, &problem)); /* that is no reason to be away */
    assert_answer(backend, "b", NOW + 60, STORE_FULL, GREYLIST_NEW);
    (void)redis_server_command("CONFIG|SET|maxmemory|0");
    assert_answer(backend, "b", NOW + 60, STORE_ANSWERED, GREYLIST_NEW);
    backend->functions->destroy(backend);
    redis_server_kill();
}

/* Of a batch those that could be answered are. */
static void test_full_in_a_batch(void **state)
{
    const struct greylist_store_config config = redis_server_config(&clock_system);
    struct backend *backend = make_store(&config);
    struct strbuf problem = STRBUF_INIT;
    struct backend_visit known = visit_of("a", NOW + 61), first = visit_of("b", NOW + 61), again = first;
    struct backend_visit *const visits[] = {&first, &known, &again};

    (void)state;
    redis_server_start(no_options);
    assert_answer(backend, "a", NOW, STORE_ANSWERED, GREYLIST_NEW);
    assert_answer(backend, "a", NOW + 60, STORE_ANSWERED, GREYLIST_CAME_BACK);
    (void)redis_server_command("CONFIG|SET|maxmemory|1");
    assert_true(backend->functions->visit(backend, visits, 3, &problem));
    assert_int_equal(first.answer, STORE_FULL);
    assert_int_equal(again.answer, STORE_FULL);
    assert_int_equal(known.answer, STORE_ANSWERED);
    assert_int_equal(known.decision.reason, GREYLIST_KNOWN_ENTRY);
    assert_has(&problem, "its memory is full (maxmemory): ");
    assert_null(strstr(strstr(strbuf_text(&problem), "OOM") + 1, "OOM"));
    strbuf_free(&problem);
    backend->functions->destroy(backend);
    redis_server_kill();
}

static void test_replica(void **state)
{
    const struct greylist_store_config config = redis_server_config(&clock_system);
    struct backend *backend = make_store(&config);
    struct strbuf problem = STRBUF_INIT;
    struct backend_visit asked = visit_of("a", NOW);

    (void)state;
    redis_server_start(no_options);
    assert_true(open_store(backend, &problem));
    (void)redis_server_command("REPLICAOF|127.0.0.1|1");
    assert_false(visit(backend, &asked, &problem));
    assert_has(&problem, "it is a replica, which stores nothing: READONLY ");
    strbuf_free(&problem);
    assert_false(open_store(backend, &problem));
    assert_has(&problem, "it is a replica, which stores nothing: READONLY ");
    strbuf_free(&problem);
    (void)redis_server_command("REPLICAOF|NO|ONE");
    assert_true(open_store(backend, &problem));
    assert_answer(backend, "a", NOW, STORE_ANSWERED, GREYLIST_NEW);
    backend->functions->destroy(backend);
    redis_server_kill();
}

/* Comings and goings --------------------------------------------------------------------------------------------- */

/* A server that closes idle connections, or was restarted meanwhile, costs no visit. */
static void test_idle(void **state)
{
    const struct greylist_store_config config = redis_server_config(&clock_system);
    struct backend *backend = make_store(&config);
    struct strbuf problem = STRBUF_INIT;

    (void)state;
    redis_server_start(no_options);
    assert_true(open_store(backend, &problem));
    assert_answer(backend, "a", NOW, STORE_ANSWERED, GREYLIST_NEW);
    (void)redis_server_command("CLIENT|KILL|TYPE|normal");
    assert_answer(backend, "a", NOW, STORE_ANSWERED, GREYLIST_EARLY);
    (void)redis_server_command("SCRIPT|FLUSH");
    assert_answer(backend, "a", NOW, STORE_ANSWERED, GREYLIST_EARLY);
    redis_server_kill();
    redis_server_start(no_options);
    assert_answer(backend, "a", NOW, STORE_ANSWERED, GREYLIST_NEW);
    backend->functions->destroy(backend);
    redis_server_kill();
}

static void test_stands_still(void **state)
{
    const struct greylist_store_config config = redis_server_config(&clock_system);
    struct backend *backend = make_store(&config);
    struct strbuf problem = STRBUF_INIT;
    struct backend_visit asked = visit_of("a", NOW);

    (void)state;
    redis_server_start(no_options);
    assert_true(open_store(backend, &problem));
    redis_server_signal(SIGSTOP);
    assert_false(visit(backend, &asked, &problem));
    assert_string_equal(strbuf_text(&problem), "no answer in time");
    strbuf_free(&problem);
    backend->functions->close(backend);
    assert_false(open_store(backend, &problem));
    assert_string_equal(strbuf_text(&problem), "no answer in time");
    strbuf_free(&problem);
    redis_server_signal(SIGCONT);
    assert_true(open_store(backend, &problem));
    /* The visit that was given up may have been stored, or not. */
    assert_true(visit(backend, &asked, &problem));
    assert_int_equal(asked.answer, STORE_ANSWERED);
    backend->functions->destroy(backend);
    redis_server_kill();
}

enum { HOSTS = 3, KILLS = 5 };

struct host {
    pthread_t thread;
    struct backend *backend;
    atomic_uint answered, failed;
    atomic_bool *is_over;
    size_t number;
};

/* Does what greylist_store does with a backend, but without its pauses. */
static void *be_host(void *context)
{
    struct host *host = context;

    for (unsigned round = 0; !*host->is_over; round++) {
        struct strbuf problem = STRBUF_INIT;
        char entry[60];
        struct backend_visit asked;

        (void)snprintf(entry, sizeof entry, "%zu-%u", host->number, round);
        asked = visit_of(entry, NOW);
        if (visit(host->backend, &asked, &problem)) {
            host->answered++;
        } else {
            host->failed++;
            host->backend->functions->close(host->backend);
            (void)open_store(host->backend, &problem);
        }
        strbuf_free(&problem);
    }
    return NULL;
}

static unsigned sum(struct host hosts[HOSTS], bool answered)
{
    unsigned all = 0;

    for (size_t n = 0; n < HOSTS; n++)
        all += answered ? hosts[n].answered : hosts[n].failed;
    return all;
}

/* Until there are more such visits than before. */
static void wait_for_more(struct host hosts[HOSTS], bool answered)
{
    const unsigned before = sum(hosts, answered);
    const int64_t start_ms = clock_monotonic_ms(&clock_system);

    while (sum(hosts, answered) < before + 20) {
        const struct timespec moment = {.tv_nsec = 1000000};

        assert_true(clock_monotonic_ms(&clock_system) - start_ms < BOUND_MS);
        (void)nanosleep(&moment, NULL);
    }
}

static void test_killed_under_traffic(void **state)
{
    const struct greylist_store_config config = redis_server_config(&clock_system);
    static struct host hosts[HOSTS];
    atomic_bool is_over = false;

    (void)state;
    redis_server_start(no_options);
    for (size_t n = 0; n < HOSTS; n++) {
        hosts[n].backend = make_store(&config);
        hosts[n].is_over = &is_over;
        hosts[n].number = n;
        assert_int_equal(pthread_create(&hosts[n].thread, NULL, be_host, &hosts[n]), 0);
    }
    for (int kills = 0; kills < KILLS; kills++) {
        wait_for_more(hosts, true);
        redis_server_kill();
        wait_for_more(hosts, false);
        redis_server_start(no_options);
    }
    wait_for_more(hosts, true);
    is_over = true;
    for (size_t n = 0; n < HOSTS; n++) {
        assert_int_equal(pthread_join(hosts[n].thread, NULL), 0);
        hosts[n].backend->functions->destroy(hosts[n].backend);
    }
    redis_server_kill();
}

/* TCP ------------------------------------------------------------------------------------------------------------- */

/* A port of 127.0.0.1 that nobody listens on at this moment. */
static unsigned free_port(void)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof address;
    const int fd = socket(AF_INET, SOCK_STREAM, 0);

    assert_true(fd >= 0);
    assert_int_equal(bind(fd, (const struct sockaddr *)&address, size), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &size), 0);
    assert_int_equal(close(fd), 0);
    return ntohs(address.sin_port);
}

static void test_tcp(void **state)
{
    static const char *const names[] = {"127.0.0.1", "localhost"};
    struct greylist_store_config config = redis_server_config(&clock_system);
    char port[16];
    const char *const options[] = {"--port", port, "--bind", "127.0.0.1", NULL};

    (void)state;
    config.address.kind = STORE_REDIS;
    config.address.port = free_port();
    (void)snprintf(port, sizeof port, "%u", config.address.port);
    redis_server_start(options);
    for (size_t n = 0; n < sizeof names / sizeof *names; n++) {
        struct backend *backend;

        (void)snprintf(config.address.host, sizeof config.address.host, "%s", names[n]);
        backend = make_store(&config);
        assert_answer(backend, "a", NOW + (int64_t)n * 60, STORE_ANSWERED, n == 0 ? GREYLIST_NEW : GREYLIST_CAME_BACK);
        backend->functions->destroy(backend);
    }
    redis_server_kill();
}

static int set_up(void **state)
{
    (void)state;
    redis_server_make_directory();
    return 0;
}

static int end_server(void **state)
{
    (void)state;
    redis_server_kill(); /* that of a test that failed */
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(test_password, end_server),
        cmocka_unit_test_teardown(test_needless_password, end_server),
        cmocka_unit_test_teardown(test_password_file, end_server),
        cmocka_unit_test_teardown(test_rights, end_server),
        cmocka_unit_test_teardown(test_full, end_server),
        cmocka_unit_test_teardown(test_full_in_a_batch, end_server),
        cmocka_unit_test_teardown(test_replica, end_server),
        cmocka_unit_test_teardown(test_idle, end_server),
        cmocka_unit_test_teardown(test_stands_still, end_server),
        cmocka_unit_test_teardown(test_killed_under_traffic, end_server),
        cmocka_unit_test_teardown(test_tcp, end_server),
    };

    return cmocka_run_group_tests(tests, set_up, redis_server_tear_down);
}
