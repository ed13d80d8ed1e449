/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The settings that some recipient may have: the file's, and those of each RecipientPolicy. */
#include "config/config_variants.h"

#include <stdlib.h>

const struct config *config_for_recipient(const struct config *config, const struct address *recipient)
{
    const struct recipient_policies *policies = &config->recipient_policies;
    const size_t number = pattern_index_find_mailbox(&policies->index, recipient);

    return number > 0 ? policies->items[number - 1].settings : config;
}

size_t config_variants(const struct config *config)
{
    return config->recipient_policies.count + 1;
}

const struct config *config_variant(const struct config *config, size_t index)
{
    return index == 0 ? config : config->recipient_policies.items[index - 1].settings;
}

/* ---- What holds for somebody ---- */

bool config_greylists(const struct config *config)
{
    return config->somebody.is_greylisted;
}

static void add_to_somebody(struct config_somebody *somebody, const struct config *settings)
{
    const bool is_greylisted = settings->greylist.terms.mode != GREYLIST_OFF;

    somebody->has_helo_checked |= settings->check_helo;
    somebody->skips_certificates |= settings->skip_cert;
    somebody->is_greylisted |= is_greylisted;
    somebody->has_null_senders_greylisted |= is_greylisted && !settings->skip_ndr;
}

/* ---- Who is exempt for some recipients, and not for others ---- */

/* A list that is not a policy's own is the file's. */
static bool same_clients(const struct config *a, const struct config *b)
{
    return a->whitelist_ip.items == b->whitelist_ip.items &&
           a->whitelist_ptr.texts.items == b->whitelist_ptr.texts.items;
}

static bool same_proofs(const struct config *a, const struct config *b)
{
    return a->skip_auth == b->skip_auth && a->skip_cert == b->skip_cert;
}

static bool same_messages(const struct config *a, const struct config *b)
{
    return same_clients(a, b) && same_proofs(a, b) && a->skip_ndr == b->skip_ndr &&
           a->whitelist_from.texts.items == b->whitelist_from.texts.items;
}

static bool add_variant(struct config_variant_list *list, const struct config *settings)
{
    const struct config **items = realloc((void *)list->items, (list->count + 1) * sizeof(const struct config *));

    if (items == NULL)
        return false;
    list->items = items;
    items[list->count++] = settings;
    return true;
}

static bool add_to_exempting(struct recipient_policies *policies, const struct config *of_file,
                             const struct config *settings)
{
    struct config_variant_list *lists = policies->exempting;

    return (same_clients(of_file, settings) || add_variant(&lists[CONFIG_EXEMPT_CLIENT], settings)) &&
           (same_proofs(of_file, settings) || add_variant(&lists[CONFIG_EXEMPT_PROOF], settings)) &&
           (same_messages(of_file, settings) || add_variant(&lists[CONFIG_EXEMPT_MESSAGE], settings));
}

bool config_variants_sum_up(struct config *config)
{
    struct recipient_policies *policies = &config->recipient_policies;

    for (size_t i = 0; i < config_variants(config); i++) {
        const struct config *settings = config_variant(config, i);

        if (!add_to_exempting(policies, config, settings))
            return false;
        add_to_somebody(&config->somebody, settings);
    }
    return true;
}

void config_variants_forget(struct recipient_policies *policies)
{
    for (size_t i = 0; i < CONFIG_EXEMPT_KINDS; i++)
        free((void *)policies->exempting[i].items);
}
