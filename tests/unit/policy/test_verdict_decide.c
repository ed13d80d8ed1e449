/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What follows from each result under each setting, and the reply text. */
#include "policy/verdict_decide.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

#define FAIL     RESULT_BIT(RESULT_FAIL)
#define NONE     RESULT_BIT(RESULT_NONE)
#define TEMP     RESULT_BIT(RESULT_TEMPERROR)
#define PERM     RESULT_BIT(RESULT_PERMERROR)
#define NEUTRAL  RESULT_BIT(RESULT_NEUTRAL)
#define SOFTFAIL RESULT_BIT(RESULT_SOFTFAIL)

/* The set of Defer where no other key says more. */
#define DEFER(set) .defer_mail_from.results = (set), .defer_helo.results = (set), .defer_null_sender.results = (set)

/* What is expected for one result, where only one identity is checked: "-" goes on, "t" tagged, "q" quarantined, "tq"
 * both, else the reply's codes. */
struct rule_case {
    const char *name;
    struct verdict_policy policy;
    bool null_sender;
    bool guessed;
    const char *expected[RESULT_COUNT]; /* none neutral pass fail softfail temperror permerror */
};

static const struct rule_case rule_cases[] = {
    {"nothing is refused", {.tag_subject = false}, false, false, {"-", "-", "-", "-", "-", "-", "-"}},
    {"defaults",
     {.refuse_mail_from = FAIL, .refuse_null_sender.results = FAIL, .tag_subject = true},
     false,
     false,
     {"-", "-", "-", "550 5.7.23", "t", "-", "-"}},
    {"defaults, null sender",
     {.refuse_mail_from = FAIL, .refuse_null_sender.results = FAIL, .tag_subject = true},
     true,
     false,
     {"-", "-", "-", "550 5.7.23", "t", "-", "-"}},
    {"defaults with SoftFail",
     {.refuse_mail_from = FAIL, .refuse_null_sender.results = FAIL, .soft_fail = true},
     false,
     false,
     {"-", "-", "-", "450 4.7.23", "-", "-", "-"}},
    {"RefuseFail off", {.tag_subject = true}, false, false, {"-", "-", "-", "t", "t", "-", "-"}},
    {"RefuseFail off, quarantine", {.quarantine = QUARANTINE_ON}, false, false, {"-", "-", "-", "q", "q", "-", "-"}},
    {"RefuseFail off, hold", {.quarantine = QUARANTINE_HOLD}, false, false, {"-", "-", "-", "q", "q", "-", "-"}},
    {"tag and quarantine",
     {.tag_subject = true, .quarantine = QUARANTINE_ON},
     true,
     false,
     {"-", "-", "-", "tq", "tq", "-", "-"}},
    {"RefuseSPFNone",
     {.refuse_mail_from = FAIL | NONE},
     false,
     false,
     {"550 5.7.1", "-", "-", "550 5.7.23", "-", "-", "-"}},
    {"RefuseSPFNone leaves a null sender alone",
     {.refuse_mail_from = NONE},
     true,
     false,
     {"-", "-", "-", "-", "-", "-", "-"}},
    {"RefuseSPFNoneHelo",
     {.refuse_null_sender.results = NONE},
     true,
     false,
     {"550 5.7.1", "-", "-", "-", "-", "-", "-"}},
    {"RefuseSPFNoneHelo leaves others alone",
     {.refuse_null_sender.results = NONE},
     false,
     false,
     {"-", "-", "-", "-", "-", "-", "-"}},
    {"AcceptTempError off", {DEFER(TEMP)}, false, false, {"-", "-", "-", "-", "-", "451 4.7.24", "-"}},
    {"AcceptTempError off, null sender, SoftFail",
     {DEFER(TEMP), .soft_fail = true},
     true,
     false,
     {"-", "-", "-", "-", "-", "451 4.7.24", "-"}},
    {"everything that can be refused",
     {.refuse_mail_from = FAIL | NONE | TEMP | PERM | NEUTRAL | SOFTFAIL},
     false,
     false,
     {"550 5.7.1", "550 5.7.1", "-", "550 5.7.23", "550 5.7.1", "451 4.7.24", "550 5.7.24"}},
    {"the same with SoftFail",
     {.refuse_mail_from = FAIL | NONE | TEMP | PERM | NEUTRAL | SOFTFAIL, .soft_fail = true},
     false,
     false,
     {"450 4.7.1", "450 4.7.1", "-", "450 4.7.23", "450 4.7.1", "451 4.7.24", "450 4.7.24"}},
    {"a result that is refused and deferred is deferred",
     {.refuse_mail_from = FAIL | PERM, DEFER(FAIL | PERM | NEUTRAL)},
     false,
     false,
     {"-", "451 4.7.1", "-", "451 4.7.23", "-", "-", "451 4.7.24"}},
    {"nothing follows from a guess",
     {.refuse_mail_from = FAIL | NONE | NEUTRAL | SOFTFAIL | PERM,
      DEFER(TEMP),
      .tag_subject = true,
      .quarantine = QUARANTINE_ON},
     false,
     true,
     {"-", "-", "-", "-", "-", "-", "-"}},
};

