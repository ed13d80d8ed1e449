/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The command line of a load generator: long options, each of which sets one value. */
#ifndef BENCH_LOAD_OPTIONS_H
#define BENCH_LOAD_OPTIONS_H

enum load_option_kind {
    LOAD_OPTION_TEXT,     /* const char * */
    LOAD_OPTION_NUMBER,   /* unsigned */
    LOAD_OPTION_COUNT,    /* uint64_t */
    LOAD_OPTION_SECONDS,  /* double */
    LOAD_OPTION_MS,       /* int64_t of nanoseconds, typed in milliseconds */
    LOAD_OPTION_WORKLOAD, /* const struct workload * */
    LOAD_OPTION_FLAG,     /* bool; takes no argument */
};

struct load_option {
    const char *name; /* NULL ends a table */
    enum load_option_kind kind;
    void *value;
};

enum { LOAD_OPTIONS_MAX = 16 };

/* Sets the values that are named; calls `usage`, which does not return, for what is no option. */
void load_options_read(int argc, char **argv, const struct load_option *options, void (*usage)(void));

#endif
