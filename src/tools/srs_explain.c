/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Words for the steps of SRS. */
#include "tools/srs_explain.h"

#include "base/calendar.h"
#include "srs/srs_fields.h"
#include "srs/srs_hash.h"
#include "srs/srs_host.h"
#include "srs/srs_stamp.h"

#include <inttypes.h>
#include <string.h>
#include <time.h>

enum {
    DAY_S = 86400,
    SHOWN_MAX = 320,   /* octets of an address or a part of one */
    LOCAL_MAX = 64,    /* RFC 5321 4.5.3.1.1 */
    TOMORROW = -1,     /* days ago */
    NEVER = INT32_MIN, /* no day of the cycle */
    DATE_SIZE = 16,    /* a date as 2026-11-29 */
};

void srs_explain_begin(struct strbuf *out)
{
    strbuf_add(out, "  ");
}

static void add_text(struct strbuf *out, const char *text)
{
    strbuf_add_shown(out, text, SHOWN_MAX);
}

static void add_part(struct strbuf *out, struct srs_part part)
{
    struct strbuf text = STRBUF_INIT;

    strbuf_add_mem(&text, part.octets, part.len);
    out->failed |= text.failed;
    add_text(out, strbuf_text(&text));
    strbuf_free(&text);
}

/* Senders */

/* Why the sender stays as it is. */
static void add_reason_to_stay(struct strbuf *out, const struct srs_settings *settings, const struct address *sender,
                               enum srs_status status)
{
    srs_explain_begin(out);
    switch (status) {
    case SRS_NULL_SENDER:
        strbuf_add(out, "it is the null sender of bounces, to which nothing is sent: it stays (RFC 5321 4.5.5)");
        break;
    case SRS_OWN_DOMAIN:
        strbuf_addf(out, "its domain is SRSDomain, %s, whose mail this host may send: it stays", settings->domain);
        break;
    case SRS_KEPT_DOMAIN:
        add_text(out, sender->domain);
        strbuf_add(out, " is excluded by SRSExclude: it stays");
        break;
    case SRS_TOO_LONG:
        strbuf_addf(out, "the address to write is too long%s: it stays",
                    settings->keeps_overlong ? " (64 octets before the @ with SRSTooLong leave, 254 in all)"
                                             : " (254 octets in all, RFC 5321 4.5.3.1.3)");
        break;
    default:
        strbuf_addf(out, "it stays: %s", srs_status_text(status));
    }
    strbuf_add_char(out, '\n');
}

/* What was written. */
static void add_rewriting(struct strbuf *out, const struct srs_settings *settings, const struct address *sender,
                          const char *rewritten)
{
    const char *at = strrchr(rewritten, '@');
    const size_t local_len = at != NULL ? (size_t)(at - rewritten) : strlen(rewritten);
    struct srs_fields fields;
    const bool was_rewritten = srs_fields_split(sender->local, &fields) == SRS_FORM_COMPLETE;

    srs_explain_begin(out);
    if (was_rewritten)
        strbuf_add(out, "another host has rewritten it before: the new address leads a bounce back to that host\n");
    else
        strbuf_add(out, "it is rewritten for the first time: the new address holds it\n");
    srs_explain_begin(out);
    strbuf_addf(out, "it is signed with secret 1 of %zu\n", settings->secrets.count);
    if (local_len > LOCAL_MAX) {
        srs_explain_begin(out);
        strbuf_addf(out, "it has %zu octets before the @, more than 64 (RFC 5321 4.5.3.1.1): some hosts refuse that\n",
                    local_len);
    }
}

void srs_explain_forward(const struct srs_settings *settings, const struct address *sender, enum srs_status status,
                         const char *rewritten, struct strbuf *out)
{
    if (status == SRS_DONE)
        add_rewriting(out, settings, sender, rewritten);
    else
        add_reason_to_stay(out, settings, sender, status);
}

/* Recipients */

/* How many days ago the stamp's day was, the last of them if several were. */
static int32_t days_ago(struct srs_part stamp, int64_t now_s)
{
    char day[SRS_STAMP_LEN + 1], wanted[SRS_STAMP_LEN + 1];

    for (size_t i = 0; i < SRS_STAMP_LEN; i++) /* of US-ASCII, as it was split */
        wanted[i] = (char)(stamp.octets[i] >= 'a' ? stamp.octets[i] - 'a' + 'A' : stamp.octets[i]);
    wanted[SRS_STAMP_LEN] = '\0';
    for (int32_t days = TOMORROW; days <= SRS_STAMP_MAX_AGE; days++) {
        srs_stamp_write(now_s - (int64_t)days * DAY_S, day);
        if (strcmp(day, wanted) == 0)
            return days;
    }
    return NEVER;
}

static const char *write_date(int64_t time_s, char date[DATE_SIZE])
{
    struct tm parts;

    if (!calendar_utc(time_s, &parts) || strftime(date, DATE_SIZE, "%Y-%m-%d", &parts) == 0)
        date[0] = '\0';
    return date;
}

