/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a configuration makes a session ask of its front end. */
#include "session/session.h"

/* True if greylisting asks for more of a recipient than a key. */
static bool greylists_some_recipients(const struct config *config)
{
    const struct greylist_settings *settings = &config->greylist;

    return settings->terms.mode != GREYLIST_OFF &&
           (settings->to.texts.count > 0 || settings->exempt.recipients.texts.count > 0);
}

struct session_needs session_needs(const struct config *config)
{
    bool has_rules = config->whitelist_to.texts.count > 0 || config->verdict.refuse_to.count > 0 ||
                     config_variants(config) > 1 || config->srs_domain != NULL || greylists_some_recipients(config);

    return (struct session_needs){
        .headers =
            ((config->verdict.tag_subject || config->verdict.quarantine == QUARANTINE_ON) && !config->test_mode) ||
            config->remove_forged_headers != FORGED_STAY || config->trusted_relay.count > 0,
        .certificates = config->somebody.skips_certificates,
        .changes_headers = true,
        .changes_recipients = config->verdict.quarantine == QUARANTINE_ON && !config->test_mode,
        .recipients = has_rules || (config->verdict.quarantine == QUARANTINE_ON && !config->test_mode),
        .data = config->somebody.has_null_senders_greylisted,
        .holds = config->verdict.quarantine == QUARANTINE_HOLD && !config->test_mode,
    };
}
