/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Greylisting's store on a Redis server, for several hosts. Each key has its own time to live, so the server deletes by
 * itself what is over. */
#include "base/clock.h"
#include "greylist/store/backend.h"
#include "greylist/store/record_text.h"
#include "greylist/store/redis_batch.h"
#include "greylist/store/redis_error.h"
#include "greylist/store/redis_link.h"
#include "greylist/store/redis_list.h"
#include "greylist/store/redis_password.h"
#include "greylist/store/redis_trim.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct redis_store {
    struct backend backend;
    struct store_address address;
    struct strbuf place;
    char *password_file; /* NULL: none */
    struct redis_bound bound;
    bool is_crowded; /* by the last look */
    const struct clock *clock;
    struct redis_link *link;
    struct redis_batch *batch;
    struct redis_scan trimmed_to; /* where the next step of trimming goes on */
};

static struct redis_store *store_of(struct backend *backend)
{
    return (struct redis_store *)backend;
}

/* Connecting --------------------------------------------------------------------------------------------------- */

/* One command whose reply tells no more than whether it went well. */
static bool command(struct redis_store *store, const struct redis_word *words, size_t count, struct strbuf *problem)
{
    struct redisReply *reply;
    struct redis_word error;
    bool is_fine;

    redis_link_send(store->link, words, count);
    reply = redis_link_reply(store->link, problem);
    if (reply == NULL)
        return false;
    is_fine = !redis_reply_error(reply, &error) || redis_error_add(reply, problem);
    redis_link_free(reply);
    return is_fine;
}

static bool give_password(struct redis_store *store, struct strbuf *problem)
{
    const char *user, *password;
    struct strbuf line;
    struct redis_word words[3] = {redis_word_of("AUTH")};
    size_t count = 1;
    bool is_fine = redis_password_read(store->password_file, &line, &user, &password, problem);

    if (is_fine) {
        if (user != NULL)
            words[count++] = redis_word_of(user);
        words[count++] = redis_word_of(password);
        is_fine = command(store, words, count, problem);
    }
    strbuf_free(&line);
    return is_fine;
}

static bool select_database(struct redis_store *store, struct strbuf *problem)
{
    char number[16];

    if (store->address.database == 0)
        return true;
    (void)snprintf(number, sizeof number, "%u", store->address.database);
    return command(store, (struct redis_word[]){redis_word_of("SELECT"), redis_word_of(number)}, 2, problem);
}

static bool open_link(struct redis_store *store, struct strbuf *problem)
{
    if (redis_link_connect(store->link, problem) && (store->password_file == NULL || give_password(store, problem)) &&
        select_database(store, problem) && redis_batch_probe(store->link, store->address.prefix, problem))
        return true;
    redis_link_close(store->link);
    return false;
}

static bool redis_open(struct backend *backend, struct strbuf *problem)
{
    struct redis_store *store = store_of(backend);

    redis_link_begin(store->link);
    return open_link(store, problem);
}

static void redis_close(struct backend *backend)
{
    redis_link_close(store_of(backend)->link);
}

static void destroy(struct redis_store *store)
{
    redis_link_destroy(store->link);
    redis_batch_destroy(store->batch);
    strbuf_free(&store->place);
    free(store->password_file);
    free(store);
}

static void redis_destroy(struct backend *backend)
{
    destroy(store_of(backend));
}

/* Begins what has to be done in time. A server closes connections that were idle for long, and when it is restarted:
 * that is no reason to be away if it is there again. */
static bool begin(struct redis_store *store, struct strbuf *problem)
{
    redis_link_begin(store->link);
    return redis_link_is_idle(store->link) || open_link(store, problem);
}

/* Visits and single keys --------------------------------------------------------------------------------------- */

/* What failed may have left replies behind that nobody waits for any more. */
static bool end(struct redis_store *store, bool is_fine)
{
    if (!is_fine)
        redis_link_close(store->link);
    return is_fine;
}

static bool redis_visit(struct backend *backend, struct backend_visit *const *visits, size_t count,
                        struct strbuf *problem)
{
    struct redis_store *store = store_of(backend);

