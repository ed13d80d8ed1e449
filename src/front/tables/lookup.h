/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One lookup: a request, and its answer once it is known. */
#ifndef SMF_FRONT_TABLES_LOOKUP_H
#define SMF_FRONT_TABLES_LOOKUP_H

#include "base/strbuf.h"
#include "front/front.h"
#include "front/tables/table.h"

#include <stdatomic.h>
#include <stdbool.h>

/* Zeroed: none. One at a time. */
struct lookup {
    enum table_direction direction;
    enum table_answer answer;
    struct strbuf address; /* of TABLE_FOUND; in the form that the key had */
    bool has_focus, has_dot;
    atomic_int stage;
    void (*ready)(void *context);
    void *context;
};

/* Begins; the key of the request is changed, and needed until this returns. True: the answer is known. False: `ready`
 * is called once, on any thread, when it is, and until then only the lookup's memory must stay. */
bool lookup_start(struct lookup *lookup, const struct front_host *host, const struct table_request *request,
                  void (*ready)(void *context), void *context);

/* Frees the answer. */
void lookup_end(struct lookup *lookup);

#endif
