/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Prepares what a changed configuration needs, and swaps it in. */
#include "app/reload.h"

#include "app/log_setup.h"
#include "base/log.h"
#include "base/strbuf.h"
#include "config/config_change.h"

#include <stddef.h>
#include <string.h>

/* All that can fail, done before anything changes. */
struct plan {
    const struct config *config;
    struct service_change *change;
    struct log_prepared *log;
};

/* The log comes last, as it may create a file. False, with messages in `errors`. */
static bool prepare(const struct reload_parts *parts, struct plan *plan, struct strbuf *errors)
{
    plan->config = config_load(parts->config_path, errors);
    if (plan->config != NULL)
        plan->change = service_prepare(parts->service, plan->config, errors);
    if (plan->change != NULL)
        plan->log = log_setup_prepare(plan->config, parts->user, errors);
    return plan->log != NULL;
}

static void name_restart_keys(const struct config *old, const struct config *new)
{
    struct strbuf keys = STRBUF_INIT;

    if (config_restart_keys(old, new, &keys) > 0)
        log_warning("changed, but effective only after a restart: %s", strbuf_text(&keys));
    strbuf_free(&keys);
}

/* Cannot fail. */
static void commit(const struct reload_parts *parts, struct plan *plan)
{
    const bool is_empty = service_change_is_empty(plan->change);

    log_commit(plan->log);
    plan->log = NULL;
    if (is_empty) {
        log_notice("configuration reloaded from %s: nothing has changed", parts->config_path);
    } else {
        service_commit(parts->service, plan->change);
        plan->change = NULL;
        log_notice("configuration reloaded from %s", parts->config_path);
    }
    name_restart_keys(parts->started_with, plan->config);
}

static void log_lines(const char *lines)
{
    while (*lines != '\0') {
        size_t len = strcspn(lines, "\n");

        log_error("%.*s", (int)len, lines);
        lines += len + (lines[len] == '\n');
    }
}

bool reload_run(const struct reload_parts *parts)
{
    struct strbuf errors = STRBUF_INIT;
    struct plan plan = {.config = NULL};
    bool done = prepare(parts, &plan, &errors);

    if (done) {
        commit(parts, &plan);
    } else {
        (void)log_reopen(); /* the file may have been rotated all the same */
        log_lines(strbuf_text(&errors));
        log_error("the running configuration stays as it was");
    }
    service_discard(plan.change);
    config_release(plan.config);
    strbuf_free(&errors);
    return done;
}
