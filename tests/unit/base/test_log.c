/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The log: what a line looks like, what cannot get into one, where lines go, rotation, and receivers that fail. */
#include "base/log.h"

#include "base/stats.h"
#include "base/syslog_socket.h"
#include "support/alloc_fail.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <regex.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <syslog.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#define LINE_START "[A-Z][a-z][a-z] [ 0-9][0-9] [0-9][0-9]:[0-9][0-9]:[0-9][0-9] test\\[[0-9]+\\]: "

enum { TEXT_MAX = 2000, CONTENT_SIZE = 1 << 20 };

static char directory[] = "/tmp/smf-test-XXXXXX";
static char path[64], rotated[64];
static char content[CONTENT_SIZE];

/* ---- Stand-in for the way to syslog: remembers the last message ---- */

const char *const syslog_socket_default_path = "unused";
static char syslog_text[4096];
static int syslog_priority, syslog_count;

bool syslog_socket_send(struct syslog_socket *log, int priority, const char *text, size_t len)
{
    (void)log;
    syslog_priority = priority;
    snprintf(syslog_text, sizeof syslog_text, "%.*s", (int)len, text);
    syslog_count++;
    return false;
}

void syslog_socket_close(struct syslog_socket *log)
{
    (void)log;
}

/* ---- Stand-in for the time of day: a moment of our own, or the true one ---- */

static time_t now_s;

time_t time(time_t *unused) /* NOLINT(readability-*): the C library's prototype */
{
    struct timespec now = {.tv_sec = now_s};

    (void)unused;
    if (now_s == 0)
        clock_gettime(CLOCK_REALTIME, &now);
    return now.tv_sec;
}

/* ---- Helpers ---- */

static char last_line[TEXT_MAX + 100];
static int last_level, line_count;

static void remember(void *context, enum log_level level, const char *line)
{
    assert_ptr_equal(context, last_line);
    snprintf(last_line, sizeof last_line, "%s", line);
    last_level = (int)level;
    line_count++;
}

static void open_log(enum log_level level, const char *file, int facility)
{
    const struct log_config config = {.level = level, .syslog_facility = facility, .path = file, .ident = "test"};

    assert_true(log_open(&config));
}

static const char *read_file(const char *name)
{
    FILE *stream = fopen(name, "r");
    size_t len = 0;

    if (stream != NULL) {
        len = fread(content, 1, sizeof content - 1, stream);
        (void)fclose(stream);
    }
    content[len] = '\0';
    return content;
}

static void assert_matches(const char *text, const char *pattern)
{
    regex_t regex;

    assert_int_equal(regcomp(&regex, pattern, REG_EXTENDED | REG_NOSUB), 0);
    int result = regexec(&regex, text, 0, NULL, 0);
    regfree(&regex);
    if (result != 0)
        fail_msg("\"%s\" does not match %s", text, pattern);
}

static int set_up(void **state)
{
    (void)state;
    (void)signal(SIGPIPE, SIG_IGN);
    if (mkdtemp(directory) == NULL)
        return -1;
    snprintf(path, sizeof path, "%s/log", directory);
    snprintf(rotated, sizeof rotated, "%s/log.1", directory);
    return 0;
}

static int close_log(void **state)
{
    (void)state;
    log_set_sink(NULL, NULL);
    log_close();
    unlink(path);
    unlink(rotated);
    syslog_count = 0;
    line_count = 0;
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    return rmdir(directory);
}

/* ---- Tests ---- */

