/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Files of a test, in a directory of its own. */
#ifndef SMF_TESTS_TEST_DIRECTORY_H
#define SMF_TESTS_TEST_DIRECTORY_H

#include <stdbool.h>

/* Sets the directory that the names below are in; it lives as long as the test. */
void test_directory_use(const char *directory);

/* The path of a file there; lives until eight others were asked for. */
const char *path_of(const char *name);

/* Makes or replaces a file; the test fails where that cannot be. */
void write_file(const char *name, const char *text);

/* True if the file is there and holds the text; of a file its first 64 KiB count. */
bool file_has(const char *name, const char *text);

#endif
