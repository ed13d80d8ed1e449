/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Rewrites senders. */
#include "srs/srs_forward.h"

#include "base/strbuf.h"
#include "srs/srs_fields.h"
#include "srs/srs_hash.h"
#include "srs/srs_host.h"
#include "srs/srs_stamp.h"

#include <stddef.h>
#include <string.h>

enum {
    ADDRESS_MAX_OCTETS = 254, /* RFC 5321 4.5.3.1.3, which counts two brackets too */
};

static struct srs_part part_of(const char *text)
{
    return (struct srs_part){text, strlen(text)};
}

/* Whether a sender of the SRS domain stays: where none of it has to, those do that are rewritten already. */
static bool keeps_own(const struct srs_settings *settings, const char *local)
{
    struct srs_fields fields;

    return !settings->rewrites_own_domain || srs_fields_split(local, &fields) != SRS_FORM_NONE;
}

/* Why a sender stays as it is, before anybody looks at its host; else SRS_DONE. */
static enum srs_status reason_to_keep(const struct srs_settings *settings, const struct address *sender)
{
    if (sender == NULL)
        return SRS_NULL_SENDER;
    if (*sender->domain == '\0')
        return SRS_NO_DOMAIN;
    if (srs_host_is_same(sender->domain, settings->domain) && keeps_own(settings, sender->local))
        return SRS_OWN_DOMAIN;
    return whitelist_has_exact_host(&settings->kept_domains, sender->domain) ? SRS_KEPT_DOMAIN : SRS_DONE;
}

/* Makes the fields for an SRS address of `host`; false if `local` is none. An SRS1 keeps the first host, whose name is
 * written to `first` unless it is no host. */
static bool wrap(const char *local, const char *host, char first[IDNA_SIZE], struct srs_fields *out)
{
    struct srs_fields fields;

    if (srs_fields_split(local, &fields) != SRS_FORM_COMPLETE)
        return false;
    if (!fields.is_further) {
        *out = (struct srs_fields){.is_further = true, .host = part_of(host), .user = fields.tail};
        return true;
    }
    if (!srs_host_write(fields.host, first))
        return false;
    *out = (struct srs_fields){.is_further = true, .host = part_of(first), .user = fields.user};
    return true;
}

/* Writes the local part of these fields. */
static void write_local(struct strbuf *local, const struct srs_settings *settings, const struct srs_fields *fields)
{
    struct srs_part parts[SRS_SIGNED_MAX];
    size_t count = srs_fields_signed(fields, parts);
    char hash[SRS_HASH_SIZE];

    srs_hash_write(settings->secrets.items[0], parts, count, settings->hash_len, settings->writes_classic_hash, hash);
    strbuf_add(local, fields->is_further ? "SRS1" : "SRS0");
    strbuf_add_char(local, settings->separator);
    strbuf_add(local, hash);
    for (size_t i = 0; i < count; i++) {
        strbuf_add_char(local, '=');
        strbuf_add_mem(local, parts[i].octets, parts[i].len);
    }
}

static bool is_too_long(const struct srs_settings *settings, const struct address *made, enum address_status status)
{
    return strlen(made->text) > ADDRESS_MAX_OCTETS || (settings->keeps_overlong && status == ADDRESS_LOCAL_TOO_LONG);
}

static enum srs_status write_address(const struct srs_settings *settings, const struct srs_fields *fields,
                                     struct address *out)
{
    struct strbuf local = STRBUF_INIT;
    char domain[IDNA_SIZE];
    struct address made = {0};
    enum address_status status = ADDRESS_NO_MEMORY;

    write_local(&local, settings, fields);
    if (!local.failed)
        status = address_make(strbuf_text(&local), idna_ascii_form(settings->domain, domain), &made);
    strbuf_free(&local);
    if (status == ADDRESS_NO_MEMORY)
        return SRS_NO_MEMORY;
    if (is_too_long(settings, &made, status)) {
        address_free(&made);
        return SRS_TOO_LONG;
    }
    *out = made;
    return SRS_DONE;
}

enum srs_status srs_forward(const struct srs_settings *settings, const struct address *sender, int64_t now_s,
                            struct address *out)
{
    char host[IDNA_SIZE], first[IDNA_SIZE], stamp[SRS_STAMP_LEN + 1];
    enum srs_status status = reason_to_keep(settings, sender);
    struct srs_fields fields;

    if (status != SRS_DONE)
        return status;
    if (!srs_host_write(part_of(sender->domain), host))
        return SRS_BAD_HOST;
    if (!wrap(sender->local, host, first, &fields)) {
        srs_stamp_write(now_s, stamp);
        fields = (struct srs_fields){.stamp = part_of(stamp), .host = part_of(host), .user = part_of(sender->local)};
    }
    return write_address(settings, &fields, out);
}
