/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Errors of a Redis server, in words. */
#include "greylist/store/redis_error.h"

#include "base/text_search.h"

#include <stddef.h>
#include <string.h>

enum { SHOWN_MAX = 200 };

struct meaning {
    const char *code;
    const char *words;
    bool is_full;
};

static const struct meaning meanings[] = {
    {"OOM ", "its memory is full (maxmemory)", true},
    {"MISCONF ", "it stores nothing, as it cannot save its data", true},
    {"NOREPLICAS ", "it stores nothing, as it has too few replicas", true},
    {"NOAUTH ", "it wants a password (GreylistPasswordFile)", false},
    {"WRONGPASS ", "it does not take the password of GreylistPasswordFile", false},
    {"ERR invalid password", "it does not take the password of GreylistPasswordFile", false},
    {"ERR AUTH ", "it has no password, but GreylistPasswordFile is set", false},
    {"ERR Client sent AUTH", "it has no password, but GreylistPasswordFile is set", false},
    {"ERR unknown command", "it lacks a command, perhaps as it is too old, or no Redis", false},
    {"NOPERM ", "its account for us lacks a right", false},
    {"ERR ACL failure in script", "its account for us lacks a right", false},
    {"ERR The user executing the script ", "its account for us lacks a right", false},
    {"LOADING ", "it is still loading its data", false},
    {"READONLY ", "it is a replica, which stores nothing", false},
    {"MASTERDOWN ", "it is a replica without its master", false},
    {"MOVED ", "it is one of a cluster, in which this does not work", false},
    {"ASK ", "it is one of a cluster, in which this does not work", false},
    {"CROSSSLOT ", "it is one of a cluster, in which this does not work", false},
    {"CLUSTERDOWN ", "it is one of a cluster, in which this does not work", false},
    {"BUSY ", "it is busy with another program's script", false},
    {"DENIED ", "it takes no connection from this host", false},
};

/* Up to Redis 6 the error of a command in a script stands after a dash within the text of the script's error. */
static bool says(const char *text, size_t len, const char *code)
{
    const size_t code_len = strlen(code);
    const char *const end = text + len;

    if (len >= code_len && memcmp(text, code, code_len) == 0)
        return true;
    while ((text = text_search_first(text, (size_t)(end - text), "-", 1)) != NULL) {
        text++;
        if ((size_t)(end - text) >= code_len && memcmp(text, code, code_len) == 0)
            return true;
    }
    return false;
}

static const struct meaning *meaning_of(const struct redis_word *error)
{
    for (size_t n = 0; n < sizeof meanings / sizeof *meanings; n++)
        if (says(error->octets, error->len, meanings[n].code))
            return &meanings[n];
    return NULL;
}

bool redis_error_is_full(const struct redisReply *reply)
{
    struct redis_word error;
    const struct meaning *meaning = redis_reply_error(reply, &error) ? meaning_of(&error) : NULL;

    return meaning != NULL && meaning->is_full;
}

bool redis_error_add(const struct redisReply *reply, struct strbuf *problem)
{
    struct redis_word error;
    const struct meaning *meaning;

    if (!redis_reply_error(reply, &error)) {
        strbuf_add(problem, "it answers something else than was asked");
        return false;
    }
    meaning = meaning_of(&error);
    strbuf_add(problem, meaning != NULL ? meaning->words : "it answers");
    strbuf_add(problem, ": ");
    strbuf_add_shown(problem, error.octets, SHOWN_MAX);
    return false;
}
