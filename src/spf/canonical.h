/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Rewrites a parsed record into the text that libspf2 is given, which holds nothing that came from the DNS.
 *
 * Every term has a number, its tag, and stands in the text as a name made of it: `include:_7.t`. So a question of the
 * library tells which term asks, and how that term's own domain-spec is expanded and asked is ours to say. Terms that
 * decide without a question (all, ip4, ip6, the record's end) are announced by a milestone, an `exists` that never
 * matches, so that we know when the library has come to them. */
#ifndef SMF_SPF_CANONICAL_H
#define SMF_SPF_CANONICAL_H

#include "base/addr.h"
#include "base/strbuf.h"
#include "spf/record.h"

#include <stdbool.h>
#include <stddef.h>

/* A name in the canonical text. */
struct tag {
    unsigned number;
    bool is_mx_name; /* it is the mx_index-th mail exchanger of an mx term */
    unsigned mx_index;
};

enum { TAG_SIZE = 32 }; /* room for a tag as text, with its NUL */

/* Writes a tag as text and returns it. */
const char *tag_format(const struct tag *tag, char text[TAG_SIZE]);

/* Reads a tag; false, with *out untouched, if `text` is none. */
bool tag_parse(const char *text, struct tag *out);

/* Appends the canonical form of `record` for this client. Term i has the tag first_tag + i, and the record's end the
 * tag first_tag + record->count. Terms behind one that certainly decides are left out, and ip4 and ip6 terms that
 * cannot match. Out of memory shows in out->failed. */
void canonical_write(const struct record *record, const struct addr *client, unsigned first_tag, struct strbuf *out);

#endif
