/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Compares the places that a configuration names, two by two. */
#include "app/preflight/shared_places.h"

#include "app/process/directory_owner.h"
#include "base/endpoint.h"
#include "config/table_socket.h"

#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { PLACES_MAX = 16 + TABLE_SOCKETS_MAX };

#define MILTER_KEY "Socket"

struct place {
    const char *key;
    struct endpoint endpoint;
    char path[PATH_MAX]; /* of a file or unix socket, without links; "": it is another socket */
};

struct places {
    struct place items[PLACES_MAX];
    size_t count;
};

/* What `path` leads to; of a file that is not there, its directory and its name. */
static void resolve(const char *path, char out[PATH_MAX])
{
    char directory[PATH_MAX], resolved[PATH_MAX];
    const char *name = strrchr(path, '/');

    if (realpath(path, out) != NULL)
        return;
    name = name != NULL ? name + 1 : path;
    if (!directory_of(path, directory, sizeof directory) || realpath(directory, resolved) == NULL ||
        (size_t)snprintf(out, PATH_MAX, "%s/%s", strcmp(resolved, "/") == 0 ? "" : resolved, name) >= PATH_MAX)
        (void)snprintf(out, PATH_MAX, "%s", path);
}

static void add_file(struct places *places, const char *key, const char *path)
{
    struct place *place = &places->items[places->count];

    if (path == NULL || strncmp(path, "/dev/", 5) == 0)
        return;
    *place = (struct place){.key = key};
    resolve(path, place->path);
    places->count++;
}

static void add_socket(struct places *places, const char *key, const char *spec)
{
    struct place *place = &places->items[places->count];
    struct endpoint endpoint;

    if (spec == NULL || !endpoint_parse(spec, &endpoint))
        return;
    if (endpoint.kind == ENDPOINT_UNIX) {
        add_file(places, key, endpoint.path);
        return;
    }
    *place = (struct place){.key = key, .endpoint = endpoint};
    places->count++;
}

static bool is_every_address(const char *host)
{
    return *host == '\0' || strcmp(host, "0.0.0.0") == 0 || strcmp(host, "::") == 0;
}

static bool is_same_descriptor(const struct endpoint *a, const struct endpoint *b)
{
    if (a->name != NULL || b->name != NULL)
        return a->name != NULL && b->name != NULL && strcmp(a->name, b->name) == 0;
    return a->number == b->number;
}

/* Of the sockets for every IPv6 address, libmilter's takes IPv4 too, and that for metrics does not. */
static bool is_taken_by_milter(const struct place *milter, const struct place *other)
{
    return strcmp(milter->key, MILTER_KEY) == 0 && milter->endpoint.kind == ENDPOINT_INET6 &&
           is_every_address(milter->endpoint.host) && other->endpoint.kind == ENDPOINT_INET &&
           milter->endpoint.number == other->endpoint.number;
}

static bool is_same(const struct place *a, const struct place *b)
{
    if (a->path[0] != '\0' || b->path[0] != '\0')
        return strcmp(a->path, b->path) == 0;
    if (a->endpoint.kind != b->endpoint.kind)
        return is_taken_by_milter(a, b) || is_taken_by_milter(b, a);
    if (a->endpoint.kind == ENDPOINT_DESCRIPTOR)
        return is_same_descriptor(&a->endpoint, &b->endpoint);
    return a->endpoint.number == b->endpoint.number &&
           (is_every_address(a->endpoint.host) || is_every_address(b->endpoint.host) ||
            strcasecmp(a->endpoint.host, b->endpoint.host) == 0);
}

void shared_places_find(const struct config *config, const char *config_path, struct strbuf *problems)
{
    struct places places = {.count = 0};
    const char *protocol;

    add_socket(&places, MILTER_KEY, config->socket);
    add_socket(&places, "Metrics", config->metrics);
    add_socket(&places, "PolicySocket", config->policy_socket);
    for (size_t i = 0; i < config->table_sockets.count; i++)
        add_socket(&places, "TableSocket", table_socket_spec(config->table_sockets.items[i], &protocol));
    add_file(&places, "ControlSocket", config->control_socket);
    add_file(&places, "PidFile", config->pid_file);
    add_file(&places, "LogTo", config->log_to);
    add_file(&places, "ZoneFile", config->zone_file);
    add_file(&places, "SRSSecretFile", config->srs_secret_file);
    add_file(&places, "GreylistStore", config_greylists(config) ? config_greylist_file(config) : NULL);
    add_file(&places, "GreylistPasswordFile", config->greylist_password_file);
    add_file(&places, "the configuration", config_path);
    for (size_t i = 1; i < places.count; i++)
        for (size_t other = 0; other < i; other++)
            if (is_same(&places.items[i], &places.items[other]))
                strbuf_addf(problems, "%s: names the same %s as %s\n",
                            i + 1 == places.count ? places.items[other].key : places.items[i].key,
                            places.items[i].path[0] != '\0' ? "file" : "socket",
                            i + 1 == places.count ? places.items[i].key : places.items[other].key);
}