    for (size_t i = 0; i < count; i++)
        waiting_window_note(&store->bound.window, &visits[i]->terms);
    return end(store, begin(store, problem) &&
                          redis_batch_visit(store->batch, store->link, visits, count, store->is_crowded, problem));
}

/* Writes the key on the server. False: it is too long for one. */
static bool full_key(const struct redis_store *store, const char *key, bool is_sender, char full[REDIS_KEY_SIZE],
                     struct strbuf *problem)
{
    if (strlen(key) >= GREYLIST_KEY_SIZE) {
        strbuf_add(problem, "no key is that long");
        return false;
    }
    (void)redis_key(store->address.prefix, is_sender, key, full);
    return true;
}

static bool redis_find(struct backend *backend, const char *key, bool is_sender, int64_t now_s,
                       struct greylist_record *record, struct strbuf *problem)
{
    struct redis_store *store = store_of(backend);
    char full[REDIS_KEY_SIZE];

    (void)now_s; /* what is over the server has deleted */
    return full_key(store, key, is_sender, full, problem) &&
           end(store, begin(store, problem) && redis_list_find(store->link, full, record, problem));
}

static bool redis_put(struct backend *backend, const char *key, bool is_sender, const struct greylist_record *record,
                      int64_t until_s, struct strbuf *problem)
{
    struct redis_store *store = store_of(backend);
    const int64_t left_s = until_s - clock_unix_s(store->clock);
    char full[REDIS_KEY_SIZE], value[RECORD_TEXT_SIZE], seconds[24];
    bool is_fine;

    if (!full_key(store, key, is_sender, full, problem) || !begin(store, problem))
        return false;
    if (record == NULL || left_s < 1) {
        is_fine = command(store, (struct redis_word[]){redis_word_of("DEL"), redis_word_of(full)}, 2, problem);
        return end(store, is_fine);
    }
    (void)record_text_write(record, value);
    (void)snprintf(seconds, sizeof seconds, "%" PRId64, left_s);
    is_fine = command(store,
                      (struct redis_word[]){redis_word_of("SET"), redis_word_of(full), redis_word_of(value),
                                            redis_word_of("EX"), redis_word_of(seconds)},
                      5, problem);
    return end(store, is_fine);
}

/* What the server does by itself, and what it does not ---------------------------------------------------------------
 */

static bool redis_expire(struct backend *backend, int64_t now_s, struct backend_expiry *expiry, struct strbuf *problem)
{
    struct redis_store *store = store_of(backend);

    (void)now_s; /* the server goes by its own clock */
    return end(store, begin(store, problem) && redis_trim(&store->trimmed_to, store->link, &store->bound, expiry,
                                                          &store->is_crowded, problem));
}

static bool redis_each(struct backend *backend, const char *pattern, backend_each each, void *context,
                       struct strbuf *problem)
{
    struct redis_store *store = store_of(backend);

    return end(store, begin(store, problem) && redis_list(store->link, store->address.prefix, pattern,
                                                          clock_unix_s(store->clock), each, context, problem));
}

static const struct backend_functions functions = {
    .open = redis_open,
    .close = redis_close,
    .destroy = redis_destroy,
    .visit = redis_visit,
    .expire = redis_expire,
    .each = redis_each,
    .find = redis_find,
    .put = redis_put,
};

struct backend *redis_store_create(const struct greylist_store_config *config)
{
    struct redis_store *store = calloc(1, sizeof *store);

    if (store == NULL)
        return NULL;
    *store =
        (struct redis_store){.backend = {.functions = &functions},
                             .address = config->address,
                             .bound = {.max = config->entries_max},
                             .clock = config->clock,
                             .password_file = config->password_file == NULL ? NULL : strdup(config->password_file)};
    store->bound.prefix = store->address.prefix;
    store->link = redis_link_create(&store->address);
    store->batch = redis_batch_create(store->address.prefix);
    store_address_write(&store->address, &store->place);
    strbuf_add(&store->place, ": ");
    store->backend.place = strbuf_text(&store->place);
    if (store->link != NULL && store->batch != NULL && !store->place.failed &&
        (config->password_file == NULL || store->password_file != NULL))
        return &store->backend;
    destroy(store);
    return NULL;
}
