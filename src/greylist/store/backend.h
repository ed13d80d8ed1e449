/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a store is to greylist_store.c and to `smf-spf greylist`: SQLite and Redis are the two. One thread at a time
 * calls it, and may be blocked for BACKEND_TIMEOUT_MS at most, but by `each`, which the filter does not call. */
#ifndef SMF_GREYLIST_STORE_BACKEND_H
#define SMF_GREYLIST_STORE_BACKEND_H

#include "base/strbuf.h"
#include "greylist/greylist_rule.h"
#include "greylist/greylist_subject.h"
#include "greylist/store/greylist_store.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { BACKEND_TIMEOUT_MS = 1000, BACKEND_BATCH_MAX = 256, BACKEND_EXPIRY_STEP = 200 };

/* One visit of a batch. The backend sets `answer`, to STORE_ANSWERED with a decision or to STORE_FULL. */
struct backend_visit {
    struct greylist_subject subject;
    struct greylist_terms terms;
    enum store_answer answer;
    int64_t now_s;
    struct greylist_decision decision;
};

/* One stored thing, for people. */
struct backend_row {
    const char *key;
    struct greylist_record record;
    int64_t until_s;
    bool is_sender;
};

/* What came of a step of expiry. */
struct backend_expiry {
    size_t deleted;
    uint64_t entries; /* that there are; 0: not known */
    bool has_more;    /* to delete at once */
};

/* False: no more of them. */
typedef bool (*backend_each)(void *context, const struct backend_row *row);

struct backend;

/* Each function that can fail returns false with a reason in `problem`, and is then called again only after close and
 * open. */
struct backend_functions {
    /* Connects, makes what is missing. A corrupt file is set aside (renamed), never deleted. */
    bool (*open)(struct backend *backend, struct strbuf *problem);
    void (*close)(struct backend *backend);   /* also of one that is not open */
    void (*destroy)(struct backend *backend); /* closes it, too */

    /* Each visit in its order: two of one subject in a batch see each other. Atomic for each subject against other
     * processes and hosts. False: none of them is answered. `problem`
     * also says why some are answered STORE_FULL. */
    bool (*visit)(struct backend *backend, struct backend_visit *const *visits, size_t count, struct strbuf *problem);

    /* Deletes up to BACKEND_EXPIRY_STEP of what is over by now, and of what is too much. */
    bool (*expire)(struct backend *backend, int64_t now_s, struct backend_expiry *expiry, struct strbuf *problem);

    /* For `smf-spf greylist`: all whose key has `pattern` in it, without case; "": all. In the order of their keys. */
    bool (*each)(struct backend *backend, const char *pattern, backend_each each, void *context,
                 struct strbuf *problem);
    /* For `smf-spf query`: sets *record to that of one key; zeroed: there is none, or it is over by now. */
    bool (*find)(struct backend *backend, const char *key, bool is_sender, int64_t now_s,
                 struct greylist_record *record, struct strbuf *problem);
    /* Stores (record not NULL) or deletes one key. */
    bool (*put)(struct backend *backend, const char *key, bool is_sender, const struct greylist_record *record,
                int64_t until_s, struct strbuf *problem);
};

/* The first member of each backend. */
struct backend {
    const struct backend_functions *functions;
    const char
        *place; /* where it is, to stand before a problem: "redis://host:6379: "; NULL: each one says so itself */
};

/* The backend of an address, not open yet; NULL without memory. `config` is copied, but for its clock. */
struct backend *backend_create(const struct greylist_store_config *config);

/* The two that there are (sqlite_store.c, redis_store.c). */
struct backend *sqlite_store_create(const struct greylist_store_config *config);
struct backend *redis_store_create(const struct greylist_store_config *config);

#endif
