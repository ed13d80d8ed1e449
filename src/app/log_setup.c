/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Makes the log file at the start, and opens the log that a configuration names. */
#include "app/log_setup.h"

#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Opens a log file that root owns, in a directory of root's: earlier versions made theirs before they dropped root's
 * privileges. -1 for any other. */
static int open_log_of_root(const char *path)
{
    struct stat status;
    int fd = -1;

    if (geteuid() == 0)
        fd = open(path, O_WRONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    if (fd < 0 || (privileges_unfit(fd) == NULL && fstat(fd, &status) == 0 && status.st_uid == 0))
        return fd;
    close(fd);
    return -1;
}

void log_setup_create_file(const char *path, const struct identity *identity)
{
    struct strbuf unused = STRBUF_INIT;
    gid_t group = identity->gid;
    int fd = -1;

    if (path == NULL || !identity->changes)
        return;
    if (privileges_borrow(identity, path, identity->gid, "LogTo", &unused)) {
        fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0640);
        if (fd < 0 && errno == EEXIST) {
            fd = open_log_of_root(path);
            group = (gid_t)-1; /* it keeps its own */
        }
    }
    privileges_return(identity);
    strbuf_free(&unused);
    if (fd < 0)
        return; /* if it cannot be written to, opening the log says so */
    if (fchown(fd, identity->uid, group) != 0)
        log_warning("LogTo: cannot give %s to user %s: %s", path, identity->user, strerror(errno));
    close(fd);
}

void log_setup_add_problem(const char *path, int problem, const char *user, struct strbuf *out)
{
    strbuf_addf(out, "LogTo: cannot open %s: %s", path != NULL ? path : "the log", strerror(problem));
    if (problem == EACCES && user != NULL)
        strbuf_addf(out, " (user %s must be able to write to it)", user);
}

struct log_prepared *log_setup_prepare(const struct config *config, const char *user, struct strbuf *error)
{
    const struct log_config log = {
        .level = config->log_level,
        .syslog_facility = config->syslog_facility,
        .path = config->log_to,
        .ident = "smf-spf",
        .format = config->log_format,
    };
    struct log_prepared *prepared = log_prepare(&log);

    if (prepared == NULL)
        log_setup_add_problem(config->log_to, errno, user, error);
    return prepared;
}