static void describe(const struct verdict *verdict, char text[32])
{
    if (verdict->kind != VERDICT_CONTINUE)
        snprintf(text, 32, "%s %s", verdict->code, verdict->enhanced);
    else if (verdict->tag || verdict->quarantine)
        snprintf(text, 32, "%s%s", verdict->tag ? "t" : "", verdict->quarantine ? "q" : "");
    else
        snprintf(text, 32, "-");
}

static void each_result_has_its_verdict(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(rule_cases); i++) {
        const struct rule_case *c = &rule_cases[i];

        for (int result = 0; result < RESULT_COUNT; result++) {
            struct spf_outcome outcome = {.result = (enum spf_result)result, .guessed = c->guessed};
            struct verdict_case message = {.mail_from = c->null_sender ? NULL : &outcome,
                                           .helo = c->null_sender ? &outcome : NULL};
            struct verdict verdict = verdict_decide(&c->policy, &message);
            char text[32];

            describe(&verdict, text);
            if (strcmp(text, c->expected[result]) != 0)
                fail_msg("%s: %s gives %s, not %s", c->name, result_name(outcome.result), text, c->expected[result]);
            if (verdict.kind != VERDICT_CONTINUE)
                assert_int_equal(verdict.kind == VERDICT_DEFER, strcmp(verdict.code, "451") == 0);
        }
    }
}

/* What becomes of each result of an identity, in the order of enum spf_result: '-' it goes on, 'd' it is deferred, 'r'
 * it is refused. */
struct matrix_case {
    const char *name;
    struct verdict_policy policy;
    const char *mail_from, *null_sender, *helo; /* none neutral pass fail softfail temperror permerror */
};

#define ALL (FAIL | NONE | TEMP | PERM | NEUTRAL | SOFTFAIL | RESULT_BIT(RESULT_PASS))

