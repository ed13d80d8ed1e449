/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Prepares what a changed configuration needs, and swaps it in. */
#include "app/reload.h"

#include "app/log_setup.h"
#include "app/process/sandbox.h"
#include "base/log.h"
#include "base/strbuf.h"
#include "config/config_change.h"

#include <errno.h>
#include <stdarg.h>
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
    if (sandbox_allows(NULL, parts->config_path, errors))
        plan->config = config_load(parts->config_path, errors);
    if (plan->config != NULL && sandbox_allows(plan->config, parts->config_path, errors))
        plan->change = service_prepare(parts->service, plan->config, errors);
    if (plan->change != NULL)
        plan->log = log_setup_prepare(plan->config, parts->user, errors);
    return plan->log != NULL;
}

/* Logs each line of `lines`, and appends it to `answer`. */
static void tell(struct strbuf *answer, enum log_level level, const struct strbuf *lines)
{
    const char *line = strbuf_text(lines);

    while (*line != '\0') {
        const size_t len = strcspn(line, "\n");

        log_write(level, "%.*s", (int)len, line);
        strbuf_addf(answer, "%.*s\n", (int)len, line);
        line += len + (line[len] == '\n');
    }
}

__attribute__((format(printf, 3, 4))) static void tell_line(struct strbuf *answer, enum log_level level,
                                                            const char *format, ...)
{
    struct strbuf line = STRBUF_INIT;
    va_list args;

    va_start(args, format);
    strbuf_vaddf(&line, format, args);
    va_end(args);
    tell(answer, level, &line);
    strbuf_free(&line);
}

/* That the log goes on to the file that was open. */
static void tell_log_problem(const struct reload_parts *parts, const char *path, int problem, struct strbuf *answer)
{
    struct strbuf line = STRBUF_INIT;

    log_setup_add_problem(path, problem, parts->user, &line);
    strbuf_add(&line, "; what is logged goes on to the file that was opened before");
    tell(answer, LOG_LEVEL_WARNING, &line);
    strbuf_free(&line);
}

static void name_restart_keys(const struct config *old, const struct config *new, struct strbuf *answer)
{
    struct strbuf keys = STRBUF_INIT;

    if (config_restart_keys(old, new, &keys) > 0)
        tell_line(answer, LOG_LEVEL_WARNING, "changed, but effective only after a restart: %s", strbuf_text(&keys));
    strbuf_free(&keys);
}

static void tell_warnings(const struct config *config, struct strbuf *answer)
{
    struct strbuf lines = STRBUF_INIT;

    if (config->warnings != NULL)
        strbuf_add(&lines, config->warnings);
    tell(answer, LOG_LEVEL_WARNING, &lines);
    strbuf_free(&lines);
}

void reload_log_warnings(const struct config *config)
{
    struct strbuf unread = STRBUF_INIT;

    tell_warnings(config, &unread);
    strbuf_free(&unread);
}

/* Cannot fail. */
static void commit(const struct reload_parts *parts, struct plan *plan, struct strbuf *answer)
{
    const bool is_empty = service_change_is_empty(plan->change);
    const int log_problem = log_prepared_problem(plan->log);

    log_commit(plan->log);
    plan->log = NULL;
    if (!is_empty) {
        service_commit(parts->service, plan->change);
        plan->change = NULL;
    }
    tell_line(answer, LOG_LEVEL_NOTICE, "configuration reloaded from %s%s", parts->config_path,
              is_empty ? ": nothing has changed" : "");
    if (log_problem != 0)
        tell_log_problem(parts, plan->config->log_to, log_problem, answer);
    name_restart_keys(parts->started_with, plan->config, answer);
    tell_warnings(plan->config, answer);
}

bool reload_run(const struct reload_parts *parts, struct strbuf *answer)
{
    struct strbuf errors = STRBUF_INIT;
    struct plan plan = {.config = NULL};
    const bool done = prepare(parts, &plan, &errors);

    if (done) {
        commit(parts, &plan, answer);
    } else {
        (void)log_reopen(); /* the file may have been rotated all the same */
        tell(answer, LOG_LEVEL_ERROR, &errors);
        tell_line(answer, LOG_LEVEL_ERROR, "the running configuration stays as it was");
    }
    service_discard(plan.change);
    config_release(plan.config);
    strbuf_free(&errors);
    return done;
}

bool reload_reopen_log(const struct reload_parts *parts, struct strbuf *answer)
{
    const struct config *config = service_config(parts->service);
    const bool done = log_reopen();

    if (!done)
        tell_log_problem(parts, config->log_to, errno, answer);
    else if (config->log_to == NULL)
        strbuf_add(answer, "there is no log file: LogTo is none\n");
    else
        tell_line(answer, LOG_LEVEL_INFO, "log reopened");
    config_release(config);
    return done;
}
