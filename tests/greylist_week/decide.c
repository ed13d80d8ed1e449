/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Greylisting by the rooms of the program, with a clock that the caller moves: what greylist_subject_of, the store and
 * greylist_decide make of each message.
 *
 * usage: decide PASS DELAY_S STORE
 * Reads lines of fields that are separated by tabs: seconds since 1970, client, HELO name, sender ("": the null one),
 * recipient, result, bits of the term that matched. Writes a line for each: "passes", or "defers" or "accepts" with the
 * reason. */
#include "greylist/greylist_subject.h"
#include "greylist/store/backend.h"
#include "greylist/store/greylist_store.h"

#include <sodium.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/thread.h"

enum {
    LINE_SIZE = 4096,
    FIELDS = 7,
    PATIENCE_MS = 60000, /* a store that is slow would let everything go on */
    DAY_S = 86400,
};

static _Atomic int64_t now_s;

static int64_t own_unix_s(void *context)
{
    (void)context;
    return now_s;
}

static int64_t own_monotonic_ms(void *context)
{
    return own_unix_s(context) * 1000;
}

static const struct clock own_clock = {.unix_s = own_unix_s, .monotonic_ms = own_monotonic_ms};

static _Noreturn void give_up(const char *what)
{
    (void)fprintf(stderr, "decide: %s\n", what);
    exit(EXIT_FAILURE);
}

/* ---- The answer of the store ---- */

struct answer {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    bool is_there;
    enum store_answer kind;
    struct greylist_decision decision;
};

static void take(void *context, enum store_answer kind, const struct greylist_decision *decision)
{
    struct answer *answer = context;

    pthread_mutex_lock(&answer->lock);
    answer->kind = kind;
    if (kind == STORE_ANSWERED)
        answer->decision = *decision;
    answer->is_there = true;
    pthread_cond_signal(&answer->changed);
    pthread_mutex_unlock(&answer->lock);
}

static struct greylist_decision visit(struct greylist_store *store, const struct greylist_subject *subject,
                                      const struct greylist_terms *terms)
{
    struct answer answer = {.lock = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER};

    greylist_store_visit(store, subject, terms, take, &answer);
    pthread_mutex_lock(&answer.lock);
    while (!answer.is_there)
        pthread_cond_wait(&answer.changed, &answer.lock);
    pthread_mutex_unlock(&answer.lock);
    if (answer.kind != STORE_ANSWERED)
        give_up(store_answer_name(answer.kind));
    return answer.decision;
}

/* ---- One message ---- */

static void read_message(char *fields[FIELDS], struct greylist_facts *facts, struct address *sender,
                         struct address *recipient)
{
    const enum address_status status = address_parse(fields[3], sender);

    *facts = (struct greylist_facts){.helo = fields[2], .recipient = recipient};
    now_s = strtoll(fields[0], NULL, 10);
    if (!addr_parse(fields[1], &facts->client) || (status != ADDRESS_OK && status != ADDRESS_NULL) ||
        address_parse(fields[4], recipient) != ADDRESS_OK || !result_from_name(fields[5], &facts->result))
        give_up("a line that cannot be read");
    facts->sender = status == ADDRESS_OK ? sender : NULL;
    facts->matched_bits = (unsigned)strtoul(fields[6], NULL, 10);
}

static void decide(struct greylist_store *store, const struct greylist_settings *settings, char *fields[FIELDS])
{
    struct address sender = {0}, recipient = {0};
    struct greylist_facts facts;
    struct greylist_subject subject;

    read_message(fields, &facts, &sender, &recipient);
    if (greylist_subject_of(settings, &facts, &subject) == GREYLIST_APPLIES) {
        const struct greylist_decision decision = visit(store, &subject, &settings->terms);

        printf("%s %s\n", decision.defers ? "defers" : "accepts", greylist_reason_name(decision.reason));
    } else {
        puts("passes");
    }
    (void)fflush(stdout);
    address_free(&sender);
    address_free(&recipient);
}

static void decide_all(struct greylist_store *store, const struct greylist_settings *settings)
{
    char line[LINE_SIZE];

    while (fgets(line, sizeof line, stdin) != NULL) {
        char *fields[FIELDS], *rest = line;

        line[strcspn(line, "\n")] = '\0';
        for (size_t i = 0; i < FIELDS; i++)
            if ((fields[i] = strsep(&rest, "\t")) == NULL)
                give_up("a line with too few fields");
        decide(store, settings, fields);
    }
}

/* ---- All ---- */

static enum greylist_pass read_pass(const char *word)
{
    static const char *const words[] = {
        [GREYLIST_PASS_KNOWN] = "known",
        [GREYLIST_PASS_ONCE] = "once",
        [GREYLIST_PASS_WIDE] = "wide",
        [GREYLIST_PASS_ALL] = "all",
    };

    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (strcmp(word, words[i]) == 0)
            return (enum greylist_pass)i;
    give_up("PASS is known, once, wide or all");
}

/* The defaults of smf-spf.conf(5), with this worth of a pass and this delay. */
static struct greylist_settings make_settings(const char *pass, const char *delay)
{
    return (struct greylist_settings){
        .terms = {.mode = GREYLIST_ON,
                  .delay_s = (uint32_t)strtoul(delay, NULL, 10),
                  .window_s = DAY_S,
                  .life_s = 36 * DAY_S,
                  .known_after = 2},
        .results = RESULT_BIT(RESULT_NONE) | RESULT_BIT(RESULT_NEUTRAL) | RESULT_BIT(RESULT_SOFTFAIL) |
                   RESULT_BIT(RESULT_PERMERROR) | RESULT_BIT(RESULT_TEMPERROR),
        .pass = read_pass(pass),
        .width = {16, 32},
        .network = {24, 64},
    };
}

int main(int argc, char **argv)
{
    struct greylist_store_config config = {.entries_max = 1000000, .clock = &own_clock};
    struct strbuf error = STRBUF_INIT;
    struct greylist_settings settings;
    struct greylist_store *store;

    if (argc != 4 || !store_address_parse(argv[3], &config.address) || sodium_init() < 0)
        give_up("usage: decide PASS DELAY_S STORE");
    settings = make_settings(argv[1], argv[2]);
    store = greylist_store_create_on(backend_create(&config), &own_clock, PATIENCE_MS, &error);
    if (store == NULL)
        give_up(strbuf_text(&error));
    decide_all(store, &settings);
    greylist_store_release(store);
    greylist_store_await_ends();
    return EXIT_SUCCESS;
}