static const struct matrix_case matrix[] = {
    {"nothing", {.tag_subject = false}, "-------", "-------", "-------"},
    {"one set for each identity",
     {.refuse_mail_from = FAIL, .refuse_null_sender.results = FAIL | PERM, .refuse_helo = PERM},
     "---r---",
     "---r--r",
     "------r"},
    {"HELO alone", {.refuse_null_sender.results = FAIL, .refuse_helo = FAIL}, "-------", "---r---", "---r---"},
    {"deferred in either", {.refuse_mail_from = FAIL, DEFER(TEMP | NONE)}, "d--r-d-", "d----d-", "d----d-"},
    {"deferred before refused",
     {.refuse_mail_from = FAIL | PERM, .refuse_helo = FAIL, DEFER(FAIL)},
     "---d--r",
     "---d---",
     "---d---"},
    {"a temperror is never refused for good",
     {.refuse_mail_from = ALL, .refuse_null_sender.results = ALL, .refuse_helo = ALL},
     "rrrrrdr",
     "rrrrrdr",
     "rrrrrdr"},
    {"different sets",
     {.refuse_mail_from = SOFTFAIL | NEUTRAL,
      .refuse_null_sender.results = NONE,
      .refuse_helo = NONE | PERM,
      DEFER(TEMP)},
     "-r--rd-",
     "r----d-",
     "r----dr"},
    {"a set to defer for each identity",
     {.refuse_mail_from = FAIL,
      .defer_mail_from.results = TEMP,
      .defer_helo.results = PERM,
      .defer_null_sender.results = NEUTRAL},
     "---r-d-",
     "-d-----",
     "------d"},
    {"a HELO name that is deferred by a key of its own comes first",
     {.refuse_mail_from = FAIL | PERM,
      .refuse_helo = FAIL,
      .defer_helo = {TEMP | FAIL, true},
      .defer_mail_from.results = TEMP},
     "---r-dr",
     "-------",
     "---d-d-"},
};

enum { ABSENT = RESULT_COUNT, WITH_ABSENT };

static char fate(const char *fates, int result, bool guessed)
{
    return result == ABSENT || guessed ? '-' : fates[result];
}

static const char *expected_code(char fate, bool soft)
{
    return fate == 'd' ? "451" : soft ? "450" : "550";
}

/* RFC 7372 3.2 */
static const char *expected_enhanced(int result, bool temporary)
{
    static const char *const codes[RESULT_COUNT][2] = {
        [RESULT_NONE] = {"5.7.1", "4.7.1"},       [RESULT_NEUTRAL] = {"5.7.1", "4.7.1"},
        [RESULT_PASS] = {"5.7.1", "4.7.1"},       [RESULT_FAIL] = {"5.7.23", "4.7.23"},
        [RESULT_SOFTFAIL] = {"5.7.1", "4.7.1"},   [RESULT_TEMPERROR] = {"5.7.24", "4.7.24"},
        [RESULT_PERMERROR] = {"5.7.24", "4.7.24"}};

    return codes[result][temporary];
}

/* One cell of the matrix: what a setting makes of two results, one of which may be a guess or absent. */
static void check_cell(const struct matrix_case *c, bool soft, int sender, bool guessed, int helo)
{
    struct verdict_policy policy = c->policy;
    struct spf_outcome of_sender = {.result = (enum spf_result)sender, .guessed = guessed};
    struct spf_outcome of_helo = {.result = (enum spf_result)helo};
    struct verdict_case message = {.mail_from = sender == ABSENT ? NULL : &of_sender,
                                   .helo = helo == ABSENT ? NULL : &of_helo};
    char by_sender = fate(c->mail_from, sender, guessed);
    char by_helo = fate(sender == ABSENT ? c->null_sender : c->helo, helo, false);
    bool comes_first = sender != ABSENT && by_helo == 'd' && c->policy.defer_helo.is_written;
    bool helo_decides = comes_first || by_sender == '-' || (by_sender == 'd' && by_helo == 'r');
    char expected = helo_decides ? by_helo : by_sender;
    int suspect = sender == ABSENT ? helo : sender;

    policy.soft_fail = soft;
    policy.tag_subject = true;
    struct verdict verdict = verdict_decide(&policy, &message);

    assert_int_equal(verdict.kind, expected == '-'   ? VERDICT_CONTINUE
                                   : expected == 'd' ? VERDICT_DEFER
                                                     : VERDICT_REFUSE);
    assert_int_equal(verdict.tag, (suspect == RESULT_FAIL || suspect == RESULT_SOFTFAIL) && !guessed);
    if (expected == '-')
        return;
    assert_int_equal(verdict.identity, helo_decides ? IDENTITY_HELO : IDENTITY_MAILFROM);
    assert_string_equal(verdict.code, expected_code(expected, soft));
    assert_string_equal(verdict.enhanced, expected_enhanced(helo_decides ? helo : sender, expected == 'd' || soft));
}

