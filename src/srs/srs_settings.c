/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Says what is wrong with the settings of SRS. */
#include "srs/srs_settings.h"

#include "base/domain_text.h"
#include "mail/idna.h"
#include "srs/srs_fields.h"
#include "srs/srs_hash.h"
#include "srs/srs_stamp.h"

#include <stddef.h>
#include <string.h>

static bool is_host(const char *domain)
{
    char ascii[IDNA_SIZE];

    if (domain == NULL || !idna_to_ascii(domain, ascii))
        return false;
    return domain_text_is_host(ascii) && domain_text_strlen(ascii) == strlen(ascii); /* without a trailing dot */
}

static bool are_secrets(const struct text_list *secrets)
{
    for (size_t i = 0; i < secrets->count; i++)
        if (*secrets->items[i] == '\0')
            return false;
    return secrets->count > 0;
}

const char *srs_settings_problem(const struct srs_settings *settings)
{
    if (!is_host(settings->domain))
        return "the SRS domain is no host name"; /* a variable that nobody expanded, for one */
    if (!are_secrets(&settings->secrets))
        return "there is no SRS secret, or an empty one";
    if (!srs_is_separator(settings->separator))
        return "the SRS separator is none of = + -";
    if (settings->hash_len < 1 || settings->hash_len > SRS_HASH_MAX_LEN)
        return "the length of an SRS hash is not 1 to 27";
    if (settings->hash_min_len < 1 || settings->hash_min_len > settings->hash_len)
        return "the minimum length of an SRS hash is not 1 to the length that is written";
    if (settings->max_age_days < 1 || settings->max_age_days > SRS_STAMP_MAX_AGE)
        return "the lifetime of an SRS address is not 1 to 1022 days";
    return NULL;
}
