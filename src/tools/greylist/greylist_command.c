/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Runs `smf-spf greylist`: reads the rows of the store, and prints, counts or deletes them. */
#include "tools/greylist/greylist_command.h"

#include "base/clock.h"
#include "config/config.h"
#include "greylist/greylist_subject.h"
#include "tools/greylist/greylist_json.h"
#include "tools/greylist/greylist_options.h"
#include "tools/greylist/greylist_text.h"
#include "tools/greylist/open_store.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>

enum { PRINTED_AT = 64 * 1024 }; /* octets that are collected before they are printed */

/* One run of the command. */
struct run {
    const struct greylist_options *options;
    struct greylist_view view;
    const char *store;              /* GreylistStore */
    const char *pattern;            /* that a key has in it, */
    char network[ADDR_PREFIX_SIZE]; /* and what it begins with, for a client's address; "": anything */
    struct backend *backend;
    struct strbuf out;
    struct strbuf keys; /* forget: of each row 'e' or 's', the key, a NUL */
    struct greylist_counts counts;
    uint64_t rows;
    bool no_memory;
};

static int fail(const char *problem, int status)
{
    (void)fprintf(stderr, "smf-spf greylist: %s\n", problem);
    return status;
}

/* What is wrong with the store. */
static int fail_store(const struct run *run, const struct strbuf *problem)
{
    (void)fprintf(stderr, "smf-spf greylist: %s: %s\n", run->store, strbuf_text(problem));
    return EX_UNAVAILABLE;
}

static void print_out(struct run *run)
{
    run->no_memory |= run->out.failed;
    (void)fputs(strbuf_text(&run->out), stdout);
    strbuf_free(&run->out);
}

/* A network is a part of others: 10.0.0.0/24 of 110.0.0.0/24. */
static bool is_wanted(const struct run *run, const struct backend_row *row)
{
    const size_t len = strlen(run->network);

    return len == 0 || (strncmp(row->key, run->network, len) == 0 && row->key[len] == ' ');
}

/* ---- show, known ---- */

static bool print_row(void *context, const struct backend_row *row)
{
    struct run *run = context;

    if (!is_wanted(run, row))
        return true;
    if (run->options->verb == GREYLIST_KNOWN ? !greylist_row_is_sender(row) : row->is_sender)
        return true;
    if (!run->options->json && run->rows == 0)
        greylist_text_head(&run->out);
    run->rows++;
    if (run->options->json)
        run->no_memory |= !greylist_json_row(row, &run->view, &run->out);
    else
        greylist_text_row(row, &run->view, &run->out);
    if (run->out.len >= PRINTED_AT || run->out.failed)
        print_out(run);
    return !run->no_memory && !ferror(stdout);
}

static bool list(struct run *run, struct strbuf *problem)
{
    return run->backend->functions->each(run->backend, run->pattern, print_row, run, problem);
}

/* ---- stats ---- */

static bool count_row(void *context, const struct backend_row *row)
{
    struct run *run = context;

    if (is_wanted(run, row))
        greylist_counts_add(&run->counts, row, &run->view);
    return !run->counts.no_memory;
}

static bool count(struct run *run, struct strbuf *problem)
{
    if (!run->backend->functions->each(run->backend, run->pattern, count_row, run, problem))
        return false;
    greylist_counts_sort(&run->counts);
    run->no_memory |= run->counts.no_memory;
    if (run->options->json)
        run->no_memory |= !greylist_json_counts(&run->counts, &run->out);
    else
        greylist_text_counts(&run->counts, &run->out);
    return true;
}

/* ---- forget ---- */

static bool collect_key(void *context, const struct backend_row *row)
{
    struct run *run = context;

    if (!is_wanted(run, row))
        return true;
    strbuf_add_char(&run->keys, row->is_sender ? 's' : 'e');
    strbuf_add_mem(&run->keys, row->key, strlen(row->key) + 1);
    run->no_memory |= run->keys.failed;
    return !run->no_memory;
}

