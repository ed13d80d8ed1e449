/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A store in a file of this host. A batch is one transaction. */
#include "greylist/store/backend.h"
#include "greylist/store/sqlite_database.h"
#include "greylist/store/sqlite_room.h"
#include "greylist/store/waiting_window.h"

#include <stdlib.h>
#include <string.h>

enum {
    RECOUNT_S = 60,          /* at most so often, if another process has changed something */
    COUNTED_AT_ONCE = 20000, /* rows; that takes about a millisecond */
    PAGE_ROWS = 200,         /* that are shown at a time */
};

struct sqlite_store {
    struct backend backend;
    struct sqlite_database database;
    uint64_t entries_max;
    struct clock clock;
    bool is_counted; /* or that is under way */
    bool is_known;   /* how many there are: `base` and our changes since then */
    int64_t base;
    int64_t counted_s, version; /* when, and what PRAGMA data_version was */
    struct waiting_window window;
    bool is_crowded; /* somebody of the last batch found no place */
};

static struct sqlite_store *of(struct backend *backend)
{
    return (struct sqlite_store *)backend;
}

static bool fail(struct sqlite_store *store, struct strbuf *problem)
{
    return sqlite_database_fail(&store->database, problem);
}

static bool run(struct sqlite_store *store, enum sqlite_statement which)
{
    return sqlite_database_run(&store->database, which);
}

static void sqlite_close(struct backend *backend)
{
    sqlite_database_close(&of(backend)->database);
}

static bool sqlite_open(struct backend *backend, struct strbuf *problem)
{
    struct sqlite_store *store = of(backend);

    store->is_counted = store->is_known = false;
    return sqlite_database_open(&store->database, clock_unix_s(&store->clock), problem);
}

/* --- Visits. --- */

/* *until_s is set where there is one. */
static bool find(struct sqlite_store *store, const char *key, bool is_sender, struct greylist_record *record,
                 int64_t *until_s)
{
    sqlite3_stmt *statement = store->database.statements[FIND];
    bool has_row, works;

    *record = (struct greylist_record){0};
    sqlite_database_bind_key(&store->database, FIND, key, is_sender);
    works = sqlite_database_step(&store->database, FIND, &has_row);
    if (works && has_row) {
        record->first_s = sqlite3_column_int64(statement, 0);
        record->last_s = sqlite3_column_int64(statement, 1);
        record->count = (uint32_t)sqlite3_column_int64(statement, 2);
        record->is_learned = sqlite3_column_int(statement, 3) != 0;
        *until_s = sqlite3_column_int64(statement, 4);
    }
    return sqlite3_reset(statement) == SQLITE_OK && works;
}

static bool store_record(struct sqlite_store *store, const char *key, bool is_sender,
                         const struct greylist_record *record, int64_t until_s)
{
    sqlite3_stmt *statement = store->database.statements[STORE];

    sqlite_database_bind_key(&store->database, STORE, key, is_sender);
    (void)sqlite3_bind_int64(statement, 3, record->first_s);
    (void)sqlite3_bind_int64(statement, 4, record->last_s);
    (void)sqlite3_bind_int64(statement, 5, record->count);
    (void)sqlite3_bind_int(statement, 6, record->is_learned);
    (void)sqlite3_bind_int64(statement, 7, until_s);
    return run(store, STORE);
}

static bool is_nothing(const struct greylist_record *record)
{
    return record->first_s == 0 && record->last_s == 0 && record->count == 0;
}

static bool decide(struct sqlite_store *store, struct backend_visit *visit, struct greylist_stored *stored)
{
    const char *sender = visit->subject.sender;
    int64_t until_s; /* the rule knows what is over */

    stored->sender = (struct greylist_record){0};
    if (!find(store, visit->subject.entry, false, &stored->entry, &until_s) ||
        (*sender != '\0' && !find(store, sender, true, &stored->sender, &until_s)))
        return false;
    visit->decision = greylist_decide(&visit->terms, stored, visit->now_s);
    visit->decision.changes_sender = visit->decision.changes_sender && *sender != '\0';
    visit->answer = STORE_ANSWERED;
    return true;
}

/* 0: that is not known. */
static uint64_t entries_of(const struct sqlite_store *store)
{
    const int64_t entries = store->base + store->database.changes;

    return store->is_known && entries > 0 ? (uint64_t)entries : 0;
}

