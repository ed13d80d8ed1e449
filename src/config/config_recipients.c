/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Settings for some recipients: how they are kept, found and written. */
#include "config/config_recipients.h"

#include "config/config_file.h"
#include "config/config_print.h"
#include "config/config_value.h"
#include "config/config_variants.h"

#include <stdlib.h>
#include <string.h>

/* A copy of the file's configuration. What it points to is the file's, but for the options that are its own. */
struct settings {
    struct config config; /* first: a pointer to it is one to the whole */
    const struct config_option **own;
    size_t own_count;
};

/* What belongs to the message as a whole, to the evaluation or to the process is not among them. */
static const char *const keys[] = {
    "WhitelistIP",     "WhitelistPTR",      "WhitelistFrom",   "WhitelistHelo",
    "WhitelistSPF",    "SkipAuth",          "SkipCert",        "SkipNDR",
    "CheckHelo",       "RefuseMailFrom",    "RefuseHelo",      "RefuseNullSender",
    "Defer",           "DeferMailFrom",     "DeferHelo",       "DeferNullSender",
    "RefuseFor",       "RefuseOnlyNoMail",  "LeaveToDMARC",    "RefuseFail",
    "RefuseSPFNone",   "RefuseSPFNoneHelo", "AcceptTempError", "RejectTempError",
    "RejectPermError", "SoftFail",          "TestMode",        "OnPass",
    "OnHeloPass",      "RejectReason",      "AddHeader",       "AddReceivedHeader",
    "Greylist",        "GreylistResults",   "GreylistPass",    "GreylistWidth",
    "GreylistDelay",   "GreylistWindow",    "GreylistLife",    "GreylistKnownAfter",
    "GreylistNetwork", "GreylistTo",        "GreylistExempt",
};

bool config_recipients_may_have(const struct config_option *option)
{
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
        if (strcmp(keys[i], option->key) == 0)
            return true;
    return false;
}

struct recipient_policy *config_recipients_add(struct recipient_policies *policies, struct text_list *patterns)
{
    struct recipient_policy *items = realloc(policies->items, (policies->count + 1) * sizeof *items);

    if (items == NULL)
        return NULL;
    policies->items = items;
    for (size_t i = 0; i < patterns->count; i++)
        if (!pattern_index_add_mailbox(&policies->index, patterns->items[i], policies->count + 1))
            return NULL;
    items[policies->count] = (struct recipient_policy){.patterns = *patterns};
    *patterns = (struct text_list){NULL, 0};
    return &items[policies->count++];
}

bool config_recipients_begin(struct recipient_policy *policy, const struct config *base)
{
    struct settings *settings = calloc(1, sizeof *settings);

    if (settings == NULL)
        return false;
    settings->config = *base;
    settings->config.recipient_policies = (struct recipient_policies){0};
    settings->config.warnings = NULL;
    policy->settings = &settings->config;
    return true;
}

static struct settings *settings_of(const struct recipient_policy *policy)
{
    return (struct settings *)policy->settings;
}

bool config_recipients_owns(const struct recipient_policy *policy, const struct config_option *option)
{
    const struct settings *settings = settings_of(policy);

    for (size_t i = 0; i < settings->own_count; i++)
        if (settings->own[i] == option)
            return true;
    return false;
}

static void *member_of(struct settings *settings, const struct config_option *option)
{
    return (char *)&settings->config + option->offset;
}

bool config_recipients_own(const struct recipient_policy *policy, const struct config_option *option)
{
    struct settings *settings = settings_of(policy);
    const struct config_option **own;

    if (config_recipients_owns(policy, option))
        return true;
    own = realloc((void *)settings->own, (settings->own_count + 1) * sizeof(const struct config_option *));
    if (own == NULL)
        return false;
    settings->own = own;
    own[settings->own_count++] = option;
    if (option->type->size > 0)
        memset(member_of(settings, option), 0, option->type->size);
    return true;
}

static void free_settings(struct settings *settings)
{
    if (settings == NULL)
        return;
    for (size_t i = 0; i < settings->own_count; i++)
        if (settings->own[i]->type->clear != NULL)
            settings->own[i]->type->clear(member_of(settings, settings->own[i]));
    free((void *)settings->own);
    free(settings);
}

/* ---- As an option ---- */

static void policies_clear(void *member)
{
    struct recipient_policies *policies = member;

    for (size_t i = 0; i < policies->count; i++) {
        free_settings(settings_of(&policies->items[i]));
        text_list_free(&policies->items[i].patterns);
    }
    free(policies->items);
    pattern_index_free(&policies->index);
    config_variants_forget(policies);
    *policies = (struct recipient_policies){0};
}

static void write_settings(const struct settings *settings, struct strbuf *out)
{
    for (size_t i = 0; settings != NULL && i < settings->own_count; i++)
        if (config_print_values(&settings->config, settings->own[i], "    ", out) == 0)
            strbuf_addf(out, "    %s none\n", settings->own[i]->key);
}

static bool policies_write(const struct config_option *option, const void *member, size_t index, struct strbuf *out)
{
    const struct recipient_policies *policies = member;
    const struct recipient_policy *policy;

    (void)option;
    if (index >= policies->count)
        return false;
    policy = &policies->items[index];
    for (size_t i = 0; i < policy->patterns.count; i++) {
        config_file_write(policy->patterns.items[i], true, out);
        strbuf_add_char(out, ' ');
    }
    strbuf_add(out, "{\n");
    write_settings(settings_of(policy), out);
    strbuf_add_char(out, '}');
    return true;
}

/* Its lines are read by config_reading. */
const struct config_type config_recipient_policies = {
    .form = "address patterns",
    .detail =
        " (user@example.org, user@, @example.org, @.example.org), then {, and settings on lines of their own up to }",
    .is_list = true,
    .is_block = true,
    .write = policies_write,
    .clear = policies_clear,
    .size = sizeof(struct recipient_policies),
};

const char *config_greylist_file(const struct config *config)
{
    static const char scheme[] = "sqlite:";
    const char *store = config->greylist_store;

    return store != NULL && strncmp(store, scheme, sizeof scheme - 1) == 0 ? store + sizeof scheme - 1 : NULL;
}
