/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Sends one request to the running filter, and prints its answer. */
#include "app/control_command.h"

#include "app/control.h"
#include "app/process/privileges.h"
#include "app/stats_text.h"
#include "base/clock.h"
#include "base/endpoint.h"
#include "base/strbuf.h"
#include "config/config.h"
#include "config/config_options.h"

#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <sysexits.h>
#include <unistd.h>

enum {
    ANSWER_TIMEOUT_S = 60,
    ANSWER_MAX = 4 * 1024 * 1024,
    SHOWN_MAX = 64 * 1024, /* of a line */
};

/* What was typed. */
struct options {
    const char *config_path;
    bool is_prometheus;
};

static const struct command_option option_table[] = {
    {'c', "config", "FILE", "the configuration that the filter runs with", COMMAND_TEXT(struct options, config_path)},
    {.name = NULL},
};

const struct command reload_command = {
    .name = "reload",
    .purpose = "reload the configuration of the running filter, or say why it cannot be reloaded",
    .usage = "[-c FILE]\n",
    .options = option_table,
};

const struct command reopen_command = {
    .name = "reopen",
    .purpose = "reopen the log file of the running filter, after a rotation",
    .usage = "[-c FILE]\n",
    .options = option_table,
};

/* Each line of `lines`, with the command's name before it, on standard error. */
static void print_problem(const char *command, const char *lines)
{
    while (*lines != '\0') {
        const size_t len = strcspn(lines, "\n");

        (void)fprintf(stderr, "smf-spf %s: %.*s\n", command, (int)len, lines);
        lines += len + (lines[len] == '\n');
    }
}

/* Whoever has the filter's account may answer in its place, and root reads it on a terminal. */
static void make_harmless(struct strbuf *answer)
{
    struct strbuf shown = STRBUF_INIT;
    char *rest = NULL;

    for (const char *line = answer->text != NULL ? strtok_r(answer->text, "\n", &rest) : NULL; line != NULL;
         line = strtok_r(NULL, "\n", &rest)) {
        strbuf_add_shown(&shown, line, SHOWN_MAX);
        strbuf_add_char(&shown, '\n');
    }
    strbuf_free(answer);
    *answer = shown;
}

/* A connection to whoever listens at `path`; -1 with errno. */
static int connect_to(const char *path)
{
    const struct timeval timeout = {.tv_sec = ANSWER_TIMEOUT_S};
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int fd = -1, error = ENAMETOOLONG;

    if (strlen(path) < sizeof address.sun_path) {
        memcpy(address.sun_path, path, strlen(path));
        fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
        (void)setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof timeout);
        (void)setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &timeout, sizeof timeout);
        if (fd >= 0 && connect(fd, (const struct sockaddr *)&address, sizeof address) == 0)
            return fd;
        error = errno;
    }
    if (fd >= 0)
        close(fd);
    errno = error;
    return -1;
}

/* Reads to the end. NULL, or what was wrong with it. */
static const char *read_answer(int fd, struct strbuf *answer)
{
    const int64_t deadline_ms = clock_monotonic_ms(&clock_system) + (int64_t)ANSWER_TIMEOUT_S * 1000;
    char part[4096];
    ssize_t got;

    answer->limit = ANSWER_MAX;
    while ((got = read(fd, part, sizeof part)) > 0 || (got < 0 && errno == EINTR)) {
        if (got > 0)
            strbuf_add_mem(answer, part, (size_t)got);
        if (answer->failed)
            return "the answer is too long; is that the filter?";
        if (clock_monotonic_ms(&clock_system) >= deadline_ms)
            break;
    }
    return got == 0 ? NULL : "the filter did not answer";
}

/* A request on its way to the filter. */
struct request {
    const char *command;
    const char *config_path;  /* absolute, where the file is there */
    int failure;              /* the status where the filter says that it could not do it */
    struct identity identity; /* of the filter, where root runs the command */
    bool is_heard;            /* a filter answered that this was for it */
    struct strbuf *out;       /* what it says, where it has done it */
};

/* True, with what follows, if the answer begins with the line `first`. */
static bool begins_with_line(const char *answer, const char *first, const char **rest)
{
    const size_t len = strlen(first);

    *rest = answer + len + 1;
    return strncmp(answer, first, len) == 0 && answer[len] == '\n';
}

/* `is_guess`: the file does not name this socket, so that another filter's answer says nothing. */
static int take_answer(struct request *request, const char *answer, bool is_guess)
{
    const char *rest;

    if (begins_with_line(answer, CONTROL_OTHER, &rest)) {
        request->is_heard = !is_guess;
        if (!is_guess)
            print_problem(request->command, rest);
        return request->failure;
    }
    request->is_heard = true;
    if (begins_with_line(answer, CONTROL_DONE, &rest)) {
        strbuf_add(request->out, rest);
        return EX_OK;
    }
    if (begins_with_line(answer, CONTROL_FAILED, &rest)) {
        print_problem(request->command, rest);
        return request->failure;
    }
    return EX_UNAVAILABLE;
}

static int ask_over(int fd, struct request *request, bool is_guess)
{
    const char *problem = "the filter did not answer";
    struct strbuf line = STRBUF_INIT, answer = STRBUF_INIT;
    int status;

    strbuf_addf(&line, "%s %s\n", request->command, request->config_path);
    if (send(fd, strbuf_text(&line), line.len, MSG_NOSIGNAL) == (ssize_t)line.len)
        problem = read_answer(fd, &answer);
    if (problem != NULL) {
        print_problem(request->command, problem);
        strbuf_truncate(&answer, 0);
    }
    make_harmless(&answer);
    status = take_answer(request, strbuf_text(&answer), is_guess);
    strbuf_free(&line);
    strbuf_free(&answer);
    return status;
}

