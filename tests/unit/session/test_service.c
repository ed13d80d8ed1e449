/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Tests of the exchange of configurations under living connections. */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/wait.h"
#include "session/service.h"
#include "session/session.h"
#include "support/hash_seeds.h"
#include "support/test_config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define ZONE "example.org. TXT \"v=spf1 ip4:192.0.2.1 -all\"\n"

static char zone_path[] = "/tmp/smf-spf-service-XXXXXX";

static int write_zone(void **state)
{
    int fd = mkstemp(zone_path);
    const ssize_t written = fd >= 0 ? write(fd, ZONE, strlen(ZONE)) : -1;

    (void)state;
    if (fd >= 0)
        close(fd);
    return written == (ssize_t)strlen(ZONE) ? 0 : -1;
}

static int remove_zone(void **state)
{
    (void)state;
    return unlink(zone_path);
}

/* A configuration of `text` on the test's zone. */
static const struct config *configuration(const char *text)
{
    return test_config("ZoneFile %s\n%s", zone_path, text);
}

static struct service *service_of(const char *text)
{
    return test_service(configuration(text));
}

static const struct session_abilities all_steps = {.steps = SESSION_STEP(REFUSE_AT_MAIL) |
                                                            SESSION_STEP(REFUSE_AT_RCPT) | SESSION_STEP(REFUSE_AT_EOM)};

/* What a forged message meets on this connection. */
static enum session_step send_forged(struct session *session)
{
    struct session_client client = {.name = "[203.0.113.66]"};
    struct session_sender sender = {.receiver = "mx.example.net"};

    assert_true(addr_parse("203.0.113.66", &client.address));
    sender.status = address_parse("<alice@example.org>", &sender.address);
    session_connect(session, &client);
    session_helo(session, "pc.example.net");
    return session_mail(session, &sender).step;
}

static void a_connection_keeps_what_it_began_with(void **state)
{
    struct strbuf error = STRBUF_INIT;
    struct service *service = service_of("RefuseFail on\nSyslog none\n");
    const struct config *lenient = configuration("RefuseFail off\nSyslog none\n");
    struct session *before = service_begin_session(service, &all_steps);
    struct session *after = NULL;

    (void)state;
    assert_true(service_replace(service, lenient, &error));
    after = service_begin_session(service, &all_steps);
    assert_int_equal(send_forged(before), SESSION_REFUSE);
    assert_int_equal(send_forged(after), SESSION_CONTINUE);
    session_destroy(before);
    session_destroy(after);
    config_release(lenient);
    service_destroy(service);
}

/* Ended sessions are used again, with nothing of what they were: not the client, nor what another configuration said.
 */
static void a_session_is_used_again(void **state)
{
    struct strbuf error = STRBUF_INIT;
    struct service *service = service_of("RefuseFail on\nSyslog none\n");
    const struct config *lenient = configuration("RefuseFail off\nSyslog none\n");
    struct session *first = service_begin_session(service, &all_steps), *second = NULL, *other = NULL;
    struct session_sender sender = {.status = ADDRESS_NULL};

    (void)state;
    assert_int_equal(send_forged(first), SESSION_REFUSE);
    session_destroy(first);
    second = service_begin_session(service, &all_steps);
    assert_ptr_equal(second, first);
    assert_int_equal(session_mail(second, &sender).step, SESSION_CONTINUE); /* without a client */
    other = service_begin_session(service, &all_steps);
    assert_ptr_not_equal(other, second);
    session_destroy(second);
    session_destroy(other); /* one is kept */
    assert_true(service_replace(service, lenient, &error));
    first = service_begin_session(service, &all_steps);
    assert_int_equal(send_forged(first), SESSION_CONTINUE);
    second = service_begin_session(service, &all_steps);
    assert_true(service_replace(service, lenient, &error));
    config_release(lenient);
    session_destroy(first); /* of what is not served any more: it is freed */
    other = service_begin_session(service, &all_steps);
    session_destroy(second);
    session_destroy(other);
    service_destroy(service);
}

static void *come_and_go(void *context)
{
    for (unsigned i = 0; i < 200; i++) {
        struct session *session = service_begin_session(context, &all_steps);

        assert_non_null(session);
        session_destroy(session);
    }
    return NULL;
}

/* The same from several threads, and with reloads in between: for the sanitizers. */
static void sessions_come_and_go(void **state)
{
    struct strbuf error = STRBUF_INIT;
    struct service *service = service_of("RefuseFail on\nSyslog none\n");
    const struct config *config = configuration("RefuseFail off\nSyslog none\n");
    pthread_t threads[3];

    (void)state;
    for (size_t i = 0; i < 3; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, come_and_go, service), 0);
    for (unsigned i = 0; i < 20; i++)
        assert_true(service_replace(service, config, &error));
    for (size_t i = 0; i < 3; i++)
        pthread_join(threads[i], NULL);
    config_release(config);
    service_destroy(service);
}

static void a_connection_outlives_the_service(void **state)
{
    struct service *service = service_of("");
    struct session *session = service_begin_session(service, &all_steps);

    (void)state;
    service_destroy(service);
    session_destroy(session);
}

static void a_zone_that_is_gone_changes_nothing(void **state)
{
    struct strbuf error = STRBUF_INIT;
    struct service *service = service_of("RefuseFail on\n");
    const struct config *broken = test_config("ZoneFile /nonexistent/zone\nRefuseFail off\n");
    const struct config *in_force = NULL;

    (void)state;
    assert_false(service_replace(service, broken, &error));
    assert_non_null(strstr(strbuf_text(&error), "/nonexistent/zone"));
    in_force = service_config(service);
    assert_true(in_force->refuse_fail);
    config_release(in_force);
    config_release(broken);
    strbuf_free(&error);
    service_destroy(service);
}

