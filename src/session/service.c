/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Holds what all new connections share, under one small lock. */
#include "session/service.h"

#include "config/config_change.h"
#include "dns/dns_resolver.h"
#include "dns/dns_zone.h"
#include "session/session_spare.h"
#include "session/srs_rules.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

enum { ERROR_SIZE = 512 };

struct service {
    pthread_mutex_t lock; /* covers all but the last three members */
    const struct config *config;
    struct spf_checker *checker;
    const struct dns *dns;                       /* the checker's */
    const struct srs_rules *srs;                 /* NULL: no SRSDomain */
    struct greylist_store *greylist;             /* NULL: nobody is greylisted */
    struct greylist_store_state greylist_before; /* the counters of stores that a reload has replaced */
    unsigned generation;                         /* counts exchanges of the checker */
    unsigned lookups[2];                         /* under way, by the last bit of the generation that they began in */
    pthread_cond_t lookups_over;                 /* one of the two is 0 */
    char host_name[256];
    struct session_spare *spare; /* NULL: there was no memory for it */
    bool serves_both;            /* by the configuration of the start, as a reload opens and closes no socket */
};

/* What a reload has prepared. */
struct service_change {
    const struct config *config;
    struct spf_checker *checker;
    const struct dns *dns;
    const struct srs_rules *srs;
    struct greylist_store *greylist;
    bool keeps_checker; /* it is the one in use */
    bool is_empty;
};

static struct dns *open_dns(const struct config *config, const char *server, bool watches_servers, struct strbuf *error)
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
        .watches_servers = watches_servers,
    };
    char message[ERROR_SIZE] = "out of memory";
    struct dns *dns = NULL;

    if (config->zone_file != NULL && server == NULL)
        dns = dns_zone_load(config->zone_file, &clock_system, message, sizeof message);
    else
        dns = dns_resolver_create(&resolver, &clock_system, message, sizeof message);
    if (dns == NULL)
        strbuf_addf(error, "%s%s", config->zone_file != NULL && server == NULL ? "ZoneFile: " : "", message);
    return dns;
}

struct dns *service_open_dns(const struct config *config, const char *server, struct strbuf *error)
{
    return open_dns(config, server, false, error);
}

/* The same for a service. Its name servers get no query but for mail, unless somebody watches. */
static struct dns *open_own_dns(const struct config *config, struct strbuf *error)
{
    return open_dns(config, NULL, config->metrics != NULL, error);
}

static struct spf_checker_config checker_settings(const struct config *config)
{
    return (struct spf_checker_config){
        .clock = &clock_system,
        .cache_octets = config->cache_octets,
        .result_ttl_s = config->ttl_s,
        .timeout_ms = config->dns_timeout_ms,
        .max_checks = config->max_checks,
        .has_lookahead = config->dns_lookahead && config->zone_file == NULL, /* a file answers at once */
    };
}

struct spf_checker *service_build_checker(const struct config *config, struct dns *dns, struct strbuf *error)
{
    struct spf_checker_config settings = checker_settings(config);
    struct spf_checker *checker = NULL;

    settings.dns = dns;
    if (getrandom(settings.seed, sizeof settings.seed, 0) != (ssize_t)sizeof settings.seed) {
        strbuf_add(error, "the system gives no random octets");
        dns_destroy(dns);
        return NULL;
    }
    checker = spf_checker_create(&settings);
    if (checker == NULL)
        strbuf_add(error, "out of memory");
    return checker;
}

/* ---- The store of greylisting ---- */

static struct greylist_store_config store_settings(const struct config *config)
{
    struct greylist_store_config settings = {
        .password_file = config->greylist_password_file,
        .entries_max = config->greylist_entries,
        .clock = &clock_system,
    };

    (void)store_address_parse(config->greylist_store, &settings.address); /* it was, when the file was read */
    return settings;
}

/* *store is that of `config`, NULL where nobody is greylisted. False, with a message in `error`, if there is none. */
static bool open_store(const struct config *config, struct greylist_store **store, struct strbuf *error)
{
    const struct greylist_store_config settings = store_settings(config);

    *store = NULL;
    if (!config_greylists(config))
        return true;
    *store = greylist_store_create(&settings, error);
    return *store != NULL;
}

/* The same for a reload: the one in use, where it is the same. */
static bool reopen_store(const struct service *service, const struct config *config, struct greylist_store **store,
                         struct strbuf *error)
{
    const struct greylist_store_config before = store_settings(service->config), now = store_settings(config);

    if (service->greylist == NULL || !config_greylists(config) || !greylist_store_config_is_same(&before, &now))
        return open_store(config, store, error);
    *store = greylist_store_acquire(service->greylist);
    return true;
}

