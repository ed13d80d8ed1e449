/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The two ways to name results, and what contradicts what. */
#include "config/config_sets.h"

#include "base/endpoint.h"
#include "config/config_errors.h"
#include "config/config_greylist_check.h"
#include "config/config_recipients.h"
#include "config/config_set_keys.h"
#include "config/table_socket.h"

#include <string.h>
#include <strings.h>

/* Contradictions */

static bool has_zone_and_servers(const struct config *config)
{
    return config->zone_file != NULL && config->nameservers.count > 0;
}

bool config_recurses(const struct config *config)
{
    for (size_t i = 0; i < config->nameservers.count; i++)
        if (strcasecmp(config->nameservers.items[i], CONFIG_NO_NAMESERVER) == 0)
            return true;
    return false;
}

static bool recurses_and_forwards(const struct config *config)
{
    return config_recurses(config) && config->nameservers.count > 1;
}

static bool has_unix_table_socket(const struct config *config)
{
    const char *protocol;

    for (size_t i = 0; i < config->table_sockets.count; i++)
        if (endpoint_unix_path(table_socket_spec(config->table_sockets.items[i], &protocol)) != NULL)
            return true;
    return false;
}

static bool gives_group_to_other_socket(const struct config *config)
{
    return config->socket_group != NULL && (config->socket == NULL || endpoint_unix_path(config->socket) == NULL) &&
           (config->metrics == NULL || endpoint_unix_path(config->metrics) == NULL) &&
           (config->policy_socket == NULL || endpoint_unix_path(config->policy_socket) == NULL) &&
           !has_unix_table_socket(config);
}

static bool refuses_unchecked_helo(const struct config *config)
{
    return config->verdict.refuse_helo != 0 && !config->check_helo;
}

static bool defers_unchecked_helo(const struct config *config)
{
    return config->verdict.defer_helo.results != 0 && !config->check_helo;
}

static bool acts_on_unchecked_helo(const struct config *config)
{
    return config->on_helo_pass != NULL && !config->check_helo;
}

static bool both_accepts_and_rejects(const struct config *config)
{
    return config->accept_temp_error == config->reject_temp_error;
}

/* Keys that cannot both be set while `contradicts` holds, and why. */
static const struct contradiction {
    const char *key, *other;
    bool (*contradicts)(const struct config *config);
    const char *reason;
} contradictions[] = {
    {"Nameserver", "ZoneFile", has_zone_and_servers,
     "with a zone file no name server is queried; leave out one of the two"},
    {"Nameserver", "Nameserver", recurses_and_forwards, "none means recursion from the root; leave out the others"},
    {"SocketGroup", "Socket", gives_group_to_other_socket, "only a unix socket has a group; leave it out"},
    {"CheckHelo", "RefuseHelo", refuses_unchecked_helo,
     "only a name that is checked has a result; leave out CheckHelo"},
    {"CheckHelo", "DeferHelo", defers_unchecked_helo, "only a name that is checked has a result; leave out CheckHelo"},
    {"CheckHelo", "OnHeloPass", acts_on_unchecked_helo,
     "only a name that is checked has a result; leave out CheckHelo"},
    {"AcceptTempError", "RejectTempError", both_accepts_and_rejects,
     "each says the opposite of the other; leave one out"},
};

/* True if the file says it; of a RecipientPolicy, whether that does. */
static bool says(const struct config_reading *reading, const char *key)
{
    return reading->policy != NULL ? config_recipients_owns(reading->policy, config_option_find(key))
                                   : config_errors_line_of(reading, key) > 0;
}

/* Tells of two keys that contradict each other if both are in the file, and the first in what is read now. */
static void report_contradiction(struct config_reading *reading, const char *key, const char *other, const char *reason)
{
    unsigned line = config_errors_line_of(reading, key), other_line = config_errors_line_of(reading, other);

    if (line > 0 && other_line > 0 && says(reading, key) && config_errors_begin(reading, line))
        strbuf_addf(reading->errors, "%s: contradicts %s in line %u: %s\n", key, other, other_line, reason);
}

/* Sets of a RecipientPolicy take the place of the file's legacy keys, whose sets it begins with. */
static void report_mixture(struct config_reading *reading, const char *legacy, const char *set)
{
    report_contradiction(reading, legacy, set,
                         "it stands for members of the sets; name all results in RefuseMailFrom, RefuseHelo, Defer "
                         "and their companions, or in none of them");
}

/* TestMode is there to be on for all: nobody expects a refusal then. */
static void check_test_mode(struct config_reading *reading)
{
    static const char key[] = "TestMode";

    if (reading->policy != NULL && reading->of_file->test_mode && !reading->config->test_mode && says(reading, key) &&
        config_errors_begin(reading, config_errors_line_of(reading, key)))
        strbuf_addf(reading->errors, "%s: it is on for all recipients, so that it cannot be off for some\n", key);
}

/* Nobody could ask such a filter. */
static void check_sockets(struct config_reading *reading)
{
    const struct config *config = reading->config;
    const unsigned line = config_errors_line_of(reading, "TableSocket");

    if (reading->policy != NULL)
        return;
    if (config->socket == NULL && config->policy_socket == NULL && config->table_sockets.count == 0 &&
        config_errors_begin(reading, config_errors_line_of(reading, "Socket")))
        strbuf_add(reading->errors, "Socket: it can be off only where there is a PolicySocket or a TableSocket\n");
    if (config->table_sockets.count > TABLE_SOCKETS_MAX && config_errors_begin(reading, line))
        strbuf_addf(reading->errors, "TableSocket: there are at most %d of them\n", TABLE_SOCKETS_MAX);
    if (config->table_sockets.count > 0 && config->srs_domain == NULL && config_errors_begin(reading, line))
        strbuf_add(reading->errors, "TableSocket: its tables are about addresses of SRSDomain, which is missing\n");
}

