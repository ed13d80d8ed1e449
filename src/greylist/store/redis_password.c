/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reads the password of a Redis server. */
#include "greylist/store/redis_password.h"

#include "base/file.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

enum { LINE_MAX_OCTETS = 1000 };

static bool add_problem(struct strbuf *problem, const char *path, const char *what)
{
    strbuf_addf(problem, "GreylistPasswordFile %s: %s", path, what);
    return false;
}

static bool is_for_us_alone(const char *path, struct strbuf *problem)
{
    struct stat status;

    if (stat(path, &status) != 0)
        return add_problem(problem, path, strerror(errno));
    return (status.st_mode & S_IRWXO) == 0 ||
           add_problem(problem, path,
                       "everybody on this host may read or write it: chmod 0640 it, and change the password");
}

bool redis_password_read(const char *path, struct strbuf *line, const char **user, const char **password,
                         struct strbuf *problem)
{
    size_t len;
    char *blank;

    *line = (struct strbuf){.limit = LINE_MAX_OCTETS};
    if (!is_for_us_alone(path, problem))
        return false;
    if (!file_read(path, line))
        return add_problem(problem, path, strerror(errno));
    len = strcspn(strbuf_text(line), "\r\n");
    if (len == 0 || strbuf_text(line)[len + strspn(strbuf_text(line) + len, "\r\n")] != '\0' ||
        strlen(strbuf_text(line)) != line->len)
        return add_problem(problem, path, "one line with a password, or with a user and a password, is expected there");
    strbuf_truncate(line, len);
    blank = strchr(line->text, ' ');
    *user = blank == NULL ? NULL : line->text;
    *password = blank == NULL ? line->text : blank + 1;
    if (blank != NULL)
        *blank = '\0';
    return true;
}