static void add_counters(struct greylist_store_state *sum, const struct greylist_store_state *more)
{
    for (size_t i = 0; i < STORE_ANSWER_COUNT; i++)
        sum->answers[i] += more->answers[i];
    sum->cache_hits += more->cache_hits;
    sum->expired += more->expired;
    sum->batches += more->batches;
    sum->busy_us += more->busy_us;
}

/* ---- */

struct service *service_create(const struct config *config, struct strbuf *error)
{
    struct service *service = calloc(1, sizeof *service);
    struct dns *dns;

    if (service == NULL) {
        strbuf_add(error, "out of memory");
        return NULL;
    }
    dns = srs_rules_open(config, &service->srs, error) ? open_own_dns(config, error) : NULL;
    service->dns = dns;
    service->checker = dns != NULL ? service_build_checker(config, dns, error) : NULL;
    if (service->checker == NULL || !open_store(config, &service->greylist, error)) {
        spf_checker_release(service->checker);
        srs_rules_release(service->srs);
        free(service);
        return NULL;
    }
    service->config = config_acquire(config);
    service->spare = session_spare_create();
    service->serves_both = config->socket != NULL && config->policy_socket != NULL;
    pthread_mutex_init(&service->lock, NULL);
    pthread_cond_init(&service->lookups_over, NULL);
    if (gethostname(service->host_name, sizeof service->host_name - 1) != 0 || service->host_name[0] == '\0')
        memcpy(service->host_name, "localhost", sizeof "localhost");
    return service;
}

/* Under the lock. */
static void await_lookups(struct service *service, unsigned generation)
{
    while (service->lookups[generation & 1] > 0)
        pthread_cond_wait(&service->lookups_over, &service->lock);
}

/* Under the lock. The session that is kept holds references to what is exchanged, of which these are not the last. */
static void renew_spare(struct service *service)
{
    if (service->spare != NULL)
        session_spare_renew(service->spare);
}

void service_destroy(struct service *service)
{
    if (service == NULL)
        return;
    pthread_mutex_lock(&service->lock);
    await_lookups(service, service->generation);
    renew_spare(service);
    pthread_mutex_unlock(&service->lock);
    session_spare_release(service->spare);
    spf_checker_release(service->checker);
    srs_rules_release(service->srs);
    greylist_store_release(service->greylist);
    greylist_store_await_ends();
    config_release(service->config);
    pthread_cond_destroy(&service->lookups_over);
    pthread_mutex_destroy(&service->lock);
    free(service);
}

/* True if the DNS in use is the one of `config`. Where that names a file, *opened is what it says now, unless it is
 * the same. False with *failed: it cannot be read. */
static bool keeps_dns(const struct service *service, const struct config *config, struct dns **opened, bool *failed,
                      struct strbuf *error)
{
    bool is_same = config_has_same_dns(service->config, config);

    *opened = NULL;
    *failed = false;
    if (is_same && config->zone_file == NULL)
        return true;
    *opened = open_own_dns(config, error);
    *failed = *opened == NULL;
    if (*failed || !is_same || !dns_zone_is_same(service->dns, *opened))
        return false;
    dns_destroy(*opened);
    *opened = NULL;
    return true;
}

struct service_change *service_prepare(struct service *service, const struct config *config, struct strbuf *error)
{
    struct service_change *change = calloc(1, sizeof *change);
    struct dns *opened = NULL;
    bool failed = false;

    if (change == NULL) {
        strbuf_add(error, "out of memory");
        return NULL;
    }
    if (!srs_rules_open(config, &change->srs, error)) {
        free(change);
        return NULL;
    }
    change->keeps_checker = keeps_dns(service, config, &opened, &failed, error);
    if (change->keeps_checker) {
        change->checker = spf_checker_acquire(service->checker);
        change->dns = service->dns;
        change->is_empty = config_is_same(service->config, config) && srs_rules_same_secrets(service->srs, change->srs);
    } else if (!failed) {
        change->dns = opened;
        change->checker = service_build_checker(config, opened, error);
    }
    if (change->checker == NULL || !reopen_store(service, config, &change->greylist, error)) {
        service_discard(change);
        return NULL;
    }
    change->config = config_acquire(config);
    return change;
}

bool service_change_is_empty(const struct service_change *change)
{
    return change->is_empty;
}

void service_discard(struct service_change *change)
{
    if (change == NULL)
        return;
    config_release(change->config);
    spf_checker_release(change->checker);
    srs_rules_release(change->srs);
    greylist_store_release(change->greylist);
    free(change);
}

