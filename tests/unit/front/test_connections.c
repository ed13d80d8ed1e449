/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The loop of connections, with a protocol of lines: each has the line itself as its answer, a thousand times over. A
 * line `later` waits until somebody says so, `end` closes, and `odd` is none. */
#include "front/connections.h"

#include "support/test_directory.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

enum { TIMES = 1000, SOCKETS = 2, LIMIT_S = 60, SILENT_MS = 300, A_WHILE_MS = 20, DESCRIPTORS = 96 };

static char directory[32], specs[SOCKETS][64];
static struct front_socket sockets[SOCKETS];
static struct drain drain;
/* One for each test: they live as long as the process, and what they hold with them. */
static struct connections instances[12], *all = instances;
static const struct front_host host;
static pthread_t thread;
static _Atomic(struct connection *) held;
static atomic_uint begun, broken, ended;

static void begin(struct connection *connection)
{
    assert_non_null(connection->socket);
    begun++;
}

static void count_broken(const struct connection *connection)
{
    assert_ptr_equal(connection->all, all);
    broken++;
}

static void end(struct connection *connection)
{
    (void)connection;
    ended++;
}

static void answer(struct connection *connection)
{
    const size_t taken =
        (size_t)((char *)memchr(connection->in.text, '\n', connection->in.len) - connection->in.text) + 1;
    struct strbuf *text = connection_begin_answer(connection);

    for (int i = 0; i < TIMES; i++)
        strbuf_add_mem(text, connection->in.text, taken);
    connection_end_answer(connection, taken);
}

static void work(struct connection *connection)
{
    struct strbuf *in = &connection->in;

    while (connection_may_go_on(connection) && in->len > 0 && memchr(in->text, '\n', in->len) != NULL) {
        if (strncmp(in->text, "end\n", 4) == 0) {
            connection_close(connection);
            return;
        }
        if (strncmp(in->text, "odd\n", 4) == 0) {
            connection_refuse(connection, "it is odd");
            return;
        }
        if (!connection_begin_request(connection))
            return;
        if (strncmp(in->text, "later\n", 6) == 0) {
            connection_hold(connection);
            held = connection;
        } else {
            answer(connection);
        }
    }
}

static void resume(struct connection *connection)
{
    connection_release(connection);
    answer(connection);
}

static const struct connections_protocol protocol = {.key = "Lines",
                                                     .name = "the lines",
                                                     .size = sizeof(struct connection),
                                                     .part = 2,
                                                     .begin = begin,
                                                     .work = work,
                                                     .resume = resume,
                                                     .broken = count_broken,
                                                     .end = end};

static struct front front;

static void *run(void *unused)
{
    assert_true(connections_run(&front));
    return unused;
}

static int set_up_with(int64_t silent_ms)
{
    struct strbuf error = STRBUF_INIT;

    (void)snprintf(directory, sizeof directory, "/tmp/smf-spf-lines-XXXXXX");
    assert_non_null(mkdtemp(directory));
    test_directory_use(directory);
    drain = (struct drain){.is_closed = false};
    assert_true(++all < instances + sizeof instances / sizeof *instances);
    *all = (struct connections){.protocol = &protocol,
                                .drain = &drain,
                                .silent_ms = silent_ms,
                                .lock = PTHREAD_MUTEX_INITIALIZER,
                                .is_changed = PTHREAD_COND_INITIALIZER};
    front.state = all;
    begun = broken = ended = 0;
    held = NULL;
    for (int i = 0; i < SOCKETS; i++) {
        (void)snprintf(specs[i], sizeof specs[i], "unix:%s/%d", directory, i);
        sockets[i] = (struct front_socket){.spec = specs[i], .mode = 0600};
        assert_true(connections_open(&front, &sockets[i], &host, &error));
    }
    assert_int_equal(pthread_create(&thread, NULL, run, NULL), 0);
    return 0;
}

static int set_up(void **state)
{
    (void)state;
    return set_up_with(0);
}

/* Who is silent is not waited for long. */
static int set_up_impatient(void **state)
{
    (void)state;
    return set_up_with(SILENT_MS);
}

static struct rlimit usual;