static void each_pair_of_results_has_its_verdict(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(matrix); i++)
        for (int cell = 0; cell < WITH_ABSENT * WITH_ABSENT * 4; cell++) {
            int sender = cell / 4 % WITH_ABSENT, helo = cell / 4 / WITH_ABSENT;
            bool soft = cell % 2 != 0, guessed = cell / 2 % 2 != 0 && sender != ABSENT;

            check_cell(&matrix[i], soft, sender, guessed, helo);
        }
}

/* What may be exempt altogether is never refused for good. */
static void an_unknown_exemption_defers(void **state)
{
    static const struct verdict_policy policy = {
        .refuse_mail_from = FAIL | NONE, .refuse_helo = FAIL, .tag_subject = true};
    static const char *const expected[RESULT_COUNT] = {
        [RESULT_NONE] = "451 4.7.1", [RESULT_FAIL] = "451 4.7.23", [RESULT_SOFTFAIL] = "t"};

    (void)state;
    for (int result = 0; result < RESULT_COUNT; result++) {
        struct spf_outcome outcome = {.result = (enum spf_result)result};
        struct verdict_case message = {.mail_from = &outcome, .exemption_unknown = true};
        struct verdict verdict = verdict_decide(&policy, &message);
        char text[32];

        snprintf(text, sizeof(text), "%s %s", verdict.code != NULL ? verdict.code : "",
                 verdict.code != NULL ? verdict.enhanced : "");
        if (expected[result] == NULL || *expected[result] == 't')
            assert_int_equal(verdict.kind, VERDICT_CONTINUE);
        else
            assert_string_equal(text, expected[result]);
        assert_int_equal(verdict.tag, result == RESULT_FAIL || result == RESULT_SOFTFAIL);
    }
}

/* A rule's set takes the place of that for MAIL FROM; of that for HELO it leaves what both have. */
struct own_case {
    result_set refuse_for, refuse_to; /* NO_RULE: none */
    const char *mail_from, *null_sender, *helo;
};

enum { NO_RULE = 1 << RESULT_COUNT };

static const struct own_case own_cases[] = {
    {NO_RULE, NO_RULE, "---r---", "---r--r", "---r--r"},
    {0, NO_RULE, "-------", "---r--r", "-------"},
    {SOFTFAIL | PERM, NO_RULE, "----r-r", "---r--r", "------r"},
    {NO_RULE, 0, "-------", "-------", "-------"},
    {NO_RULE, NONE | FAIL, "r--r---", "r--r---", "---r---"},
    {0, NONE, "r------", "r------", "-------"},
    {FAIL, 0, "-------", "-------", "-------"},
    {TEMP, TEMP, "-----d-", "-----d-", "-------"},
};

static char decided(const struct verdict_policy *policy, const struct verdict_case *message)
{
    return "-rd"[verdict_decide(policy, message).kind];
}

static void check_own_set(const struct own_case *c, struct verdict_policy *policy, int result)
{
    struct spf_outcome outcome = {.result = (enum spf_result)result}, neutral = {.result = RESULT_NEUTRAL};
    char text[] = "a@example.org";
    const struct address address = {.text = text, .local = "a", .domain = "example.org"};
    struct verdict_case by_sender = {.mail_from = &outcome, .sender = &address, .recipient = &address};
    struct verdict_case by_null = {.helo = &outcome, .recipient = &address};
    struct verdict_case by_helo = {.mail_from = &neutral, .helo = &outcome, .sender = &address, .recipient = &address};

    assert_int_equal(decided(policy, &by_sender), c->mail_from[result]);
    assert_int_equal(decided(policy, &by_null), c->null_sender[result]);
    assert_int_equal(decided(policy, &by_helo), c->helo[result]);
}

