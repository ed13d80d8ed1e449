/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Tests of lookups about forwarded mail. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/clock.h"
#include "session/forwarding.h"
#include "support/alloc_fail.h"
#include "support/test_config.h"
#include "support/test_directory.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#define ARRAY_SIZE(array) (sizeof(array) / sizeof *(array))

#define ZONE                                                                                                           \
    "pass.example. TXT \"v=spf1 ip4:192.0.2.25 ip4:192.0.2.26 -all\"\n"                                                \
    "half.example. TXT \"v=spf1 ip4:192.0.2.25 -all\"\n"                                                               \
    "soft.example. TXT \"v=spf1 ~all\"\n"                                                                              \
    "wrong.example. TXT \"v=spf1 nonsense\"\n"                                                                         \
    "some.example. TXT \"v=spf1 exists:%{l}.ok.example -all\"\n"                                                       \
    "alice.ok.example. A 127.0.0.2\n"

#define OUTGOING "SRSOutgoing 192.0.2.25 192.0.2.26\n"

static char directory[] = "/tmp/smf-spf-forwarding-XXXXXX";

static int make_directory(void **state)
{
    (void)state;
    if (mkdtemp(directory) == NULL)
        return -1;
    test_directory_use(directory);
    write_file("zone", ZONE);
    write_file("secret", "tops3cr3t\n");
    return chmod(path_of("secret"), 0640);
}

static int remove_directory(void **state)
{
    (void)state;
    (void)unlink(path_of("zone"));
    (void)unlink(path_of("secret"));
    return rmdir(directory);
}

/* A configuration of `text` with the test's zone and secret. */
static const struct config *configuration(const char *text)
{
    return test_config("ZoneFile %s\nSRSDomain fwd.example\nSRSSecretFile %s\nSyslog none\n%s", path_of("zone"),
                       path_of("secret"), text);
}

static struct service *service_of(const char *text)
{
    return test_service(configuration(text));
}

/* An answer, kept. */
struct kept {
    unsigned count;
    enum srs_status status;
    bool is_permitted;
    char address[512];
};

static void keep(void *context, const struct forwarding_answer *answer)
{
    struct kept *kept = context;

    kept->count++;
    kept->status = answer->status;
    kept->is_permitted = answer->is_permitted;
    (void)snprintf(kept->address, sizeof kept->address, "%s", answer->address != NULL ? answer->address : "");
}

static struct kept forward(struct service *service, const char *sender)
{
    struct kept kept = {0};

    forwarding_sender_start(service, sender, keep, &kept); /* a zone file answers at once */
    assert_int_equal(kept.count, 1);
    return kept;
}

static struct kept reverse(struct service *service, const char *recipient)
{
    struct kept kept = {0};

    forwarding_recipient(service, recipient, keep, &kept);
    assert_int_equal(kept.count, 1);
    return kept;
}

static void senders_leave_under_our_name_and_come_back(void **state)
{
    static const char *const senders[] = {"alice@soft.example", "<Alice@soft.example>", "\"a b\"@soft.example",
                                          "alice@none.example"};
    static const char *const plain[] = {"alice@soft.example", "Alice@soft.example", "\"a b\"@soft.example",
                                        "alice@none.example"};
    struct service *service = service_of("");

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(senders); i++) {
        const struct kept kept = forward(service, senders[i]);

        print_message("%s -> %s\n", senders[i], kept.address);
        assert_int_equal(kept.status, SRS_DONE);
        assert_false(kept.is_permitted);
        assert_non_null(strstr(kept.address, "SRS0="));
        assert_string_equal(reverse(service, kept.address).address, plain[i]);
    }
    service_destroy(service);
}

