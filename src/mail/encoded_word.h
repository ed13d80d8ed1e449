/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Encoded words (RFC 2047) as lenient readers decode them. Pure. */
#ifndef SMF_MAIL_ENCODED_WORD_H
#define SMF_MAIL_ENCODED_WORD_H

#include <stdbool.h>

/* Stands before the text of an encoded word whose charset is no superset of US-ASCII (UTF-7, UTF-16, EBCDIC): what a
 * reader makes of it is not known. */
enum { ENCODED_WORD_UNKNOWN = '\x02' };

/* Replaces each encoded word in `text` by what it encodes, wherever it stands: also within a word, a quoted string or a
 * comment, where RFC 2047 5 does not allow it but Python and Sieve decode it. White space between two of them goes
 * (RFC 2047 6.2). Control characters that come out become '\x01'. The text gets shorter. True if there was one. */
bool encoded_words_decode(char *text);

#endif