/* The same with few descriptors. */
static int set_up_scarce(void **state)
{
    struct rlimit low;

    (void)state;
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &usual), 0);
    low = (struct rlimit){.rlim_cur = DESCRIPTORS, .rlim_max = usual.rlim_max};
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &low), 0);
    return set_up_with(SILENT_MS);
}

static int tear_down(void **state)
{
    (void)state;
    drain_close(&drain);
    connections_close(&front);
    pthread_join(thread, NULL);
    connections_hang_up(&front);
    assert_int_equal(drain.connections, 0);
    assert_int_equal(drain.messages, 0);
    assert_int_equal(begun, ended);
    return rmdir(directory); /* the sockets are gone */
}

static int connect_to(int number)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    const struct timeval limit = {.tv_sec = LIMIT_S};
    const int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

    assert_true(fd >= 0);
    (void)snprintf(address.sun_path, sizeof address.sun_path, "%s/%d", directory, number);
    assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit), 0);
    assert_int_equal(connect(fd, (const struct sockaddr *)&address, sizeof address), 0);
    return fd;
}

static void say(int fd, const char *text)
{
    assert_int_equal(send(fd, text, strlen(text), MSG_NOSIGNAL), strlen(text));
}

static void assert_answer(int fd, const char *line)
{
    for (int i = 0; i < TIMES; i++) {
        char got[32] = "";

        assert_int_equal(recv(fd, got, strlen(line), MSG_WAITALL), strlen(line));
        assert_string_equal(got, line);
    }
}

static bool has_ended(int fd)
{
    char octet;

    return recv(fd, &octet, 1, 0) == 0;
}

static void test_sockets(void **state)
{
    (void)state;
    for (int i = 0; i < SOCKETS; i++) {
        const int fd = connect_to(i);

        say(fd, "one\ntwo\nthr");
        assert_answer(fd, "one\n");
        assert_answer(fd, "two\n");
        say(fd, "ee\n");
        assert_answer(fd, "three\n");
        say(fd, "last\nend\n");
        assert_answer(fd, "last\n");
        assert_true(has_ended(fd));
        close(fd);
    }
}

static void pause_ms(long ms)
{
    const struct timespec pause = {.tv_nsec = ms * 1000000};

    nanosleep(&pause, NULL);
}

/* What a client does not take is kept, in its place, and others are served. */
static void test_late_reader(void **state)
{
    enum { LINES = 200 };
    const int late = connect_to(0), other = connect_to(1);
    char line[16];

    (void)state;
    for (int i = 0; i < LINES; i++) {
        (void)snprintf(line, sizeof line, "%08d\n", i);
        say(late, line);
    }
    pause_ms(50);
    say(other, "other\n");
    assert_answer(other, "other\n");
    assert_true(drain.messages > 0); /* a stop would wait for it */
    for (int i = 0; i < LINES; i++) {
        (void)snprintf(line, sizeof line, "%08d\n", i);
        assert_answer(late, line);
    }
    close(late);
    close(other);
}

/* Its answer comes from another thread, after those that are still to be read, and before the next. */
static void test_held(void **state)
{
    const int fd = connect_to(0);
    bool is_ready = false;

    (void)state;
    for (int i = 0; i < 200; i++)
        say(fd, "before\n");
    say(fd, "later\nnext\n");
    for (int i = 0; i < 200; i++) {
        pause_ms(1); /* the way is full, so that answers are left when the last of them is known */
        if (held != NULL && !is_ready) {
            is_ready = true;
            connection_is_ready(held);
        }
        assert_answer(fd, "before\n");
    }
    assert_true(is_ready); /* before all were read */
    assert_answer(fd, "later\n");
    assert_answer(fd, "next\n");
    close(fd);
}

/* Nobody waits for a client that has gone. */
static void test_gone(void **state)
{
    const int fd = connect_to(0), deaf = connect_to(0);

    (void)state;
    say(fd, "later\n");
    while (held == NULL)
        pause_ms(1);
    close(fd);
    for (int i = 0; i < 200; i++)
        say(deaf, "12345678\n");
    pause_ms(20);
    close(deaf);
    connection_is_ready(held);
    while (drain.connections > 0)
        pause_ms(1);
    assert_int_equal(drain.messages, 0);
}