/* There is no place for one more. To store it, and forget it or another one who waits, would defer them for ever. */
static bool is_one_too_many(const struct sqlite_store *store, const struct greylist_decision *decision,
                            const struct greylist_stored *stored, int64_t added)
{
    return decision->defers && is_nothing(&stored->entry) && entries_of(store) + (uint64_t)added >= store->entries_max;
}

static bool write_one(struct sqlite_store *store, struct backend_visit *visit, int64_t *added)
{
    const struct greylist_decision *decision = &visit->decision;
    struct greylist_stored stored;

    if (!decide(store, visit, &stored))
        return false;
    waiting_window_note(&store->window, &visit->terms);
    if (is_one_too_many(store, decision, &stored, *added)) {
        visit->answer = STORE_FULL;
        store->is_crowded = true;
        return true;
    }
    if (decision->changes_entry) {
        if (!store_record(store, visit->subject.entry, false, &decision->next.entry, decision->entry_until_s))
            return false;
        *added += is_nothing(&stored.entry);
    }
    if (decision->changes_sender) {
        if (!store_record(store, visit->subject.sender, true, &decision->next.sender, decision->sender_until_s))
            return false;
        *added += is_nothing(&stored.sender);
    }
    return true;
}

static bool write_all(struct sqlite_store *store, struct backend_visit *const *visits, size_t count)
{
    int64_t added = 0;

    store->is_crowded = false;
    if (!run(store, BEGIN_WRITE))
        return false;
    for (size_t i = 0; i < count; i++)
        if (!write_one(store, visits[i], &added))
            return false;
    if (!run(store, COMMIT))
        return false;
    store->database.changes += added;
    sqlite_room_committed(&store->database);
    return true;
}

/* With a full disk, who needs nothing stored is answered all the same. */
static bool read_all(struct sqlite_store *store, struct backend_visit *const *visits, size_t count)
{
    struct greylist_stored stored;

    if (!run(store, BEGIN_READ))
        return false;
    for (size_t i = 0; i < count; i++) {
        if (!decide(store, visits[i], &stored))
            return false;
        if (visits[i]->decision.changes_entry || visits[i]->decision.changes_sender)
            visits[i]->answer = STORE_FULL;
    }
    return run(store, COMMIT);
}

/* The disk was full for what came last. True: each one is answered. */
static bool visit_full(struct sqlite_store *store, struct backend_visit *const *visits, size_t count,
                       struct strbuf *problem)
{
    const bool was_full = store->database.is_full;

    (void)fail(store, problem);
    sqlite_database_roll_back(&store->database);
    if (!was_full && sqlite_room_make(&store->database)) {
        if (write_all(store, visits, count)) {
            strbuf_truncate(problem, 0);
            return true;
        }
        sqlite_database_roll_back(&store->database);
    }
    if (read_all(store, visits, count))
        return true;
    strbuf_truncate(problem, 0);
    return false;
}

static bool sqlite_visit(struct backend *backend, struct backend_visit *const *visits, size_t count,
                         struct strbuf *problem)
{
    struct sqlite_store *store = of(backend);

    sqlite_room_look(&store->database);
    if (write_all(store, visits, count)) {
        if (store->is_crowded)
            (void)sqlite_database_complain(&store->database, WAITING_WINDOW_CROWDED, problem);
        return true;
    }
    if (sqlite_database_is_full(&store->database) && visit_full(store, visits, count, problem))
        return true;
    (void)fail(store, problem);
    sqlite_database_roll_back(&store->database);
    return false;
}

/* --- What is over. --- */

static void note_count(struct sqlite_store *store, int64_t base)
{
    store->base = base;
    store->is_known = true;
}

/* False: what was counted is corrupt. */
static bool take_count(struct sqlite_store *store)
{
    int64_t base = 0;
    const enum sqlite_count outcome = sqlite_checkpoint_take_count(store->database.checkpoint, &base);

    if (outcome == SQLITE_COUNT_DONE)
        note_count(store, base);
    else if (outcome == SQLITE_COUNT_FAILED)
        store->version = -1; /* again, but not at once */
    return outcome != SQLITE_COUNT_CORRUPT;
}

