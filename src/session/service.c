/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Holds what all new connections share, behind one small lock. */
#include "session/service.h"

#include "dns/dns_resolver.h"
#include "dns/dns_zone.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

enum { ERROR_SIZE = 512 };

struct service {
    pthread_mutex_t lock; /* covers the two pointers */
    const struct config *config;
    struct spf_checker *checker;
    char host_name[256];
};

struct dns *service_open_dns(const struct config *config, const char *server, struct strbuf *error)
{
    const bool recurses = server == NULL && config_recurses(config);
    const struct dns_resolver_config resolver = {
        .servers = server != NULL ? &server : (const char *const *)config->nameservers.items,
        .server_count = server != NULL ? 1
                        : recurses     ? 0
                                       : config->nameservers.count,
        .recurse = recurses,
        .dnssec = config->dnssec,
        .cache_octets = config->dns_cache_octets,
        .serve_stale = config->dns_serve_stale,
    };
    char message[ERROR_SIZE] = "out of memory";
    struct dns *dns = NULL;

    if (config->zone_file != NULL && server == NULL)
        dns = dns_zone_load(config->zone_file, &clock_system, message, sizeof message);
    else
        dns = dns_resolver_create(&resolver, &clock_system, message, sizeof message);
    if (dns == NULL)
        strbuf_add(error, message);
    return dns;
}

struct spf_checker *service_build_checker(const struct config *config, struct dns *dns, struct strbuf *error)
{
    struct spf_checker_config checker_config = {
        .dns = dns,
        .clock = &clock_system,
        .cache_octets = config->cache_octets,
        .result_ttl_s = config->ttl_s,
        .timeout_ms = config->dns_timeout_ms,
        .has_lookahead = config->dns_prefetch && config->zone_file == NULL, /* a file answers at once */
    };
    struct spf_checker *checker = NULL;

    if (getrandom(checker_config.seed, sizeof checker_config.seed, 0) != (ssize_t)sizeof checker_config.seed) {
        strbuf_add(error, "the system gives no random octets");
        dns_destroy(dns);
        return NULL;
    }
    checker = spf_checker_create(&checker_config);
    if (checker == NULL)
        strbuf_add(error, "out of memory");
    return checker;
}

static struct spf_checker *create_checker(const struct config *config, struct strbuf *error)
{
    struct dns *dns = service_open_dns(config, NULL, error);

    return dns != NULL ? service_build_checker(config, dns, error) : NULL;
}

struct service *service_create(const struct config *config, struct strbuf *error)
{
    struct service *service = calloc(1, sizeof *service);

    if (service == NULL) {
        strbuf_add(error, "out of memory");
        return NULL;
    }
    service->checker = create_checker(config, error);
    if (service->checker == NULL) {
        free(service);
        return NULL;
    }
    service->config = config_acquire(config);
    pthread_mutex_init(&service->lock, NULL);
    if (gethostname(service->host_name, sizeof service->host_name - 1) != 0 || service->host_name[0] == '\0')
        memcpy(service->host_name, "localhost", sizeof "localhost");
    return service;
}

void service_destroy(struct service *service)
{
    if (service == NULL)
        return;
    spf_checker_release(service->checker);
    config_release(service->config);
    pthread_mutex_destroy(&service->lock);
    free(service);
}

bool service_replace(struct service *service, const struct config *config, struct strbuf *error)
{
    struct spf_checker *new_checker = create_checker(config, error);
    struct spf_checker *old_checker = NULL;
    const struct config *old_config = NULL;

    if (new_checker == NULL)
        return false;
    pthread_mutex_lock(&service->lock);
    old_config = service->config;
    old_checker = service->checker;
    service->config = config_acquire(config);
    service->checker = new_checker;
    pthread_mutex_unlock(&service->lock);
    config_release(old_config);
    spf_checker_release(old_checker);
    return true;
}

/* What is in force now; the caller releases both. */
static struct session_shared acquire_shared(struct service *service)
{
    struct session_shared shared = {.host_name = service->host_name};

    pthread_mutex_lock(&service->lock);
    shared.config = config_acquire(service->config);
    shared.checker = spf_checker_acquire(service->checker);
    pthread_mutex_unlock(&service->lock);
    return shared;
}

static void release_shared(const struct session_shared *shared)
{
    config_release(shared->config);
    spf_checker_release(shared->checker);
}

const struct config *service_config(struct service *service)
{
    struct session_shared shared = acquire_shared(service);

    spf_checker_release(shared.checker);
    return shared.config;
}

struct ttl_cache_stats service_cache_stats(struct service *service)
{
    struct session_shared shared = acquire_shared(service);
    struct ttl_cache_stats stats = spf_checker_cache_stats(shared.checker);

    release_shared(&shared);
    return stats;
}

struct session *service_begin_session(struct service *service, const struct session_abilities *abilities)
{
    struct session_shared shared = acquire_shared(service);
    struct session *session = session_create(&shared, abilities);

    release_shared(&shared);
    return session;
}

struct session_needs service_needs(struct service *service)
{
    struct session_shared shared = acquire_shared(service);
    struct session_needs needs = session_needs(shared.config);

    release_shared(&shared);
    return needs;
}