/* What cannot be read is told, and so is what its client leaves unfinished. */
static void test_broken(void **state)
{
    static const struct {
        const char *text;
        unsigned broken;
    } rows[] = {{"odd\nnext\n", 1}, {"hal", 1}, {"odd\nhal", 1}, {"end\nhal", 0}, {"", 0}};

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const int fd = connect_to(0);

        broken = 0;
        say(fd, rows[i].text);
        assert_int_equal(shutdown(fd, SHUT_WR), 0);
        assert_true(has_ended(fd));
        close(fd);
        assert_int_equal(broken, rows[i].broken);
    }
}

static int tear_down_scarce(void **state)
{
    return tear_down(state) + setrlimit(RLIMIT_NOFILE, &usual);
}

/* A request that its client does not finish is told, and takes nothing for ever; but for as long as something comes,
 * and between requests, and while it is answered, a connection may last. */
static void test_unfinished(void **state)
{
    const int half = connect_to(0), slow = connect_to(0), idle = connect_to(1), waiting = connect_to(1);

    (void)state;
    say(idle, "idle\n");
    assert_answer(idle, "idle\n");
    say(waiting, "later\n");
    say(half, "hal");
    for (int i = 0; i < 2 * SILENT_MS / A_WHILE_MS; i++) {
        say(slow, i % 10 < 9 ? "s" : "\n");
        pause_ms(A_WHILE_MS);
    }
    assert_true(has_ended(half));
    assert_int_equal(broken, 1);
    for (int i = 0; i < 2 * SILENT_MS / A_WHILE_MS / 10; i++)
        assert_answer(slow, "sssssssss\n");
    say(idle, "again\n");
    assert_answer(idle, "again\n");
    connection_is_ready(held);
    assert_answer(waiting, "later\n");
    close(half);
    close(slow);
    close(idle);
    close(waiting);
}

/* Crowds of half requests are bounded in memory, and other clients are served. */
static void test_large(void **state)
{
    enum { CLIENTS = 400, KEPT_MAX = 140, SIZE = 65536 };
    int crowd[CLIENTS];
    char *text = malloc(SIZE);
    const int other = connect_to(1);

    (void)state;
    memset(text, 'x', SIZE);
    for (int i = 0; i < CLIENTS; i++) {
        crowd[i] = connect_to(0);
        for (size_t at = 0; at < SIZE; at += 1024) /* as much as it is allowed to */
            if (send(crowd[i], text + at, 1024, MSG_NOSIGNAL) < 0)
                break;
    }
    say(other, "other\n");
    assert_answer(other, "other\n");
    while (broken < CLIENTS - KEPT_MAX)
        pause_ms(1);
    for (int i = 0; i < CLIENTS; i++)
        close(crowd[i]);
    close(other);
    free(text);
}

/* Where no more fit, silent ones go; who asks does not. */
static void test_full(void **state)
{
    enum { CLIENTS = 24 };
    const int asking = connect_to(1);
    int crowd[CLIENTS], late;

    (void)state;
    for (int i = 0; i < CLIENTS; i++)
        crowd[i] = connect_to(0);
    late = connect_to(0);
    say(late, "late\n");
    for (int i = 0; i < 6; i++) {
        say(asking, "asking\n");
        assert_answer(asking, "asking\n");
        pause_ms(SILENT_MS / 3);
    }
    assert_answer(late, "late\n");
    say(asking, "again\n");
    assert_answer(asking, "again\n");
    assert_int_equal(broken, 0);
    for (int i = 0; i < CLIENTS; i++)
        close(crowd[i]);
    close(late);
    close(asking);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        /* The first: loops of others keep descriptors. */
        cmocka_unit_test_setup_teardown(test_full, set_up_scarce, tear_down_scarce),
        cmocka_unit_test_setup_teardown(test_sockets, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_late_reader, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_held, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_gone, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_broken, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_unfinished, set_up_impatient, tear_down),
        cmocka_unit_test_setup_teardown(test_large, set_up, tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