/* Nobody listens at this port: the DNS of the network can be put in force, and goes on for who uses it. */
static void the_network_takes_the_place_of_a_file(void **state)
{
    struct strbuf error = STRBUF_INIT;
    const struct config *network = test_config("Nameserver 127.0.0.1:1\nDNSTimeout 1s\nSyslog none\n");
    struct service *service = service_of("Syslog none\n");
    struct session *session = NULL;

    (void)state;
    assert_true(service_replace(service, network, &error));
    session = service_begin_session(service, &all_steps);
    assert_int_equal(send_forged(session), SESSION_CONTINUE);
    service_destroy(service);
    session_destroy(session); /* the DNS lives as long as it is used */
    config_release(network);
}

/* Nobody outside can know it: each checker has random octets of its own. */
static void each_checker_hashes_under_a_seed_of_its_own(void **state)
{
    (void)state;
    hash_seeds_forget();
    for (unsigned i = 1; i <= 3; i++) {
        struct service *service = service_of("RefuseFail on\nSyslog none\n");
        struct session *session = service_begin_session(service, &all_steps);

        assert_int_equal(send_forged(session), SESSION_REFUSE);
        assert_int_equal(hash_seeds_count(), i);
        session_destroy(session);
        service_destroy(service);
    }
    assert_false(hash_seeds_were_zero());
}

/* The store of greylisting that new sessions have; with a reference of the caller's. */
static struct greylist_store *store_of(struct service *service)
{
    struct session_shared shared = service_acquire(service);
    struct greylist_store *store = greylist_store_acquire(shared.greylist);

    service_release(&shared);
    return store;
}

/* Whether the store after a reload to this configuration is the one before. */
static bool keeps_store(struct service *service, const char *keys)
{
    const struct config *config = configuration(keys);
    struct greylist_store *before = store_of(service), *after;
    struct strbuf error = STRBUF_INIT;
    bool is_same;

    assert_true(service_replace(service, config, &error));
    after = store_of(service);
    is_same = before == after;
    greylist_store_release(before);
    greylist_store_release(after);
    config_release(config);
    return is_same;
}

#define AWAY "GreylistStore redis+unix:/nonexistent/socket\n"

/* It is there where somebody is greylisted, and lives on over a reload, unless it is another. */
static void a_reload_keeps_the_store_of_greylisting(void **state)
{
    struct service *service = service_of(AWAY);
    struct service_lookup lookup;

    (void)state;
    assert_null(store_of(service));
    assert_false(keeps_store(service, "Greylist on\n" AWAY));
    assert_true(keeps_store(service, "Greylist learn\nTTL 17\n" AWAY));
    assert_true(keeps_store(service, "RecipientPolicy a@ {\nGreylist on\n}\n" AWAY));
    assert_false(keeps_store(service, "Greylist on\nGreylistEntries 2000\n" AWAY));
    assert_false(keeps_store(service, "Greylist on\nGreylistStore redis+unix:/nonexistent/other\n"));
    lookup = service_lookup_begin(service); /* ends on a thread of the DNS, and asks no store */
    assert_null(lookup.shared.greylist);
    service_lookup_end(&lookup);
    assert_false(keeps_store(service, "Greylist off\n" AWAY));
    assert_null(store_of(service));
    service_destroy(service);
}

static void note_answer(void *context, enum store_answer answer, const struct greylist_decision *decision)
{
    (void)decision;
    assert_true(answer == STORE_AWAY || answer == STORE_SLOW);
    wait_event_signal(context);
}

/* No reload sets them back. */
static void counters_of_stores_outlive_them(void **state)
{
    struct service *service = service_of("Greylist on\n" AWAY);
    struct greylist_store *store = store_of(service);
    const struct greylist_subject subject = {.entry = "a", .sender = ""};
    const struct greylist_terms terms = {.mode = GREYLIST_ON, .delay_s = 60, .window_s = 3600, .life_s = 86400};
    struct greylist_store_state now;
    struct wait_event is_answered;
    struct timespec moment;

    (void)state;
    wait_event_init(&is_answered);
    greylist_store_visit(store, &subject, &terms, note_answer, &is_answered);
    moment = clock_moment_after(60000);
    assert_true(wait_event_until(&is_answered, &moment));
    wait_event_destroy(&is_answered);
    greylist_store_release(store);
    assert_false(keeps_store(service, AWAY));
    service_greylist_state(service, &now);
    assert_int_equal(now.answers[STORE_AWAY] + now.answers[STORE_SLOW], 1);
    service_destroy(service);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_connection_keeps_what_it_began_with),
        cmocka_unit_test(a_session_is_used_again),
        cmocka_unit_test(sessions_come_and_go),
        cmocka_unit_test(a_connection_outlives_the_service),
        cmocka_unit_test(a_zone_that_is_gone_changes_nothing),
        cmocka_unit_test(the_network_takes_the_place_of_a_file),
        cmocka_unit_test(each_checker_hashes_under_a_seed_of_its_own),
        cmocka_unit_test(a_reload_keeps_the_store_of_greylisting),
        cmocka_unit_test(counters_of_stores_outlive_them),
    };

    return cmocka_run_group_tests(tests, write_zone, remove_zone);
}
