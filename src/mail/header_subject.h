/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Writes a tagged subject. Pure. */
#ifndef SMF_MAIL_HEADER_SUBJECT_H
#define SMF_MAIL_HEADER_SUBJECT_H

#include "base/strbuf.h"

/* Appends `subject` (NULL: there is none) with `tag` and a space before it; unchanged where it already begins with the
 * tag. An encoded subject (RFC 2047) keeps its encoding; a tag that is not ASCII is encoded. */
void header_tag_subject(const char *tag, const char *subject, struct strbuf *out);

#endif
