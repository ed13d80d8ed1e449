/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Writes the surrogate of a record, the text that libspf2 is given: it holds nothing that came from the DNS.
 *
 * Each step of the policy stands in the text as a name made of its place, its tag: `include:_0-3.t`. So a lookup of the
 * library tells which step it is for. Steps that need no lookup (all, ip4, ip6, the record's end) are announced by a
 * progress marker, an `exists` that never matches, so that it shows when the library has come to them. */
#ifndef SMF_SPF_SURROGATE_H
#define SMF_SPF_SURROGATE_H

#include "base/addr.h"
#include "base/strbuf.h"
#include "spf/policy.h"

#include <stdbool.h>
#include <stddef.h>

/* A name in a surrogate. */
struct tag {
    unsigned frame, step; /* of the walk, and of the frame's policy */
    bool is_host;         /* it is the host-th mail exchanger of an mx term */
    unsigned host;
};

enum { TAG_SIZE = 40 }; /* room for a tag as text, with its NUL */

/* Writes a tag as text and returns it. */
const char *tag_format(const struct tag *tag, char text[TAG_SIZE]);

/* Reads a tag; false, with *out untouched, if `text` is none. */
bool tag_parse(const char *text, struct tag *out);

/* Appends the surrogate of a record for this client. Out of memory shows in out->failed. */
void surrogate_write(const struct policy *policy, unsigned frame, const struct addr *client, struct strbuf *out);

#endif