static void rules_have_sets_of_their_own(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(own_cases); i++) {
        const struct own_case *c = &own_cases[i];
        struct verdict_policy policy = {
            .refuse_mail_from = FAIL, .refuse_helo = FAIL | PERM, .refuse_null_sender.results = FAIL | PERM};

        if (c->refuse_for != NO_RULE)
            assert_true(rule_list_add(&policy.refuse_for, "@example.org", c->refuse_for));
        if (c->refuse_to != NO_RULE)
            assert_true(rule_list_add(&policy.refuse_to, "a@", c->refuse_to));
        for (int result = 0; result < RESULT_COUNT; result++)
            check_own_set(c, &policy, result);
        rule_list_free(&policy.refuse_for);
        rule_list_free(&policy.refuse_to);
    }
}

static void a_fail_is_refused_where_the_domain_sends_no_mail(void **state)
{
    (void)state;
    for (int cell = 0; cell < 8; cell++) {
        bool only = cell % 2 != 0, no_mail = cell / 2 % 2 != 0, is_helo = cell / 4 != 0;
        struct verdict_policy policy = {
            .refuse_mail_from = FAIL | SOFTFAIL, .refuse_helo = FAIL, .refuse_only_no_mail = only, .tag_subject = true};
        struct spf_outcome fail = {.result = RESULT_FAIL, .no_mail = no_mail};
        struct spf_outcome pass = {.result = RESULT_PASS}, softfail = {.result = RESULT_SOFTFAIL};
        struct verdict_case message = {.mail_from = is_helo ? &pass : &fail, .helo = is_helo ? &fail : NULL};
        struct verdict_case other = {.mail_from = &softfail};

        assert_int_equal(decided(&policy, &message), only && !no_mail ? '-' : 'r');
        assert_int_equal(verdict_decide(&policy, &message).tag, !is_helo);
        assert_int_equal(decided(&policy, &other), 'r');
    }
}

static void an_exempt_message_continues_as_it_is(void **state)
{
    struct verdict verdict = verdict_continue();

    (void)state;
    assert_int_equal(verdict.kind, VERDICT_CONTINUE);
    assert_false(verdict.tag);
    assert_false(verdict.quarantine);
}

/* What LeaveToDMARC makes of one sender's result: policy, result, what is known about its domain's DMARC record, and
 * what is expected ("left": it goes on because of it). */
