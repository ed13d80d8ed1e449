/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reads whole files. */
#include "base/file.h"

#include <errno.h>
#include <stdio.h>

/* Reads to the end. Returns 0 or an error number. */
static int read_to_end(FILE *file, struct strbuf *text)
{
    char chunk[4096];
    size_t len;

    errno = 0;
    while ((len = fread(chunk, 1, sizeof chunk, file)) > 0) {
        strbuf_add_mem(text, chunk, len);
        if (text->failed)
            return text->limit > 0 && len > text->limit - text->len ? EFBIG : ENOMEM;
    }
    return ferror(file) != 0 ? errno : 0;
}

bool file_read(const char *path, struct strbuf *text)
{
    FILE *file = fopen(path, "re");
    int error;

    if (file == NULL)
        return false;
    error = read_to_end(file, text);
    (void)fclose(file);
    errno = error;
    return error == 0;
}
