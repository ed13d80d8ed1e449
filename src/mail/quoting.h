/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Where comments and quoted strings end, in addresses and header fields. Pure. */
#ifndef SMF_MAIL_QUOTING_H
#define SMF_MAIL_QUOTING_H

/* What a reader takes for a comment. */
enum comment_style {
    COMMENT_NESTED,  /* RFC 5322 3.2.2 */
    COMMENT_PLAIN,   /* nested, without quoted pairs */
    COMMENT_FLAT,    /* up to the first closing parenthesis */
    COMMENT_VISIBLE, /* there are none: who searches for text finds it in comments too */
};

/* Where the comment ends that begins with the parenthesis at `at`; NULL if it does not. */
const char *quoting_comment_end(const char *at, enum comment_style style);

/* Where the quoted string (RFC 5321 4.1.2, RFC 5322 3.2.4) ends that begins with the quote at `at`; NULL if it does
 * not. */
const char *quoting_string_end(const char *at);

#endif
