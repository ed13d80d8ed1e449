/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Paths of an envelope (RFC 5321 4.1.2: what follows MAIL FROM: and RCPT TO:) as MTAs read them: far more forms
 * than the standard has. address_parse is for the addresses that people write into files. Pure. */
#ifndef SMF_MAIL_PATH_H
#define SMF_MAIL_PATH_H

#include "mail/address.h"

#include <stdbool.h>

/* What an @, % or ! means in quotes or after a backslash, and what there is in addition to an address. */
enum path_style {
    PATH_STANDARD, /* it is a part of the local part (RFC 5321 4.1.2; Sendmail) */
    PATH_POSTFIX,  /* it divides: `"a@b"` and `a\@b` are a at b */
    PATH_CLEAN, /* as PATH_STANDARD, but what an MTA has read already: an address alone, that % and ! do not divide */
};

/* A path as it was read. All texts are valid UTF-8 without control characters: U+FFFD stands for what is no
 * UTF-8, ? for a control character, and a space for a tab. */
struct path {
    struct address address; /* its domain "" where there is none */
    char *bare;       /* the address without brackets, route (RFC 5321 appendix C), group and separators, otherwise as
                         sent: each @ after it stays, and so does, for PATH_POSTFIX, each route but one in the outer brackets
                       */
    char *letters;    /* the whole argument without quotes, backslashes, comments and white space */
    char *unquoted;   /* the same of the address alone, with a quote instead of each octet in quotes */
    bool has_percent; /* there is a % in the local part, neither in quotes nor after a backslash */
    bool is_plain;    /* a mailbox of RFC 5321 4.1.2 and nothing else: no MTA reads it in another way */
};

/* Reads `argument`. *out is set for ADDRESS_OK and ADDRESS_LOCAL_TOO_LONG, and then freed by path_free; else it is
 * untouched. A local part of more than 900 octets is cut. ADDRESS_MALFORMED: a quoted string that does not end, an @
 * alone, a domain of more than 1,000 octets, or more than 8,000 octets in all. */
enum address_status path_read(const char *argument, enum path_style style, struct path *out);
void path_free(struct path *path); /* also fine for a zeroed one; zeroes it */

/* Reads a local part as a local MTA does that looks for another address in it: `a%b`, `b!a` or `a@b` is a at b.
 * ADDRESS_OK or ADDRESS_LOCAL_TOO_LONG with *out set, to be freed by address_free; ADDRESS_MALFORMED: there is none. */
enum address_status path_read_routed(const char *local, struct address *out);

/* Makes an address out of any text, for the log and the fields: a local part alone. */
enum address_status path_as_local_part(const char *argument, struct address *out);

#endif
