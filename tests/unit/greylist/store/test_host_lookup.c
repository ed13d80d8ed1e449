/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Lookups of a host: an address, a name, one that there is not, a resolver that takes for ever, and no memory. */
#include "greylist/store/host_lookup.h"

#include "support/alloc_fail.h"

#include <netdb.h>
#include <netinet/in.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>

#include <cmocka.h>

enum { LONG_MS = 20000, SHORT_MS = 20 };

/* The resolver: the linker sends getaddrinfo here. */
static struct {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    bool is_silent;
    unsigned lookups, returned;
} resolver = {.lock = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER};

int __real_getaddrinfo(const char *host, const char *port, const struct addrinfo *hints, struct addrinfo **found);
int __wrap_getaddrinfo(const char *host, const char *port, const struct addrinfo *hints, struct addrinfo **found);

int __wrap_getaddrinfo(const char *host, const char *port, const struct addrinfo *hints, struct addrinfo **found)
{
    int error;

    if ((hints->ai_flags & AI_NUMERICHOST) != 0)
        return __real_getaddrinfo(host, port, hints, found);
    pthread_mutex_lock(&resolver.lock);
    resolver.lookups++;
    while (resolver.is_silent)
        pthread_cond_wait(&resolver.changed, &resolver.lock);
    pthread_mutex_unlock(&resolver.lock);
    error = strcmp(host, "localhost") == 0 ? __real_getaddrinfo("127.0.0.1", port, hints, found) : EAI_NONAME;
    pthread_mutex_lock(&resolver.lock);
    resolver.returned++;
    pthread_cond_broadcast(&resolver.changed);
    pthread_mutex_unlock(&resolver.lock);
    return error;
}

static void set_silent(bool is_silent)
{
    pthread_mutex_lock(&resolver.lock);
    resolver.is_silent = is_silent;
    pthread_cond_broadcast(&resolver.changed);
    pthread_mutex_unlock(&resolver.lock);
}

static unsigned lookups(void)
{
    unsigned count;

    pthread_mutex_lock(&resolver.lock);
    count = resolver.lookups;
    pthread_mutex_unlock(&resolver.lock);
    return count;
}

static void wait_for_return(unsigned count)
{
    pthread_mutex_lock(&resolver.lock);
    while (resolver.returned < count)
        pthread_cond_wait(&resolver.changed, &resolver.lock);
    pthread_mutex_unlock(&resolver.lock);
}

static void assert_found(const char *host, int family, const char *expected_problem)
{
    struct host_lookup *lookup = host_lookup_create(host, 6379);
    struct strbuf problem = STRBUF_INIT;
    struct addrinfo *found;

    assert_non_null(lookup);
    found = host_lookup_get(lookup, LONG_MS, &problem);
    assert_string_equal(strbuf_text(&problem), expected_problem);
    assert_true((found == NULL) == (*expected_problem != '\0'));
    if (found != NULL) {
        assert_int_equal(found->ai_family, family);
        assert_int_equal(found->ai_socktype, SOCK_STREAM);
        assert_int_equal(ntohs(family == AF_INET ? ((const struct sockaddr_in *)found->ai_addr)->sin_port
                                                 : ((const struct sockaddr_in6 *)found->ai_addr)->sin6_port),
                         6379);
        freeaddrinfo(found);
    }
    strbuf_free(&problem);
    host_lookup_destroy(lookup);
}

static void test_hosts(void **state)
{
    const unsigned before = lookups();

    (void)state;
    assert_found("192.0.2.1", AF_INET, "");
    assert_found("2001:db8::1", AF_INET6, "");
    assert_int_equal(lookups(), before); /* no resolver is needed for those */
    assert_found("localhost", AF_INET, "");
    assert_found("no.such.host", 0, "no.such.host: Name or service not known");
    assert_int_equal(lookups(), before + 2);
    host_lookup_destroy(NULL);
}

/* Who has to wait longer is told so; the answer that comes later is the next one's, without another lookup. */
static void test_slow(void **state)
{
    struct host_lookup *lookup = host_lookup_create("localhost", 6379);
    struct strbuf problem = STRBUF_INIT;
    const unsigned before = lookups();
    struct addrinfo *found;

    (void)state;
    assert_non_null(lookup);
    set_silent(true);
    for (int again = 0; again < 3; again++) {
        assert_null(host_lookup_get(lookup, SHORT_MS, &problem));
        assert_string_equal(strbuf_text(&problem), "localhost: no address was found in time");
        strbuf_free(&problem);
    }
    set_silent(false);
    found = host_lookup_get(lookup, LONG_MS, &problem);
    assert_non_null(found);
    freeaddrinfo(found);
    assert_int_equal(lookups(), before + 1);
    found = host_lookup_get(lookup, LONG_MS, &problem); /* and the one after that asks again */
    assert_non_null(found);
    freeaddrinfo(found);
    assert_int_equal(lookups(), before + 2);
    host_lookup_destroy(lookup);
}

/* A lookup whose owner has gone frees what it has. */
static void test_left(void **state)
{
    struct host_lookup *lookup = host_lookup_create("localhost", 6379);
    struct strbuf problem = STRBUF_INIT;
    const unsigned before = lookups();

    (void)state;
    assert_non_null(lookup);
    set_silent(true);
    assert_null(host_lookup_get(lookup, SHORT_MS, &problem));
    host_lookup_destroy(lookup);
    set_silent(false);
    wait_for_return(before + 1);
    strbuf_free(&problem);
}

static void test_no_memory(void **state)
{
    (void)state;
    alloc_fail_at(1);
    assert_null(host_lookup_create("localhost", 6379));
    alloc_fail_at(0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_hosts),
        cmocka_unit_test(test_slow),
        cmocka_unit_test(test_left),
        cmocka_unit_test(test_no_memory),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
