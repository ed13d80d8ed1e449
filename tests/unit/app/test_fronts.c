/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A list of front ends is opened, run and stopped together. */
#include "app/fronts.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static struct strbuf story; /* what was done, in order */
static int64_t now_ms;
static struct drain drains[2];
static bool opens[2], gives[2], runs_well[2];
static pthread_barrier_t ended;

static const char *path_of(const char *spec)
{
    (void)spec;
    return NULL;
}

static const char *unix_path_of(const char *spec)
{
    return spec;
}

static int number_of(const struct front *self)
{
    return *(const int *)self->state;
}

static bool open_front(const struct front *self, const struct front_socket *socket, const struct front_host *unused,
                       struct strbuf *error)
{
    const int n = number_of(self);

    (void)unused;
    strbuf_addf(&story, "open%d(%s,%o) ", n, socket->spec, socket->mode);
    if (!opens[n])
        strbuf_add(error, "cannot listen");
    return opens[n];
}

static bool give_front(const struct front *self, const struct front_socket *socket, uid_t owner, gid_t group,
                       struct strbuf *error)
{
    const int n = number_of(self);

    (void)socket;
    (void)owner;
    (void)group;
    strbuf_addf(&story, "give%d ", n);
    if (!gives[n])
        strbuf_add(error, "was exchanged");
    return gives[n];
}

static void discard_front(const struct front *self, const struct front_socket *socket)
{
    (void)socket;
    strbuf_addf(&story, "discard%d ", number_of(self));
}

static bool run_front(const struct front *self)
{
    return runs_well[number_of(self)];
}

static void close_front(const struct front *self)
{
    strbuf_addf(&story, "close%d%s ", number_of(self), self->drain->is_closed ? "" : " (not drained)");
}

static void hang_up_front(const struct front *self)
{
    strbuf_addf(&story, "hang-up%d ", number_of(self));
}

static void count_threads(unsigned *all, unsigned *waiting)
{
    *all = 5;
    *waiting = 4;
}

static int numbers[2] = {0, 1};

static const struct front fakes[2] = {
    {"zero", &drains[0], &numbers[0], count_threads, unix_path_of, open_front, give_front, discard_front, run_front,
     close_front, hang_up_front},
    {"one", &drains[1], &numbers[1], NULL, path_of, open_front, give_front, discard_front, run_front, close_front,
     hang_up_front},
};

static const struct identity nobody = {.changes = false, .uid = (uid_t)-1, .gid = (gid_t)-1, .socket_gid = (gid_t)-1};
static const struct front_host host;

static void make(struct fronts *fronts)
{
    *fronts = (struct fronts){.count = 0};
    strbuf_truncate(&story, 0);
    for (size_t n = 0; n < 2; n++) {
        opens[n] = gives[n] = runs_well[n] = true;
        drains[n] = (struct drain){.is_closed = false};
    }
    fronts_add(fronts, &fakes[0], "Socket", (struct front_socket){.spec = "a", .mode = 0660});
    fronts_add(fronts, &fakes[1], "Other", (struct front_socket){.spec = "b", .mode = 0600});
}

static void all_are_opened_in_order(void **state)
{
    struct strbuf error = STRBUF_INIT;
    struct fronts fronts;

    (void)state;
    make(&fronts);
    assert_true(fronts_open(&fronts, &host, &nobody, &error));
    assert_string_equal(strbuf_text(&story), "open0(a,660) give0 open1(b,600) give1 ");
    assert_string_equal(strbuf_text(&error), "");
}

