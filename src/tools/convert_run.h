/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The state of one conversion, for the driver and the writer. */
#ifndef SMF_TOOLS_CONVERT_RUN_H
#define SMF_TOOLS_CONVERT_RUN_H

#include "tools/convert_table.h"

enum { CONVERT_SHOWN_MAX = 200 }; /* octets of a foreign text in a comment or a warning */

struct conversion {
    const struct foreign_system *system;
    const char *path;
    struct foreign_setting *settings; /* in the order of the file; names and values lie in `words` */
    size_t count;
    char *words;                           /* the text of the file, taken apart */
    const struct foreign_setting *current; /* the one that is being converted; NULL: none */
    struct strbuf *out, *warnings;
    struct strbuf assumed; /* lines of ours that were written and that others need: each is tried after these */
    bool partly, no_memory;

    /* Reads another file that the configuration names; NULL: none can be read. */
    bool (*read_file)(void *context, const char *path, struct strbuf *text);
    void *context;

    bool is_for_some;           /* what is written is the inside of a RecipientPolicy */
    const char *main_test_only; /* then: TestOnly of the main file */
};

/* Takes the text of the file apart into `settings`. Sets `no_memory` if there is none. */
void convert_read(struct conversion *run, const char *text, size_t len);

/* Cuts white space, a carriage return too, off both ends. */
char *convert_trim(char *text);

/* Writes what a setting is about, as a comment. */
void convert_heading(struct conversion *run, const struct foreign_setting *setting);

/* Writes our lines for a setting whose key is known. */
void convert_setting(struct conversion *run, const struct foreign_setting *setting);

/* Writes lines of ours that belong together, and empties them; as a comment, and returns false, if they are not taken
 * as a whole. */
bool convert_block(struct conversion *run, const char *key, struct strbuf *lines);

/* The line that sets the key, the last if there are several; NULL if none does, or `key` is NULL. */
const struct foreign_setting *convert_find(const struct conversion *run, const struct foreign_key *key);

/* Writes one warning about a line of the file. */
void convert_warn(struct conversion *run, const struct foreign_setting *setting, const char *problem);

#endif
