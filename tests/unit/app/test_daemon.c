/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The daemon's life in a process of its own: the status of each start that fails, and what signals do. */
#include "app/daemon.h"
#include "support/test_directory.h"

#include <dirent.h>
#include <pwd.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <sysexits.h>
#include <unistd.h>

#include <cmocka.h>

enum { TRIES = 6000, TRY_US = 10000 }; /* a minute, however slow the machine */

static char directory[] = "/tmp/smf-spf-daemon-XXXXXX";
static char account[64]; /* whom the daemon runs as */

/* A configuration that works, with lines after it. */
static void write_config(const char *more)
{
    char text[1024];

    snprintf(text, sizeof text,
             "User %s\nSocket unix:%s/sock\nLogTo %s/log\nPidFile %s/pid\nSyslog none\nZoneFile %s/zone\n%s", account,
             directory, directory, directory, directory, more);
    write_file("conf", text);
}

/* Starts a daemon in the foreground, with its standard error in a file. */
static pid_t begin_daemon(void)
{
    pid_t pid = fork();
    int status;

    assert_true(pid >= 0);
    if (pid == 0) {
        if (freopen(path_of("stderr"), "w", stderr) == NULL)
            _exit(EX_OSERR);
        alarm(300); /* whatever happens */
        status = daemon_run(path_of("conf"), true);
        (void)fflush(stderr);
        _exit(status);
    }
    return pid;
}

static int status_of(pid_t pid)
{
    int status = 0;

    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFEXITED(status));
    return WEXITSTATUS(status);
}

/* Waits until the log has a line with this. */
static void wait_for_line(const char *text)
{
    for (int tries = 0; tries < TRIES && !file_has("log", text); tries++)
        usleep(TRY_US);
    if (!file_has("log", text))
        fail_msg("the log never has \"%s\"", text);
}

static void expect_failure(const char *more, int status, const char *message)
{
    write_config(more);
    assert_int_equal(status_of(begin_daemon()), status);
    if (!file_has("stderr", message))
        fail_msg("%s: standard error has no \"%s\"", more, message);
    assert_int_not_equal(access(path_of("sock"), F_OK), 0);
    assert_int_not_equal(access(path_of("pid"), F_OK), 0);
}

/* A start that fails says why, has the status that the manual promises, and leaves nothing behind. */
static void test_failures(void **state)
{
    (void)state;
    expect_failure("Nonsense on\n", EX_CONFIG, "Nonsense");
    expect_failure("ZoneFile /nowhere/zone\n", EX_CONFIG, "/nowhere/zone");
    expect_failure("LogTo /nowhere/log\n", EX_CANTCREAT, "/nowhere/log");
    expect_failure("PidFile /nowhere/pid\n", EX_CANTCREAT, "/nowhere/pid");
    expect_failure("Socket unix:/nowhere/sock\n", EX_UNAVAILABLE, "/nowhere/sock");
    if (geteuid() == 0)
        expect_failure("User nobody-has-this-name\n", EX_CONFIG, "nobody-has-this-name");
    assert_int_equal(daemon_run("/nowhere/conf", true), EX_CONFIG);
}

static void expect_stop(int number)
{
    pid_t pid;

    unlink(path_of("log"));
    write_config("");
    pid = begin_daemon();
    wait_for_line("listens on");
    assert_int_equal(access(path_of("sock"), F_OK), 0);
    assert_int_equal(access(path_of("pid"), F_OK), 0);
    assert_int_equal(kill(pid, number), 0);
    assert_int_equal(status_of(pid), EX_OK);
    assert_true(file_has("log", "stopped"));
    assert_int_not_equal(access(path_of("sock"), F_OK), 0);
    assert_int_not_equal(access(path_of("pid"), F_OK), 0);
}

static void test_stops(void **state)
{
    (void)state;
    expect_stop(SIGTERM);
    expect_stop(SIGINT);
    expect_stop(SIGHUP);
}

/* SIGUSR1 and SIGUSR2 are heard one after the other, a file with an error ends nothing, and a second daemon does not
 * take the first one's socket. */
static void test_signals(void **state)
{
    pid_t pid;

    (void)state;
    unlink(path_of("log"));
    write_config("");
    pid = begin_daemon();
    wait_for_line("listens on");
    assert_int_equal(status_of(begin_daemon()), EX_UNAVAILABLE);
    kill(pid, SIGUSR2);
    wait_for_line("reasons:");
    write_config("Nonsense on\n");
    kill(pid, SIGUSR1);
    wait_for_line("Nonsense");
    write_config("RefuseFail off\n");
    kill(pid, SIGUSR1);
    wait_for_line("reloaded");
    kill(pid, SIGTERM);
    assert_int_equal(status_of(pid), EX_OK);
}

static int make_directory(void **state)
{
    const struct passwd *user = geteuid() == 0 ? getpwnam("nobody") : getpwuid(geteuid());

    (void)state;
    test_directory_use(directory);
    if (user == NULL || mkdtemp(directory) == NULL)
        return -1;
    snprintf(account, sizeof account, "%s", user->pw_name);
    write_file("zone", "$TTL 300\nexample.org. TXT \"v=spf1 -all\"\n");
    return chmod(directory, 0755) == 0 && chown(directory, user->pw_uid, user->pw_gid) == 0 ? 0 : -1;
}

static int remove_directory(void **state)
{
    DIR *entries = opendir(directory);
    const struct dirent *entry;

    (void)state;
    while (entries != NULL && (entry = readdir(entries)) != NULL)
        if (entry->d_name[0] != '.')
            unlink(path_of(entry->d_name));
    if (entries != NULL)
        closedir(entries);
    return rmdir(directory);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_failures), cmocka_unit_test(test_stops),
                                       cmocka_unit_test(test_signals)};

    return cmocka_run_group_tests(tests, make_directory, remove_directory);
}
