/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Starts and ends a redis-server. */
#include "redis_server.h"

#include "greylist/store/redis_link.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

enum { WORDS_MAX = 40, START_MS = 30000, STEP_MS = 10, ANSWER_SIZE = 4000 };

static char directory[40];
static pid_t server;

void redis_server_make_directory(void)
{
    (void)snprintf(directory, sizeof directory, "/tmp/smf-spf-redis-XXXXXX");
    assert_non_null(mkdtemp(directory));
}

const char *redis_server_path(const char *name)
{
    static char path[300];

    assert_in_range(snprintf(path, sizeof path, "%s/%s", directory, name), 1, sizeof path - 1);
    return path;
}

/* Runs in the child. */
static void become_server(const char *const *options)
{
    static char socket_path[300], log_path[300];
    const char *words[WORDS_MAX] = {"redis-server", "--port", "0", "--unixsocket", socket_path, "--dir",
                                    directory,      "--save", "",  "--logfile",    log_path};
    size_t count = 11;

    (void)snprintf(socket_path, sizeof socket_path, "%s/redis.sock", directory);
    (void)snprintf(log_path, sizeof log_path, "%s/redis.log", directory);
    while (*options != NULL && count < WORDS_MAX - 1)
        words[count++] = *options++;
    (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
    execvp(words[0], (char *const *)words);
    _exit(127);
}

static void sleep_ms(long ms)
{
    const struct timespec duration = {.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000};

    (void)nanosleep(&duration, NULL);
}

static bool answers(void)
{
    const struct greylist_store_config config = redis_server_config(&clock_system);
    struct redis_link *link = redis_link_create(&config.address);
    struct strbuf problem = STRBUF_INIT;
    struct redisReply *reply = NULL;

    assert_non_null(link);
    redis_link_begin(link);
    if (redis_link_connect(link, &problem)) {
        const struct redis_word ping = redis_word_of("PING");

        redis_link_send(link, &ping, 1);
        reply = redis_link_reply(link, &problem); /* an error, too: it may want a password */
    }
    redis_link_free(reply);
    redis_link_destroy(link);
    strbuf_free(&problem);
    return reply != NULL;
}

void redis_server_start(const char *const *options)
{
    int left_ms = START_MS, status;

    assert_int_equal(server, 0);
    (void)unlink(redis_server_path("redis.sock"));
    server = fork();
    assert_true(server >= 0);
    if (server == 0)
        become_server(options);
    while (!answers()) {
        if (waitpid(server, &status, WNOHANG) != 0)
            fail_msg("redis-server ends at once: is it installed (tests/packages test)?");
        assert_true((left_ms -= STEP_MS) > 0);
        sleep_ms(STEP_MS);
    }
}

void redis_server_signal(int signal)
{
    assert_true(server > 0);
    assert_int_equal(kill(server, signal), 0);
}

void redis_server_kill(void)
{
    int status;

    if (server == 0)
        return;
    redis_server_signal(SIGKILL);
    assert_int_equal(waitpid(server, &status, 0), server);
    server = 0;
}

static void add_reply(const struct redisReply *reply, struct strbuf *text)
{
    struct redis_word word;
    long long number;
    size_t count;

    if (redis_reply_text(reply, &word) || redis_reply_error(reply, &word)) {
        strbuf_add_mem(text, word.octets, word.len);
    } else if (redis_reply_number(reply, &number)) {
        strbuf_addf(text, "%lld", number);
    } else if (redis_reply_list(reply, &count)) {
        for (size_t n = 0; n < count; n++) {
            add_reply(redis_reply_member(reply, n), text);
            strbuf_add_char(text, ' ');
        }
    }
}

const char *redis_server_command(const char *command)
{
    static char answer[ANSWER_SIZE];
    const struct greylist_store_config config = redis_server_config(&clock_system);
    struct redis_link *link = redis_link_create(&config.address);
    struct strbuf text = STRBUF_INIT;
    struct redis_word words[REDIS_LINK_WORDS_MAX];
    struct redisReply *reply;
    size_t count = 0;

    assert_non_null(link);
    redis_link_begin(link);
    if (!redis_link_connect(link, &text))
        fail_msg("%s", strbuf_text(&text));
    for (const char *word = command; word != NULL; word = strchr(word, '|') == NULL ? NULL : strchr(word, '|') + 1)
        words[count++] = (struct redis_word){.octets = word, .len = strcspn(word, "|")};
    redis_link_send(link, words, count);
    reply = redis_link_reply(link, &text);
    if (reply == NULL)
        fail_msg("%s: %s", command, strbuf_text(&text));
    add_reply(reply, &text);
    (void)snprintf(answer, sizeof answer, "%s", strbuf_text(&text));
    redis_link_free(reply);
    redis_link_destroy(link);
    strbuf_free(&text);
    return answer;
}

struct greylist_store_config redis_server_config(const struct clock *clock)
{
    struct greylist_store_config config = {
        .address = {.kind = STORE_REDIS_UNIX, .prefix = "smf-spf:"}, .entries_max = 1000000, .clock = clock};

    (void)snprintf(config.address.path, sizeof config.address.path, "%s/redis.sock", directory);
    return config;
}

int redis_server_tear_down(void **state)
{
    DIR *files = opendir(directory);

    (void)state;
    redis_server_kill();
    assert_non_null(files);
    for (const struct dirent *file = readdir(files); file != NULL; file = readdir(files))
        if (file->d_name[0] != '.')
            (void)unlink(redis_server_path(file->d_name));
    assert_int_equal(closedir(files), 0);
    assert_int_equal(rmdir(directory), 0);
    return 0;
}
