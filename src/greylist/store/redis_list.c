/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Lists what is stored on a Redis server. */
#include "greylist/store/redis_list.h"

#include "base/text_search.h"
#include "greylist/store/record_text.h"
#include "greylist/store/redis_error.h"
#include "greylist/store/redis_scan.h"

#include <stdlib.h>
#include <string.h>

enum { STEP = 500, FIRST_SIZE = 64 };

struct rows {
    struct backend_row *list; /* with keys of their own */
    size_t count, size;
    const char *prefix, *pattern;
    int64_t now_s;
};

static void free_rows(struct rows *rows)
{
    for (size_t n = 0; n < rows->count; n++)
        free((char *)rows->list[n].key);
    free(rows->list);
}

static bool add_no_memory(struct strbuf *problem)
{
    strbuf_add(problem, "out of memory");
    return false;
}

static bool make_room(struct rows *rows)
{
    const size_t size = rows->size == 0 ? FIRST_SIZE : rows->size * 2;
    struct backend_row *list;

    if (rows->count < rows->size)
        return true;
    list = size > SIZE_MAX / sizeof *list ? NULL : realloc(rows->list, size * sizeof *list);
    if (list == NULL)
        return false;
    rows->list = list;
    rows->size = size;
    return true;
}

static bool add_row(struct rows *rows, const char *text, const struct backend_row *row, struct strbuf *problem)
{
    char *key = make_room(rows) ? strdup(text) : NULL;

    if (key == NULL)
        return add_no_memory(problem);
    rows->list[rows->count] = *row;
    rows->list[rows->count++].key = key;
    return true;
}

/* A step: the keys that match are asked for their values and lives --------------------------------------------------
 */

static const char *match(const struct rows *rows, const struct redis_word *key, bool *is_sender)
{
    const char *text = redis_scan_text(key, rows->prefix, is_sender);

    return text != NULL && text_search_has_nocase(text, rows->pattern) ? text : NULL;
}

static void ask(const struct rows *rows, const struct redis_scan *scan, struct redis_link *link)
{
    bool is_sender;

    for (size_t n = 0; n < scan->count; n++) {
        const struct redis_word key = redis_scan_key(scan, n);

        if (match(rows, &key, &is_sender) == NULL)
            continue;
        redis_link_send(link, (struct redis_word[]){redis_word_of("MGET"), key}, 2); /* GET fails for lists */
        redis_link_send(link, (struct redis_word[]){redis_word_of("TTL"), key}, 2);
    }
}

/* False: it is gone meanwhile, or none of ours. */
static bool read_value(const struct redisReply *values, struct greylist_record *record)
{
    struct redis_word value;
    size_t count;

    return redis_reply_list(values, &count) && count == 1 && redis_reply_text(redis_reply_member(values, 0), &value) &&
           record_text_read(value.octets, value.len, record);
}

/* The reply to an MGET of one key. False: an error. */
static bool take_value(struct redis_link *link, struct greylist_record *record, bool *is_ours, struct strbuf *problem)
{
    struct redisReply *values = redis_link_reply(link, problem);
    struct redis_word error;
    bool is_fine;

    if (values == NULL)
        return false;
    is_fine = !redis_reply_error(values, &error) || redis_error_add(values, problem);
    *is_ours = is_fine && read_value(values, record);
    redis_link_free(values);
    return is_fine;
}

static bool take_row(struct rows *rows, const char *text, bool is_sender, struct redis_link *link,
                     struct strbuf *problem)
{
    struct backend_row row = {.is_sender = is_sender};
    long long left_s;
    bool is_ours;

    if (!take_value(link, &row.record, &is_ours, problem) || !redis_scan_number(link, &left_s, problem))
        return false;
    if (!is_ours || left_s < -1)
        return true;
    row.until_s = left_s < 0 ? 0 : rows->now_s + left_s;
    return add_row(rows, text, &row, problem);
}

static bool take_step(struct rows *rows, const struct redis_scan *scan, struct redis_link *link, struct strbuf *problem)
{
    ask(rows, scan, link);
    for (size_t n = 0; n < scan->count; n++) {
        bool is_sender;
        const struct redis_word key = redis_scan_key(scan, n);
        const char *text = match(rows, &key, &is_sender);

        if (text != NULL && !take_row(rows, text, is_sender, link, problem))
            return false;
    }
    return true;
}

static bool collect(struct rows *rows, struct redis_link *link, struct strbuf *problem)
{
    struct redis_scan scan = {0};
    bool is_fine = true;

    while (is_fine && strcmp(scan.cursor, "0") != 0) {
        redis_link_begin(link);
        is_fine = redis_scan_next(&scan, link, rows->prefix, STEP, problem) && take_step(rows, &scan, link, problem);
    }
    redis_scan_end(&scan);
    return is_fine;
}

/* In order --------------------------------------------------------------------------------------------------------- */

static int by_key(const void *a, const void *b)
{
    const struct backend_row *x = a, *y = b;
    const int order = strcmp(x->key, y->key);

    return order != 0 ? order : (int)x->is_sender - (int)y->is_sender;
}

static void tell(const struct rows *rows, backend_each each, void *context)
{
    for (size_t n = 0; n < rows->count; n++)
        if ((n == 0 || by_key(&rows->list[n - 1], &rows->list[n]) != 0) && !each(context, &rows->list[n]))
            return;
}

bool redis_list(struct redis_link *link, const char *prefix, const char *pattern, int64_t now_s, backend_each each,
                void *context, struct strbuf *problem)
{
    struct rows rows = {.prefix = prefix, .pattern = pattern, .now_s = now_s};
    const bool is_fine = collect(&rows, link, problem);

    if (is_fine && rows.count > 0) {
        qsort(rows.list, rows.count, sizeof *rows.list, by_key);
        tell(&rows, each, context);
    }
    free_rows(&rows);
    return is_fine;
}

/* One key ------------------------------------------------------------------------------------------------------------
 */

bool redis_list_find(struct redis_link *link, const char *key, struct greylist_record *record, struct strbuf *problem)
{
    struct greylist_record found = {0};
    bool is_ours;

    redis_link_send(link, (struct redis_word[]){redis_word_of("MGET"), redis_word_of(key)}, 2);
    if (!take_value(link, &found, &is_ours, problem))
        return false;
    *record = is_ours ? found : (struct greylist_record){0};
    return true;
}
