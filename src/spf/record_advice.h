/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the writer of a wrong record meant, and at which octet it went wrong. Each guess is held against record_parse,
 * so that nothing is recommended that is wrong itself. */
#ifndef SMF_SPF_RECORD_ADVICE_H
#define SMF_SPF_RECORD_ADVICE_H

#include "base/strbuf.h"
#include "spf/record.h"

#include <stdbool.h>
#include <stddef.h>

struct record_advice {
    size_t offset;      /* of the octet that is wrong, in the record */
    const char *reason; /* a constant */
    size_t end; /* the octet after what was looked at: the end of the term, or of the terms that belong together */
    struct strbuf
        meant; /* the terms as they should be, in printable US-ASCII; empty: nobody can tell. The caller frees it */
};

/* Looks at the term of `text` in which record_parse has found `error`. */
void record_advise(const char *text, size_t len, const struct record_error *error, struct record_advice *out);

/* The same for a text that record_is_spf refuses. `meant` is the whole record then. */
void record_advise_version(const char *text, size_t len, struct record_advice *out);

/* Appends what a term means whose domain-spec is allowed and yet no name that a host can have (a URL, an address with
 * @, a sign and a mechanism at its end), and sets *reason to what is wrong with it. False for other terms. */
bool record_advise_domain(const struct term *term, struct strbuf *meant, const char **reason);

/* True if the text, of one or more terms, is right: no syntax error, no unknown modifier, no odd name. */
bool record_terms_are_right(const char *terms, size_t len);

#endif
