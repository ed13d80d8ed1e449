/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reads what the system knows of this process. */
#include "base/process_metrics.h"

#include "base/file.h"

#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

enum { FILE_MAX = 4096, THREADS_FIELD = 20 }; /* of proc(5) stat, counted from 1 */

static void write_one(struct metrics_text *text, const char *name, enum metrics_type type, const char *help,
                      double value)
{
    metrics_family(text, name, type, help);
    metrics_sample(text, NULL, NULL, value);
}

static double seconds(struct timeval time)
{
    return (double)time.tv_sec + (double)time.tv_usec / 1e6;
}

static void write_limits(struct metrics_text *text)
{
    struct rusage used;
    struct rlimit limit;

    if (getrusage(RUSAGE_SELF, &used) == 0)
        write_one(text, "process_cpu_seconds", METRICS_COUNTER, "CPU time used, user and system.",
                  seconds(used.ru_utime) + seconds(used.ru_stime));
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur != RLIM_INFINITY)
        write_one(text, "process_max_fds", METRICS_GAUGE, "Limit of open file descriptors.", (double)limit.rlim_cur);
}

static void write_descriptors(struct metrics_text *text)
{
    DIR *directory = opendir("/proc/self/fd");
    unsigned count = 0;

    if (directory == NULL)
        return;
    for (const struct dirent *entry; (entry = readdir(directory)) != NULL;)
        count += entry->d_name[0] != '.';
    closedir(directory);
    write_one(text, "process_open_fds", METRICS_GAUGE, "Open file descriptors.",
              count > 0 ? count - 1 : 0); /* without that of the directory */
}

static void write_memory(struct metrics_text *text)
{
    struct strbuf file = {.limit = FILE_MAX};
    const double page = (double)sysconf(_SC_PAGESIZE);
    char *end = NULL;

    if (file_read("/proc/self/statm", &file)) {
        const unsigned long all = strtoul(strbuf_text(&file), &end, 10), resident = strtoul(end, NULL, 10);

        write_one(text, "process_virtual_memory_bytes", METRICS_GAUGE, "Virtual memory.", (double)all * page);
        write_one(text, "process_resident_memory_bytes", METRICS_GAUGE, "Resident memory.", (double)resident * page);
    }
    strbuf_free(&file);
}

/* The name of the program, in parentheses, may hold anything. */
static void write_threads(struct metrics_text *text)
{
    struct strbuf file = {.limit = FILE_MAX};
    const char *field = file_read("/proc/self/stat", &file) ? strrchr(strbuf_text(&file), ')') : NULL;

    for (int n = 2; field != NULL && n < THREADS_FIELD; n++)
        field = strchr(field + 1, ' ');
    if (field != NULL)
        write_one(text, "process_threads", METRICS_GAUGE, "Threads.", (double)strtoul(field, NULL, 10));
    strbuf_free(&file);
}

void process_metrics_write(struct metrics_text *text, int64_t started_s)
{
    text->is_unprefixed = true;
    write_one(text, "process_start_time_seconds", METRICS_GAUGE, "When the process began.", (double)started_s);
    write_limits(text);
    write_descriptors(text);
    write_memory(text);
    write_threads(text);
    text->is_unprefixed = false;
}