static void addresses_that_stay(void **state)
{
    static const struct {
        const char *sender;
        enum srs_status status;
    } cases[] = {
        {"", SRS_NULL_SENDER},
        {"<>", SRS_NULL_SENDER},
        {"alice@xn--b-eha.example", SRS_KEPT_DOMAIN},
        {"alice@B\xc3\x9c.example", SRS_KEPT_DOMAIN},
        {"\"\"", SRS_NULL_SENDER},
        {"<@>", SRS_NULL_SENDER},
        {"alice", SRS_NO_DOMAIN},
        {"alice@fwd.example", SRS_OWN_DOMAIN},
        {"a@own.example", SRS_KEPT_DOMAIN},
        {"a@b@c", SRS_BAD_HOST},
        {"a@bl ank.example", SRS_BAD_HOST},
        {"<@r.example:a@b.example>", SRS_BAD_HOST},
        {"a@b.example (c)", SRS_BAD_HOST},
    };
    struct service *service = service_of("SRSExclude own.example b\xc3\xbc.example\n");

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        print_message("%s\n", cases[i].sender);
        assert_int_equal(forward(service, cases[i].sender).status, cases[i].status);
    }
    assert_int_equal(reverse(service, "SRS0=abcd=XY=orig.example=bob@other.example").status, SRS_FOREIGN);
    assert_int_equal(reverse(service, "bob@fwd.example").status, SRS_ORDINARY);
    assert_int_equal(reverse(service, "SRS0=abcd=XY=orig.example=bob@fwd.example").status, SRS_WRONG_HASH);
    service_destroy(service);
}

static void who_passes_everywhere_is_left(void **state)
{
    static const struct {
        const char *config, *sender;
        bool is_permitted;
    } cases[] = {
        {OUTGOING, "a@pass.example", true},
        {OUTGOING, "a@half.example", false},
        {OUTGOING, "a@soft.example", false},
        {OUTGOING, "a@none.example", false},
        {OUTGOING, "a@wrong.example", false},
        {OUTGOING, "alice@some.example", true},
        {OUTGOING, "mallory@some.example", false},
        {OUTGOING "SRSAlways on\n", "a@pass.example", false},
        {"", "a@pass.example", false},
        {"SRSOutgoing 192.0.2.25\n", "a@half.example", true},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        struct service *service = service_of(cases[i].config);

        for (int again = 0; again < 2; again++) { /* out of the cache, too */
            const struct kept kept = forward(service, cases[i].sender);

            print_message("%s\n", cases[i].sender);
            assert_int_equal(kept.is_permitted, cases[i].is_permitted);
            assert_int_equal(kept.address[0] == '\0', cases[i].is_permitted);
        }
        service_destroy(service);
    }
}

static void without_a_domain_nothing_is_ours(void **state)
{
    struct service *service = test_service(test_config("ZoneFile %s\n", path_of("zone")));

    (void)state;
    assert_int_equal(forward(service, "alice@soft.example").status, SRS_FOREIGN);
    assert_int_equal(reverse(service, "SRS0=abcd=XY=orig.example=bob@fwd.example").status, SRS_FOREIGN);
    service_destroy(service);
}

/* ---- With a DNS that does not answer ---- */

static int silent_server(unsigned *port)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof address;
    const int fd = socket(AF_INET, SOCK_DGRAM, 0);

    assert_true(fd >= 0);
    assert_int_equal(bind(fd, (struct sockaddr *)&address, len), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &len), 0);
    *port = ntohs(address.sin_port);
    return fd;
}

static const struct config *silent_configuration(unsigned port, const char *more)
{
    return test_config("Nameserver 127.0.0.1:%u\nSRSDomain fwd.example\nSRSSecretFile %s\nSyslog none\n%s", port,
                       path_of("secret"), more);
}

struct awaited {
    int64_t at_ms;
    struct kept kept;
    atomic_bool is_here;
};

static void take(void *context, const struct forwarding_answer *answer)
{
    struct awaited *awaited = context;

    keep(&awaited->kept, answer);
    awaited->at_ms = clock_monotonic_ms(&clock_system);
    atomic_store(&awaited->is_here, true);
}

/* The sender is asked about, and `change` (or the end of the service, where it is NULL) comes before the answer. */
static void ask_and_change(const struct config *config, const struct config *change)
{
    enum { AT_ONCE = 32 };
    struct strbuf error = STRBUF_INIT;
    struct service *service = service_create(config, &error);
    struct awaited awaited[AT_ONCE] = {0};
    const int64_t begun_ms = clock_monotonic_ms(&clock_system);

    assert_non_null(service);
    for (size_t i = 0; i < AT_ONCE; i++)
        forwarding_sender_start(service, "alice@slow.example", take, &awaited[i]);
    assert_false(atomic_load(&awaited[0].is_here));
    if (change != NULL)
        assert_true(service_replace(service, change, &error));
    else
        service_destroy(service);
    for (size_t i = 0; i < AT_ONCE; i++) {
        assert_true(atomic_load(&awaited[i].is_here));
        assert_int_equal(awaited[i].kept.count, 1);
        assert_int_equal(awaited[i].kept.status, SRS_DONE);
        assert_false(awaited[i].kept.is_permitted);
        assert_in_range(awaited[i].at_ms - begun_ms, 900, 8000); /* SRSTimeout is 1 s, on a busy machine */
    }
    if (change != NULL)
        service_destroy(service);
    strbuf_free(&error);
}

