/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Names the keys that need what Postfix's policy protocol does not have. */
#include "app/preflight/policy_limits.h"

#include "config/config_recipients.h"
#include "session/session.h"

#include <stdbool.h>
#include <stddef.h>
#include <string.h>
#include <unistd.h>

enum { NAME_SIZE = 256 };

void policy_limits_add(const struct config *config, struct strbuf *out)
{
    const struct {
        const char *key;
        bool is_in_effect;
    } keys[] = {
        {"TagSubject", config->verdict.tag_subject},
        {"RemoveForgedHeaders", config->remove_forged_headers != FORGED_STAY},
        {"TrustedRelay", config->trusted_relay.count > 0},
        {"Quarantine on (QuarantineBox has no domain)",
         config->verdict.quarantine == QUARANTINE_ON && strchr(config->quarantine_box, '@') == NULL},
        {"RefuseAt eom", config->refuse_at == REFUSE_AT_EOM},
    };
    const char *before = "";

    for (size_t i = 0; i < sizeof keys / sizeof *keys && config->policy_socket != NULL; i++)
        if (keys[i].is_in_effect) {
            strbuf_addf(out, "%s%s", before, keys[i].key);
            before = ", ";
        }
}

void policy_limits_add_unserved(const struct config *config, struct strbuf *out)
{
    bool has_pass = false, has_helo_pass = false;

    for (size_t i = 0; i < config_variants(config); i++) {
        has_pass |= config_variant(config, i)->on_pass != NULL;
        has_helo_pass |= config_variant(config, i)->on_helo_pass != NULL;
    }
    if (config->policy_socket == NULL && (has_pass || has_helo_pass))
        strbuf_addf(out, "%s%s%s", has_pass ? "OnPass" : "", has_pass && has_helo_pass ? ", " : "",
                    has_helo_pass ? "OnHeloPass" : "");
}

void policy_limits_add_short_name(const struct config *config, struct strbuf *out)
{
    char name[NAME_SIZE] = "";

    if (config->policy_socket == NULL || config->authserv_id != NULL)
        return;
    if (gethostname(name, sizeof name - 1) == 0 && strchr(name, '.') == NULL)
        strbuf_add_shown(out, name, sizeof name);
}

bool policy_limits_has_null_senders(const struct config *config)
{
    return config->policy_socket != NULL && config->socket == NULL && session_needs(config).data;
}
