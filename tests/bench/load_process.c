/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reads what a process has used out of /proc. */
#include "load_process.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

static double read_cpu_s(unsigned pid)
{
    char path[64], line[1024] = "", *fields;
    unsigned long user = 0, system = 0;
    FILE *file;

    (void)snprintf(path, sizeof path, "/proc/%u/stat", pid);
    file = fopen(path, "re");
    if (file == NULL)
        return 0;
    if (fgets(line, sizeof line, file) != NULL && (fields = strrchr(line, ')')) != NULL)
        (void)sscanf(fields, ") %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu", &user, &system);
    (void)fclose(file);
    return (double)(user + system) / (double)sysconf(_SC_CLK_TCK);
}

static long read_rss_kb(unsigned pid)
{
    char path[64], line[256];
    long rss_kb = 0;
    FILE *file;

    (void)snprintf(path, sizeof path, "/proc/%u/status", pid);
    file = fopen(path, "re");
    if (file == NULL)
        return 0;
    while (fgets(line, sizeof line, file) != NULL)
        if (sscanf(line, "VmHWM: %ld", &rss_kb) == 1)
            break;
    (void)fclose(file);
    return rss_kb;
}

struct load_process load_process_read(unsigned pid)
{
    return (struct load_process){.cpu_s = read_cpu_s(pid), .rss_kb = read_rss_kb(pid)};
}