static void the_first_that_fails_ends_it_and_says_which(void **state)
{
    static const struct {
        bool opens[2], gives[2];
        const char *story, *error;
    } cases[] = {
        {{false, true}, {true, true}, "open0(a,660) ", "Socket: cannot listen"},
        {{true, true}, {false, true}, "open0(a,660) give0 ", "Socket: was exchanged"},
        {{true, false}, {true, true}, "open0(a,660) give0 open1(b,600) ", "Other: cannot listen"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct strbuf error = STRBUF_INIT;
        struct fronts fronts;

        make(&fronts);
        memcpy(opens, cases[i].opens, sizeof opens);
        memcpy(gives, cases[i].gives, sizeof gives);
        assert_false(fronts_open(&fronts, &host, &nobody, &error));
        assert_string_equal(strbuf_text(&story), cases[i].story);
        assert_string_equal(strbuf_text(&error), cases[i].error);
        strbuf_truncate(&story, 0);
        fronts_discard(&fronts, &nobody);
        assert_string_equal(strbuf_text(&story), "discard0 "); /* the other has no file */
        strbuf_free(&error);
    }
}

static void the_load_is_that_of_all(void **state)
{
    struct front_load load;
    struct fronts fronts;

    (void)state;
    make(&fronts);
    drains[0].connections = 3;
    drains[0].messages = 2;
    drains[1].connections = 10;
    load = fronts_load(&fronts);
    assert_int_equal(load.connections, 13);
    assert_int_equal(load.messages, 2);
    assert_int_equal(load.threads, 5);
    assert_int_equal(load.threads_waiting, 4);
}

static void tell_end(void)
{
    pthread_barrier_wait(&ended);
}

/* One that gives up is named, and ends the process. */
static void an_end_is_told(void **state)
{
    static struct fronts fronts;
    struct strbuf error = STRBUF_INIT;

    (void)state;
    for (int failing = 0; failing < 3; failing++) {
        make(&fronts);
        fronts.wake = tell_end;
        assert_false(fronts_have_ended(&fronts));
        if (failing < 2)
            runs_well[failing] = false;
        assert_true(fronts_run(&fronts, &error));
        tell_end();
        assert_true(fronts_have_ended(&fronts));
        for (size_t n = 0; n < 2; n++)
            pthread_join(fronts.entries[n].thread, NULL);
        if (failing < 2)
            assert_string_equal(fronts_failed(&fronts), fakes[failing].name);
        else
            assert_null(fronts_failed(&fronts));
    }
}

static int64_t tell_time(void *context)
{
    (void)context;
    return now_ms;
}

static const struct clock own_clock = {.monotonic_ms = tell_time, .unix_s = tell_time};
static int pauses_left; /* before a second signal */

/* Time goes by; a message ends at 100 ms, and so does a connection 100 ms after its input. */
static bool pass_time(int at_most_ms)
{
    now_ms += at_most_ms;
    if (now_ms >= 100 && drains[1].messages > 0)
        drain_end_message(&drains[1]);
    if (strstr(strbuf_text(&story), "hang-up1") != NULL && drains[1].connections > 0 && now_ms >= 200)
        drains[1].connections--;
    return --pauses_left > 0;
}

static const struct fronts_pace pace = {.clock = &own_clock, .pause = pass_time};

static int64_t stop_with(unsigned messages, unsigned connections, uint32_t limit_ms, int pauses)
{
    struct fronts fronts;

    make(&fronts);
    now_ms = 0;
    pauses_left = pauses;
    drains[1].messages = messages;
    drains[1].connections = connections;
    fronts_stop(&fronts, limit_ms, &pace);
    assert_string_equal(strbuf_text(&story), "close0 close1 hang-up0 hang-up1 ");
    assert_true(drains[0].is_closed && drains[1].is_closed);
    return now_ms;
}

static void a_stop_waits_for_what_is_under_way(void **state)
{
    (void)state;
    assert_int_equal(stop_with(0, 0, 5000, 1000), 0);
    assert_int_equal(stop_with(1, 0, 5000, 1000), 100);
    assert_int_equal(stop_with(1, 1, 5000, 1000), 200);
    assert_int_equal(stop_with(1000, 0, 500, 1000), 500);  /* the bound of messages */
    assert_int_equal(stop_with(0, 1000, 500, 1000), 2000); /* and that of connections */
    assert_true(stop_with(1000, 1000, 5000, 3) <= 4 * 20); /* a second signal */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_are_opened_in_order),
        cmocka_unit_test(the_first_that_fails_ends_it_and_says_which),
        cmocka_unit_test(the_load_is_that_of_all),
        cmocka_unit_test(an_end_is_told),
        cmocka_unit_test(a_stop_waits_for_what_is_under_way),
    };

    pthread_barrier_init(&ended, NULL, 3);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