static void print_forgotten(struct run *run, uint64_t entries, uint64_t senders)
{
    if (run->options->json)
        run->no_memory |= !greylist_json_forgotten(entries, senders, &run->out);
    else
        strbuf_addf(&run->out, "%" PRIu64 " deleted%s\n", entries + senders,
                    entries + senders > 0 ? "; a running filter follows within a minute" : "");
}

/* Deletes after all was read, as what is read in the meantime might be left out. What was deleted before a failure is
 * told. */
static bool forget(struct run *run, struct strbuf *problem)
{
    uint64_t entries = 0, senders = 0;
    bool works = run->backend->functions->each(run->backend, run->pattern, collect_key, run, problem);
    const char *at = strbuf_text(&run->keys), *const end = at + run->keys.len;

    for (; works && !run->no_memory && at < end; at += strlen(at) + 1) {
        const bool is_sender = *at == 's';

        works = run->backend->functions->put(run->backend, at + 1, is_sender, NULL, 0, problem);
        senders += works && is_sender;
        entries += works && !is_sender;
    }
    print_forgotten(run, entries, senders);
    return works;
}

/* ---- All ---- */

static int run_verb(struct run *run)
{
    struct strbuf problem = STRBUF_INIT;
    int status = EX_OK;
    bool works;

    if (run->options->verb == GREYLIST_FORGET)
        works = forget(run, &problem);
    else
        works = run->options->verb == GREYLIST_STATS ? count(run, &problem) : list(run, &problem);
    print_out(run);
    if (run->no_memory)
        status = fail("out of memory", EX_OSERR);
    else if (!works)
        status = fail_store(run, &problem);
    greylist_counts_free(&run->counts);
    strbuf_free(&run->keys);
    strbuf_free(&problem);
    return status;
}

/* The keys have the network of a client, not its address. */
static void choose_pattern(struct run *run, const struct greylist_bits *network)
{
    struct addr client;

    run->pattern = run->options->pattern;
    if (!addr_parse(run->pattern, &client))
        return;
    greylist_subject_network(&client, network, run->network);
    run->pattern = run->network;
}

static int run_on_store(const struct greylist_options *options, const struct config *config)
{
    struct greylist_store_config store = {.password_file = config->greylist_password_file,
                                          .entries_max = config->greylist_entries,
                                          .clock = &clock_system};
    struct run run = {
        .options = options,
        .store = config->greylist_store,
        .view = {.known_after = config->greylist.terms.known_after, .now_s = clock_unix_s(&clock_system)}};
    struct strbuf problem = STRBUF_INIT;
    int status = EX_OK;

    choose_pattern(&run, &config->greylist.network);
    (void)store_address_parse(config->greylist_store, &store.address); /* the configuration has checked it */
    run.backend = open_store(&store, config->user, &problem, &status);
    if (run.backend == NULL) {
        status = status == EX_UNAVAILABLE ? fail_store(&run, &problem) : fail(strbuf_text(&problem), status);
    } else {
        status = run_verb(&run);
        run.backend->functions->destroy(run.backend);
    }
    strbuf_free(&problem);
    return status;
}

int greylist_command_run(int argc, char **argv, const struct command_defaults *defaults)
{
    struct greylist_options options = {.config_path = defaults->config_path};
    struct strbuf errors = STRBUF_INIT;
    const struct config *config;
    int status;

    if (!greylist_options_read(argc, argv, &options, &status))
        return status;
    if (options.verb == GREYLIST_HELP) {
        command_print_help(&greylist_command, NULL);
        return EX_OK;
    }
    config = config_load(options.config_path, &errors);
    if (config == NULL) {
        (void)fputs(strbuf_text(&errors), stderr);
        status = EX_CONFIG;
    } else {
        status = run_on_store(&options, config);
    }
    config_release(config);
    strbuf_free(&errors);
    return status;
}