static void add_day(struct strbuf *out, const struct srs_settings *settings, struct srs_part stamp, int64_t now_s)
{
    const int32_t days = days_ago(stamp, now_s);
    char date[DATE_SIZE];

    srs_explain_begin(out);
    strbuf_add(out, "its day ");
    add_part(out, stamp);
    if (days == TOMORROW)
        strbuf_add(out, " is tomorrow, as where a host's clock is ahead: valid\n");
    else if (days >= 0)
        strbuf_addf(out, " is %s, %" PRId32 " day%s ago, and SRSMaxAge is %u: %s\n",
                    write_date(now_s - (int64_t)days * DAY_S, date), days, days == 1 ? "" : "s", settings->max_age_days,
                    (unsigned)days <= settings->max_age_days ? "valid" : "expired");
    else
        strbuf_add(out, " is to come: expired\n");
}

/* Which secret has signed the address, counted from 1; 0: none of them. */
static size_t find_secret(const struct srs_settings *settings, const struct srs_fields *fields)
{
    struct srs_part parts[SRS_SIGNED_MAX];
    const size_t count = srs_fields_signed(fields, parts);

    for (size_t i = 0; i < settings->secrets.count; i++)
        if (srs_hash_matches(fields->hash, settings->hash_len, settings->secrets.items[i], parts, count))
            return i + 1;
    return 0;
}

/* True if the hash is right. */
static bool add_hash(struct strbuf *out, const struct srs_settings *settings, const struct srs_fields *fields)
{
    const size_t secret = find_secret(settings, fields);

    srs_explain_begin(out);
    strbuf_add(out, "its hash ");
    add_part(out, fields->hash);
    if (fields->hash.len < settings->hash_min_len)
        strbuf_addf(out, " has %zu character%s, and SRSHashMinimum is %u: refused\n", fields->hash.len,
                    fields->hash.len == 1 ? "" : "s", settings->hash_min_len);
    else if (secret == 0)
        strbuf_addf(out, " is right with none of %zu secret%s: the address is forged, or its secret is gone\n",
                    settings->secrets.count, settings->secrets.count == 1 ? "" : "s");
    else
        strbuf_addf(out, " is right with secret %zu of %zu\n", secret, settings->secrets.count);
    return secret > 0 && fields->hash.len >= settings->hash_min_len;
}

/* What an address of SRSDomain stands for. */
static void add_meaning(struct strbuf *out, const struct srs_settings *settings, const struct srs_fields *fields)
{
    char host[IDNA_SIZE];

    srs_explain_begin(out);
    if (!srs_host_write(fields->host, host)) {
        add_part(out, fields->host);
        strbuf_add(out, " is no host name: refused\n");
        return;
    }
    strbuf_add(out,
               fields->is_further ? "it leads back to the host that forwarded first, " : "it stands for a sender at ");
    add_text(out, host);
    if (fields->is_further && srs_host_is_same(host, settings->domain))
        strbuf_add(out, ", which is this one:");
    else if (fields->is_further)
        strbuf_add(out, ", which alone can check what it wrote");
    strbuf_add_char(out, '\n');
}

/* The steps of one local part of SRSDomain. True if it wraps another one, which is written to `next`. */
static bool explain_once(const struct srs_settings *settings, const char *local, int64_t now_s, struct strbuf *next,
                         struct strbuf *out)
{
    struct srs_fields fields;
    char host[IDNA_SIZE];

    switch (srs_fields_split(local, &fields)) {
    case SRS_FORM_NONE:
        srs_explain_begin(out);
        strbuf_add(out, "it is no SRS address, which would begin with SRS0= or SRS1=\n");
        return false;
    case SRS_FORM_INCOMPLETE:
        srs_explain_begin(out);
        strbuf_add(out, "it is not whole: SRS0=hash=day=host=user, or SRS1=hash=host==hash=day=host=user, is\n");
        return false;
    case SRS_FORM_COMPLETE:
        break;
    }
    if (!add_hash(out, settings, &fields))
        return false;
    add_day(out, settings, fields.stamp, now_s);
    if (!srs_stamp_is_current(fields.stamp.octets, now_s, settings->max_age_days))
        return false;
    add_meaning(out, settings, &fields);
    if (!fields.is_further || !srs_host_write(fields.host, host) || !srs_host_is_same(host, settings->domain))
        return false;
    strbuf_add(next, "SRS0");
    strbuf_add_mem(next, fields.user.octets, fields.user.len);
    out->failed |= next->failed;
    return !next->failed;
}

void srs_explain_reverse(const struct srs_settings *settings, const struct address *recipient, int64_t now_s,
                         struct strbuf *out)
{
    struct strbuf next = STRBUF_INIT, unused = STRBUF_INIT;

    srs_explain_begin(out);
    if (!srs_host_is_same(recipient->domain, settings->domain)) {
        strbuf_addf(out, "its domain is not SRSDomain, %s: it is not ours\n", settings->domain);
        return;
    }
    strbuf_addf(out, "its domain is SRSDomain, %s\n", settings->domain);
    if (explain_once(settings, recipient->local, now_s, &next, out))
        (void)explain_once(settings, strbuf_text(&next), now_s, &unused, out);
    strbuf_free(&next);
    strbuf_free(&unused);
}
