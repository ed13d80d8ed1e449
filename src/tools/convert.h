/* SPDX-License-Identifier: GPL-2.0-or-later */
/* `smf-spf config --from`: the configuration of another program for SPF or SRS as smf-spf.conf. */
#ifndef SMF_TOOLS_CONVERT_H
#define SMF_TOOLS_CONVERT_H

#include "base/strbuf.h"

#include <stdbool.h>
#include <stddef.h>

struct foreign_system;

/* The system of that name ("policyd-spf"), compared with case; NULL if none. Lives as long as the program. */
const struct foreign_system *convert_system(const char *name);

enum convert_status {
    CONVERT_WHOLE,  /* every line was carried over */
    CONVERT_PARTLY, /* what could not be is a comment in the output and a line in the warnings */
    CONVERT_NO_MEMORY,
};

/* A foreign configuration. */
struct convert_source {
    const char *text; /* anything */
    size_t len;
    const char *path; /* for messages */
    /* Appends another file that it names. False if it cannot be read; NULL: none can. */
    bool (*read_file)(void *context, const char *path, struct strbuf *text);
    void *context;
};

/* Appends to `out` the smf-spf.conf that behaves as the foreign configuration does, and to `warnings` one line, with
 * path and line number, for each line that has no equivalent. */
enum convert_status convert_text(const struct foreign_system *system, const struct convert_source *source,
                                 struct strbuf *out, struct strbuf *warnings);

/* Converts the file, prints the result on standard output and the warnings on standard error. Returns EX_OK,
 * EX_DATAERR if the result does not hold all of the file, or after a message on standard error EX_USAGE (there is no
 * such system), EX_NOINPUT (the file cannot be read) or EX_OSERR. */
int convert_run(const char *system_name, const char *path);

#endif
