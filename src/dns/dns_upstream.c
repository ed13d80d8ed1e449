/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Creates, replaces and frees resolvers. */
#include "dns/dns_upstream.h"

#include "base/event_loop.h"
#include "base/log.h"
#include "base/strbuf.h"
#include "dns/dns_outage.h"
#include "dns/resolv_conf.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    TRIES = 3,           /* for each server, and each with two packets: enough for lost ones */
    RECURSION_TRIES = 5, /* the default of libunbound */
    UPDATE_MS = 1000,
    DRAIN_MS = 15 * 1000, /* a resolver has completed its queries by then */
    RETIRED_MAX = 32,
};

struct retired {
    struct unbound *resolver;
    int64_t until_ms;
};

struct dns_upstream {
    struct event_loop *loop;
    const struct clock *clock;
    struct unbound_config config; /* of the usual resolver */
    const char *system_path;      /* resolv.conf; NULL: it is of no interest */
    struct resolv_conf system;    /* the servers that are used */
    struct resolv_conf seen;      /* what the file said last; it may name none for a moment */
    struct dns_server *servers;   /* of the configuration, or one on this host, where resolv.conf names none */
    struct unbound *usual, *probe;
    struct dns_stub *stub; /* NULL: plain queries are of no use */
    struct unbound_query *probe_query;
    bool is_probed; /* the probe went out */
    int64_t updated_ms;
    int64_t probed_ms; /* when the last probe was sent, or could not be */
    bool said_failure;
    struct retired retired[RETIRED_MAX];
    size_t retired_count;
};

/* Takes over the servers of resolv.conf as they are now; where there are none, that of this host (resolv.conf(5)). */
static void take_system_servers(struct dns_upstream *upstream)
{
    const struct resolv_conf *system = &upstream->system;
    struct strbuf names = STRBUF_INIT;

    upstream->config.servers = system->count > 0 ? system->servers : upstream->servers;
    upstream->config.server_count = system->count > 0 ? system->count : 1;
    for (size_t i = 0; i < system->count; i++)
        strbuf_addf(&names, "%s%s", i > 0 ? ", " : "", system->servers[i].text);
    if (system->count > 0)
        log_info("DNS: name servers of %s: %s", upstream->system_path, strbuf_text(&names));
    else
        log_warning("DNS: %s names no name server; until it does, %s is used", upstream->system_path,
                    upstream->servers[0].text);
    strbuf_free(&names);
}

/* Reads the servers of the configuration, or of the system. */
static bool read_servers(struct dns_upstream *upstream, const struct dns_resolver_config *config, char *error,
                         size_t error_size)
{
    size_t count = config->server_count;

    upstream->servers = calloc(count > 0 ? count : 1, sizeof(*upstream->servers));
    snprintf(error, error_size, "out of memory");
    if (!upstream->servers)
        return false;
    upstream->config.servers = upstream->servers;
    upstream->config.server_count = count;
    for (size_t i = 0; i < count; i++)
        if (!dns_server_read(config->servers[i], &upstream->servers[i])) {
            snprintf(error, error_size, "\"%s\" is not a name server: an IP address, or one with a port",
                     config->servers[i]);
            return false;
        }
    if (count > 0 || config->recurse)
        return true;
    dns_server_read("127.0.0.1", &upstream->servers[0]);
    upstream->system_path = config->resolv_conf ? config->resolv_conf : "/etc/resolv.conf";
    resolv_conf_update(&upstream->seen, upstream->system_path);
    upstream->system = upstream->seen;
    take_system_servers(upstream);
    return true;
}

static struct unbound *create_usual(struct dns_upstream *upstream, char *error, size_t error_size)
{
    upstream->config.tries = upstream->config.server_count > 0 ? TRIES : RECURSION_TRIES;
    return unbound_create(event_loop_base(upstream->loop), &upstream->config, error, error_size);
}

/* The same while mail goes on: without a new resolver the old one stays. */
static struct unbound *try_create(struct dns_upstream *upstream)
{
    char error[256];
    struct unbound *resolver = create_usual(upstream, error, sizeof(error));

    if (!resolver && !upstream->said_failure)
        log_error("DNS: cannot create a resolver: %s", error);
    upstream->said_failure = !resolver;
    return resolver;
}

/* A plain query has no signatures, and only a resolver answers it. */
static bool open_stub(struct dns_upstream *upstream, char *error, size_t error_size)
{
    if (upstream->config.server_count == 0 || upstream->config.dnssec)
        return true;
    upstream->stub = dns_stub_create(upstream->loop, upstream->clock, upstream->config.events.heard,
                                     upstream->config.events.context);
    if (!upstream->stub)
        snprintf(error, error_size, "out of memory or descriptors");
    return upstream->stub != NULL;
}

struct dns_upstream *dns_upstream_create(struct event_loop *loop, const struct dns_resolver_config *config,
                                         size_t ports, const struct unbound_events *events, const struct clock *clock,
                                         char *error, size_t error_size)
{
    struct dns_upstream *upstream = calloc(1, sizeof(*upstream));

    snprintf(error, error_size, "out of memory");
    if (!upstream)
        return NULL;
    upstream->loop = loop;
    upstream->clock = clock;
    upstream->config = (struct unbound_config){
        .cache_octets = config->cache_octets,
        .serve_stale = config->serve_stale,
        .dnssec = config->dnssec,
        .trust_anchor = config->trust_anchor,
        .ports = ports,
        .events = *events,
    };
    upstream->updated_ms = clock_monotonic_ms(clock);
    upstream->probed_ms = upstream->updated_ms - DNS_OUTAGE_PROBE_EVERY_MS;
    if (read_servers(upstream, config, error, error_size) && open_stub(upstream, error, error_size))
        upstream->usual = create_usual(upstream, error, error_size);
    if (upstream->usual)
        return upstream;
    dns_upstream_destroy(upstream);
    return NULL;
}