static void test_escapes(void **state)
{
    static const struct {
        const char *in, *out;
    } rows[] = {
        {"", ""},
        {"plain text ~", "plain text ~"},
        {"50% of %s", "50% of %s"},
        {"two\nlines\r\n", "two\\x0Alines\\x0D\\x0A"},
        {"\t\x01\x1f\x7f", "\\x09\\x01\\x1F\\x7F"},
        {"\x1b[2Jgone", "\\x1B[2Jgone"},
        {"a\\x0Ab", "a\\\\x0Ab"},
        {"gr\xc3\xbc\xc3\x9f \xe2\x82\xac \xf0\x9f\x92\x8c", "gr\xc3\xbc\xc3\x9f \xe2\x82\xac \xf0\x9f\x92\x8c"},
        {"\xc2\x9b"
         "31m",
         "\\xC2\\x9B31m"},
        {"\xe2\x80\xa8\xe2\x80\xae\xe2\x80\xaf", "\\xE2\\x80\\xA8\\xE2\\x80\\xAE\xe2\x80\xaf"},
        {"\xe2\x81\xa5\xe2\x81\xa6\xe2\x81\xa9", "\xe2\x81\xa5\\xE2\\x81\\xA6\\xE2\\x81\\xA9"},
        {"\xc2\x80\xc2\x9f\xc2\xa0", "\\xC2\\x80\\xC2\\x9F\xc2\xa0"},
        {"latin \xfc", "latin \\xFC"},
        {"\xc0\x8a overlong", "\\xC0\\x8A overlong"},
        {"\xed\xa0\x80", "\\xED\\xA0\\x80"},
        {"cut \xe2\x82", "cut \\xE2\\x82"},
        {"\xe2\n\x82", "\\xE2\\x0A\\x82"},
    };

    (void)state;
    open_log(LOG_LEVEL_INFO, NULL, -1);
    log_set_sink(remember, last_line);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        log_info("%s", rows[i].in);
        assert_string_equal(last_line, rows[i].out);
        assert_int_equal(line_count, i + 1);
    }
}

/* Whatever the last thing in a line is, it is whole or not there. */
static void test_cut(void **state)
{
    static const struct {
        const char *in, *out;
    } rows[] = {
        {"a", "a"},
        {"\xc3\xbc", "\xc3\xbc"},
        {"\xe2\x82\xac", "\xe2\x82\xac"},
        {"\xf0\x9f\x92\x8c", "\xf0\x9f\x92\x8c"},
        {"\n", "\\x0A"},
        {"\\", "\\\\"},
        {"\xff", "\\xFF"},
    };

    (void)state;
    open_log(LOG_LEVEL_INFO, NULL, -1);
    log_set_sink(remember, last_line);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        for (size_t fill = TEXT_MAX - 9; fill <= TEXT_MAX + 9; fill++) {
            bool fits = fill + strlen(rows[i].out) <= TEXT_MAX;
            size_t filled = fill < TEXT_MAX ? fill : TEXT_MAX;

            log_info("%0*d%s", (int)fill, 0, rows[i].in);
            assert_int_equal(strlen(last_line), filled + (fits ? strlen(rows[i].out) : 0));
            assert_string_equal(last_line + filled, fits ? rows[i].out : "");
        }
    }
    log_info("%0100000d", 1);
    assert_int_equal(strlen(last_line), TEXT_MAX);
    log_info("\n%0100000d", 1); /* which the escape pushes out of the line */
    assert_int_equal(strlen(last_line), TEXT_MAX);
    assert_int_equal(strncmp(last_line, "\\x0A000", 7), 0);
}

static void test_levels(void **state)
{
    static const enum log_level levels[] = {LOG_LEVEL_ERROR, LOG_LEVEL_WARNING, LOG_LEVEL_NOTICE, LOG_LEVEL_INFO,
                                            LOG_LEVEL_DEBUG};

    (void)state;
    log_set_sink(remember, last_line);
    for (size_t set = 0; set < 5; set++) {
        open_log(levels[set], NULL, -1);
        for (size_t i = 0; i < 5; i++) {
            line_count = 0;
            log_write(levels[i], "text");
            assert_int_equal(line_count, i <= set);
            assert_int_equal(log_enabled(levels[i]), i <= set);
            if (i <= set)
                assert_int_equal(last_level, levels[i]);
        }
    }
}

static void test_file(void **state)
{
    (void)state;
    open_log(LOG_LEVEL_INFO, path, -1);
    log_info("first line");
    log_debug("not wanted");
    log_warning("second\nline");
    assert_matches(read_file(path), "^" LINE_START "first line\n" LINE_START "second\\\\x0Aline\n$");
    assert_int_equal(syslog_count, 0);

    log_close();
    open_log(LOG_LEVEL_INFO, path, -1);
    log_info("appended");
    assert_matches(read_file(path), "first line\n.*appended\n$");
}

