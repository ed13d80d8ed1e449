/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Where the standard input is closed, as under some schedulers, a log gets its descriptor. */
#include "tools/report/log_input.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static void a_file_with_descriptor_0_is_read(void **state)
{
    char path[] = "/tmp/smf-spf-log-input-XXXXXX";
    const int file = mkstemp(path), kept = dup(STDIN_FILENO);
    struct strbuf error = STRBUF_INIT;
    struct log_input *input;
    const char *line;
    size_t len = 0;
    bool cut = false;

    (void)state;
    assert_int_equal(write(file, "a line\n", 7), 7);
    close(file);
    close(STDIN_FILENO);
    input = log_input_open(path, &error);
    assert_string_equal(strbuf_text(&error), "");
    assert_non_null(input);
    line = log_input_line(input, &len, &cut);
    assert_true(line && len == 6 && memcmp(line, "a line", 6) == 0 && !cut);
    log_input_close(input);
    strbuf_free(&error);
    if (kept >= 0) {
        assert_int_equal(dup2(kept, STDIN_FILENO), STDIN_FILENO);
        close(kept);
    }
    unlink(path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(a_file_with_descriptor_0_is_read)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
