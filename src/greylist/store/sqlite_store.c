/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A store in a file of this host. This file alone speaks to SQLite.
 *
 * Losing the last seconds when the power goes does no harm, so nothing is synchronized to the disk but when what was
 * written goes from the log of changes (WAL) into the file. A batch is one transaction. */
#include "greylist/store/backend.h"
#include "greylist/store/sqlite_file.h"

#include <errno.h>
#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>

enum {
    BUSY_MS = 500,           /* for a lock of another process; below BACKEND_TIMEOUT_MS */
    OPEN_TRIES = 2,          /* the second one after a corrupt file was set aside */
    CHECKPOINT_PAGES = 1000, /* of the log of changes */
    RECOUNT_S = 60,          /* at most so often, if another process has changed something */
    PAGE_ROWS = 200,         /* that are shown at a time */
    FORMAT = 1,
    APPLICATION = 0x736d6673, /* "smfs" */
};

enum statement {
    BEGIN_WRITE,
    BEGIN_READ,
    COMMIT,
    ROLLBACK,
    FIND,
    STORE,
    FORGET,
    EXPIRE,
    TRIM,
    COUNT,
    SHOW,
    VERSION,
    STATEMENTS
};

#define FIRST_TO_EXPIRE "DELETE FROM seen WHERE (key, is_sender) IN (SELECT key, is_sender FROM seen "

static const char *const texts[STATEMENTS] = {
    [BEGIN_WRITE] = "BEGIN IMMEDIATE",
    [BEGIN_READ] = "BEGIN",
    [COMMIT] = "COMMIT",
    [ROLLBACK] = "ROLLBACK",
    [FIND] = "SELECT first_s, last_s, count, is_learned FROM seen WHERE key = ?1 AND is_sender = ?2",
    [STORE] = "INSERT INTO seen VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7) ON CONFLICT (key, is_sender) DO UPDATE SET "
              "first_s = ?3, last_s = ?4, count = ?5, is_learned = ?6, until_s = ?7",
    [FORGET] = "DELETE FROM seen WHERE key = ?1 AND is_sender = ?2",
    [EXPIRE] = FIRST_TO_EXPIRE "WHERE until_s <= ?1 ORDER BY until_s LIMIT ?2)",
    [TRIM] = FIRST_TO_EXPIRE "ORDER BY until_s LIMIT ?1)",
    [COUNT] = "SELECT count(*) FROM seen",
    [SHOW] = "SELECT key, is_sender, first_s, last_s, count, is_learned, until_s FROM seen "
             "WHERE (key, is_sender) > (?1, ?2) AND instr(lower(key), lower(?3)) > 0 ORDER BY key, is_sender LIMIT ?4",
    [VERSION] = "PRAGMA data_version",
};

static const char schema[] = "CREATE TABLE IF NOT EXISTS seen (key TEXT NOT NULL, is_sender INTEGER NOT NULL, "
                             "first_s INTEGER NOT NULL, last_s INTEGER NOT NULL, count INTEGER NOT NULL, "
                             "is_learned INTEGER NOT NULL, until_s INTEGER NOT NULL, PRIMARY KEY (key, is_sender)) "
                             "WITHOUT ROWID; "
                             "CREATE INDEX IF NOT EXISTS seen_until ON seen (until_s);";

static const char settings[] = "PRAGMA synchronous = NORMAL; PRAGMA wal_autocheckpoint = 0; "
                               "PRAGMA journal_size_limit = 4194304; PRAGMA cache_size = -8192; "
                               "PRAGMA temp_store = MEMORY;";

struct sqlite_store {
    struct backend backend;
    char path[STORE_ADDRESS_PATH_SIZE];
    uint64_t entries_max;
    struct clock clock;
    sqlite3 *db; /* NULL: it is not open */
    sqlite3_stmt *statements[STATEMENTS];
    struct file_identity identity; /* of the file that was opened */
    bool is_corrupt;               /* it is to be set aside */
    bool is_counted;
    uint64_t entries;
    int64_t counted_s, version; /* when, and what PRAGMA data_version was */
    int log_pages;              /* that are not in the file yet */
};

static struct sqlite_store *of(struct backend *backend)
{
    return (struct sqlite_store *)backend;
}

static bool complain(const struct sqlite_store *store, const char *reason, struct strbuf *problem)
{
    strbuf_addf(problem, "%s: %s", store->path, reason);
    return false;
}

/* --- What SQLite says. --- */

static int primary_code(const struct sqlite_store *store)
{
    return sqlite3_errcode(store->db) & 0xff;
}

