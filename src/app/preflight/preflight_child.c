/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Probes in a child process, and reads its report from a pipe. */
#include "app/preflight/preflight_child.h"

#include "base/descriptor.h"
#include "base/log.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <sysexits.h>
#include <unistd.h>

static bool write_whole(int fd, const char *text, size_t len)
{
    while (len > 0) {
        const ssize_t done = write(fd, text, len);

        if (done < 0 && errno != EINTR)
            return false;
        text += done > 0 ? done : 0;
        len -= done > 0 ? (size_t)done : 0;
    }
    return true;
}

/* Its report is the problems, a NUL, and the notes; its exit status the first problem's. */
static _Noreturn void run_child(void (*probe)(void *context), void *context, struct preflight *report, int fd)
{
    const struct log_config nowhere = {.syslog_facility = -1, .ident = "smf-spf"}; /* the report says what is wrong */
    bool written;

    (void)log_open(&nowhere);
    probe(context);
    written = !report->problems.failed && !report->notes.failed &&
              write_whole(fd, strbuf_text(&report->problems), report->problems.len) && write_whole(fd, "", 1) &&
              write_whole(fd, strbuf_text(&report->notes), report->notes.len);
    _exit(written ? report->status : EX_OSERR);
}

static void read_report(int fd, struct strbuf *text)
{
    char chunk[4096];
    ssize_t len;

    while ((len = read(fd, chunk, sizeof chunk)) > 0 || (len < 0 && errno == EINTR))
        if (len > 0)
            strbuf_add_mem(text, chunk, (size_t)len);
}

static void take_report(pid_t child, int fd, const char *who, struct preflight *report)
{
    struct strbuf whole = STRBUF_INIT;
    int status = 0;
    const char *text;
    size_t problems_len;

    read_report(fd, &whole);
    while (waitpid(child, &status, 0) < 0 && errno == EINTR)
        ;
    text = strbuf_text(&whole);
    problems_len = strlen(text);
    if (!WIFEXITED(status) || problems_len == whole.len || whole.failed) {
        strbuf_addf(&report->problems, "the check as user %s did not come to its end\n", who);
        report->status = EX_OSERR;
    } else {
        strbuf_add(&report->problems, text);
        strbuf_add(&report->notes, text + problems_len + 1);
        report->status = WEXITSTATUS(status);
    }
    strbuf_free(&whole);
}

static void fail(struct preflight *report, const char *what, int error)
{
    strbuf_addf(&report->problems, "cannot make a %s: %s\n", what, strerror(error));
    report->status = EX_OSERR;
}

void preflight_in_child(void (*probe)(void *context), void *context, const char *who, struct preflight *report)
{
    int ends[2];
    pid_t child = -1;

    if (!descriptor_pipe(ends, true)) {
        fail(report, "pipe", errno);
        return;
    }
    (void)fflush(stdout);
    child = fork();
    if (child == 0) {
        close(ends[0]);
        run_child(probe, context, report, ends[1]);
    }
    if (child < 0)
        fail(report, "process", errno);
    close(ends[1]);
    if (child > 0)
        take_report(child, ends[0], who, report);
    close(ends[0]);
}