/* The last answer comes on a thread of the DNS that the service has left by then. */
static void the_dns_leaves_after_the_last_answer(void **state)
{
    unsigned port, other_port;
    const int fd = silent_server(&port), other_fd = silent_server(&other_port);
    const struct config *config = silent_configuration(port, OUTGOING "SRSTimeout 1s\n");
    const struct config *other = silent_configuration(other_port, OUTGOING "SRSTimeout 1s\n");

    (void)state;
    ask_and_change(config, other);
    ask_and_change(config, NULL);
    config_release(config);
    config_release(other);
    close(fd);
    close(other_fd);
}

/* Each answer is given, whatever fails, and unsure means rewrite. */
static void each_failing_allocation_has_an_answer(void **state)
{
    struct service *service = service_of(OUTGOING);
    bool failed = true;

    (void)state;
    for (unsigned n = 1; failed; n++) {
        struct kept kept = {0};

        alloc_fail_at(n);
        forwarding_sender_start(service, "a@pass.example", keep, &kept);
        failed = alloc_fail_happened();
        alloc_fail_at(0);
        assert_int_equal(kept.count, 1);
        assert_true(kept.is_permitted || kept.status == SRS_DONE || kept.status == SRS_NO_MEMORY);
    }
    service_destroy(service);
}

/* What we wrote is never called forged. */
static void no_failing_allocation_turns_a_bounce_away(void **state)
{
    struct service *service = service_of("");
    const struct kept written = forward(service, "alice@soft.example");
    bool failed = true;

    (void)state;
    for (unsigned n = 1; failed; n++) {
        struct kept kept = {0};

        alloc_fail_at(n);
        forwarding_recipient(service, written.address, keep, &kept);
        failed = alloc_fail_happened();
        alloc_fail_at(0);
        assert_int_equal(kept.count, 1);
        assert_true(kept.status == SRS_DONE || kept.status == SRS_NO_MEMORY);
    }
    failed = true;
    for (unsigned n = 1; failed; n++) {
        struct kept kept = {0};

        alloc_fail_at(n);
        forwarding_recipient(service, "SRS0=abcd=XY=orig.example=bob@fwd.example", keep, &kept);
        failed = alloc_fail_happened();
        alloc_fail_at(0);
        assert_int_equal(kept.count, 1);
        assert_true(kept.status == SRS_WRONG_HASH || kept.status == SRS_NO_MEMORY);
    }
    service_destroy(service);
}

/* What a bounce to this address meets at RCPT, where the n-th allocation of that step fails. */
static enum session_step bounce(struct service *service, const char *to, unsigned n, bool *failed)
{
    static const struct session_abilities abilities = {
        .refuses_recipients = true,
        .steps = SESSION_STEP(REFUSE_AT_MAIL) | SESSION_STEP(REFUSE_AT_RCPT) | SESSION_STEP(REFUSE_AT_EOM)};
    struct session *session = service_begin_session(service, &abilities);
    struct session_client client = {.name = "[203.0.113.66]"};
    struct session_sender sender = {.status = ADDRESS_NULL, .receiver = "mx.example.net"};
    struct address reading = {0};
    struct session_recipient recipient = {.readings = &reading, .count = 1, .handles = {to}, .handle_count = 1};
    enum session_step step;

    assert_non_null(session);
    assert_true(addr_parse("203.0.113.66", &client.address));
    recipient.status = address_parse(to, &reading);
    session_connect(session, &client);
    session_helo(session, "pc.example.net");
    assert_int_equal(session_mail(session, &sender).step, SESSION_CONTINUE);
    alloc_fail_at(n);
    step = session_rcpt(session, &recipient).step;
    *failed = alloc_fail_happened();
    alloc_fail_at(0);
    address_free(&reading);
    session_destroy(session);
    return step;
}