/* Says why the last call failed. */
static bool fail(struct sqlite_store *store, struct strbuf *problem)
{
    const int code = primary_code(store), system = sqlite3_system_errno(store->db);

    if (code == SQLITE_CORRUPT || code == SQLITE_NOTADB)
        store->is_corrupt = true;
    if (code == SQLITE_BUSY)
        return complain(store, "locked by another process", problem);
    if ((code == SQLITE_IOERR || code == SQLITE_CANTOPEN) && system != 0)
        return complain(store, strerror(system), problem);
    return complain(store, sqlite3_errmsg(store->db), problem);
}

/* The disk, or what this account may have of it, is full, or it takes nothing for another reason. What is there can be
 * read. */
static bool is_disk_full(const struct sqlite_store *store)
{
    return primary_code(store) == SQLITE_FULL || sqlite3_extended_errcode(store->db) == SQLITE_IOERR_WRITE;
}

/* Runs a statement to its end, or to its first row. */
static bool step(struct sqlite_store *store, enum statement which, bool *has_row)
{
    const int code = sqlite3_step(store->statements[which]);

    *has_row = code == SQLITE_ROW;
    return code == SQLITE_ROW || code == SQLITE_DONE;
}

/* A statement without a row that matters. */
static bool run(struct sqlite_store *store, enum statement which)
{
    bool has_row;
    const bool works = step(store, which, &has_row);

    return sqlite3_reset(store->statements[which]) == SQLITE_OK && works;
}

/* The number in the first row. */
static bool run_number(struct sqlite_store *store, enum statement which, int64_t *number)
{
    bool has_row;
    const bool works = step(store, which, &has_row);

    if (works && has_row)
        *number = sqlite3_column_int64(store->statements[which], 0);
    return sqlite3_reset(store->statements[which]) == SQLITE_OK && works && has_row;
}

static bool run_text(struct sqlite_store *store, const char *text)
{
    return sqlite3_exec(store->db, text, NULL, NULL, NULL) == SQLITE_OK;
}

static void roll_back(struct sqlite_store *store)
{
    if (!sqlite3_get_autocommit(store->db)) /* SQLite may have done so itself */
        (void)run(store, ROLLBACK);
}

static void bind_key(struct sqlite_store *store, enum statement which, const char *key, bool is_sender)
{
    (void)sqlite3_bind_text(store->statements[which], 1, key, -1, SQLITE_STATIC);
    (void)sqlite3_bind_int(store->statements[which], 2, is_sender);
}

/* --- Opening. --- */

static int on_commit(void *context, sqlite3 *db, const char *name, int pages)
{
    struct sqlite_store *store = context;

    (void)db, (void)name;
    store->log_pages = pages;
    return SQLITE_OK;
}

/* The number of a pragma or a query that is needed once. */
static bool ask_number(struct sqlite_store *store, const char *text, int64_t *number)
{
    sqlite3_stmt *statement = NULL;
    bool works = sqlite3_prepare_v2(store->db, text, -1, &statement, NULL) == SQLITE_OK;

    works = works && sqlite3_step(statement) == SQLITE_ROW;
    if (works)
        *number = sqlite3_column_int64(statement, 0);
    return sqlite3_finalize(statement) == SQLITE_OK && works;
}

static bool begin_log(struct sqlite_store *store, struct strbuf *problem)
{
    sqlite3_stmt *statement = NULL;
    const bool works = sqlite3_prepare_v2(store->db, "PRAGMA journal_mode = WAL", -1, &statement, NULL) == SQLITE_OK &&
                       sqlite3_step(statement) == SQLITE_ROW;
    const char *mode = works ? (const char *)sqlite3_column_text(statement, 0) : NULL;
    const bool is_log = mode != NULL && strcmp(mode, "wal") == 0;

    if (!works)
        (void)fail(store, problem);
    else if (!is_log)
        (void)complain(store, "this file system has no memory that processes share", problem);
    (void)sqlite3_finalize(statement);
    return is_log;
}

static bool make_tables(struct sqlite_store *store)
{
    return run_text(store, "BEGIN IMMEDIATE") && run_text(store, schema) &&
           run_text(store, "PRAGMA application_id = 1936549491; PRAGMA user_version = 1; COMMIT");
}

/* Refuses what another program, or a later version of this one, has made. */
static bool check_tables(struct sqlite_store *store, struct strbuf *problem)
{
    int64_t application = 0, version = 0, tables = 0;

    if (!ask_number(store, "PRAGMA application_id", &application) ||
        !ask_number(store, "PRAGMA user_version", &version) ||
        !ask_number(store, "SELECT count(*) FROM sqlite_master", &tables))
        return fail(store, problem);
    if (tables == 0 && application == 0)
        return begin_log(store, problem) && (make_tables(store) || fail(store, problem));
    if (application != APPLICATION)
        return complain(store, "a database of another program", problem);
    if (version != FORMAT)
        return complain(store, "made by another version of this program", problem);
    return begin_log(store, problem);
}

