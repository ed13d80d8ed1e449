/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A stored record as the value of a key in Redis: "FIRST LAST COUNT LEARNED", four decimal numbers, the last one 0
 * or 1. Pure. */
#ifndef SMF_GREYLIST_STORE_RECORD_TEXT_H
#define SMF_GREYLIST_STORE_RECORD_TEXT_H

#include "greylist/greylist_rule.h"

#include <stdbool.h>
#include <stddef.h>

enum { RECORD_TEXT_SIZE = 39 }; /* the longest one with its NUL: 12 + 12 + 10 + 1 digits and three blanks */

/* Writes the record, NUL-terminated. Times before 1970 or after 9999 become the nearest within. Returns the text's
 * length. */
size_t record_text_write(const struct greylist_record *record, char text[RECORD_TEXT_SIZE]);

/* Reads what record_text_write can have written, and nothing else: it comes from outside, and may be anything. False,
 * with *record untouched, for any other text. */
bool record_text_read(const char *text, size_t len, struct greylist_record *record);

#endif
