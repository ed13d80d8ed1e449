/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The names of a walk, and who publishes a record. */
#include "dmarc/dmarc_walk.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static void test_names(void **state)
{
    static const struct {
        const char *domain, *names; /* the names with a space after each */
    } rows[] = {
        {"com", "com "},
        {"example.com", "example.com com "},
        {"a.mail.example.com", "a.mail.example.com mail.example.com example.com com "},
        {"1.2.3.4.5.6.7", "1.2.3.4.5.6.7 2.3.4.5.6.7 3.4.5.6.7 4.5.6.7 5.6.7 6.7 7 "},
        {"1.2.3.4.5.6.7.8", "1.2.3.4.5.6.7.8 2.3.4.5.6.7.8 3.4.5.6.7.8 4.5.6.7.8 5.6.7.8 6.7.8 7.8 8 "},
        {"1.2.3.4.5.6.7.8.9", "1.2.3.4.5.6.7.8.9 3.4.5.6.7.8.9 4.5.6.7.8.9 5.6.7.8.9 6.7.8.9 7.8.9 8.9 9 "},
        {"a.b.c.d.e.f.g.h.i.j.k.l.m",
         "a.b.c.d.e.f.g.h.i.j.k.l.m g.h.i.j.k.l.m h.i.j.k.l.m i.j.k.l.m j.k.l.m k.l.m l.m m "},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct dmarc_walk walk;
        char names[256] = "";
        size_t len = 0;

        dmarc_walk_begin(&walk, rows[i].domain);
        assert_true(walk.count <= DMARC_WALK_MAX);
        for (size_t n = 0; n < walk.count; n++)
            len += (size_t)snprintf(names + len, sizeof(names) - len, "%s ", walk.names[n]);
        assert_string_equal(names, rows[i].names);
    }
}

/* A letter for each name: none, record, psd=(N)o, psd=(Y)es, (U)nknown. */
static enum dmarc_record record_of(char letter)
{
    switch (letter) {
    case 'r':
        return DMARC_RECORD_PLAIN;
    case 'N':
        return DMARC_RECORD_PSD_NO;
    case 'Y':
        return DMARC_RECORD_PSD_YES;
    case 'U':
        return DMARC_RECORD_UNKNOWN;
    default:
        return DMARC_RECORD_NONE;
    }
}

static void test_decisions(void **state)
{
    static const struct {
        const char *found; /* at a.b.example.com, b.example.com, example.com, com */
        enum tristate expected;
        size_t place;
    } rows[] = {
        {"----", TRISTATE_NO, 0},      {"r---", TRISTATE_YES, 0},
        {"N---", TRISTATE_YES, 0},     {"Y---", TRISTATE_YES, 0}, /* its own, though it is a public suffix */
        {"rrrY", TRISTATE_YES, 0},     {"-r--", TRISTATE_YES, 1},
        {"--r-", TRISTATE_YES, 2},     {"---r", TRISTATE_YES, 3},
        {"-rr-", TRISTATE_YES, 2},                                /* the one with the fewest labels */
        {"-Nr-", TRISTATE_YES, 1},                                /* psd=n ends the walk */
        {"-rN-", TRISTATE_YES, 2},     {"--rY", TRISTATE_YES, 2}, /* psd=y: one label below */
        {"-rrY", TRISTATE_YES, 2},     {"-r-Y", TRISTATE_NO, 0},  /* not that of the organizational domain */
        {"---Y", TRISTATE_NO, 0},                                 /* that of a public suffix is not its own */
        {"-rY-", TRISTATE_YES, 1},     {"-Y--", TRISTATE_NO, 0},
        {"-Y-r", TRISTATE_NO, 0}, /* psd=y ends the walk */
        {"--Yr", TRISTATE_NO, 0},

        {"U---", TRISTATE_UNKNOWN, 0}, {"---U", TRISTATE_UNKNOWN, 3},
        {"-UU-", TRISTATE_UNKNOWN, 1}, {"rUUU", TRISTATE_YES, 0},
        {"U-rU", TRISTATE_YES, 2},     {"--UY", TRISTATE_UNKNOWN, 2},
        {"-rUY", TRISTATE_UNKNOWN, 2}, {"U--Y", TRISTATE_UNKNOWN, 0},
    };
    struct dmarc_walk walk;

    (void)state;
    dmarc_walk_begin(&walk, "a.b.example.com");
    for (size_t i = 0; i < COUNT(rows); i++) {
        enum dmarc_record found[DMARC_WALK_MAX] = {DMARC_RECORD_NONE};
        enum tristate decided;
        size_t place = 0;

        for (size_t n = 0; n < walk.count; n++)
            found[n] = record_of(rows[i].found[n]);
        decided = dmarc_walk_decide(&walk, found, &place);
        if (decided != rows[i].expected || place != rows[i].place)
            fail_msg("%s: %d at %zu", rows[i].found, (int)decided, place);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_names),
        cmocka_unit_test(test_decisions),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