static bool prepare(struct sqlite_store *store)
{
    for (size_t i = 0; i < STATEMENTS; i++)
        if (sqlite3_prepare_v3(store->db, texts[i], -1, SQLITE_PREPARE_PERSISTENT, &store->statements[i], NULL) !=
            SQLITE_OK)
            return false;
    return true;
}

static bool set_up(struct sqlite_store *store, struct strbuf *problem)
{
    (void)sqlite3_extended_result_codes(store->db, 0);
    if (sqlite3_busy_timeout(store->db, BUSY_MS) != SQLITE_OK)
        return fail(store, problem);
    if (sqlite3_db_readonly(store->db, "main") == 1)
        return complain(store, "it may not be written to", problem);
    if (!run_text(store, settings))
        return fail(store, problem);
    if (!check_tables(store, problem))
        return false;
    (void)sqlite3_wal_hook(store->db, on_commit, store);
    return prepare(store) || fail(store, problem);
}

static void sqlite_close(struct backend *backend)
{
    struct sqlite_store *store = of(backend);

    for (size_t i = 0; i < STATEMENTS; i++) {
        (void)sqlite3_finalize(store->statements[i]);
        store->statements[i] = NULL;
    }
    (void)sqlite3_close(store->db);
    store->db = NULL;
}

static bool open_file(struct sqlite_store *store, struct strbuf *problem)
{
    if (!sqlite_file_make(store->path, problem))
        return false;
    if (!sqlite_file_identify(store->path, &store->identity))
        return complain(store, strerror(errno), problem);
    if (sqlite3_open_v2(store->path, &store->db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL) != SQLITE_OK)
        return store->db != NULL ? fail(store, problem) : complain(store, "out of memory", problem);
    return set_up(store, problem);
}

static bool sqlite_open(struct backend *backend, struct strbuf *problem)
{
    struct sqlite_store *store = of(backend);

    for (unsigned i = 0; i < OPEN_TRIES; i++) {
        if (store->is_corrupt &&
            !sqlite_file_set_aside(store->path, &store->identity, clock_unix_s(&store->clock), problem))
            return false;
        strbuf_truncate(problem, 0);
        store->is_corrupt = store->is_counted = false;
        store->log_pages = 0;
        if (open_file(store, problem))
            return true;
        sqlite_close(backend);
        if (!store->is_corrupt)
            return false;
    }
    return false;
}

/* --- Visits. --- */

static bool find(struct sqlite_store *store, const char *key, bool is_sender, struct greylist_record *record)
{
    sqlite3_stmt *statement = store->statements[FIND];
    bool has_row, works;

    *record = (struct greylist_record){0};
    bind_key(store, FIND, key, is_sender);
    works = step(store, FIND, &has_row);
    if (works && has_row) {
        record->first_s = sqlite3_column_int64(statement, 0);
        record->last_s = sqlite3_column_int64(statement, 1);
        record->count = (uint32_t)sqlite3_column_int64(statement, 2);
        record->is_learned = sqlite3_column_int(statement, 3) != 0;
    }
    return sqlite3_reset(statement) == SQLITE_OK && works;
}

static bool store_record(struct sqlite_store *store, const char *key, bool is_sender,
                         const struct greylist_record *record, int64_t until_s)
{
    sqlite3_stmt *statement = store->statements[STORE];

    bind_key(store, STORE, key, is_sender);
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

    stored->sender = (struct greylist_record){0};
    if (!find(store, visit->subject.entry, false, &stored->entry) ||
        (*sender != '\0' && !find(store, sender, true, &stored->sender)))
        return false;
    visit->decision = greylist_decide(&visit->terms, stored, visit->now_s);
    visit->decision.changes_sender = visit->decision.changes_sender && *sender != '\0';
    visit->answer = STORE_ANSWERED;
    return true;
}

