/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The file's format, its statements, and how it is opened.
 *
 * Losing the last seconds when the power goes does no harm, so nothing is synchronized to the disk but when what was
 * written goes from the log of changes (WAL) into the file. */
#include "greylist/store/sqlite_database.h"

#include <errno.h>
#include <string.h>

enum {
    OPEN_TRIES = 2, /* the second one after a corrupt file was set aside */
    FORMAT = 1,
    APPLICATION = 0x736d6673, /* "smfs" */
};

#define FIRST_TO_EXPIRE "DELETE FROM seen WHERE (key, is_sender) IN (SELECT key, is_sender FROM seen "

static const char *const texts[SQLITE_STATEMENTS] = {
    [BEGIN_WRITE] = "BEGIN IMMEDIATE",
    [BEGIN_READ] = "BEGIN",
    [COMMIT] = "COMMIT",
    [ROLLBACK] = "ROLLBACK",
    [FIND] = "SELECT first_s, last_s, count, is_learned, until_s FROM seen WHERE key = ?1 AND is_sender = ?2",
    [STORE] = "INSERT INTO seen VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7) ON CONFLICT (key, is_sender) DO UPDATE SET "
              "first_s = ?3, last_s = ?4, count = ?5, is_learned = ?6, until_s = ?7",
    [FORGET] = "DELETE FROM seen WHERE key = ?1 AND is_sender = ?2",
    [EXPIRE] = FIRST_TO_EXPIRE "WHERE until_s <= ?1 ORDER BY until_s LIMIT ?2)",
    [TRIM_AFTER] = FIRST_TO_EXPIRE "WHERE until_s > ?1 ORDER BY until_s LIMIT ?2)",
    [TRIM] = FIRST_TO_EXPIRE "ORDER BY until_s LIMIT ?1)",
    [COUNT_SOME] = "SELECT count(*) FROM (SELECT 1 FROM seen LIMIT ?1 + 1)",
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

bool sqlite_database_complain(const struct sqlite_database *database, const char *reason, struct strbuf *problem)
{
    strbuf_addf(problem, "%s: %s", database->path, reason);
    return false;
}

/* --- What SQLite says. --- */

static int primary_code(const struct sqlite_database *database)
{
    return sqlite3_errcode(database->db) & 0xff;
}

/* Says why the last call failed. */
bool sqlite_database_fail(struct sqlite_database *database, struct strbuf *problem)
{
    const int code = primary_code(database), system = sqlite3_system_errno(database->db);

    if (code == SQLITE_CORRUPT || code == SQLITE_NOTADB)
        database->is_corrupt = true;
    if (code == SQLITE_BUSY)
        return sqlite_database_complain(database, "locked by another process", problem);
    if ((code == SQLITE_IOERR || code == SQLITE_CANTOPEN) && system != 0)
        return sqlite_database_complain(database, strerror(system), problem);
    return sqlite_database_complain(database, sqlite3_errmsg(database->db), problem);
}

bool sqlite_database_is_locked(const struct sqlite_database *database)
{
    return primary_code(database) == SQLITE_BUSY;
}

bool sqlite_database_is_full(const struct sqlite_database *database)
{
    return primary_code(database) == SQLITE_FULL || sqlite3_extended_errcode(database->db) == SQLITE_IOERR_WRITE;
}

/* Runs a statement to its end, or to its first row. */
bool sqlite_database_step(struct sqlite_database *database, enum sqlite_statement which, bool *has_row)
{
    const int code = sqlite3_step(database->statements[which]);

    *has_row = code == SQLITE_ROW;
    return code == SQLITE_ROW || code == SQLITE_DONE;
}

/* A statement without a row that matters. */
bool sqlite_database_run(struct sqlite_database *database, enum sqlite_statement which)
{
    bool has_row;
    const bool works = sqlite_database_step(database, which, &has_row);

    return sqlite3_reset(database->statements[which]) == SQLITE_OK && works;
}

/* The number in the first row. */
bool sqlite_database_run_number(struct sqlite_database *database, enum sqlite_statement which, int64_t *number)
{
    bool has_row;
    const bool works = sqlite_database_step(database, which, &has_row);

    if (works && has_row)
        *number = sqlite3_column_int64(database->statements[which], 0);
    return sqlite3_reset(database->statements[which]) == SQLITE_OK && works && has_row;
}

static bool run_text(struct sqlite_database *database, const char *text)
{
    return sqlite3_exec(database->db, text, NULL, NULL, NULL) == SQLITE_OK;
}

void sqlite_database_roll_back(struct sqlite_database *database)
{
    if (!sqlite3_get_autocommit(database->db)) /* SQLite may have done so itself */
        (void)sqlite_database_run(database, ROLLBACK);
}

void sqlite_database_bind_key(struct sqlite_database *database, enum sqlite_statement which, const char *key,
                              bool is_sender)
{
    (void)sqlite3_bind_text(database->statements[which], 1, key, -1, SQLITE_STATIC);
    (void)sqlite3_bind_int(database->statements[which], 2, is_sender);
}

/* --- Opening. --- */

static int on_commit(void *context, sqlite3 *db, const char *name, int pages)
{
    struct sqlite_database *database = context;

    (void)db, (void)name;
    database->log_pages = pages;
    return SQLITE_OK;
}

/* The number of a pragma or a query that is needed once. */
static bool ask_number(struct sqlite_database *database, const char *text, int64_t *number)
{
    sqlite3_stmt *statement = NULL;
    bool works = sqlite3_prepare_v2(database->db, text, -1, &statement, NULL) == SQLITE_OK;

    works = works && sqlite3_step(statement) == SQLITE_ROW;
    if (works)
        *number = sqlite3_column_int64(statement, 0);
    return sqlite3_finalize(statement) == SQLITE_OK && works;
}

static bool begin_log(struct sqlite_database *database, struct strbuf *problem)
{
    sqlite3_stmt *statement = NULL;
    const bool works =
        sqlite3_prepare_v2(database->db, "PRAGMA journal_mode = WAL", -1, &statement, NULL) == SQLITE_OK &&
        sqlite3_step(statement) == SQLITE_ROW;
    const char *mode = works ? (const char *)sqlite3_column_text(statement, 0) : NULL;
    const bool is_log = mode != NULL && strcmp(mode, "wal") == 0;

    if (!works)
        (void)sqlite_database_fail(database, problem);
    else if (!is_log)
        (void)sqlite_database_complain(database, "this file system has no memory that processes share", problem);
    (void)sqlite3_finalize(statement);
    return is_log;
}

static bool make_tables(struct sqlite_database *database)
{
    return run_text(database, "BEGIN IMMEDIATE") && run_text(database, schema) &&
           run_text(database, "PRAGMA application_id = 1936549491; PRAGMA user_version = 1; COMMIT");
}

/* Refuses what another program, or a later version of this one, has made. */
static bool check_tables(struct sqlite_database *database, struct strbuf *problem)
{
    int64_t application = 0, version = 0, tables = 0;

    if (!ask_number(database, "PRAGMA application_id", &application) ||
        !ask_number(database, "PRAGMA user_version", &version) ||
        !ask_number(database, "SELECT count(*) FROM sqlite_master", &tables))
        return sqlite_database_fail(database, problem);
    if (tables == 0 && (application == 0 || (application == APPLICATION && version == FORMAT)))
        return begin_log(database, problem) && (make_tables(database) || sqlite_database_fail(database, problem));
    if (application != APPLICATION)
        return sqlite_database_complain(database, "a database of another program", problem);
    if (version != FORMAT)
        return sqlite_database_complain(database, "made by another version of this program", problem);
    return begin_log(database, problem);
}

static bool prepare(struct sqlite_database *database)
{
    for (size_t i = 0; i < SQLITE_STATEMENTS; i++)
        if (sqlite3_prepare_v3(database->db, texts[i], -1, SQLITE_PREPARE_PERSISTENT, &database->statements[i], NULL) !=
            SQLITE_OK)
            return false;
    return true;
}

/* Reads once: SQLite makes the files beside a copy of a database, which has no log of changes, only then. */
static bool set_up(struct sqlite_database *database, struct strbuf *problem)
{
    (void)sqlite3_extended_result_codes(database->db, 0);
    if (sqlite3_busy_timeout(database->db, SQLITE_DATABASE_BUSY_MS) != SQLITE_OK)
        return sqlite_database_fail(database, problem);
    if (sqlite3_db_readonly(database->db, "main") == 1)
        return sqlite_database_complain(database, "it may not be written to", problem);
    if (!run_text(database, settings))
        return sqlite_database_fail(database, problem);
    if (!check_tables(database, problem))
        return false;
    (void)sqlite3_wal_hook(database->db, on_commit, database);
    if (!prepare(database) || !run_text(database, "SELECT count(*) FROM sqlite_master"))
        return sqlite_database_fail(database, problem);
    if (!sqlite_file_identify(database->path, database->identities, SQLITE_FILES_MAX))
        return sqlite_database_complain(database, strerror(errno), problem);
    database->checkpoint = sqlite_checkpoint_create(database->path, &database->changes);
    return database->checkpoint != NULL || sqlite_database_complain(database, "no memory or no thread", problem);
}

void sqlite_database_close(struct sqlite_database *database)
{
    sqlite_checkpoint_destroy(database->checkpoint);
    database->checkpoint = NULL;
    for (size_t i = 0; i < SQLITE_STATEMENTS; i++) {
        (void)sqlite3_finalize(database->statements[i]);
        database->statements[i] = NULL;
    }
    (void)sqlite3_close(database->db);
    database->db = NULL;
}

static bool open_file(struct sqlite_database *database, struct strbuf *problem)
{
    if (!sqlite_file_make(database->path, problem))
        return false;
    if (!sqlite_file_identify(database->path, database->identities, 1))
        return sqlite_database_complain(database, strerror(errno), problem);
    if (sqlite3_open_v2(database->path, &database->db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL) != SQLITE_OK)
        return database->db != NULL ? sqlite_database_fail(database, problem)
                                    : sqlite_database_complain(database, "out of memory", problem);
    return set_up(database, problem);
}

bool sqlite_database_open(struct sqlite_database *database, int64_t now_s, struct strbuf *problem)
{
    for (unsigned i = 0; i < OPEN_TRIES; i++) {
        if (database->is_corrupt && !sqlite_file_set_aside(database->path, database->identities, now_s, problem))
            return false;
        strbuf_truncate(problem, 0);
        database->is_corrupt = false;
        database->log_pages = 0;
        database->is_full = false;
        database->changes = 0;
        if (open_file(database, problem))
            return true;
        sqlite_database_close(database);
        if (!database->is_corrupt)
            return false;
    }
    return false;
}
