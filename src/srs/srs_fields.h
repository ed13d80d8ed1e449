/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The fields of an SRS address's local part. Pure.
 *
 *     SRS0=hash=stamp=host=user        what the first host writes that forwards a message of user@host
 *     SRS1=hash=host==hash=stamp=...   what each further one writes: after the = behind `host` stands all that followed
 *                                      SRS0 in the address of the first one, which is `host`
 *
 * The separator after SRS0 and SRS1 may be + or - instead; all others are =. The user may hold any of them. */
#ifndef SMF_SRS_SRS_FIELDS_H
#define SMF_SRS_SRS_FIELDS_H

#include <stdbool.h>
#include <stddef.h>

/* Some octets of a text that somebody else owns. */
struct srs_part {
    const char *octets;
    size_t len;
};

struct srs_fields {
    bool is_further; /* SRS1 */
    struct srs_part hash;
    struct srs_part stamp; /* SRS1: the one that the first host wrote */
    struct srs_part host;
    struct srs_part user; /* SRS1: what followed SRS0, with its separator */
    struct srs_part tail; /* all that follows SRS0 or SRS1, with its separator */
};

enum srs_form {
    SRS_FORM_NONE,       /* an ordinary local part: no SRS0 or SRS1 (in any case) with a separator after it */
    SRS_FORM_INCOMPLETE, /* a field is empty or missing, of what an SRS1 wraps too, or the stamp is none */
    SRS_FORM_COMPLETE,
};

/* Splits `local`, which has no quotes any more. *out points into it; it is set for SRS_FORM_COMPLETE. Whether the hash
 * is right and the host a host is not looked at. */
enum srs_form srs_fields_split(const char *local, struct srs_fields *out);

enum { SRS_SIGNED_MAX = 3 };

/* The parts of an address that its hash is about, in their order, which is that of the address; returns how many. */
size_t srs_fields_signed(const struct srs_fields *fields, struct srs_part out[SRS_SIGNED_MAX]);

/* True for `=`, `+` and `-`. */
bool srs_is_separator(char c);

#endif