void service_commit(struct service *service, struct service_change *change)
{
    struct service_change old = {
        .config = service->config, .checker = service->checker, .srs = service->srs, .greylist = service->greylist};
    struct greylist_store_state store = {.is_away = false};

    if (change->keeps_checker) {
        const struct spf_checker_config settings = checker_settings(change->config);

        spf_checker_adjust(change->checker, &settings);
    }
    if (old.greylist != NULL && old.greylist != change->greylist)
        greylist_store_get_state(old.greylist, &store);
    pthread_mutex_lock(&service->lock);
    add_counters(&service->greylist_before, &store);
    service->greylist = change->greylist;
    service->config = change->config;
    service->checker = change->checker;
    service->dns = change->dns;
    service->srs = change->srs;
    renew_spare(service);
    if (!change->keeps_checker)
        await_lookups(service, service->generation++);
    pthread_mutex_unlock(&service->lock);
    free(change);
    config_release(old.config);
    spf_checker_release(old.checker);
    srs_rules_release(old.srs);
    greylist_store_release(old.greylist);
}

bool service_replace(struct service *service, const struct config *config, struct strbuf *error)
{
    struct service_change *change = service_prepare(service, config, error);

    if (change == NULL)
        return false;
    service_commit(service, change);
    return true;
}

/* What is effective now, but for the store of greylisting, under the lock. */
static struct session_shared shared_of(struct service *service)
{
    return (struct session_shared){
        .config = config_acquire(service->config),
        .checker = spf_checker_acquire(service->checker),
        .srs = srs_rules_acquire(service->srs),
        .host_name = service->host_name,
        .serves_both = service->serves_both,
        .spare = service->spare,
        .generation = service->spare != NULL ? session_spare_generation(service->spare) : 0,
    };
}

struct session_shared service_acquire(struct service *service)
{
    struct session_shared shared;

    pthread_mutex_lock(&service->lock);
    shared = shared_of(service);
    shared.greylist = greylist_store_acquire(service->greylist);
    pthread_mutex_unlock(&service->lock);
    return shared;
}

void service_release(const struct session_shared *shared)
{
    config_release(shared->config);
    spf_checker_release(shared->checker);
    srs_rules_release(shared->srs);
    greylist_store_release(shared->greylist);
}

struct service_lookup service_lookup_begin(struct service *service)
{
    struct service_lookup lookup = {.service = service};

    pthread_mutex_lock(&service->lock);
    lookup.shared = shared_of(service);
    lookup.generation = service->generation;
    service->lookups[lookup.generation & 1]++;
    pthread_mutex_unlock(&service->lock);
    return lookup;
}

/* The references first: what the service holds is never the last one to be given back here. */
void service_lookup_end(const struct service_lookup *lookup)
{
    struct service *service = lookup->service;

    service_release(&lookup->shared);
    pthread_mutex_lock(&service->lock);
    if (--service->lookups[lookup->generation & 1] == 0)
        pthread_cond_broadcast(&service->lookups_over);
    pthread_mutex_unlock(&service->lock);
}

const struct config *service_config(struct service *service)
{
    struct session_shared shared = service_acquire(service);

    config_acquire(shared.config);
    service_release(&shared);
    return shared.config;
}

struct cache_state service_caches(struct service *service)
{
    struct session_shared shared = service_acquire(service);
    struct cache_state state = {.results = spf_checker_cache_stats(shared.checker),
                                .results_limit = shared.config->ttl_s > 0 ? shared.config->cache_octets : 0,
                                .dns_limit = shared.config->zone_file == NULL ? shared.config->dns_cache_octets : 0};

    service_release(&shared);
    return state;
}

void service_dns_state(struct service *service, struct dns_state *state)
{
    struct spf_checker *checker;
    const struct dns *dns;

    pthread_mutex_lock(&service->lock);
    checker = spf_checker_acquire(service->checker); /* keeps the DNS */
    dns = service->dns;
    pthread_mutex_unlock(&service->lock);
    dns_get_state(dns, state);
    spf_checker_release(checker);
}

void service_greylist_state(struct service *service, struct greylist_store_state *state)
{
    struct greylist_store *store;
    struct greylist_store_state before;

    *state = (struct greylist_store_state){.is_away = false};
    pthread_mutex_lock(&service->lock);
    store = greylist_store_acquire(service->greylist);
    before = service->greylist_before;
    pthread_mutex_unlock(&service->lock);
    if (store != NULL)
        greylist_store_get_state(store, state);
    add_counters(state, &before);
    greylist_store_release(store);
}

struct session *service_begin_session(struct service *service, const struct session_abilities *abilities)
{
    struct session *session = service->spare != NULL ? session_reuse(service->spare, abilities) : NULL;
    struct session_shared shared;

    if (session != NULL)
        return session;
    shared = service_acquire(service);
    session = session_create(&shared, abilities);
    service_release(&shared);
    return session;
}

struct session_needs service_needs(struct service *service)
{
    struct session_shared shared = service_acquire(service);
    struct session_needs needs = session_needs(shared.config);

    service_release(&shared);
    return needs;
}