void dns_upstream_destroy(struct dns_upstream *upstream)
{
    if (!upstream)
        return;
    unbound_destroy(upstream->usual);
    unbound_destroy(upstream->probe);
    dns_stub_destroy(upstream->stub);
    for (size_t i = 0; i < upstream->retired_count; i++)
        unbound_destroy(upstream->retired[i].resolver);
    free(upstream->servers);
    free(upstream);
}

/* Frees a resolver as soon as it has completed its queries. */
static void retire(struct dns_upstream *upstream, struct unbound *resolver, int64_t now_ms)
{
    if (!resolver)
        return;
    if (unbound_under_way(resolver) > 0 && upstream->retired_count < RETIRED_MAX)
        upstream->retired[upstream->retired_count++] =
            (struct retired){.resolver = resolver, .until_ms = now_ms + DRAIN_MS};
    else
        unbound_destroy(resolver);
}

static void destroy_drained(struct dns_upstream *upstream, int64_t now_ms)
{
    size_t kept = 0;

    for (size_t i = 0; i < upstream->retired_count; i++) {
        struct retired retired = upstream->retired[i];

        if (unbound_under_way(retired.resolver) == 0 || retired.until_ms <= now_ms)
            unbound_destroy(retired.resolver);
        else
            upstream->retired[kept++] = retired;
    }
    upstream->retired_count = kept;
}

void dns_upstream_query(struct dns_upstream *upstream, const char *name, enum dns_type type, unbound_reply reply,
                        void *context, void *holder, struct unbound_query **query)
{
    unbound_query_start(upstream->usual, name, type, reply, context, holder, query);
}

bool dns_upstream_can_query_plainly(const struct dns_upstream *upstream, const void *zone)
{
    return upstream->stub && dns_stub_has_room(upstream->stub, zone);
}

bool dns_upstream_query_plainly(struct dns_upstream *upstream, const char *name, enum dns_type type, const void *zone,
                                stub_reply reply, void *context, struct stub_query **query)
{
    return dns_stub_query(upstream->stub, upstream->config.servers, upstream->config.server_count, name, type, zone,
                          reply, context, query);
}

enum stub_failure dns_upstream_plain_failure(const struct dns_upstream *upstream)
{
    return dns_stub_failure(upstream->stub);
}

void dns_upstream_describe(const struct dns_upstream *upstream, struct strbuf *out)
{
    if (upstream->config.server_count == 0)
        strbuf_add(out, "the name servers of the root: no reply");
    else
        dns_stub_describe(upstream->stub, upstream->config.servers, upstream->config.server_count, out);
}

/* A probe that could not be sent, or failed for want of memory, says nothing. */
static void on_probe(void *context, const struct dns_answer *answer, enum unbound_source source)
{
    struct dns_upstream *upstream = context;
    const int64_t took_ms = clock_monotonic_ms(upstream->clock) - upstream->probed_ms;

    if (upstream->is_probed && !answer->is_fault && dns_outage_probe_has_reply(source != UNBOUND_NO_REPLY, took_ms))
        upstream->config.events.heard(upstream->config.events.context);
    dns_answer_release(answer);
}

/* Each uses a new resolver, which has no cached answer and holds no server for dead. */
void dns_upstream_probe(struct dns_upstream *upstream, int64_t now_ms)
{
    if (now_ms - upstream->probed_ms < DNS_OUTAGE_PROBE_EVERY_MS)
        return;
    dns_upstream_end_probe(upstream);
    upstream->probe = try_create(upstream);
    upstream->probed_ms = now_ms;
    upstream->is_probed = false;
    if (upstream->probe)
        unbound_probe(upstream->probe, on_probe, upstream, &upstream->probe_query);
    upstream->is_probed = upstream->probe_query != NULL;
}

int64_t dns_upstream_probe_silence(const struct dns_upstream *upstream, int64_t now_ms)
{
    return upstream->probe_query ? now_ms - upstream->probed_ms : 0;
}

void dns_upstream_end_probe(struct dns_upstream *upstream)
{
    unbound_destroy(upstream->probe);
    upstream->probe = NULL;
}

const struct dns_server *dns_upstream_servers(const struct dns_upstream *upstream, size_t *count)
{
    *count = upstream->config.server_count;
    return upstream->config.servers;
}

void dns_upstream_renew(struct dns_upstream *upstream, int64_t now_ms)
{
    struct unbound *resolver = try_create(upstream);

    if (!resolver)
        return;
    retire(upstream, upstream->usual, now_ms);
    upstream->usual = resolver;
}

bool dns_upstream_has_changed(struct dns_upstream *upstream, int64_t now_ms)
{
    if (now_ms - upstream->updated_ms < UPDATE_MS)
        return false;
    upstream->updated_ms = now_ms;
    destroy_drained(upstream, now_ms);
    if (!upstream->system_path || !resolv_conf_update(&upstream->seen, upstream->system_path))
        return false;
    return upstream->seen.count > 0; /* else the known ones stay: a program that writes the file may remove it first */
}

void dns_upstream_change(struct dns_upstream *upstream, int64_t now_ms)
{
    upstream->system = upstream->seen;
    take_system_servers(upstream);
    dns_upstream_end_probe(upstream);
    dns_upstream_renew(upstream, now_ms);
}

size_t dns_upstream_under_way(const struct dns_upstream *upstream)
{
    size_t count = unbound_under_way(upstream->usual);

    for (size_t i = 0; i < upstream->retired_count; i++)
        count += unbound_under_way(upstream->retired[i].resolver);
    return count;
}
