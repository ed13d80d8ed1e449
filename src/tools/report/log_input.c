/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Files of logs, as lines. This file alone speaks to zlib. */
#include "tools/report/log_input.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

enum { BUFFER_SIZE = 262144 };

struct log_input {
    const char *name;
    gzFile file;
    int fd;
    uint64_t size;
    char *buffer;
    size_t begin, end; /* what is read of it, and not handed out yet */
    bool is_begun, is_over, skips;
    const char *problem;
};

/* Opens for reading, not a directory; -1 with errno. */
static int open_file(const char *path, uint64_t *size)
{
    const int fd = strcmp(path, "-") == 0 ? dup(STDIN_FILENO) : open(path, O_RDONLY | O_CLOEXEC);
    struct stat status;

    if (fd < 0)
        return -1;
    if (fstat(fd, &status) != 0 || S_ISDIR(status.st_mode)) {
        (void)close(fd);
        errno = EISDIR;
        return -1;
    }
    *size = S_ISREG(status.st_mode) ? (uint64_t)status.st_size : 0;
    return fd;
}

struct log_input *log_input_open(const char *path, struct strbuf *error)
{
    struct log_input *input = calloc(1, sizeof *input);

    if (input == NULL)
        goto failed;
    input->name = strcmp(path, "-") == 0 ? "standard input" : path;
    input->buffer = malloc(BUFFER_SIZE);
    input->fd = input->buffer != NULL ? open_file(path, &input->size) : -1;
    if (input->fd < 0)
        goto failed;
    input->file = gzdopen(input->fd, "rb");
    if (input->file == NULL) {
        (void)close(input->fd);
        goto failed;
    }
    (void)gzbuffer(input->file, BUFFER_SIZE);
    return input;
failed:
    strbuf_add_shown(error, strcmp(path, "-") == 0 ? "standard input" : path, 300);
    strbuf_addf(error, ": %s", strerror(errno != 0 ? errno : ENOMEM));
    if (input != NULL)
        free(input->buffer);
    free(input);
    return NULL;
}

void log_input_close(struct log_input *input)
{
    if (input == NULL)
        return;
    (void)gzclose(input->file);
    free(input->buffer);
    free(input);
}

/* What zlib says is wrong, for people. */
static const char *problem_of(gzFile file)
{
    int code = Z_OK;
    const char *text = gzerror(file, &code);

    if (code == Z_BUF_ERROR)
        return "the file is cut short";
    if (code == Z_ERRNO)
        return strerror(errno);
    if (code == Z_DATA_ERROR)
        return "the compressed data are damaged";
    return code != Z_OK ? text : NULL;
}

/* Files that are no text, by how they begin, and how to have their text. */
static const struct {
    const char *begin;
    size_t len;
    const char *problem;
} other_formats[] = {
    {"\xfd\x37zXZ\0", 6, "compressed by xz: pipe the output of xz -dc to smf-spf report -"},
    {"\x28\xb5\x2f\xfd", 4, "compressed by zstd: pipe the output of zstd -dc to smf-spf report -"},
    {"BZh", 3, "compressed by bzip2: pipe the output of bzip2 -dc to smf-spf report -"},
    {"\x04\x22\x4d\x18", 4, "compressed by lz4: pipe the output of lz4 -dc to smf-spf report -"},
    {"LPKSHHRH", 8, "a file of journald: pipe the output of journalctl -u smf-spf to smf-spf report -"},
};

static const char *other_format(const char *text, size_t len)
{
    for (size_t i = 0; i < sizeof other_formats / sizeof *other_formats; i++)
        if (len >= other_formats[i].len && memcmp(text, other_formats[i].begin, other_formats[i].len) == 0)
            return other_formats[i].problem;
    return NULL;
}

/* Takes in what was read; not a file whose format it cannot read, whose lines would make no sense. */
static void take(struct log_input *input, size_t count)
{
    if (!input->is_begun)
        input->problem = other_format(input->buffer, count);
    input->is_begun = true;
    input->is_over = input->problem != NULL;
    input->end += input->is_over ? 0 : count;
}

/* Reads on behind what is there. */
static void fill(struct log_input *input)
{
    int count;

    memmove(input->buffer, input->buffer + input->begin, input->end - input->begin);
    input->end -= input->begin;
    input->begin = 0;
    do {
        errno = 0;
        count = gzread(input->file, input->buffer + input->end, (unsigned)(BUFFER_SIZE - input->end));
    } while (count < 0 && errno == EINTR);
    if (count > 0) {
        take(input, (size_t)count);
        return;
    }
    input->is_over = true;
    input->problem = problem_of(input->file);
}

/* The end of the line at the beginning of the buffer; NULL if it is not there yet. */
static const char *line_end(const struct log_input *input)
{
    return memchr(input->buffer + input->begin, '\n', input->end - input->begin);
}

/* Forgets the rest of a line that was too long. */
static void skip_rest(struct log_input *input)
{
    const char *end;

    while ((end = line_end(input)) == NULL && !input->is_over) {
        input->begin = input->end;
        fill(input);
    }
    input->begin = end != NULL ? (size_t)(end - input->buffer) + 1 : input->end;
    input->skips = false;
}

const char *log_input_line(struct log_input *input, size_t *len, bool *cut)
{
    const char *line, *end;

    if (input->skips)
        skip_rest(input);
    while ((end = line_end(input)) == NULL && !input->is_over && input->end - input->begin <= LOG_LINE_MAX)
        fill(input);
    line = input->buffer + input->begin;
    *len = end != NULL ? (size_t)(end - line) : input->end - input->begin;
    if (end == NULL && *len == 0)
        return NULL;
    *cut = end == NULL || *len > LOG_LINE_MAX;
    input->begin += *len + (end != NULL ? 1 : 0);
    if (*len > LOG_LINE_MAX) {
        *len = LOG_LINE_MAX;
        input->skips = end == NULL;
    }
    if (*len > 0 && line[*len - 1] == '\r')
        --*len;
    return line;
}

bool log_input_failed(const struct log_input *input, struct strbuf *error)
{
    if (input->problem == NULL)
        return false;
    strbuf_add_shown(error, input->name, 300);
    strbuf_addf(error, ": %s", input->problem);
    return true;
}

void log_input_progress(const struct log_input *input, uint64_t *done, uint64_t *all)
{
    const z_off_t offset = gzoffset(input->file);

    *done = offset > 0 ? (uint64_t)offset : 0;
    *all = input->size;
}
