/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Looks for a part of a text where POSIX has no function for it. Pure; letters are those of US-ASCII, whatever the
 * locale. */
#ifndef SMF_BASE_TEXT_SEARCH_H
#define SMF_BASE_TEXT_SEARCH_H

#include <stdbool.h>
#include <stddef.h>

/* Where `part` is first found in `text`, which may hold NULs, as its `part_len` octets; NULL if it is not there. An
 * empty part is at the beginning. */
const char *text_search_first(const char *text, size_t len, const char *part, size_t part_len);

/* Where `octet` is found last in `text`; NULL if it is not there. */
const char *text_search_last(const char *text, size_t len, char octet);

/* True if `part` is anywhere in `text`, in capital letters or small ones. An empty part is in every text. */
bool text_search_has_nocase(const char *text, const char *part);

#endif