/* What lines begin with follows the time to the second, be it that the clock was set back. */
static void test_time(void **state)
{
    static const struct {
        time_t now_s;
        const char *begin;
    } rows[] = {
        {1761955199, "Oct 31 23:59:59 test["}, {1761955199, "Oct 31 23:59:59 test["},
        {1761955200, "Nov  1 00:00:00 test["}, {1761955201, "Nov  1 00:00:01 test["},
        {1761955200, "Nov  1 00:00:00 test["}, {1793491200, "Nov  1 00:00:00 test["},
    };

    (void)state;
    setenv("TZ", "UTC0", 1);
    tzset();
    open_log(LOG_LEVEL_INFO, NULL, LOG_MAIL);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        now_s = rows[i].now_s;
        log_info("line %zu", i);
        assert_int_equal(strncmp(syslog_text, rows[i].begin, strlen(rows[i].begin)), 0);
    }
    now_s = 0;
}

static void test_new_ident(void **state)
{
    const struct log_config config = {.level = LOG_LEVEL_INFO, .syslog_facility = LOG_MAIL, .ident = "renamed"};

    (void)state;
    now_s = 1761955199;
    open_log(LOG_LEVEL_INFO, NULL, LOG_MAIL);
    log_info("before");
    assert_non_null(strstr(syslog_text, " test["));
    assert_true(log_open(&config));
    log_info("after");
    assert_non_null(strstr(syslog_text, " renamed["));
    now_s = 0;
}

static void assert_logged_by(const char *line, pid_t process)
{
    char wanted[64];

    snprintf(wanted, sizeof wanted, "test[%ld]: ", (long)process);
    assert_non_null(line);
    assert_non_null(strstr(line, wanted));
}

static void test_fork(void **state)
{
    int status;

    (void)state;
    now_s = 1761955199;
    open_log(LOG_LEVEL_INFO, path, -1);
    log_info("before");
    pid_t child = fork();
    if (child == 0) {
        log_info("child");
        _exit(0);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    log_info("after");
    now_s = 0;
    (void)read_file(path);
    assert_logged_by(strtok(content, "\n"), getpid());
    assert_logged_by(strtok(NULL, "\n"), child);
    assert_logged_by(strtok(NULL, "\n"), getpid());
}

static void test_syslog(void **state)
{
    static const int priorities[] = {LOG_ERR, LOG_WARNING, LOG_NOTICE, LOG_INFO, LOG_DEBUG};

    (void)state;
    open_log(LOG_LEVEL_DEBUG, path, LOG_LOCAL3);
    for (int i = 0; i < 5; i++) {
        log_write((enum log_level)i, "to both\n");
        assert_int_equal(syslog_priority, LOG_LOCAL3 | priorities[i]);
        assert_matches(syslog_text, "^" LINE_START "to both\\\\x0A$");
    }
    assert_int_equal(syslog_count, 5);
    assert_matches(read_file(path), "^(" LINE_START "to both\\\\x0A\n){5}$");
}

static void test_errno_is_kept(void **state)
{
    (void)state;
    open_log(LOG_LEVEL_INFO, "/dev/full", LOG_MAIL);
    errno = ENOENT;
    log_info("cannot be written");
    assert_int_equal(errno, ENOENT);
    log_debug("not wanted");
    assert_int_equal(errno, ENOENT);
}

/* Runs with standard error or output pointed at `fd`. */
static int redirect(int standard_fd, int fd)
{
    int saved = fcntl(standard_fd, F_DUPFD_CLOEXEC, 10);

    (void)fflush(stdout);
    assert_true(saved >= 0);
    assert_true(dup2(fd, standard_fd) >= 0);
    return saved;
}

static void restore(int standard_fd, int saved)
{
    (void)fflush(stdout);
    dup2(saved, standard_fd);
    close(saved);
}

static void test_standard_error_before_open(void **state)
{
    int fd = open(path, O_RDWR | O_CREAT | O_APPEND, 0600);
    int saved = redirect(STDERR_FILENO, fd);

    (void)state;
    log_info("early");
    log_debug("too much");
    assert_true(log_reopen());
    log_info("still");
    restore(STDERR_FILENO, saved);
    close(fd);
    assert_matches(read_file(path), "^[^\n]*: early\n[^\n]*: still\n$");
}

static void test_standard_streams_by_name(void **state)
{
    static const struct {
        const char *name;
        int fd;
    } rows[] = {{"/dev/stdout", STDOUT_FILENO}, {"/dev/stderr", STDERR_FILENO}};

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        int fd = open(path, O_RDWR | O_CREAT | O_TRUNC | O_APPEND, 0600);
        int saved = redirect(rows[i].fd, fd);

        open_log(LOG_LEVEL_INFO, rows[i].name, -1);
        log_info("to the stream");
        bool reopened = log_reopen();
        log_info("again");
        log_close();
        assert_int_equal(fcntl(rows[i].fd, F_GETFD), 0); /* the program's own stream is still open */
        restore(rows[i].fd, saved);
        close(fd);
        assert_true(reopened);
        assert_matches(read_file(path), "^" LINE_START "to the stream\n" LINE_START "again\n$");
    }
}

