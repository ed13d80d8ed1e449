/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Configures libunbound as a filter needs it, and queries it. */
#include "dns/dns_unbound.h"

#include "base/allocator.h"
#include "base/scratch_file.h"
#include "base/strbuf.h"
#include "dns/dns_packet.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unbound-event.h>
#include <unbound.h>
#include <unistd.h>

enum {
    CLASS_IN = 1,
    TYPE_NS = 2,
    SECURITY_BOGUS = 1,               /* as libunbound's callback says it */
    NAME_SIZE = 4 * DNS_NAME_MAX + 2, /* each octet escaped, a trailing dot and the NUL */
    RECURSION_CACHE_MIN = 8 << 20,    /* to go recursion without one repeats the same queries */
    MEMORY_BLOCK = 8 << 10,           /* below what malloc asks the system for by itself */
    QUERY_BLOCKS = 8,                 /* more than a query takes */
    FIRST_QUERY_BLOCKS = 512,         /* the sockets and their buffers */
};

_Static_assert((size_t)MEMORY_BLOCK < (size_t)ALLOCATOR_OWN_PAGES_MIN, "no system call for each query");

/* Of a.root-servers.net. */
#define A_ROOT_IPV4 "198.41.0.4"
#define A_ROOT_IPV6 "2001:503:ba3e::2:30"

/* Held while a context is made or deleted. The library has one parser of configurations for the whole process, which it
 * ends if two threads are in it at once, and some locks of that kind. A leaf: what is called back under it takes none.
 */
static pthread_mutex_t library = PTHREAD_MUTEX_INITIALIZER;

struct unbound {
    struct ub_ctx *context;
    struct unbound_events events;
    size_t under_way;
    struct unbound_query *refused; /* the library said that it had not begun them */
    bool serve_stale;
    bool has_begun;   /* there was a query, for which the library made its sockets */
    bool is_starting; /* a reply that comes now is from the cache */
    bool is_closing;  /* no reply is delivered any more */
};

struct unbound_query {
    struct unbound *unbound;
    enum dns_type type;
    unbound_reply reply; /* NULL: nobody waits for it */
    void *context;
    void *holder;                  /* for port_given_back; NULL: it is not called */
    struct unbound_query **handle; /* is NULL afterwards */
    struct unbound_query *own_handle;
    struct unbound_query *next;      /* among the refused ones */
    struct unbound_query **previous; /* what points to it there; NULL: it is none */
};

/* The set-up as text of a configuration file, which alone can express all of it.
 *
 * - The resolver's operator decides what is private, local or a test zone, so all of it is queried.
 * - Names are queried whole (no qname-minimisation) where there is a resolver, which does it itself; and names below
 *   one that does not exist are queried as well (RFC 7208 4.6.4 counts what the names themselves say).
 * - The order of an answer is the server's (RFC 7208 5.5 and 4.6.4 look at the first of many).
 * - A dead server is tried again and again, so that its return is noticed. */
static void write_server_part(const struct unbound_config *config, size_t cache_octets, struct strbuf *text)
{
    strbuf_addf(text, "server:\n module-config: \"%siterator\"\n", config->dnssec ? "validator " : "");
    strbuf_add(text, " do-not-query-localhost: no\n unblock-lan-zones: yes\n insecure-lan-zones: yes\n");
    strbuf_addf(text, " qname-minimisation: %s\n harden-below-nxdomain: no\n", config->server_count > 0 ? "no" : "yes");
    strbuf_addf(text, " use-caps-for-id: yes\n edns-buffer-size: 1232\n outgoing-range: %zu\n", config->ports);
    strbuf_addf(text, " num-queries-per-thread: %zu\n outgoing-num-tcp: 64\n", config->ports);
    strbuf_addf(text, " infra-keep-probing: yes\n infra-host-ttl: 60\n outbound-msg-retry: %u\n", config->tries);
    strbuf_add(text, " rrset-roundrobin: no\n");
    strbuf_addf(text, " msg-cache-slabs: 1\n rrset-cache-slabs: 1\n infra-cache-slabs: 1\n key-cache-slabs: 1\n");
    strbuf_addf(text, " msg-cache-size: %zu\n rrset-cache-size: %zu\n key-cache-size: 1m\n neg-cache-size: 1m\n",
                cache_octets / 3, cache_octets - cache_octets / 3);
    strbuf_addf(text, " cache-max-ttl: %d\n cache-max-negative-ttl: %d\n", UNBOUND_TTL_MAX_S, 3 * 3600);
    strbuf_addf(text, " serve-expired: %s\n serve-expired-ttl: 3600\n serve-expired-client-timeout: %d\n",
                config->serve_stale ? "yes" : "no", UNBOUND_STALE_MS);
    strbuf_addf(text, " serve-expired-reply-ttl: %d\n", UNBOUND_STALE_TTL_S);
}

