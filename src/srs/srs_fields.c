/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Splits the local part of an SRS address. */
#include "srs/srs_fields.h"

#include "srs/srs_stamp.h"

#include <string.h>
#include <strings.h>

enum { TAG_LEN = 4 }; /* SRS0, SRS1 */

bool srs_is_separator(char c)
{
    return c == '=' || c == '+' || c == '-';
}

/* Takes what stands before the next = off *rest. False if that is nothing, or there is no = any more. */
static bool take_field(const char **rest, struct srs_part *out)
{
    size_t len = strcspn(*rest, "=");

    if (len == 0 || (*rest)[len] == '\0')
        return false;
    *out = (struct srs_part){*rest, len};
    *rest += len + 1;
    return true;
}

/* The last field: all that is left. */
static bool take_rest(const char *rest, struct srs_part *out)
{
    *out = (struct srs_part){rest, strlen(rest)};
    return out->len > 0;
}

/* Splits what stands after `SRS0` and its separator. */
static bool split_first(const char *rest, struct srs_fields *out)
{
    return take_field(&rest, &out->hash) && take_field(&rest, &out->stamp) && take_field(&rest, &out->host) &&
           take_rest(rest, &out->user) && srs_stamp_is_one(out->stamp.octets, out->stamp.len);
}

/* The same for `SRS1`. */
static bool split_further(const char *rest, struct srs_fields *out)
{
    struct srs_fields wrapped;

    if (!take_field(&rest, &out->hash) || !take_field(&rest, &out->host) || !srs_is_separator(*rest) ||
        !split_first(rest + 1, &wrapped))
        return false;
    out->stamp = wrapped.stamp;
    return take_rest(rest, &out->user);
}

enum srs_form srs_fields_split(const char *local, struct srs_fields *out)
{
    bool is_further = strncasecmp(local, "SRS1", TAG_LEN) == 0;
    struct srs_fields fields = {.is_further = is_further};
    const char *tail = local + TAG_LEN;

    if ((!is_further && strncasecmp(local, "SRS0", TAG_LEN) != 0) || !srs_is_separator(*tail))
        return SRS_FORM_NONE; /* where `local` is shorter, `tail` is not looked at */
    if (!(is_further ? split_further : split_first)(tail + 1, &fields))
        return SRS_FORM_INCOMPLETE;
    (void)take_rest(tail, &fields.tail);
    *out = fields;
    return SRS_FORM_COMPLETE;
}

size_t srs_fields_signed(const struct srs_fields *fields, struct srs_part out[SRS_SIGNED_MAX])
{
    size_t count = 0;

    if (!fields->is_further)
        out[count++] = fields->stamp;
    out[count++] = fields->host;
    out[count++] = fields->user;
    return count;
}