static void test_rotation(void **state)
{
    (void)state;
    open_log(LOG_LEVEL_INFO, path, -1);
    log_info("one");
    assert_int_equal(rename(path, rotated), 0);
    log_info("two");
    assert_true(log_reopen());
    log_info("three");
    assert_matches(read_file(rotated), "one\n[^\n]*two\n$");
    assert_matches(read_file(path), "^[^\n]*three\n$");
}

static void test_failed_reopen_keeps_file(void **state)
{
    char hidden[sizeof directory + 8];

    (void)state;
    snprintf(hidden, sizeof hidden, "%s.away", directory);
    open_log(LOG_LEVEL_INFO, path, -1);
    assert_int_equal(rename(directory, hidden), 0);
    errno = 0;
    assert_false(log_reopen());
    assert_int_equal(errno, ENOENT);
    log_info("kept");
    assert_int_equal(rename(hidden, directory), 0);
    assert_matches(read_file(path), "kept\n$");
}

static void test_failed_open_changes_nothing(void **state)
{
    static const struct {
        const char *path;
        int error;
    } rows[] = {{"/nonexistent/log", ENOENT}, {"/", EISDIR}, {"", ENOENT}};
    struct log_config config = {.level = LOG_LEVEL_ERROR, .syslog_facility = LOG_MAIL, .ident = "other"};

    (void)state;
    open_log(LOG_LEVEL_INFO, path, -1);
    for (size_t i = 0; i < 3; i++) {
        config.path = rows[i].path;
        errno = 0;
        assert_false(log_open(&config));
        assert_int_equal(errno, rows[i].error);
    }
    config.path = rotated;
    alloc_fail_at(1);
    assert_false(log_open(&config));
    assert_true(alloc_fail_happened());
    alloc_fail_at(0);
    log_info("as before");
    assert_int_equal(syslog_count, 0);
    assert_matches(read_file(path), "^" LINE_START "as before\n$");
}

static void test_full_disk(void **state)
{
    uint64_t lost = stats_get(STATS_LOG_LINES_LOST);

    (void)state;
    log_set_sink(remember, last_line);
    open_log(LOG_LEVEL_INFO, "/dev/full", LOG_MAIL);
    for (int i = 0; i < 100; i++)
        log_info("line %d", i);
    assert_int_equal(stats_get(STATS_LOG_LINES_LOST) - lost, 200); /* by the file, and by our stand-in */
    assert_int_equal(line_count, 100);
    assert_int_equal(syslog_count, 100);
}

