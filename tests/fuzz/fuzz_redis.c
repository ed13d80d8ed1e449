/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Fuzzes what reads a Redis server's answers: the first octet says what is asked, the others are all that the server
 * ever says, to two connections at most. And the values: the octets as one. */
#include "base/clock.h"
#include "greylist/store/backend.h"
#include "greylist/store/record_text.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { VISITS = 3, NOW = 1700000000 };

static struct {
    char path[40];
    int listening;
    pthread_mutex_t serving; /* held while the octets are read: those of a corpus are freed after their turn */
    const uint8_t *octets;   /* changed while nobody is served */
    size_t len;
} server = {.serving = PTHREAD_MUTEX_INITIALIZER};

static void serve(int fd)
{
    char heard[4096];

    pthread_mutex_lock(&server.serving);
    (void)send(fd, server.octets, server.len, MSG_NOSIGNAL);
    (void)shutdown(fd, SHUT_WR);
    pthread_mutex_unlock(&server.serving);
    while (recv(fd, heard, sizeof heard, 0) > 0)
        ;
    close(fd);
}

static void *run_server(void *context)
{
    for (int fd; (fd = accept(server.listening, NULL, NULL)) >= 0;)
        serve(fd);
    return context;
}

static void remove_socket(void)
{
    (void)unlink(server.path);
}

static struct sockaddr_un server_address(void)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};

    memcpy(address.sun_path, server.path, sizeof server.path);
    return address;
}

static void start_server(void)
{
    struct sockaddr_un address;
    pthread_t thread;

    (void)snprintf(server.path, sizeof server.path, "/tmp/smf-spf-fuzz-redis-%ld", (long)getpid());
    address = server_address();
    (void)unlink(server.path);
    server.listening = socket(AF_UNIX, SOCK_STREAM, 0);
    if (server.listening < 0 || bind(server.listening, (const struct sockaddr *)&address, sizeof address) != 0 ||
        listen(server.listening, 8) != 0 || pthread_create(&thread, NULL, run_server, NULL) != 0 ||
        atexit(remove_socket) != 0)
        abort();
}

/* It serves one connection after the other: when it has served ours, it needs the octets no more. */
static void wait_for_server(void)
{
    const struct sockaddr_un address = server_address();
    const int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    char heard[4096];

    if (fd < 0 || connect(fd, (const struct sockaddr *)&address, sizeof address) != 0)
        abort();
    while (recv(fd, heard, sizeof heard, 0) > 0)
        ;
    close(fd);
    pthread_mutex_lock(&server.serving); /* what it has sent has ended; that it knows so is told by the lock */
    pthread_mutex_unlock(&server.serving);
}

static void check_value(const uint8_t *data, size_t size)
{
    struct greylist_record record;
    char text[RECORD_TEXT_SIZE];

    if (record_text_read((const char *)data, size, &record) &&
        (record_text_write(&record, text) != size || memcmp(text, data, size) != 0))
        abort();
}

static bool count_row(void *context, const struct backend_row *row)
{
    if (strlen(row->key) >= GREYLIST_KEY_SIZE)
        abort();
    return ++*(size_t *)context < 1000;
}

static bool visit(struct backend *backend, struct strbuf *problem)
{
    struct backend_visit visits[VISITS], *batch[VISITS];
    bool is_full = false;

    for (size_t n = 0; n < VISITS; n++) {
        visits[n] = (struct backend_visit){
            .subject = {.entry = "192.0.2.0/24 example.org user@our.example", .sender = "192.0.2.0/24 example.org"},
            .terms = {.mode = GREYLIST_ON, .delay_s = 60, .window_s = 86400, .life_s = 3110400, .known_after = 2},
            .now_s = NOW,
            .answer = STORE_ANSWER_COUNT};
        batch[n] = &visits[n];
    }
    visits[1].subject.sender[0] = '\0';
    if (!backend->functions->visit(backend, batch, VISITS, problem))
        return false;
    for (size_t n = 0; n < VISITS; n++) {
        if (visits[n].answer != STORE_ANSWERED && visits[n].answer != STORE_FULL)
            abort();
        is_full |= visits[n].answer == STORE_FULL;
    }
    if (is_full != (problem->len > 0))
        abort();
    strbuf_truncate(problem, 0);
    return true;
}

static bool act(struct backend *backend, unsigned action, struct strbuf *problem)
{
    struct greylist_record record = {1, 2, 3, false};
    size_t count = 0;
    struct backend_expiry expiry;

    switch (action % 4) {
    case 0:
        return backend->functions->expire(backend, NOW, &expiry, problem);
    case 1:
        return backend->functions->each(backend, "example", count_row, &count, problem);
    case 2:
        return action / 8 % 2 == 0 ? backend->functions->put(backend, "key", true, &record, NOW, problem)
                                   : backend->functions->find(backend, "key", true, NOW, &record, problem);
    default:
        return visit(backend, problem);
    }
}

static void ask_server(unsigned action)
{
    struct greylist_store_config config = {
        .address = {.kind = STORE_REDIS_UNIX, .database = action / 4 % 2, .prefix = "smf-spf:"},
        .entries_max = 2,
        .clock = &clock_system};
    struct strbuf problem = STRBUF_INIT;
    struct backend *backend;

    (void)snprintf(config.address.path, sizeof config.address.path, "%s", server.path);
    backend = backend_create(&config);
    if (backend == NULL)
        abort();
    if ((backend->functions->open(backend, &problem) && act(backend, action, &problem)) != (problem.len == 0))
        abort();
    strbuf_free(&problem);
    backend->functions->destroy(backend);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (server.path[0] == '\0')
        start_server();
    check_value(data, size);
    if (size == 0)
        return 0;
    server.octets = data + 1;
    server.len = size - 1;
    ask_server(data[0]);
    wait_for_server();
    return 0;
}
