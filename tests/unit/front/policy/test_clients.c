/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Clients that connections ask about: who shares one, who has one of its own, and that nothing of one is left to the
 * next. */
#include "front/policy/clients.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "support/alloc_fail.h"

static struct client_entry *turn_to(struct clients *clients, struct client_entry *entry, const char *address,
                                    const char *port, const char *name)
{
    const struct request request = {.client_address = address, .client_port = port, .client_name = name};

    return clients_turn(clients, entry, &request);
}

static struct client_entry *turn(struct clients *clients, struct client_entry *entry, const char *address,
                                 const char *port)
{
    return turn_to(clients, entry, address, port, "unknown");
}

/* As a transaction is after some requests. */
static void use(struct client_entry *entry)
{
    struct transaction *transaction = &entry->transaction;

    strbuf_add(&transaction->client, "a client");
    strbuf_add(&transaction->helo, "a name");
    strbuf_add(&transaction->message, "a message");
    strbuf_add(&transaction->answer, "an answer");
    strbuf_add(&transaction->recipient, "a recipient");
    strbuf_add(&transaction->changes, "a change");
    strbuf_add(&transaction->queue_id, "an id");
    transaction->is_noted = transaction->is_over = transaction->is_exempt = transaction->is_decided =
        transaction->has_instance = true;
    transaction->asks_at_data = transaction->has_changes = transaction->has_recipient = true;
    transaction->is_authenticated = transaction->has_certificate = true;
}

static void assert_unused(const struct client_entry *entry)
{
    const struct transaction *transaction = &entry->transaction;

    assert_string_equal(strbuf_text(&transaction->client), "");
    assert_string_equal(strbuf_text(&transaction->helo), "");
    assert_string_equal(strbuf_text(&transaction->message), "");
    assert_string_equal(strbuf_text(&transaction->answer), "");
    assert_string_equal(strbuf_text(&transaction->recipient), "");
    assert_string_equal(strbuf_text(&transaction->changes), "");
    assert_string_equal(strbuf_text(&transaction->queue_id), "");
    assert_false(transaction->is_noted || transaction->is_over || transaction->is_exempt || transaction->is_decided ||
                 transaction->has_instance || transaction->asks_at_data || transaction->has_changes ||
                 transaction->has_recipient || transaction->has_message || transaction->is_authenticated ||
                 transaction->has_certificate || entry->is_busy);
    assert_null(transaction->session);
    assert_int_equal(entry->users, 1);
}

static void free_all(struct clients *clients)
{
    if (clients->spare != NULL) {
        transaction_end(&clients->spare->transaction);
        strbuf_free(&clients->spare->key);
        free(clients->spare);
    }
    strbuf_free(&clients->wanted);
}

static void test_shared(void **state)
{
    static struct clients clients;
    struct client_entry *a = turn(&clients, NULL, "192.0.2.1", "1"), *b, *other;

    (void)state;
    use(a);
    assert_ptr_equal(turn(&clients, a, "192.0.2.1", "1"), a);
    b = turn(&clients, NULL, "192.0.2.1", "1"); /* another connection */
    assert_ptr_equal(b, a);
    assert_int_equal(a->users, 2);
    b = turn(&clients, b, "192.0.2.1", "12");
    assert_ptr_not_equal(b, a);
    assert_unused(b);
    assert_int_equal(a->users, 1);
    assert_string_equal(strbuf_text(&a->transaction.helo), "a name");
    b = turn_to(&clients, b, "192.0.2.1", "1", "mail.example.org"); /* it was not found before */
    assert_ptr_not_equal(b, a);
    assert_unused(b);
    b = turn_to(&clients, b, "192.0.2.1", "11", ".example.org");
    other = turn_to(&clients, NULL, "192.0.2.1", "1", "1.example.org"); /* the same, but for where the port ends */
    assert_ptr_not_equal(other, b);
    clients_leave(&clients, other);
    clients_leave(&clients, b);
    assert_ptr_equal(turn(&clients, NULL, "192.0.2.1", "1"), a);
    clients_leave(&clients, a);
    clients_leave(&clients, a);
    clients_leave(&clients, NULL);
    free_all(&clients);
}

static void test_own(void **state)
{
    static const char *const ports[] = {"", "0", "unknown"};
    static struct clients clients;
    struct client_entry *a, *b;

    (void)state;
    for (size_t i = 0; i < sizeof ports / sizeof *ports; i++) {
        a = turn(&clients, NULL, "192.0.2.1", ports[i]);
        b = turn(&clients, NULL, "192.0.2.1", ports[i]);
        assert_ptr_not_equal(a, b);
        assert_ptr_equal(turn(&clients, a, "192.0.2.1", ports[i]), a);
        clients_leave(&clients, a);
        clients_leave(&clients, b);
    }
    a = turn(&clients, NULL, "192.0.2.1", "1");
    a->is_busy = true;
    b = turn(&clients, NULL, "192.0.2.1", "1");
    assert_ptr_not_equal(a, b);
    clients_leave(&clients, b);
    clients_leave(&clients, a);
    free_all(&clients);
}

/* One connection goes from client to client, and comes back: each time it is a new one. */
static void test_memory_is_used_again(void **state)
{
    static struct clients clients;
    struct client_entry *entry = NULL;

    (void)state;
    for (int i = 0; i < 20; i++) {
        entry = turn(&clients, entry, i % 3 == 0 ? "192.0.2.1" : "2001:db8::1", i % 2 == 0 ? "1" : "10000");
        assert_unused(entry);
        use(entry);
        entry->transaction.changes.failed = i % 5 == 0; /* for want of memory, or past a limit */
    }
    clients_leave(&clients, entry);
    free_all(&clients);
}

static void test_out_of_memory(void **state)
{
    bool has_failed = true;

    (void)state;
    for (unsigned n = 1; has_failed; n++) {
        static struct clients clients;
        struct client_entry *a, *b;

        clients = (struct clients){.spare = NULL};
        alloc_fail_at(n);
        a = turn(&clients, NULL, "192.0.2.1", "1");
        b = turn(&clients, a, "192.0.2.1", "2");
        has_failed = alloc_fail_happened();
        alloc_fail_at(0);
        clients_leave(&clients, b);
        a = turn(&clients, NULL, "192.0.2.1", "3"); /* there is memory again */
        assert_unused(a);
        clients_leave(&clients, a);
        free_all(&clients);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_shared),
        cmocka_unit_test(test_own),
        cmocka_unit_test(test_memory_is_used_again),
        cmocka_unit_test(test_out_of_memory),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