/* A pipe that nobody reads takes some lines, holds up one for a moment, and none after that. */
static void test_stuck_pipe(void **state)
{
    int ends[2];

    (void)state;
    assert_int_equal(pipe(ends), 0);
    int saved = redirect(STDERR_FILENO, ends[1]);
    open_log(LOG_LEVEL_INFO, "/dev/stderr", -1);
    restore(STDERR_FILENO, saved);
    close(ends[1]);
    for (int i = 0; i < 3000; i++)
        log_info("%01000d", i);

    char got[4096];
    size_t room = 0;
    fcntl(ends[0], F_SETFL, O_NONBLOCK);
    for (ssize_t len; (len = read(ends[0], got, sizeof got)) > 0;)
        room += (size_t)len;
    assert_true(room > 0);
    log_info("flows again");
    ssize_t len = read(ends[0], got, sizeof got - 1);
    assert_true(len > 0);
    got[len] = '\0';
    assert_matches(got, "flows again\n$");

    close(ends[0]);
    log_info("a pipe without a reader");
}

/* Behind a file on a disk, which is never waited for, a full standard error does not stop us either. */
static void test_stuck_standard_error(void **state)
{
    static const char filling[4096];
    uint64_t lost = stats_get(STATS_LOG_LINES_LOST);
    int ends[2];

    (void)state;
    assert_int_equal(pipe(ends), 0);
    fcntl(ends[1], F_SETFL, O_NONBLOCK);
    while (write(ends[1], filling, sizeof filling) > 0)
        ;
    fcntl(ends[1], F_SETFL, 0);
    open_log(LOG_LEVEL_INFO, path, -1);
    log_info("to the file");
    log_close();
    int saved = redirect(STDERR_FILENO, ends[1]);
    log_info("lost");
    log_info("lost");
    restore(STDERR_FILENO, saved);
    close(ends[0]);
    close(ends[1]);
    assert_int_equal(stats_get(STATS_LOG_LINES_LOST) - lost, 2);
    assert_matches(read_file(path), "^[^\n]*to the file\n$");
}

static void *write_one(void *text)
{
    log_info("%s", (const char *)text);
    return NULL;
}

static void write_on_thread(char *text)
{
    pthread_t thread;

    assert_int_equal(pthread_create(&thread, NULL, write_one, text), 0);
    assert_int_equal(pthread_join(thread, NULL), 0);
}

/* The texts of the lines in a file, with a space after each. */
static const char *texts_of(const char *name)
{
    static char texts[CONTENT_SIZE];
    size_t len = 0;

    (void)read_file(name);
    for (const char *line = strtok(content, "\n"); line != NULL; line = strtok(NULL, "\n"))
        len += (size_t)snprintf(texts + len, sizeof texts - len, "%s ", strstr(line, "]: ") + 3);
    texts[len] = '\0';
    return texts;
}

/* The order stays, whatever writes those that wait. */
static void test_held(void **state)
{
    (void)state;
    open_log(LOG_LEVEL_INFO, path, -1);
    log_hold();
    log_info("a");
    log_notice("b");
    assert_string_equal(texts_of(path), "");
    write_on_thread((char[]){"c"});
    assert_string_equal(texts_of(path), "a b c ");
    log_info("d");
    log_warning("e");
    assert_string_equal(texts_of(path), "a b c d e ");
    log_info("f");
    log_release();
    assert_string_equal(texts_of(path), "a b c d e f ");
    log_info("g");
    assert_string_equal(texts_of(path), "a b c d e f g ");
}

/* They are written to the file that was open when they came. */
static void test_held_through_rotation(void **state)
{
    (void)state;
    open_log(LOG_LEVEL_INFO, path, -1);
    log_hold();
    log_info("a");
    assert_int_equal(rename(path, rotated), 0);
    assert_true(log_reopen());
    log_info("b");
    assert_string_equal(texts_of(rotated), "a ");
    log_close();
    assert_string_equal(texts_of(path), "b ");
    log_release();
}

