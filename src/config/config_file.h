/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The lines of smf-spf.conf: keys, values, quotes and comments, whatever they mean. */
#ifndef SMF_CONFIG_CONFIG_FILE_H
#define SMF_CONFIG_CONFIG_FILE_H

#include "base/strbuf.h"

#include <stdbool.h>
#include <stddef.h>

enum {
    CONFIG_LINE_MAX = 8192, /* octets of a line */
    CONFIG_LINE_SIZE = CONFIG_LINE_MAX + 1,
};

enum config_token { CONFIG_TOKEN_FOUND, CONFIG_TOKEN_END, CONFIG_TOKEN_BAD };

/* Where reading is. Begin with config_file_begin. */
struct config_file {
    const char *text; /* what is not read yet */
    size_t len;
    unsigned line;                 /* number of the line that was read last, from 1 */
    const char *problem;           /* after CONFIG_TOKEN_BAD: what is wrong with it, as a phrase */
    char buffer[CONFIG_LINE_SIZE]; /* that line */
    const char *key;
    const char *rest; /* of the line, after the key and the values that were read */
    bool is_quoted;   /* the value that was read last stood in quotes */
};

/* Begins to read `text`, which stays the caller's and may hold anything. A UTF-8 byte order mark is skipped. */
void config_file_begin(struct config_file *file, const char *text, size_t len);

/* Goes to the next line with a key and sets `key`, or to the next line that cannot be read: then it may be called again
 * for the lines after it. */
enum config_token config_file_next(struct config_file *file);

/* Reads the next value of the line: all of it, or one item of a list. */
enum config_token config_file_value(struct config_file *file, bool is_list, char value[CONFIG_LINE_SIZE]);

/* Cuts `value`, which was read last and cannot be what it says, before a number sign within it, and takes that and the
 * rest of the line for a comment, as smf-spf 2 did. False, with nothing done, if there is none or it stood in quotes.
 */
bool config_file_cut(struct config_file *file, char *value);

/* Appends `value` so that it is read again as one value: in quotes where it needs them. */
void config_file_write(const char *value, bool is_list, struct strbuf *out);

#endif
