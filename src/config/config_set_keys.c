/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The keys that name results in two ways. */
#include "config/config_set_keys.h"

#include "config/config.h"

#include <stddef.h>
#include <string.h>

const char *const config_legacy_keys[] = {"RefuseFail", "RefuseSPFNone", "RefuseSPFNoneHelo", "AcceptTempError", NULL};
const char *const config_set_keys[] = {"RefuseMailFrom", "RefuseHelo", "RefuseNullSender", "Defer",
                                       "DeferMailFrom",  "DeferHelo",  "DeferNullSender",  NULL};

static bool is_among(const char *const *keys, const char *key)
{
    for (; *keys != NULL; keys++)
        if (strcmp(*keys, key) == 0)
            return true;
    return false;
}

bool config_key_is_legacy(const char *key)
{
    return is_among(config_legacy_keys, key);
}

bool config_key_is_set(const char *key)
{
    return is_among(config_set_keys, key);
}
