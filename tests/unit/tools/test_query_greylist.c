/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Tests of what `smf-spf query --recipient` says of greylisting, with a store in SQLite. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/clock.h"
#include "support/test_directory.h"
#include "tools/query_greylist.h"
#include "tools/report.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { TEXT_SIZE = 400, NOBODY = 65534 };

#define ENTRY  "192.0.2.0/24 example.org ann@our.example"
#define SENDER "192.0.2.0/24 example.org"

/* What is stored, in seconds before now; count -1: nothing. */
struct past {
    int64_t first_s, last_s, left_s; /* left: until it is over */
    int count;
};

static void put(struct backend *backend, const char *key, bool is_sender, const struct past *past)
{
    const int64_t now_s = clock_unix_s(&clock_system);
    struct strbuf problem = STRBUF_INIT;
    const struct greylist_record record = {.first_s = now_s - past->first_s,
                                           .last_s = past->last_s > 0 ? now_s - past->last_s : 0,
                                           .count = (uint32_t)past->count};

    assert_true(backend->functions->put(backend, key, is_sender, past->count < 0 ? NULL : &record, now_s + past->left_s,
                                        &problem));
    strbuf_free(&problem);
}

/* Makes the store, or changes what is there. */
static void fill_store(const struct past *entry, const struct past *sender)
{
    struct greylist_store_config config = {.entries_max = 1000, .clock = &clock_system};
    const struct past other = {.first_s = 10, .left_s = 100};
    struct strbuf problem = STRBUF_INIT;
    struct backend *backend;
    char text[TEXT_SIZE];

    (void)snprintf(text, sizeof text, "sqlite:%s", path_of("greylist.db"));
    assert_true(store_address_parse(text, &config.address));
    backend = backend_create(&config);
    assert_true(backend->functions->open(backend, &problem));
    put(backend, ENTRY, false, entry);
    put(backend, SENDER, true, sender);
    put(backend, "1" ENTRY, false, &other); /* others in which the key is */
    put(backend, ENTRY ".example", false, &other);
    backend->functions->destroy(backend);
    strbuf_free(&problem);
}

static const struct config *configure(const char *lines)
{
    struct strbuf text = STRBUF_INIT, errors = STRBUF_INIT;
    const struct config *config;

    strbuf_addf(&text, "GreylistStore sqlite:%s\n%s", path_of("greylist.db"), lines);
    config = config_parse(strbuf_text(&text), text.len, "test", &errors);
    if (config == NULL)
        fail_msg("%s", strbuf_text(&errors));
    strbuf_free(&text);
    strbuf_free(&errors);
    return config;
}

/* Asks about a message to ann@our.example; the line that is printed goes to `line`. */
static void ask(const char *lines, bool is_refused, char line[TEXT_SIZE])
{
    const struct config *config = configure(lines);
    struct query_greylist greylist = {.settings = NULL};
    struct address sender, recipient;
    struct greylist_facts facts = {.helo = "mx.example.org", .sender = &sender, .recipient = &recipient};
    const struct spf_outcome outcome = {.result = RESULT_NONE};
    const struct header_result result = {
        .sender = "a@example.org", .domain = "example.org", .helo = "", .receiver = "mx"};
    const struct report report = {.outcome = &outcome, .result = &result, .authserv_id = "mx", .greylist = &greylist};
    struct strbuf text = STRBUF_INIT;
    const char *found;

    assert_int_equal(address_parse("a@mail.example.org", &sender), ADDRESS_OK);
    assert_int_equal(address_parse("ann@our.example", &recipient), ADDRESS_OK);
    assert_true(addr_parse("192.0.2.9", &facts.client));
    facts.result = RESULT_NONE;
    query_greylist_open(&greylist, config, &recipient);
    query_greylist_decide(&greylist, &facts, is_refused);
    report_text(&report, &text);
    found = strstr(strbuf_text(&text), "greylist: ");
    assert_non_null(found);
    (void)snprintf(line, TEXT_SIZE, "%.*s", (int)strcspn(found, "\n"), found);
    query_greylist_free(&greylist);
    strbuf_free(&text);
    address_free(&sender);
    address_free(&recipient);
    config_release(config);
}

static const struct past nothing = {.count = -1};