/* Has this host a route to such an address? Nothing is sent. */
static bool has_route(const struct sockaddr *address, socklen_t size)
{
    int fd = socket(address->sa_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    bool has = fd >= 0 && connect(fd, address, size) == 0;

    if (fd >= 0)
        close(fd);
    return has;
}

/* Root servers of a family without a route would use up the tries that the others need. Where there is no route at all
 * yet, both are tried. */
static void write_families(struct strbuf *text)
{
    struct sockaddr_in ipv4 = {.sin_family = AF_INET, .sin_port = htons(53)};
    struct sockaddr_in6 ipv6 = {.sin6_family = AF_INET6, .sin6_port = htons(53)};
    bool has_ipv4, has_ipv6;

    inet_pton(AF_INET, A_ROOT_IPV4, &ipv4.sin_addr);
    inet_pton(AF_INET6, A_ROOT_IPV6, &ipv6.sin6_addr);
    has_ipv4 = has_route((const struct sockaddr *)&ipv4, sizeof(ipv4));
    has_ipv6 = has_route((const struct sockaddr *)&ipv6, sizeof(ipv6));
    if (has_ipv4 != has_ipv6)
        strbuf_addf(text, " do-ip4: %s\n do-ip6: %s\n", has_ipv4 ? "yes" : "no", has_ipv6 ? "yes" : "no");
}

static void write_servers(const struct unbound_config *config, struct strbuf *text)
{
    if (config->server_count == 0) {
        write_families(text);
        return;
    }
    /* Of several servers the fastest, not any one that is fast enough. */
    strbuf_add(text, " fast-server-permil: 1000\n fast-server-num: 1\nforward-zone:\n name: \".\"\n");
    for (size_t i = 0; i < config->server_count; i++)
        strbuf_addf(text, " forward-addr: %s\n", config->servers[i].text);
    if (config->cache_octets == 0)
        strbuf_add(text, " forward-no-cache: yes\n");
}

/* libunbound reads files only. */
static bool read_config(struct ub_ctx *context, const struct strbuf *text)
{
    struct scratch_file file;
    bool good = false;

    if (!scratch_file_write(&file, text->text, text->len))
        return false;
    good = ub_ctx_config(context, file.path) == 0;
    scratch_file_remove(&file);
    return good;
}

/* Debian's package dns-root-data has the anchor (RFC 7958); unbound itself keeps one too. */
static bool add_trust_anchor(struct ub_ctx *context, const char *path, char *error, size_t error_size)
{
    static const char *const places[] = {"/usr/share/dns/root.key", "/usr/share/dns/root.ds",
                                         "/var/lib/unbound/root.key"};

    for (size_t i = 0; !path && i < sizeof(places) / sizeof(*places); i++)
        if (access(places[i], R_OK) == 0)
            path = places[i];
    if (path && access(path, R_OK) == 0 && ub_ctx_add_ta_file(context, path) == 0)
        return true;
    snprintf(error, error_size, "DNSSEC: the trust anchor of the root cannot be read (%s): install dns-root-data",
             path ? path : places[0]);
    return false;
}

/* Makes the set-up final. Names below .test are the resolver's to answer, like all that is not the host's own. */
static bool finish(struct ub_ctx *context)
{
    static const char *const not_local[] = {"test.", "home.arpa."};

    for (size_t i = 0; i < sizeof(not_local) / sizeof(*not_local); i++)
        if (ub_ctx_zone_remove(context, not_local[i]) != 0)
            return false;
    return true;
}

static bool set_up(struct ub_ctx *context, const struct unbound_config *config, char *error, size_t error_size)
{
    size_t octets = config->cache_octets / 5 * 4; /* the rest is what the allocator takes beyond what is counted */
    struct strbuf text = STRBUF_INIT;
    bool good = false;

    if (config->server_count == 0 && octets < RECURSION_CACHE_MIN)
        octets = RECURSION_CACHE_MIN;
    write_server_part(config, octets, &text);
    write_servers(config, &text);
    snprintf(error, error_size, "libunbound does not take its configuration");
    ub_ctx_debugout(context, NULL); /* it would write to the standard error */
    if (!text.failed && read_config(context, &text))
        good = !config->dnssec || add_trust_anchor(context, config->trust_anchor, error, error_size);
    strbuf_free(&text);
    return good && finish(context);
}

struct unbound *unbound_create(struct event_base *base, const struct unbound_config *config, char *error,
                               size_t error_size)
{
    struct unbound *unbound = calloc(1, sizeof(*unbound));
    bool is_good;

    snprintf(error, error_size, "out of memory");
    if (!unbound)
        return NULL;
    *unbound = (struct unbound){.events = config->events, .serve_stale = config->serve_stale};
    pthread_mutex_lock(&library);
    unbound->context = ub_ctx_create_event(base);
    is_good = unbound->context && set_up(unbound->context, config, error, error_size);
    pthread_mutex_unlock(&library);
    if (is_good)
        return unbound;
    unbound_destroy(unbound);
    return NULL;
}

static void refuse(struct unbound_query *query)
{
    struct unbound *unbound = query->unbound;

    query->next = unbound->refused;
    query->previous = &unbound->refused;
    if (query->next)
        query->next->previous = &query->next;
    unbound->refused = query;
}

static void free_refused(struct unbound_query *query)
{
    *query->previous = query->next;
    if (query->next)
        query->next->previous = query->previous;
    free(query);
}

void unbound_destroy(struct unbound *unbound)
{
    if (!unbound)
        return;
    unbound->is_closing = true;
    pthread_mutex_lock(&library);
    if (unbound->context)
        ub_ctx_delete(unbound->context); /* calls back for what is under way */
    pthread_mutex_unlock(&library);
    while (unbound->refused)
        free_refused(unbound->refused);
    free(unbound);
}

/* A stale answer came from no server. */
static bool may_be_stale(const struct unbound *unbound, const struct dns_answer *answer)
{
    return unbound->serve_stale && answer->ttl_s == UNBOUND_STALE_TTL_S;
}

/* The answer of a reply, if it has one: SERVFAIL may be a server's, or libunbound's own. */
static const struct dns_answer *read_reply(const void *packet, int packet_len, int security, enum dns_type type)
{
    const struct dns_answer *answer = dns_packet_parse(packet, (size_t)packet_len, type);

    if (answer->status != DNS_FAILURE && security != SECURITY_BOGUS)
        return answer;
    dns_answer_release(answer);
    return security == SECURITY_BOGUS ? dns_answer_empty(DNS_FAILURE, 0) : NULL; /* RFC 4035 4.3 */
}

/* Nothing is outstanding any more for this holder's query. */
static void end_query(struct unbound *unbound, void *holder)
{
    unbound->under_way--;
    if (holder)
        unbound->events.port_given_back(unbound->events.context, holder);
}

/* NOLINTNEXTLINE(readability-non-const-parameter): as the library has it */
static void on_reply(void *context, int rcode, void *packet, int packet_len, int security, char *why_bogus,
                     int was_ratelimited)
{
    struct unbound_query *query = context;
    struct unbound *unbound = query->unbound;
    enum unbound_source source = unbound->is_starting ? UNBOUND_AT_ONCE : UNBOUND_SERVERS;
    const struct dns_answer *answer = NULL;

    (void)why_bogus;
    (void)was_ratelimited;
    if (query->previous) {
        free_refused(query);
        return;
    }
    if (rcode == 0 && packet && !unbound->is_closing) /* else there is no packet, whatever the pointer says */
        answer = read_reply(packet, packet_len, security, query->type);
    if (!answer) {
        answer = dns_answer_empty(DNS_FAILURE, 0);
        source = UNBOUND_NO_REPLY;
    }
    if (source == UNBOUND_SERVERS && !may_be_stale(unbound, answer))
        unbound->events.heard(unbound->events.context);
    end_query(unbound, query->holder);
    *query->handle = NULL;
    if (query->reply && !unbound->is_closing)
        query->reply(query->context, answer, source);
    else
        dns_answer_release(answer);
    free(query);
}

/* libunbound takes a query without all of its memory for one that is complete, and reads what is not there, in its
 * iterator and where the first query makes the sockets. So nothing is begun where memory is at its end. */
static bool has_memory(size_t count)
{
    void *volatile blocks[FIRST_QUERY_BLOCKS] = {NULL};
    size_t got = 0;

    while (got < count && (blocks[got] = malloc(MEMORY_BLOCK)) != NULL)
        got++;
    for (size_t n = 0; n < got; n++)
        free(blocks[n]);
    return got == count;
}

static void start(struct unbound *unbound, const char *name, int type, unbound_reply reply, void *context, void *holder,
                  struct unbound_query **handle)
{
    const bool fits = has_memory(unbound->has_begun ? QUERY_BLOCKS : FIRST_QUERY_BLOCKS);
    struct unbound_query *query = fits ? malloc(sizeof(*query)) : NULL;

    *handle = query;
    unbound->under_way++;
    if (query) {
        *query = (struct unbound_query){.unbound = unbound,
                                        .type = (enum dns_type)type,
                                        .reply = reply,
                                        .context = context,
                                        .holder = holder,
                                        .handle = handle};
        unbound->is_starting = true;
        if (ub_resolve_event(unbound->context, name, type, CLASS_IN, query, on_reply, NULL) == 0) {
            unbound->is_starting = false;
            unbound->has_begun = true;
            return;
        }
        unbound->is_starting = false;
        refuse(query); /* where a timer had no memory, the library calls back all the same, later */
        *handle = NULL;
    }
    end_query(unbound, holder);
    reply(context, dns_answer_fault(), UNBOUND_NO_REPLY);
}

/* Every octet that could be taken for something else is escaped (RFC 1035 5.1); the dots between labels stay. */
static void escape(const char *name, char out[NAME_SIZE])
{
    char *end = out;

    for (; *name; name++) {
        unsigned char octet = (unsigned char)*name;

        if ((octet >= 'a' && octet <= 'z') || (octet >= 'A' && octet <= 'Z') || (octet >= '0' && octet <= '9') ||
            octet == '-' || octet == '_' || octet == '.')
            *end++ = (char)octet;
        else
            end += sprintf(end, "\\%03u", octet);
    }
    *end++ = '.';
    *end = '\0';
}

void unbound_query_start(struct unbound *unbound, const char *name, enum dns_type type, unbound_reply reply,
                         void *context, void *holder, struct unbound_query **query)
{
    char escaped[NAME_SIZE];

    escape(name, escaped);
    start(unbound, escaped, (int)type, reply, context, holder, query);
}

void unbound_probe(struct unbound *unbound, unbound_reply reply, void *context, struct unbound_query **query)
{
    start(unbound, ".", TYPE_NS, reply, context, NULL, query);
}

/* The handle may be gone before the reply comes, so the query gets one of its own. */
void unbound_forget(struct unbound_query **query)
{
    struct unbound_query *forgotten = *query;

    if (!forgotten)
        return;
    forgotten->reply = NULL;
    forgotten->handle = &forgotten->own_handle;
    *query = NULL;
}

const char *unbound_version(void)
{
    return ub_version();
}

size_t unbound_under_way(const struct unbound *unbound)
{
    return unbound->under_way;
}