static void test_leave_to_dmarc(void **state)
{
    static const struct {
        const char *name;
        struct verdict_policy policy;
        enum spf_result result;
        enum tristate dmarc;
        const char *expected;
    } rows[] = {
        {"fail with a record", {.refuse_mail_from = FAIL, .leave_to_dmarc = true}, RESULT_FAIL, TRISTATE_YES, "left"},
        {"fail, unknown", {.refuse_mail_from = FAIL, .leave_to_dmarc = true}, RESULT_FAIL, TRISTATE_UNKNOWN, "left"},
        {"fail without", {.refuse_mail_from = FAIL, .leave_to_dmarc = true}, RESULT_FAIL, TRISTATE_NO, "550"},
        {"off", {.refuse_mail_from = FAIL}, RESULT_FAIL, TRISTATE_YES, "550"},
        {"not refused anyway", {.leave_to_dmarc = true}, RESULT_FAIL, TRISTATE_YES, "-"},
        {"softfail", {.refuse_mail_from = SOFTFAIL, .leave_to_dmarc = true}, RESULT_SOFTFAIL, TRISTATE_YES, "left"},
        {"deferred", {DEFER(FAIL), .leave_to_dmarc = true}, RESULT_FAIL, TRISTATE_YES, "left"},
        {"deferred without", {DEFER(FAIL), .leave_to_dmarc = true}, RESULT_FAIL, TRISTATE_NO, "451"},
        {"none", {.refuse_mail_from = NONE, .leave_to_dmarc = true}, RESULT_NONE, TRISTATE_YES, "550"},
        {"neutral", {.refuse_mail_from = NEUTRAL, .leave_to_dmarc = true}, RESULT_NEUTRAL, TRISTATE_YES, "550"},
        {"permerror", {.refuse_mail_from = PERM, .leave_to_dmarc = true}, RESULT_PERMERROR, TRISTATE_YES, "550"},
        {"temperror", {DEFER(TEMP), .leave_to_dmarc = true}, RESULT_TEMPERROR, TRISTATE_YES, "451"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        const struct spf_outcome outcome = {.result = rows[i].result};
        struct verdict_policy policy = rows[i].policy;
        struct verdict_case message = {.mail_from = &outcome, .mail_from_dmarc = rows[i].dmarc};
        const bool is_suspect = rows[i].result == RESULT_FAIL || rows[i].result == RESULT_SOFTFAIL;
        struct verdict verdict;

        policy.tag_subject = true;
        policy.quarantine = QUARANTINE_HOLD;
        for (int unknown = 0; unknown < 2; unknown++) {
            message.exemption_unknown = unknown == 1;
            verdict = verdict_decide(&policy, &message);
            const char *found = verdict.left_to_dmarc                  ? "left"
                                : verdict.kind == VERDICT_CONTINUE     ? "-"
                                : unknown && verdict.exemption_unknown ? "550"
                                                                       : verdict.code;
            if (strcmp(found, rows[i].expected) != 0 || verdict.tag != is_suspect || verdict.quarantine != is_suspect ||
                (verdict.left_to_dmarc && verdict.kind != VERDICT_CONTINUE))
                fail_msg("%s: %s", rows[i].name, found);
        }
        const bool is_asked = policy.leave_to_dmarc && is_suspect && strcmp(rows[i].expected, "-") != 0;
        assert_int_equal(verdict_asks_dmarc(&policy, IDENTITY_MAILFROM, false, &outcome), is_asked);
    }
}

/* Each identity is left by its own domain, and either is still enough for a refusal. */
static void test_leave_to_dmarc_by_identity(void **state)
{
    static const struct {
        enum tristate mail_from, helo;
        bool is_left;
    } rows[] = {
        {TRISTATE_YES, TRISTATE_YES, true},
        {TRISTATE_YES, TRISTATE_NO, false},
        {TRISTATE_NO, TRISTATE_YES, false},
        {TRISTATE_UNKNOWN, TRISTATE_YES, true},
    };
    const struct spf_outcome fail = {.result = RESULT_FAIL};
    const struct verdict_policy policy = {
        .refuse_mail_from = FAIL, .refuse_helo = FAIL, .refuse_null_sender.results = FAIL, .leave_to_dmarc = true};

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct verdict_case message = {
            .mail_from = &fail, .helo = &fail, .mail_from_dmarc = rows[i].mail_from, .helo_dmarc = rows[i].helo};
        struct verdict verdict = verdict_decide(&policy, &message);

        assert_int_equal(verdict.kind, rows[i].is_left ? VERDICT_CONTINUE : VERDICT_REFUSE);
        assert_int_equal(verdict.left_to_dmarc, rows[i].is_left);
        message.mail_from = NULL; /* a null sender */
        verdict = verdict_decide(&policy, &message);
        assert_int_equal(verdict.kind, rows[i].helo == TRISTATE_NO ? VERDICT_REFUSE : VERDICT_CONTINUE);
    }
}

