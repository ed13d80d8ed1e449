/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which octets are valid UTF-8. */
#ifndef SMF_BASE_UTF8_H
#define SMF_BASE_UTF8_H

#include <stddef.h>

/* The octets (1 to 4) of the character that begins at `text`, of which `len` octets may be read; 0 if there is no valid
 * one (RFC 3629 4: no overlong form, no surrogate, nothing above U+10FFFF) or `len` is 0. */
size_t utf8_char_len(const char *text, size_t len);

#endif
