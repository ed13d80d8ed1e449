/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Tests that a name server which falls silent is seen, and one that comes back. */
#include "dns/dns_watch.h"

#include "base/event_loop.h"
#include "unit/dns/responder.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

enum { SERVERS = 2, EVERY_MS = 300, LIMIT_MS = 30000, STEP_US = 20000 };

static struct responder *responders[SERVERS];
static struct dns_server servers[SERVERS];
static size_t server_count = SERVERS;

static const struct dns_server *in_use(void *context, size_t *count)
{
    (void)context;
    *count = server_count;
    return servers;
}

/* Waits until the servers are up (1) or down (0). */
static void await(struct dns_watch *watch, const char *wanted)
{
    char seen[SERVERS + 1] = "";

    for (int waited_ms = 0; waited_ms < LIMIT_MS; waited_ms += STEP_US / 1000) {
        struct dns_state state = {0};

        dns_watch_state(watch, &state);
        memset(seen, 0, sizeof(seen));
        for (size_t n = 0; n < state.server_count && n < SERVERS; n++)
            seen[n] = state.servers[n].is_up ? '1' : '0';
        if (strcmp(seen, wanted) == 0)
            return;
        usleep(STEP_US);
    }
    fail_msg("they are %s, not %s", seen, wanted);
}

static void test_silence_and_return(void **state)
{
    struct event_loop *loop = event_loop_create();
    struct dns_watch *watch = dns_watch_create(loop, &clock_system, EVERY_MS, in_use, NULL);
    struct dns_state seen = {0};
    char shown[DNS_SERVER_SIZE];

    (void)state;
    assert_non_null(watch);
    dns_watch_state(watch, &seen);
    assert_int_equal(seen.server_count, 0);
    assert_int_equal(event_loop_start(loop), 0);
    await(watch, "11");
    dns_watch_state(watch, &seen);
    (void)snprintf(shown, sizeof(shown), "%s", responder_address(responders[1]));
    assert_string_equal(seen.servers[1].server, shown);
    responder_set_silent(responders[0], true);
    await(watch, "01");
    responder_set_failing(responders[1], true); /* a reply, all the same */
    responder_set_silent(responders[0], false);
    await(watch, "11");
    responder_set_silent(responders[1], true);
    await(watch, "10");
    event_loop_stop(loop);
    dns_watch_destroy(watch);
    event_loop_destroy(loop);
}

static int start(void **state)
{
    (void)state;
    for (size_t n = 0; n < SERVERS; n++) {
        responders[n] = responder_start("127.0.0.1", true);
        if (!responders[n] || !dns_server_read(responder_address(responders[n]), &servers[n]))
            return -1;
    }
    return 0;
}

static int stop(void **state)
{
    (void)state;
    for (size_t n = 0; n < SERVERS; n++)
        responder_stop(responders[n]);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_silence_and_return)};

    return cmocka_run_group_tests(tests, start, stop);
}