static void each_past_has_its_answer(void **state)
{
    static const struct {
        struct past entry, sender;
        const char *line;
    } cases[] = {
        {{0, 0, 0, -1}, {0, 0, 0, -1}, "greylist: new (would be deferred 60 s)"},
        {{100, 0, 900, 0}, {0, 0, 0, -1}, "greylist: came-back (would be let through after 100 s)"},
        {{100000, 0, 900, 0}, {0, 0, 0, -1}, "greylist: late (would be deferred 60 s)"},
        {{100, 0, 0, 0}, {0, 0, 0, -1}, "greylist: new (would be deferred 60 s)"}, /* over */
        {{900, 500, 900, 1}, {0, 0, 0, -1}, "greylist: known (would be let through)"},
        {{0, 0, 0, -1}, {900, 100, 900, 2}, "greylist: known-sender (would be let through)"},
        {{0, 0, 0, -1}, {900, 100, 900, 1}, "greylist: new (would be deferred 60 s)"},
        {{0, 0, 0, -1}, {900, 100, -1, 2}, "greylist: new (would be deferred 60 s)"}, /* over */
    };
    char line[TEXT_SIZE];

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        fill_store(&cases[i].entry, &cases[i].sender);
        for (int twice = 0; twice < 2; twice++) { /* nothing is stored */
            ask("Greylist on\n", false, line);
            if (strncmp(line, cases[i].line, strcspn(cases[i].line, "0123456789")) != 0 ||
                (strstr(cases[i].line, "100 s") == NULL && strcmp(line, cases[i].line) != 0))
                fail_msg("%zu: %s instead of %s", i, line, cases[i].line);
        }
    }
}

static void who_comes_early_waits_for_the_rest(void **state)
{
    const struct past entry = {.first_s = 10, .left_s = 900};
    char line[TEXT_SIZE];

    (void)state;
    fill_store(&entry, &nothing);
    ask("Greylist on\nGreylistDelay 1h\n", false, line);
    assert_true(
        strncmp(line, "greylist: early (would be deferred 35", strlen("greylist: early (would be deferred 35")) == 0);
}

static void settings_are_those_of_the_recipient(void **state)
{
    static const struct {
        const char *lines;
        bool is_refused;
        const char *line;
    } cases[] = {
        {"", false, "greylist: no: greylisting is off"},
        {"RecipientPolicy ann@our.example {\nGreylist on\nGreylistDelay 5m\n}\n", false,
         "greylist: new (would be deferred 300 s)"},
        {"Greylist on\nRecipientPolicy ann@our.example {\nGreylist off\n}\n", false,
         "greylist: no: greylisting is off"},
        {"Greylist learn\n", false, "greylist: new (would be let through)"},
        {"Greylist on\nGreylistTo @other.example\n", false, "greylist: no: GreylistTo does not name this recipient"},
        {"Greylist on\nGreylistExempt 192.0.2.0/24\n", false, "greylist: no: GreylistExempt"},
        {"Greylist on\n", true, "greylist: no: the result has it stopped anyway"},
    };
    char line[TEXT_SIZE];

    (void)state;
    fill_store(&nothing, &nothing);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        ask(cases[i].lines, cases[i].is_refused, line);
        if (strncmp(line, cases[i].line, strlen(cases[i].line)) != 0)
            fail_msg("%s: %s", cases[i].lines, line);
    }
}

static void a_store_that_says_nothing_is_named(void **state)
{
    char line[TEXT_SIZE];

    (void)state;
    ask("Greylist on\nGreylistStore sqlite:/nonexistent/x.db\n", false, line);
    assert_string_equal(line, "greylist: new (would be deferred 60 s), if this is a first contact; "
                              "sqlite:/nonexistent/x.db: is not there: no filter with Greylist on has made it");
}

int main(void)
{
    static const char *const files[] = {"greylist.db", "greylist.db-wal", "greylist.db-shm"};
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_past_has_its_answer),
        cmocka_unit_test(who_comes_early_waits_for_the_rest),
        cmocka_unit_test(settings_are_those_of_the_recipient),
        cmocka_unit_test(a_store_that_says_nothing_is_named),
    };
    char directory[] = "/tmp/smf-spf-query.XXXXXX";
    int failed;

    if (geteuid() == 0 && (setgid(NOBODY) != 0 || setuid(NOBODY) != 0)) /* root's run becomes an account */
        return EXIT_FAILURE;
    if (mkdtemp(directory) == NULL)
        return EXIT_FAILURE;
    test_directory_use(directory);
    failed = cmocka_run_group_tests(tests, NULL, NULL);
    for (size_t i = 0; i < sizeof files / sizeof *files; i++)
        (void)unlink(path_of(files[i]));
    (void)rmdir(directory);
    return failed;
}
