/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Files of a test, in a directory of its own. */
#include "support/test_directory.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

enum { PATHS = 8, PATH_SIZE = 400 };

static const char *directory = ".";

void test_directory_use(const char *path)
{
    directory = path;
}

const char *path_of(const char *name)
{
    static char paths[PATHS][PATH_SIZE];
    static size_t next;
    char *path = paths[next++ % PATHS];

    assert_in_range(snprintf(path, PATH_SIZE, "%s/%s", directory, name), 1, PATH_SIZE - 1);
    return path;
}

void write_file(const char *name, const char *text)
{
    FILE *file = fopen(path_of(name), "w");

    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
}

bool file_has(const char *name, const char *text)
{
    static char content[1 << 16];
    FILE *file = fopen(path_of(name), "r");
    const size_t len = file != NULL ? fread(content, 1, sizeof content - 1, file) : 0;

    content[len] = '\0';
    if (file != NULL)
        fclose(file);
    return strstr(content, text) != NULL;
}