/* Counts anew if another process has changed something: a few at once, and many in the background, as whoever visits
 * would wait for that. */
static bool count_entries(struct sqlite_store *store, int64_t now_s)
{
    int64_t version, entries;

    if (!sqlite_database_run_number(&store->database, VERSION, &version))
        return false;
    if (store->is_counted &&
        (version == store->version || (now_s >= store->counted_s && now_s < store->counted_s + RECOUNT_S)))
        return true;
    (void)sqlite3_bind_int(store->database.statements[COUNT_SOME], 1, COUNTED_AT_ONCE);
    if (!sqlite_database_run_number(&store->database, COUNT_SOME, &entries))
        return false;
    if (entries <= COUNTED_AT_ONCE)
        note_count(store, entries - store->database.changes);
    else
        sqlite_checkpoint_request_count(store->database.checkpoint);
    store->version = version;
    store->counted_s = now_s;
    store->is_counted = true;
    return true;
}

/* Deletes as many as the step still allows, `most` at most, and adds up how many they were. `moment_s` is that of the
 * statement, if it has one. */
static bool delete_first(struct sqlite_store *store, enum sqlite_statement which, int64_t moment_s, uint64_t most,
                         size_t *deleted)
{
    const uint64_t room = BACKEND_EXPIRY_STEP - *deleted;
    sqlite3_stmt *statement = store->database.statements[which];

    if (which != TRIM)
        (void)sqlite3_bind_int64(statement, 1, moment_s);
    (void)sqlite3_bind_int64(statement, which == TRIM ? 1 : 2, (int64_t)(most < room ? most : room));
    if (!run(store, which))
        return false;
    *deleted += (size_t)sqlite3_changes(store->database.db);
    store->database.changes -= sqlite3_changes(store->database.db);
    return true;
}

static uint64_t surplus_of(const struct sqlite_store *store)
{
    const uint64_t entries = entries_of(store);

    return entries > store->entries_max ? entries - store->entries_max : 0;
}

/* What is over; where there is no place for others, what is too late or soon over; of what is too much yet, those who
 * do not wait before those who do. */
static bool delete_some(struct sqlite_store *store, int64_t now_s, size_t *deleted)
{
    const int64_t begin_s = waiting_window_begin_s(&store->window, now_s),
                  end_s = waiting_window_end_s(&store->window, now_s);

    return delete_first(store, EXPIRE, now_s, BACKEND_EXPIRY_STEP, deleted) &&
           (entries_of(store) < store->entries_max ||
            delete_first(store, EXPIRE, begin_s, BACKEND_EXPIRY_STEP, deleted)) &&
           (surplus_of(store) == 0 || delete_first(store, TRIM_AFTER, end_s, surplus_of(store), deleted)) &&
           (surplus_of(store) == 0 || delete_first(store, TRIM, 0, surplus_of(store), deleted));
}

static bool sqlite_expire(struct backend *backend, int64_t now_s, struct backend_expiry *expiry, struct strbuf *problem)
{
    struct sqlite_store *store = of(backend);
    size_t deleted = 0;

    if (!sqlite_file_is(store->database.path, store->database.identities, SQLITE_FILES_MAX))
        return sqlite_database_complain(
            &store->database, "it, or what SQLite has beside it, is not the file any more that was opened", problem);
    if (!take_count(store)) {
        store->database.is_corrupt = true;
        return sqlite_database_complain(&store->database, "it is corrupt", problem);
    }
    if (!count_entries(store, now_s))
        return fail(store, problem);
    if (!delete_some(store, now_s, &deleted) && !sqlite_database_is_locked(&store->database)) {
        if (!sqlite_database_is_full(&store->database))
            return fail(store, problem);
        store->database.is_full = true;
    }
    *expiry = (struct backend_expiry){
        .deleted = deleted, .entries = entries_of(store), .has_more = deleted >= BACKEND_EXPIRY_STEP};
    sqlite_room_keep(&store->database);
    return true;
}

/* --- For people. --- */

struct shown {
    char key[GREYLIST_KEY_SIZE];
    struct backend_row row;
};

