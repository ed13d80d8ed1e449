/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Sends one request to the running filter, and prints its answer. */
#include "app/control_command.h"

#include "app/control.h"
#include "base/strbuf.h"
#include "config/config.h"

#include <errno.h>
#include <limits.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <sysexits.h>
#include <unistd.h>

enum { ANSWER_TIMEOUT_S = 60 };

static const struct command_option option_table[] = {
    {'c', "config", "FILE", "the configuration that the filter runs with"},
    {0, NULL, NULL, NULL},
};

const struct command reload_command = {
    .name = "reload",
    .purpose = "have the running filter take its changed configuration, or say why it cannot",
    .usage = "[-c FILE]\n",
    .options = option_table,
};

const struct command reopen_command = {
    .name = "reopen",
    .purpose = "have the running filter open its log file again, after a rotation",
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

/* A connection to the filter; -1, with *status set and the reason printed. */
static int connect_to(const char *command, const char *path, int *status)
{
    const struct timeval timeout = {.tv_sec = ANSWER_TIMEOUT_S};
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    const int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

    if (fd >= 0 && strlen(path) < sizeof address.sun_path) {
        memcpy(address.sun_path, path, strlen(path));
        (void)setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof timeout);
        (void)setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &timeout, sizeof timeout);
        if (connect(fd, (const struct sockaddr *)&address, sizeof address) == 0)
            return fd;
    }
    *status = errno == EACCES ? EX_NOPERM : EX_UNAVAILABLE;
    (void)fprintf(stderr, "smf-spf %s: cannot reach the filter at %s: %s%s\n", command, path, strerror(errno),
                  errno == EACCES ? "; only root and the user of the filter may"
                                  : "; is it running, and with this ControlSocket?");
    if (fd >= 0)
        close(fd);
    return -1;
}

/* Reads to the end. False if the filter did not answer in time. */
static bool read_answer(int fd, struct strbuf *answer)
{
    char part[4096];
    ssize_t got;

    while ((got = read(fd, part, sizeof part)) > 0 || (got < 0 && errno == EINTR))
        if (got > 0)
            strbuf_add_mem(answer, part, (size_t)got);
    return got == 0;
}

static int ask_over(int fd, const char *command, const char *config_path, int failure)
{
    struct strbuf request = STRBUF_INIT, answer = STRBUF_INIT;
    int status = EX_UNAVAILABLE;
    char absolute[PATH_MAX];
    const char *text;

    strbuf_addf(&request, "%s %s\n", command, realpath(config_path, absolute) != NULL ? absolute : config_path);
    if (send(fd, strbuf_text(&request), request.len, MSG_NOSIGNAL) != (ssize_t)request.len || !read_answer(fd, &answer))
        print_problem(command, "the filter did not answer");
    text = strbuf_text(&answer);
    if (strncmp(text, CONTROL_DONE "\n", sizeof CONTROL_DONE) == 0) {
        (void)fputs(text + sizeof CONTROL_DONE, stdout);
        status = EX_OK;
    } else if (strncmp(text, CONTROL_FAILED "\n", sizeof CONTROL_FAILED) == 0) {
        print_problem(command, text + sizeof CONTROL_FAILED);
        status = failure;
    }
    strbuf_free(&request);
    strbuf_free(&answer);
    return status;
}

/* `failure` is the status where the filter says that it could not do it. */
static int ask(const char *command, const char *config_path, int failure)
{
    struct strbuf errors = STRBUF_INIT;
    const struct config *config = config_load(config_path, &errors);
    int status = EX_CONFIG, fd = -1;

    (void)fputs(strbuf_text(&errors), stderr);
    if (config == NULL)
        print_problem(command, "the running configuration stays as it was");
    else if (config->control_socket == NULL)
        print_problem(command, "ControlSocket is none: a filter that runs with this file can be sent signals only");
    else
        fd = connect_to(command, config->control_socket, &status);
    if (fd >= 0) {
        status = ask_over(fd, command, config_path, failure);
        close(fd);
    }
    strbuf_free(&errors);
    config_release(config);
    return status;
}

static int run(const struct command *command, int argc, char **argv, const char *path, int failure)
{
    struct command_line line = command_begin(command, argc, argv);
    const char *value = NULL;
    int option = 0;

    while ((option = command_next(&line, &value)) > 0)
        path = value;
    if (option == COMMAND_OVER)
        return line.status;
    if (line.operand_count > 0)
        return command_usage_error(command, "there is no place for", line.operands[0]);
    return ask(command->name, path, failure);
}

int reload_command_run(int argc, char **argv, const struct command_defaults *defaults)
{
    return run(&reload_command, argc, argv, defaults->config_path, EX_CONFIG);
}

int reopen_command_run(int argc, char **argv, const struct command_defaults *defaults)
{
    return run(&reopen_command, argc, argv, defaults->config_path, EX_CANTCREAT);
}