/* The same, if it can be, without root's privileges: who may write to the directory makes the path lead to any socket.
 */
static int connect_as_needed(const char *path, const struct identity *identity)
{
    struct strbuf problem = STRBUF_INIT;
    int fd = -1, error = EACCES;

    if (privileges_borrow(identity, path, (gid_t)-1, "ControlSocket", &problem)) {
        fd = connect_to(path);
        error = errno;
    }
    privileges_return(identity);
    strbuf_free(&problem);
    errno = error;
    return fd;
}

static int ask_at(const char *path, struct request *request, bool is_guess)
{
    const int fd = connect_as_needed(path, &request->identity);
    int status = EX_UNAVAILABLE;

    if (fd >= 0) {
        status = ask_over(fd, request, is_guess);
        close(fd);
    }
    return status;
}

/* Nobody heard it at `path` (NULL: the file names none), for the reason `error`. Returns the status. */
static int tell_unheard(const struct request *request, const char *path, int error, const char *errors)
{
    (void)fputs(errors, stderr);
    if (path == NULL) {
        print_problem(request->command,
                      "ControlSocket is none: a filter that runs with this file can be sent signals only");
        return EX_CONFIG;
    }
    (void)fprintf(stderr, "smf-spf %s: cannot reach the filter at %s: %s%s\n", request->command, path, strerror(error),
                  error == EACCES ? "; only root and the user of the filter may"
                                  : "; is it running, and with this ControlSocket? (a changed one takes a restart)");
    return error == EACCES ? EX_NOPERM : EX_UNAVAILABLE;
}

/* systemd may start the filter as another account, so that the one of the file may be none of this host. */
static void look_up_account(const struct config *config, struct identity *identity)
{
    struct strbuf unused = STRBUF_INIT;

    if (config == NULL || !privileges_look_up(config->user, NULL, identity, &unused))
        *identity = (struct identity){.changes = geteuid() == 0, .uid = (uid_t)-1, .gid = (gid_t)-1};
    strbuf_free(&unused);
}

/* Asks the filter at the socket that the file names, whatever else is wrong with the file: a reload of it must fail
 * where it is seen, in the filter, its log and its metrics, and the other commands do not need it. The file may have
 * changed since the filter started, so that it may still listen at the default socket. */
static int ask(const char *command, const char *config_path, int failure, struct strbuf *out)
{
    const char *const fallback = endpoint_unix_path(config_option_find("ControlSocket")->default_text);
    char absolute[PATH_MAX];
    struct request request = {.command = command,
                              .config_path = realpath(config_path, absolute) != NULL ? absolute : config_path,
                              .failure = failure,
                              .out = out};
    struct strbuf errors = STRBUF_INIT;
    const struct config *config = config_load_lenient(config_path, &errors);
    const char *path = config != NULL ? config->control_socket : fallback;
    int status = EX_UNAVAILABLE, error = 0;

    look_up_account(config, &request.identity);
    if (path != NULL) {
        errno = 0;
        status = ask_at(path, &request, false);
        error = errno;
    }
    if (!request.is_heard && (path == NULL || strcmp(path, fallback) != 0))
        status = ask_at(fallback, &request, true);
    if (!request.is_heard)
        status = tell_unheard(&request, path, error, strbuf_text(&errors));
    strbuf_free(&errors);
    config_release(config);
    return status;
}

/* False if there is nothing to do but to exit with *status. */
static bool read_options(const struct command *command, int argc, char **argv, struct options *options, int *status)
{
    struct command_line line = command_begin(command, argc, argv, options);

    if (!command_read(&line, status))
        return false;
    *status = command_limit_operands(&line, 0);
    return *status == EX_OK;
}

static int run(const struct command *command, int argc, char **argv, const char *path, int failure)
{
    struct options options = {.config_path = path};
    struct strbuf said = STRBUF_INIT;
    int status;

    if (!read_options(command, argc, argv, &options, &status))
        return status;
    status = ask(command->name, options.config_path, failure, &said);
    (void)fputs(strbuf_text(&said), stdout);
    strbuf_free(&said);
    return status;
}

int reload_command_run(int argc, char **argv, const struct command_defaults *defaults)
{
    return run(&reload_command, argc, argv, defaults->config_path, EX_CONFIG);
}

int reopen_command_run(int argc, char **argv, const struct command_defaults *defaults)
{
    return run(&reopen_command, argc, argv, defaults->config_path, EX_CANTCREAT);
}

/* Statistics */

static const struct command_option stats_options[] = {
    {'c', "config", "FILE", "the configuration that the filter runs with", COMMAND_TEXT(struct options, config_path)},
    {0, "prometheus", NULL, "print them as /metrics does, for a text file collector",
     COMMAND_FLAG(struct options, is_prometheus)},
    {.name = NULL},
};

const struct command stats_command = {
    .name = "stats",
    .purpose = "print the counters of the running filter",
    .usage = "[--prometheus] [-c FILE]\n",
    .options = stats_options,
};

int stats_command_run(int argc, char **argv, const struct command_defaults *defaults)
{
    struct options options = {.config_path = defaults->config_path};
    struct strbuf said = STRBUF_INIT, shown = STRBUF_INIT;
    int status;

    if (!read_options(&stats_command, argc, argv, &options, &status))
        return status;
    status = ask(stats_command.name, options.config_path, EX_UNAVAILABLE, &said);
    if (!options.is_prometheus)
        stats_text_add(strbuf_text(&said), &shown);
    (void)fputs(strbuf_text(options.is_prometheus ? &said : &shown), stdout);
    strbuf_free(&said);
    strbuf_free(&shown);
    return status;
}
