/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Finds the sender behind an SRS address. */
#include "srs/srs_reverse.h"

#include "base/strbuf.h"
#include "srs/srs_fields.h"
#include "srs/srs_hash.h"
#include "srs/srs_host.h"
#include "srs/srs_stamp.h"

#include <stdbool.h>
#include <stddef.h>

/* True if one of the secrets signed the address. Each is tried, so that the time tells nothing. */
static bool is_signed(const struct srs_settings *settings, const struct srs_fields *fields)
{
    struct srs_part parts[SRS_SIGNED_MAX];
    size_t count = srs_fields_signed(fields, parts);
    bool found = false;

    for (size_t i = 0; i < settings->secrets.count; i++)
        if (srs_hash_matches(fields->hash, settings->hash_len, settings->secrets.items[i], parts, count))
            found = true;
    return found;
}

/* Whether the fields hold an address of ours; what an expired one is called, a forged one is not. */
static enum srs_status check(const struct srs_settings *settings, const struct srs_fields *fields, int64_t now_s)
{
    if (fields->hash.len < settings->hash_min_len)
        return SRS_SHORT_HASH;
    if (!is_signed(settings, fields))
        return SRS_WRONG_HASH;
    if (!srs_stamp_is_current(fields->stamp.octets, now_s, settings->max_age_days))
        return SRS_EXPIRED;
    return SRS_DONE;
}

static enum srs_status write_address(const struct srs_fields *fields, struct address *out)
{
    struct strbuf local = STRBUF_INIT;
    char host[IDNA_SIZE];
    enum address_status status = ADDRESS_NO_MEMORY;

    if (!srs_host_write(fields->host, host))
        return SRS_INCOMPLETE;
    if (fields->is_further)
        strbuf_add(&local, "SRS0");
    strbuf_add_mem(&local, fields->user.octets, fields->user.len);
    if (!local.failed)
        status = address_make(strbuf_text(&local), host, out);
    strbuf_free(&local);
    return status == ADDRESS_NO_MEMORY ? SRS_NO_MEMORY : SRS_DONE;
}

static enum srs_status reverse_once(const struct srs_settings *settings, const struct address *recipient, int64_t now_s,
                                    bool *is_further, struct address *out)
{
    struct srs_fields fields;

    if (!srs_host_is_same(recipient->domain, settings->domain))
        return SRS_FOREIGN;
    switch (srs_fields_split(recipient->local, &fields)) {
    case SRS_FORM_NONE:
        return SRS_ORDINARY;
    case SRS_FORM_INCOMPLETE:
        return SRS_INCOMPLETE;
    case SRS_FORM_COMPLETE:
        break;
    }
    enum srs_status status = check(settings, &fields, now_s);
    *is_further = fields.is_further;
    return status == SRS_DONE ? write_address(&fields, out) : status;
}

enum srs_status srs_reverse(const struct srs_settings *settings, const struct address *recipient, int64_t now_s,
                            struct address *out)
{
    bool is_further = false;
    struct address once, twice;
    enum srs_status status = reverse_once(settings, recipient, now_s, &is_further, &once);

    if (status != SRS_DONE)
        return status;
    if (!is_further || !srs_host_is_same(once.domain, settings->domain)) {
        *out = once;
        return SRS_DONE;
    }
    status = reverse_once(settings, &once, now_s, &is_further, &twice);
    address_free(&once);
    if (status == SRS_DONE)
        *out = twice;
    return status;
}
