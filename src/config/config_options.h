/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The table of all keys of smf-spf.conf. Reading, defaults, help, the dump and the checks against the manual page come
 * from it. */
#ifndef SMF_CONFIG_CONFIG_OPTIONS_H
#define SMF_CONFIG_CONFIG_OPTIONS_H

#include "base/strbuf.h"

#include <stdbool.h>
#include <stddef.h>

struct config_option;

enum config_value_status { CONFIG_VALUE_OK, CONFIG_VALUE_BAD, CONFIG_VALUE_NO_MEMORY };

/* A word that stands for a value. */
struct config_word {
    const char *word;
    int value;
};

/* How values of one kind are read and written. `member` points to the option's member of struct config. */
struct config_type {
    const char *form;                /* what a value is, for messages: "a time"; the option's range follows, then: */
    const char *detail;              /* what else there is to say: " (30s, 5m, 1h, 2d)"; NULL: nothing */
    bool is_list;                    /* reading adds an item; else it replaces the value */
    bool is_line;                    /* lists: an item is all of a line */
    bool is_block;                   /* lists: an item goes on to a line with } */
    const struct config_word *words; /* for words: those there are, up to one without text */
    /* For texts: whether this is one. */
    enum config_value_status (*check)(const struct config_option *option, const char *text);
    /* Appends to the message about a wrong value what was probably meant, if anything; NULL: nothing is known. */
    void (*hint)(const char *text, struct strbuf *out);
    /* Lists: whether an item must have its line to itself, as it says more than it seems to; NULL: none must. */
    bool (*stands_alone)(const char *text);
    /* Reads one value. The member is as it was unless all is well. */
    enum config_value_status (*read)(const struct config_option *option, const char *text, void *member);
    /* Appends the value with this index (0 for all but lists) as `read` reads it. False if there is none. */
    bool (*write)(const struct config_option *option, const void *member, size_t index, struct strbuf *out);
    /* Frees the member and leaves it unset; NULL where there is nothing to free and no unset value. */
    void (*clear)(void *member);
    size_t size; /* of the member, where there is something to free: unset, it is zero */
};

/* What else a changed value takes, besides a reload. */
enum config_effect {
    CONFIG_BY_RELOAD = 0,
    CONFIG_NEW_DNS,    /* another DNS, so that what is cached of the one before is forgotten */
    CONFIG_BY_RESTART, /* what takes root's privileges, or comes before the first thread: a new start */
};

struct config_option {
    const char *key;
    const char *alias; /* another name for it, or NULL */
    const struct config_type *type;
    size_t offset;            /* of the member in struct config */
    const char *default_text; /* read like a value of the file; "none": unset, which the file may say too; NULL: of
                                 lists, and of sets that follow from others */
    const char *min, *max;    /* bounds as the type reads them, of texts their octets; NULL: any */
    const char *help;         /* one line */
    enum config_effect effect;
};

/* All options, in the order of the manual page; *count is their number. Lives as long as the program. */
const struct config_option *config_options(size_t *count);

/* The option of that key or alias, compared without case; NULL if there is none. */
const struct config_option *config_option_find(const char *key);

/* The key or alias that was probably meant, NULL if none is near. */
const char *config_option_nearest(const char *key);

/* True if the option can be left unset. */
bool config_option_is_optional(const struct config_option *option);

/* Appends what its values look like: "a time from 1s to 10m (30s, 5m, 1h, 2d)". */
void config_option_form(const struct config_option *option, struct strbuf *out);

#endif
