/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a lookup in a table is, whatever the protocol: each has a reader of requests and a writer of answers. Pure. */
#ifndef SMF_FRONT_TABLES_TABLE_H
#define SMF_FRONT_TABLES_TABLE_H

#include "base/strbuf.h"
#include "session/table_metrics.h"

#include <stddef.h>

/* What is asked: the table `direction` about `key`. */
struct table_request {
    enum table_direction direction; /* TABLE_OTHER: the client names a table that there is not */
    const char *name;               /* as the client has it; "": the protocol has no names */
    char *key;                      /* NULL: one that no address can be, as it holds a NUL or is written wrong */
};

enum table_reading { TABLE_INCOMPLETE, TABLE_COMPLETE, TABLE_BROKEN };

/* One protocol. */
struct table_syntax {
    enum table_protocol protocol;
    /* Reads the request that `octets` begin with, which are overwritten where it is complete, as *request points into
     * them. COMPLETE: *taken octets are the request. BROKEN: *problem says why. */
    enum table_reading (*read)(char *octets, size_t len, struct table_request *request, size_t *taken,
                               const char **problem);
    /* Appends an answer; `address` is that of TABLE_FOUND. What it cannot carry is answered as TABLE_NOT_FOUND. */
    enum table_answer (*write)(enum table_answer answer, const char *address, struct strbuf *out);
};

#endif