/* It is asked for where some result of the identity is stopped for somebody, and for no other. */
static void test_may_ask_dmarc(void **state)
{
    const struct verdict_policy off = {.refuse_mail_from = FAIL};
    const struct verdict_policy fails = {.refuse_mail_from = FAIL | TEMP, .leave_to_dmarc = true};
    const struct verdict_policy helo = {.refuse_helo = FAIL, .leave_to_dmarc = true};
    const struct verdict_policy null = {.refuse_null_sender.results = FAIL, .leave_to_dmarc = true};
    struct verdict_policy rules = {.leave_to_dmarc = true};
    const struct verdict_policy only_no_mail = {
        .refuse_mail_from = FAIL, .refuse_only_no_mail = true, .leave_to_dmarc = true};
    const struct spf_outcome fail = {.result = RESULT_FAIL}, softfail = {.result = RESULT_SOFTFAIL};
    const struct spf_outcome guessed = {.result = RESULT_FAIL, .guessed = true};

    (void)state;
    assert_true(rule_list_add(&rules.refuse_to, "a@", SOFTFAIL));
    assert_false(verdict_may_ask_dmarc(&off, IDENTITY_MAILFROM, false));
    assert_true(verdict_may_ask_dmarc(&fails, IDENTITY_MAILFROM, false));
    assert_false(verdict_may_ask_dmarc(&fails, IDENTITY_HELO, false));
    assert_false(verdict_may_ask_dmarc(&fails, IDENTITY_HELO, true));
    assert_true(verdict_may_ask_dmarc(&helo, IDENTITY_HELO, false));
    assert_false(verdict_may_ask_dmarc(&helo, IDENTITY_HELO, true));
    assert_true(verdict_may_ask_dmarc(&null, IDENTITY_HELO, true));
    assert_true(verdict_may_ask_dmarc(&rules, IDENTITY_MAILFROM, false));
    assert_true(verdict_may_ask_dmarc(&rules, IDENTITY_HELO, true));
    assert_true(verdict_may_ask_dmarc(&only_no_mail, IDENTITY_MAILFROM, false));

    assert_false(verdict_asks_dmarc(&rules, IDENTITY_MAILFROM, false, &fail));
    assert_true(verdict_asks_dmarc(&rules, IDENTITY_MAILFROM, false, &softfail));
    assert_false(verdict_asks_dmarc(&only_no_mail, IDENTITY_MAILFROM, false, &fail));
    assert_false(verdict_asks_dmarc(&fails, IDENTITY_MAILFROM, false, &guessed));
    rule_list_free(&rules.refuse_to);
}

/* What was shed for a lack of ours is no result: nothing follows, and the other identity decides. */
static void nothing_follows_from_what_was_shed(void **state)
{
    const struct verdict_policy policy = {DEFER(TEMP), .refuse_mail_from = TEMP, .refuse_helo = FAIL | TEMP};
    const struct spf_outcome shed = {.result = RESULT_TEMPERROR, .is_shed = true}, temp = {.result = RESULT_TEMPERROR},
                             fail = {.result = RESULT_FAIL};
    struct verdict_case message = {.mail_from = &shed, .helo = &shed};

    (void)state;
    assert_int_equal(verdict_decide(&policy, &message).kind, VERDICT_CONTINUE);
    message.helo = &fail;
    assert_int_equal(verdict_decide(&policy, &message).kind, VERDICT_REFUSE);
    message.mail_from = &temp;
    message.helo = &shed;
    assert_int_equal(verdict_decide(&policy, &message).kind, VERDICT_DEFER);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_result_has_its_verdict),
        cmocka_unit_test(each_pair_of_results_has_its_verdict),
        cmocka_unit_test(an_unknown_exemption_defers),
        cmocka_unit_test(rules_have_sets_of_their_own),
        cmocka_unit_test(a_fail_is_refused_where_the_domain_sends_no_mail),
        cmocka_unit_test(an_exempt_message_continues_as_it_is),
        cmocka_unit_test(test_leave_to_dmarc),
        cmocka_unit_test(test_leave_to_dmarc_by_identity),
        cmocka_unit_test(test_may_ask_dmarc),
        cmocka_unit_test(nothing_follows_from_what_was_shed),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