/* There is room for some; a line for which there is none takes them along. */
static void test_many_held(void **state)
{
    unsigned lines = 0;

    (void)state;
    open_log(LOG_LEVEL_INFO, path, -1);
    log_hold();
    for (unsigned i = 0; i < 100; i++)
        log_info("%01000u", i);
    for (const char *at = read_file(path); (at = strchr(at, '\n')) != NULL; at++)
        lines++;
    assert_in_range(lines, 50, 99);
    log_release();
    (void)read_file(path);
    lines = 0;
    for (const char *line = strtok(content, "\n"); line != NULL; line = strtok(NULL, "\n"))
        assert_int_equal(strtoul(strstr(line, "]: ") + 3, NULL, 10), lines++);
    assert_int_equal(lines, 100);
}

/* What reads a pipe waits for its lines. */
static void test_pipe_is_not_held(void **state)
{
    char got[256];
    int ends[2];

    (void)state;
    assert_int_equal(pipe(ends), 0);
    int saved = redirect(STDERR_FILENO, ends[1]);
    open_log(LOG_LEVEL_INFO, "/dev/stderr", -1);
    restore(STDERR_FILENO, saved);
    log_hold();
    log_info("at once");
    assert_true(fcntl(ends[0], F_SETFL, O_NONBLOCK) == 0 && read(ends[0], got, sizeof got) > 0);
    log_release();
    close(ends[0]);
    close(ends[1]);
}

/* Of lines that are written at once those count as lost that are not there as a whole. */
static void test_held_on_full_disk(void **state)
{
    const uint64_t lost = stats_get(STATS_LOG_LINES_LOST);
    struct rlimit before, limit;
    unsigned whole = 0;

    (void)state;
    (void)signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
    limit = before;
    limit.rlim_cur = 3500;
    open_log(LOG_LEVEL_INFO, path, -1);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
    log_hold();
    for (unsigned i = 0; i < 5; i++)
        log_info("%01000u", i);
    log_release();
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
    for (const char *at = read_file(path); (at = strchr(at, '\n')) != NULL; at++)
        whole++;
    assert_int_equal(whole, 3);
    assert_int_equal(stats_get(STATS_LOG_LINES_LOST) - lost, 2);
}

enum { THREADS = 4, LINES = 400 };

static void *write_lines(void *name)
{
    for (int i = 0; i < LINES; i++) {
        log_info("%s %d %0100d end", (const char *)name, i, 0);
        if (i % 50 == 0)
            log_reopen();
    }
    return NULL;
}

static void test_threads(void **state)
{
    static char names[THREADS][2] = {"a", "b", "c", "d"};
    pthread_t threads[THREADS];
    int next[THREADS] = {0}, lines = 0;

    (void)state;
    open_log(LOG_LEVEL_INFO, path, LOG_MAIL);
    for (int i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, write_lines, names[i]), 0);
    for (int i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    (void)read_file(path);
    for (char *line = strtok(content, "\n"); line != NULL; line = strtok(NULL, "\n"), lines++) {
        const char *text = strstr(line, "]: ");

        assert_non_null(text);
        assert_in_range(text[3], 'a', 'd');
        assert_int_equal(strtol(text + 4, NULL, 10), next[text[3] - 'a']++);
        assert_string_equal(line + strlen(line) - 4, " end");
    }
    assert_int_equal(lines, THREADS * LINES);
    assert_int_equal(syslog_count, THREADS * LINES);
}

#define TEST(function) cmocka_unit_test_teardown(function, close_log)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_standard_error_before_open),
        TEST(test_escapes),
        TEST(test_cut),
        TEST(test_levels),
        TEST(test_file),
        TEST(test_time),
        TEST(test_new_ident),
        TEST(test_fork),
        TEST(test_syslog),
        TEST(test_errno_is_kept),
        TEST(test_standard_streams_by_name),
        TEST(test_rotation),
        TEST(test_failed_reopen_keeps_file),
        TEST(test_failed_open_changes_nothing),
        TEST(test_full_disk),
        TEST(test_stuck_pipe),
        TEST(test_stuck_standard_error),
        TEST(test_held),
        TEST(test_held_through_rotation),
        TEST(test_many_held),
        TEST(test_pipe_is_not_held),
        TEST(test_held_on_full_disk),
        TEST(test_threads),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