/* Be it as long as no other address may be. */
static void no_failing_allocation_refuses_a_bounce(void **state)
{
    static const char user[] = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa@soft.example";
    struct service *service = service_of("RelaxedLocalPart off\n");
    const struct kept written = forward(service, user);
    struct kept forged = written;
    bool failed = true;

    (void)state;
    forged.address[6] = forged.address[6] == 'A' ? 'B' : 'A'; /* in the hash */
    assert_int_equal(bounce(service, forged.address, 0, &failed), SESSION_REFUSE);
    failed = true;
    for (unsigned n = 1; failed; n++)
        assert_int_equal(bounce(service, written.address, n, &failed), SESSION_CONTINUE);
    service_destroy(service);
}

static void a_reload_takes_on_a_new_secret(void **state)
{
    struct service *service = service_of("");
    const struct config *same = configuration("");
    struct strbuf error = STRBUF_INIT;
    const struct kept before = forward(service, "alice@soft.example");
    struct service_change *change = service_prepare(service, same, &error);

    (void)state;
    assert_non_null(change);
    assert_true(service_change_is_empty(change));
    service_discard(change);
    write_file("secret", "newer\ntops3cr3t\n");
    change = service_prepare(service, same, &error);
    assert_non_null(change);
    assert_false(service_change_is_empty(change));
    service_commit(service, change);
    assert_string_not_equal(forward(service, "alice@soft.example").address, before.address);
    assert_string_equal(reverse(service, before.address).address, "alice@soft.example");
    write_file("secret", "newer\n");
    assert_true(service_replace(service, same, &error));
    assert_int_equal(reverse(service, before.address).status, SRS_WRONG_HASH);
    write_file("secret", "\n");
    assert_false(service_replace(service, same, &error)); /* and nothing has changed */
    assert_int_equal(forward(service, "alice@soft.example").status, SRS_DONE);
    strbuf_free(&error);
    config_release(same);
    service_destroy(service);
    write_file("secret", "tops3cr3t\n");
}

static atomic_bool asks_on;

static void *ask_until_told(void *context)
{
    for (unsigned n = 0; n < 100 || atomic_load(&asks_on); n++) {
        struct kept kept = {0};

        forwarding_sender_start(context, n % 2 == 0 ? "a@pass.example" : "a@half.example", keep, &kept);
        if (kept.count != 1 || kept.is_permitted != (n % 2 == 0))
            return context;
    }
    return NULL;
}

/* Each exchange of the DNS finds lookups under way. */
static void lookups_go_on_beside_reloads(void **state)
{
    struct service *service = service_of(OUTGOING);
    const struct config *same = configuration(OUTGOING);
    struct strbuf error = STRBUF_INIT;
    pthread_t threads[3];
    void *wrong;

    (void)state;
    atomic_store(&asks_on, true);
    for (size_t i = 0; i < ARRAY_SIZE(threads); i++)
        assert_int_equal(pthread_create(&threads[i], NULL, ask_until_told, service), 0);
    for (int n = 0; n < 40; n++) {
        write_file("zone", n % 2 == 0 ? ZONE "\n" : ZONE);
        assert_true(service_replace(service, same, &error));
    }
    atomic_store(&asks_on, false);
    for (size_t i = 0; i < ARRAY_SIZE(threads); i++) {
        assert_int_equal(pthread_join(threads[i], &wrong), 0);
        assert_null(wrong);
    }
    config_release(same);
    service_destroy(service);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(senders_leave_under_our_name_and_come_back),
        cmocka_unit_test(addresses_that_stay),
        cmocka_unit_test(who_passes_everywhere_is_left),
        cmocka_unit_test(without_a_domain_nothing_is_ours),
        cmocka_unit_test(the_dns_leaves_after_the_last_answer),
        cmocka_unit_test(each_failing_allocation_has_an_answer),
        cmocka_unit_test(no_failing_allocation_turns_a_bounce_away),
        cmocka_unit_test(no_failing_allocation_refuses_a_bounce),
        cmocka_unit_test(a_reload_takes_on_a_new_secret),
        cmocka_unit_test(lookups_go_on_beside_reloads),
    };

    return cmocka_run_group_tests(tests, make_directory, remove_directory);
}
