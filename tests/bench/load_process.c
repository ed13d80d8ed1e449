/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reads what a process has used out of /proc. */
#include "load_process.h"

#include "load_socket.h"

#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
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

struct load_measurement load_measurement_begin(unsigned pid)
{
    return (struct load_measurement){.pid = pid, .before = load_process_read(pid), .begun_ns = load_now_ns()};
}

void load_measurement_end(struct load_measurement *measurement)
{
    measurement->took_s = (double)(load_now_ns() - measurement->begun_ns) / 1e9;
    measurement->after = load_process_read(measurement->pid);
}

void load_measurement_print_rate(const struct load_measurement *measurement, uint64_t count)
{
    printf(", \"seconds\": %.4f, \"per_second\": %.1f", measurement->took_s, (double)count / measurement->took_s);
}

void load_measurement_print_use(const struct load_measurement *measurement, uint64_t count)
{
    const double each_us = 1e6 / (count > 0 ? (double)count : 1);

    printf(", \"cpu_us\": %.2f, \"rss_kb\": %ld, \"own_cpu_us\": %.2f",
           (measurement->after.cpu_s - measurement->before.cpu_s) * each_us, measurement->after.rss_kb,
           load_process_read((unsigned)getpid()).cpu_s * each_us);
}

void load_process_allow_descriptors(void)
{
    struct rlimit files;

    if (getrlimit(RLIMIT_NOFILE, &files) != 0)
        return;
    files.rlim_cur = files.rlim_max;
    (void)setrlimit(RLIMIT_NOFILE, &files);
}