/* Without a secret anybody could write an address that is sent on. */
static void check_srs(struct config_reading *reading)
{
    const struct config *config = reading->config;

    if (reading->policy != NULL)
        return;
    if (config->srs_domain != NULL && config->srs_secret_file == NULL &&
        config_errors_begin(reading, config_errors_line_of(reading, "SRSDomain")))
        strbuf_add(reading->errors, "SRSDomain: needs an SRSSecretFile (smf-spf srs secret makes one)\n");
    if (config->srs_hash_minimum > config->srs_hash_length &&
        config_errors_begin(reading, config_errors_line_of(reading, "SRSHashMinimum")))
        strbuf_addf(reading->errors, "SRSHashMinimum: a hash of SRSHashLength (%u) would be shorter\n",
                    config->srs_hash_length);
}

/* Of two words for one thing the one that a RecipientPolicy says itself counts. */
static void prefer_own_words(struct config_reading *reading)
{
    const bool accepts = says(reading, "AcceptTempError"), rejects = says(reading, "RejectTempError");

    if (reading->policy == NULL || accepts == rejects)
        return;
    if (accepts)
        reading->config->reject_temp_error = !reading->config->accept_temp_error;
    else
        reading->config->accept_temp_error = !reading->config->reject_temp_error;
}

void config_sets_check(struct config_reading *reading)
{
    prefer_own_words(reading);
    for (size_t i = 0; i < sizeof contradictions / sizeof *contradictions; i++) {
        const struct contradiction *c = &contradictions[i];

        if (c->contradicts(reading->config))
            report_contradiction(reading, c->key, c->other, c->reason);
    }
    for (size_t i = 0; config_legacy_keys[i] != NULL; i++)
        for (size_t n = 0; config_set_keys[n] != NULL && says(reading, config_legacy_keys[i]); n++)
            report_mixture(reading, config_legacy_keys[i], config_set_keys[n]);
    check_test_mode(reading);
    check_sockets(reading);
    check_srs(reading);
    config_greylist_check(reading);
}

static void derive_set(struct derived_set *set, result_set results)
{
    if (!set->is_written)
        set->results = results;
}

/* Makes the sets of the legacy keys. */
static void derive_classic_sets(struct config *config)
{
    result_set fail = config->refuse_fail ? RESULT_BIT(RESULT_FAIL) : 0;
    result_set error = config->reject_perm_error ? RESULT_BIT(RESULT_PERMERROR) : 0;

    config->verdict.refuse_mail_from = fail | (config->refuse_spf_none ? RESULT_BIT(RESULT_NONE) : 0);
    derive_set(&config->verdict.refuse_null_sender,
               fail | error | (config->refuse_spf_none_helo ? RESULT_BIT(RESULT_NONE) : 0));
    /* Two words for one thing: either says it. */
    config->reject_temp_error = config->reject_temp_error || !config->accept_temp_error;
    config->accept_temp_error = !config->reject_temp_error;
}

/* True if a set is written: of a RecipientPolicy by itself, or in a file that has sets. */
static bool has_sets(const struct config_reading *reading)
{
    bool found = reading->policy != NULL && reading->of_file->sets_written;

    for (size_t i = 0; config_set_keys[i] != NULL; i++)
        found = found || says(reading, config_set_keys[i]);
    return found;
}

/* A RecipientPolicy that writes a set in a file with legacy keys: the others are what these stand for. */
static void begin_sets(struct config_reading *reading)
{
    struct config *config = reading->config;
    const struct config *of_file = reading->of_file;

    if (reading->policy == NULL || of_file->sets_written)
        return;
    if (!says(reading, "RejectTempError")) /* else it adds to Defer */
        config->reject_temp_error = of_file->reject_temp_error && !says(reading, "Defer");
    if (says(reading, "RefuseMailFrom"))
        return;
    config->verdict.refuse_mail_from = of_file->verdict.refuse_mail_from;
    if (!says(reading, "RefuseNullSender") && !says(reading, "RefuseHelo"))
        config->verdict.refuse_null_sender =
            (struct derived_set){.results = of_file->verdict.refuse_null_sender.results, .is_written = true};
}

void config_sets_derive(struct config_reading *reading)
{
    struct config *config = reading->config;

    config->sets_written = has_sets(reading);
    if (config->sets_written)
        begin_sets(reading);
    else
        derive_classic_sets(config);
    if (config->reject_temp_error)
        config->defer |= RESULT_BIT(RESULT_TEMPERROR);
    if (config->reject_perm_error)
        config->verdict.refuse_mail_from |= RESULT_BIT(RESULT_PERMERROR);
    if (config->sets_written) /* the HELO name takes the place of a null sender (RFC 7208 2.4) */
        derive_set(&config->verdict.refuse_null_sender, config->verdict.refuse_mail_from | config->verdict.refuse_helo);
    derive_set(&config->verdict.defer_mail_from, config->defer);
    derive_set(&config->verdict.defer_helo, config->defer);
    derive_set(&config->verdict.defer_null_sender,
               config->verdict.defer_mail_from.results | config->verdict.defer_helo.results);
    config->check_helo = config->check_helo || config->verdict.refuse_helo != 0 || config->on_helo_pass != NULL ||
                         (config->verdict.defer_helo.is_written && config->verdict.defer_helo.results != 0);
}
