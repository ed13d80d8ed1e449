/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Fuzzes the reader of log files: any octets, plain or compressed, come as lines within the bound, and it ends. */
#include "tools/report/log_input.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool holds)
{
    if (!holds)
        abort();
}

/* Reads all of it; returns the octets of the lines. */
static size_t read_lines(struct log_input *input)
{
    size_t len, all = 0;
    bool is_cut = false, was_cut = false;
    const char *line;

    while ((line = log_input_line(input, &len, &is_cut)) != NULL) {
        uint64_t done, whole;

        require(len <= LOG_LINE_MAX && memchr(line, '\n', len) == NULL);
        log_input_progress(input, &done, &whole);
        require(done <= whole);
        was_cut = was_cut || is_cut;
        all += len + 1;
    }
    require(log_input_line(input, &len, &is_cut) == NULL);
    return was_cut ? 0 : all;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const bool is_gzip = size >= 2 && data[0] == 0x1f && data[1] == 0x8b;
    struct strbuf error = STRBUF_INIT;
    struct log_input *input;
    char path[64];
    size_t all;
    int fd = memfd_create("log", MFD_CLOEXEC);

    require(fd >= 0 && write(fd, data, size) == (ssize_t)size);
    (void)snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    input = log_input_open(path, &error);
    require(input != NULL);
    all = read_lines(input);
    if (!log_input_failed(input, &error) && !is_gzip && all > 0)
        require(all <= size + 1); /* none is made up; a carriage return may be missing */
    log_input_close(input);
    close(fd);
    strbuf_free(&error);
    return 0;
}