static bool write_one(struct sqlite_store *store, struct backend_visit *visit, uint64_t *added)
{
    const struct greylist_decision *decision = &visit->decision;
    struct greylist_stored stored;

    if (!decide(store, visit, &stored))
        return false;
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
    uint64_t added = 0;

    if (!run(store, BEGIN_WRITE))
        return false;
    for (size_t i = 0; i < count; i++)
        if (!write_one(store, visits[i], &added))
            return false;
    if (!run(store, COMMIT))
        return false;
    store->entries += added;
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

static bool sqlite_visit(struct backend *backend, struct backend_visit *const *visits, size_t count,
                         struct strbuf *problem)
{
    struct sqlite_store *store = of(backend);

    if (write_all(store, visits, count))
        return true;
    if (is_disk_full(store)) {
        (void)fail(store, problem);
        roll_back(store);
        if (read_all(store, visits, count))
            return true;
        strbuf_truncate(problem, 0);
    }
    (void)fail(store, problem);
    roll_back(store);
    return false;
}

/* --- What is over. --- */

/* Counts anew if another process has changed something. */
static bool count_entries(struct sqlite_store *store, int64_t now_s)
{
    int64_t version, entries;

    if (!run_number(store, VERSION, &version))
        return false;
    if (store->is_counted &&
        (version == store->version || (now_s >= store->counted_s && now_s < store->counted_s + RECOUNT_S)))
        return true;
    if (!run_number(store, COUNT, &entries))
        return false;
    store->version = version;
    store->entries = (uint64_t)entries;
    store->counted_s = now_s;
    store->is_counted = true;
    return true;
}

static bool delete_first(struct sqlite_store *store, enum statement which, size_t *deleted)
{
    if (!run(store, which))
        return false;
    *deleted += (size_t)sqlite3_changes(store->db);
    return true;
}

static bool delete_some(struct sqlite_store *store, int64_t now_s, size_t *deleted)
{
    uint64_t left;

    (void)sqlite3_bind_int64(store->statements[EXPIRE], 1, now_s);
    (void)sqlite3_bind_int(store->statements[EXPIRE], 2, BACKEND_EXPIRY_STEP);
    if (!delete_first(store, EXPIRE, deleted))
        return false;
    left = store->entries > *deleted ? store->entries - *deleted : 0;
    if (left > store->entries_max && *deleted < BACKEND_EXPIRY_STEP) {
        const uint64_t surplus = left - store->entries_max, room = BACKEND_EXPIRY_STEP - *deleted;

        (void)sqlite3_bind_int64(store->statements[TRIM], 1, (int64_t)(surplus < room ? surplus : room));
        return delete_first(store, TRIM, deleted);
    }
    return true;
}

/* What was changed goes into the file. Readers of other processes may have to be waited for: then it goes later. */
static void checkpoint(struct sqlite_store *store)
{
    if (store->log_pages >= CHECKPOINT_PAGES &&
        sqlite3_wal_checkpoint_v2(store->db, NULL, SQLITE_CHECKPOINT_PASSIVE, NULL, NULL) == SQLITE_OK)
        store->log_pages = 0;
}

static bool sqlite_expire(struct backend *backend, int64_t now_s, size_t *deleted, uint64_t *entries,
                          struct strbuf *problem)
{
    struct sqlite_store *store = of(backend);

    *deleted = 0;
    if (!sqlite_file_is(store->path, &store->identity))
        return complain(store, "it is not the file any more that was opened", problem);
    if (!count_entries(store, now_s))
        return fail(store, problem);
    if (!delete_some(store, now_s, deleted) && primary_code(store) != SQLITE_BUSY && !is_disk_full(store))
        return fail(store, problem);
    store->entries -= *deleted < store->entries ? *deleted : store->entries;
    *entries = store->entries;
    checkpoint(store);
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
    sqlite3_stmt *statement = store->statements[SHOW];
    char key[GREYLIST_KEY_SIZE] = "";
    bool has_row = true, works = true;

    if (after != NULL)
        memcpy(key, after->key, sizeof key);
    bind_key(store, SHOW, key, after != NULL && after->row.is_sender);
    (void)sqlite3_bind_text(statement, 3, pattern, -1, SQLITE_STATIC);
    (void)sqlite3_bind_int(statement, 4, PAGE_ROWS);
    *count = 0;
    while (*count < PAGE_ROWS && (works = step(store, SHOW, &has_row)) && has_row)
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
        return complain(store, "out of memory", problem);
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

static bool sqlite_put(struct backend *backend, const char *key, bool is_sender, const struct greylist_record *record,
                       int64_t until_s, struct strbuf *problem)
{
    struct sqlite_store *store = of(backend);

    store->is_counted = false;
    if (record != NULL)
        return store_record(store, key, is_sender, record, until_s) || fail(store, problem);
    bind_key(store, FORGET, key, is_sender);
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
                                                       .put = sqlite_put};
    struct sqlite_store *store = calloc(1, sizeof(*store));

    if (store == NULL)
        return NULL;
    store->backend.functions = &functions;
    memcpy(store->path, config->address.path, sizeof store->path);
    store->entries_max = config->entries_max;
    store->clock = *config->clock;
    return &store->backend;
}
