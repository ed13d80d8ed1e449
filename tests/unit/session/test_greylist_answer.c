/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the two forms of the log say of greylisting. */
#include "session/greylist_answer.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void each_answer_has_its_two_forms(void **state)
{
    static const struct {
        struct greylist_answer answer;
        const char *text, *json;
    } cases[] = {
        {{.answer = STORE_ANSWERED, .reason = GREYLIST_NEW, .defers = true, .wait_s = 60},
         ", greylist=new, greylist-wait=60",
         "\"greylist\":\"new\",\"greylist_wait\":60"},
        {{.answer = STORE_ANSWERED, .reason = GREYLIST_EARLY, .wait_s = 7},
         ", greylist=early",
         "\"greylist\":\"early\""},
        {{.answer = STORE_ANSWERED, .reason = GREYLIST_CAME_BACK, .waited_s = 90},
         ", greylist=came-back, greylist-waited=90",
         "\"greylist\":\"came-back\",\"greylist_waited\":90"},
        {{.answer = STORE_ANSWERED, .reason = GREYLIST_KNOWN_SENDER, .waited_s = 90},
         ", greylist=known-sender",
         "\"greylist\":\"known-sender\""},
        {{.answer = STORE_FULL, .reason = GREYLIST_CAME_BACK, .waited_s = 90},
         ", greylist=full",
         "\"greylist\":\"full\""},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct strbuf text = STRBUF_INIT, json = STRBUF_INIT;

        greylist_answer_add(&cases[i].answer, &text);
        greylist_answer_add_json(&cases[i].answer, &json);
        assert_string_equal(strbuf_text(&text), cases[i].text);
        assert_string_equal(strbuf_text(&json), cases[i].json);
        strbuf_free(&text);
        strbuf_free(&json);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(each_answer_has_its_two_forms)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
