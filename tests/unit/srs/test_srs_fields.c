/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How local parts are split. */
#include "srs/srs_fields.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define ARRAY_SIZE(array) (sizeof(array) / sizeof *(array))

static void check_part(struct srs_part part, const char *expected)
{
    assert_int_equal(part.len, strlen(expected));
    assert_memory_equal(part.octets, expected, part.len);
}

static void test_complete(void **state)
{
    static const struct {
        const char *local;
        bool is_further;
        const char *hash, *stamp, *host, *user, *tail;
    } rows[] = {
        {"SRS0=abcd=XY=host=user", false, "abcd", "XY", "host", "user", "=abcd=XY=host=user"},
        {"sRs0+a=xy=h=u", false, "a", "xy", "h", "u", "+a=xy=h=u"},
        {"SRS0-a-b=XY=h-1=u=v", false, "a-b", "XY", "h-1", "u=v", "-a-b=XY=h-1=u=v"},
        {"SRS0=a=XY=h==", false, "a", "XY", "h", "=", "=a=XY=h=="},
        {"SRS0=a=XY=h=\"", false, "a", "XY", "h", "\"", "=a=XY=h=\""},
        {"SRS1=k=h0==a=XY=h=u", true, "k", "XY", "h0", "=a=XY=h=u", "=k=h0==a=XY=h=u"},
        {"srs1+k=h0=-a=XY=h=u=v", true, "k", "XY", "h0", "-a=XY=h=u=v", "+k=h0=-a=XY=h=u=v"},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        struct srs_fields fields = {0};

        assert_int_equal(srs_fields_split(rows[i].local, &fields), SRS_FORM_COMPLETE);
        assert_int_equal(fields.is_further, rows[i].is_further);
        check_part(fields.hash, rows[i].hash);
        check_part(fields.stamp, rows[i].stamp);
        check_part(fields.host, rows[i].host);
        check_part(fields.user, rows[i].user);
        check_part(fields.tail, rows[i].tail);
    }
}

static void test_others(void **state)
{
    static const struct {
        const char *local;
        enum srs_form form;
    } rows[] = {
        {"", SRS_FORM_NONE},
        {"SRS", SRS_FORM_NONE},
        {"SRS0", SRS_FORM_NONE},
        {"SRS1", SRS_FORM_NONE},
        {"SRS0abc=XY=h=u", SRS_FORM_NONE},
        {"SRS0_a=XY=h=u", SRS_FORM_NONE},
        {"SRS2=a=XY=h=u", SRS_FORM_NONE},
        {"xSRS0=a=XY=h=u", SRS_FORM_NONE},
        {"SRS0=", SRS_FORM_INCOMPLETE},
        {"SRS0=a", SRS_FORM_INCOMPLETE},
        {"SRS0=a=XY", SRS_FORM_INCOMPLETE},
        {"SRS0=a=XY=h", SRS_FORM_INCOMPLETE},
        {"SRS0=a=XY=h=", SRS_FORM_INCOMPLETE},
        {"SRS0==XY=h=u", SRS_FORM_INCOMPLETE},
        {"SRS0=a==h=u", SRS_FORM_INCOMPLETE},
        {"SRS0=a=XY==u", SRS_FORM_INCOMPLETE},
        {"SRS0=a=X1=h=u", SRS_FORM_INCOMPLETE},
        {"SRS0=a=XYZ=h=u", SRS_FORM_INCOMPLETE},
        {"SRS0=a+XY=h=u", SRS_FORM_INCOMPLETE},
        {"SRS1=", SRS_FORM_INCOMPLETE},
        {"SRS1=k=h0", SRS_FORM_INCOMPLETE},
        {"SRS1=k=h0=", SRS_FORM_INCOMPLETE},
        {"SRS1=k=h0==", SRS_FORM_INCOMPLETE},
        {"SRS1=k=h0=a=XY=h=u", SRS_FORM_INCOMPLETE},
        {"SRS1=k=h0==a=X1=h=u", SRS_FORM_INCOMPLETE},
        {"SRS1=k=h0==a=XY=h=", SRS_FORM_INCOMPLETE},
        {"SRS1==h0==a=XY=h=u", SRS_FORM_INCOMPLETE},
        {"SRS1=k===a=XY=h=u", SRS_FORM_INCOMPLETE},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        struct srs_fields fields = {.tail = {rows[i].local, 1}};

        if (srs_fields_split(rows[i].local, &fields) != rows[i].form)
            fail_msg("%s", rows[i].local);
        assert_true(fields.tail.len == 1 && fields.hash.octets == NULL); /* untouched */
    }
}

static void test_signed(void **state)
{
    struct srs_part parts[SRS_SIGNED_MAX];
    struct srs_fields fields;

    (void)state;
    assert_int_equal(srs_fields_split("SRS0=a=XY=h=u", &fields), SRS_FORM_COMPLETE);
    assert_int_equal(srs_fields_signed(&fields, parts), 3);
    check_part(parts[0], "XY");
    check_part(parts[1], "h");
    check_part(parts[2], "u");
    assert_int_equal(srs_fields_split("SRS1=k=h0==a=XY=h=u", &fields), SRS_FORM_COMPLETE);
    assert_int_equal(srs_fields_signed(&fields, parts), 2);
    check_part(parts[0], "h0");
    check_part(parts[1], "=a=XY=h=u");
}

static void test_separators(void **state)
{
    (void)state;
    for (int c = 0; c < 256; c++)
        assert_int_equal(srs_is_separator((char)c), c == '=' || c == '+' || c == '-');
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_complete), cmocka_unit_test(test_others),
                                       cmocka_unit_test(test_signed), cmocka_unit_test(test_separators)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