static void copy_row(sqlite3_stmt *statement, struct shown *shown)
{
    const char *key = (const char *)sqlite3_column_text(statement, 0);
    const size_t len = key == NULL ? 0 : strnlen(key, sizeof shown->key - 1);

    memcpy(shown->key, key == NULL ? "" : key, len);
    shown->key[len] = '\0';
    shown->row = (struct backend_row){.key = shown->key,
                                      .is_sender = sqlite3_column_int(statement, 1) != 0,
                                      .record = {.first_s = sqlite3_column_int64(statement, 2),
                                                 .last_s = sqlite3_column_int64(statement, 3),
                                                 .count = (uint32_t)sqlite3_column_int64(statement, 4),
                                                 .is_learned = sqlite3_column_int(statement, 5) != 0},
                                      .until_s = sqlite3_column_int64(statement, 6)};
}

/* Reads the rows after the last one of `rows`, so that nothing is held open while somebody reads them. */
static bool read_page(struct sqlite_store *store, const char *pattern, struct shown *rows, const struct shown *after,
                      size_t *count)
{
    sqlite3_stmt *statement = store->database.statements[SHOW];
    char key[GREYLIST_KEY_SIZE] = "";
    bool has_row = true, works = true;

    if (after != NULL)
        memcpy(key, after->key, sizeof key);
    sqlite_database_bind_key(&store->database, SHOW, key, after != NULL && after->row.is_sender);
    (void)sqlite3_bind_text(statement, 3, pattern, -1, SQLITE_STATIC);
    (void)sqlite3_bind_int(statement, 4, PAGE_ROWS);
    *count = 0;
    while (*count < PAGE_ROWS && (works = sqlite_database_step(&store->database, SHOW, &has_row)) && has_row)
        copy_row(statement, &rows[(*count)++]);
    return sqlite3_reset(statement) == SQLITE_OK && works;
}

static bool sqlite_each(struct backend *backend, const char *pattern, backend_each each, void *context,
                        struct strbuf *problem)
{
    struct sqlite_store *store = of(backend);
    struct shown *rows = malloc(PAGE_ROWS * sizeof *rows);
    size_t count = 0;
    bool works = rows != NULL, goes_on = works;

    if (rows == NULL)
        return sqlite_database_complain(&store->database, "out of memory", problem);
    while (goes_on) {
        works = read_page(store, pattern, rows, count == 0 ? NULL : &rows[count - 1], &count);
        goes_on = works && count > 0;
        for (size_t i = 0; i < count && goes_on; i++)
            goes_on = each(context, &rows[i].row);
        goes_on = goes_on && count == PAGE_ROWS;
    }
    free(rows);
    return works || fail(store, problem);
}

static bool sqlite_find(struct backend *backend, const char *key, bool is_sender, int64_t now_s,
                        struct greylist_record *record, struct strbuf *problem)
{
    struct sqlite_store *store = of(backend);
    struct greylist_record found;
    int64_t until_s = now_s;

    if (!find(store, key, is_sender, &found, &until_s))
        return fail(store, problem);
    *record = until_s > now_s ? found : (struct greylist_record){0};
    return true;
}

static bool sqlite_put(struct backend *backend, const char *key, bool is_sender, const struct greylist_record *record,
                       int64_t until_s, struct strbuf *problem)
{
    struct sqlite_store *store = of(backend);

    store->is_counted = false;
    if (record != NULL)
        return store_record(store, key, is_sender, record, until_s) || fail(store, problem);
    sqlite_database_bind_key(&store->database, FORGET, key, is_sender);
    return run(store, FORGET) || fail(store, problem);
}

static void sqlite_destroy(struct backend *backend)
{
    if (backend == NULL)
        return;
    sqlite_close(backend);
    free(backend);
}

struct backend *sqlite_store_create(const struct greylist_store_config *config)
{
    static const struct backend_functions functions = {.open = sqlite_open,
                                                       .close = sqlite_close,
                                                       .destroy = sqlite_destroy,
                                                       .visit = sqlite_visit,
                                                       .expire = sqlite_expire,
                                                       .each = sqlite_each,
                                                       .find = sqlite_find,
                                                       .put = sqlite_put};
    struct sqlite_store *store = calloc(1, sizeof(*store));

    if (store == NULL)
        return NULL;
    store->backend.functions = &functions;
    memcpy(store->database.path, config->address.path, sizeof store->database.path);
    store->entries_max = config->entries_max;
    store->clock = *config->clock;
    return &store->backend;
}
