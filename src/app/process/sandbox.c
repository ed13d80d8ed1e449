/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Enters both halves of the sandbox, and says what came of it. */
#include "app/process/sandbox.h"

#include "app/process/sandbox_calls.h"
#include "app/process/sandbox_files.h"
#include "base/log.h"

static void tell(const char *what, bool done, const struct strbuf *problem)
{
    if (done)
        log_info("Sandbox: %s are restricted", what);
    else
        log_notice("Sandbox: %s are not restricted: %s", what, strbuf_text(problem));
}

void sandbox_enter(const struct config *config, const char *config_path)
{
    const bool only_logs = config->sandbox == SANDBOX_LOG;
    struct strbuf files_problem = STRBUF_INIT, calls_problem = STRBUF_INIT;
    bool has_files, has_calls;

    if (config->sandbox == SANDBOX_OFF)
        return;
    has_files = !only_logs && sandbox_files_restrict(config, config_path, &files_problem);
    has_calls = sandbox_calls_restrict(only_logs, &calls_problem);
    if (only_logs && has_calls) {
        log_warning("Sandbox: log: nothing is refused; the kernel logs the calls that would be");
    } else {
        if (!only_logs)
            tell("files", has_files, &files_problem);
        tell("calls of the kernel", has_calls, &calls_problem);
    }
    strbuf_free(&files_problem);
    strbuf_free(&calls_problem);
}

static bool check(const char *key, const char *path, bool is_written, struct strbuf *errors)
{
    if (path == NULL || sandbox_files_allow(path, is_written))
        return true;
    strbuf_addf(errors,
                "%s%s%s: the sandbox of the running filter was made for the directories that it started with, and this "
                "is in another one: restart it\n",
                key, *key != '\0' ? ": " : "", path);
    return false;
}

bool sandbox_allows(const struct config *config, const char *config_path, struct strbuf *errors)
{
    bool allowed = check("", config_path, false, errors);

    if (config == NULL)
        return allowed;
    allowed = check("ZoneFile", config->zone_file, false, errors) && allowed;
    allowed = check("SRSSecretFile", config->srs_secret_file, false, errors) && allowed;
    if (config_greylists(config)) {
        allowed = check("GreylistStore", config_greylist_file(config), true, errors) && allowed;
        allowed = check("GreylistPasswordFile", config->greylist_password_file, false, errors) && allowed;
    }
    return check("LogTo", config->log_to, true, errors) && allowed;
}
