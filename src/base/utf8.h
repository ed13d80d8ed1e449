/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which octets are valid UTF-8. */
#ifndef SMF_BASE_UTF8_H
#define SMF_BASE_UTF8_H

#include <stdbool.h>
#include <stddef.h>

/* The octets (1 to 4) of the character that begins at `text`, of which `len` octets may be read; 0 if there is no valid
 * one (RFC 3629 4: no overlong form, no surrogate, nothing above U+10FFFF) or `len` is 0. */
size_t utf8_char_len(const char *text, size_t len);

/* True if the character of `len` octets (1 to 4) at `text` steers a terminal or a reader instead of being shown: the
 * control characters of US-ASCII and of ISO 8859 (U+0080 to U+009F), what ends a line for some readers (U+2028,
 * U+2029), and what turns the direction of text (U+202A to U+202E, U+2066 to U+2069). */
bool utf8_is_control(const char *text, size_t len);

#endif
