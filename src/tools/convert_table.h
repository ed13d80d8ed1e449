/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the converter knows of a foreign system, and what its rows do with a setting. */
#ifndef SMF_TOOLS_CONVERT_TABLE_H
#define SMF_TOOLS_CONVERT_TABLE_H

#include "base/addr.h"
#include "base/strbuf.h"
#include "mail/result.h"

#include <stdbool.h>
#include <stddef.h>

struct foreign_key;

/* One line of a foreign file, or a default that stands for the missing line. */
struct foreign_setting {
    const struct foreign_key *key; /* NULL: the system has no such key, or the line is none */
    const char *name, *value;
    unsigned line;       /* 0: a default */
    const char *problem; /* why the value is not known; NULL: it is */
};

/* A run of the converter; the functions below are what rows use of it. */
struct conversion;

enum foreign_fate {
    FATE_LINES,    /* `convert` writes our lines for it */
    FATE_TOGETHER, /* several keys make a line of ours together: the system's `finish` writes it */
    FATE_EACH,     /* the same, but each line of the key counts, where of others the last one does */
    FATE_MOOT,     /* nothing to carry over, as `note` says */
    FATE_LOST,     /* there is no equivalent, as `note` says */
};

struct foreign_key {
    const char *name;
    const char *alias;    /* another spelling, or NULL */
    const char *fallback; /* the value that holds where the file says nothing; NULL: it asks for no line of ours */
    enum foreign_fate fate;
    const char *ours; /* our keys, for people; "" if there is none */
    const char *note; /* what to know about it; NULL: nothing */
    /* FATE_LINES: writes our lines. */
    void (*convert)(struct conversion *run, const struct foreign_setting *setting);
};

struct foreign_table {
    const struct foreign_key *keys;
    size_t count;
};

enum { FOREIGN_TABLES = 2 };

struct foreign_system {
    const char *name;
    const struct foreign_table *tables[FOREIGN_TABLES]; /* the second may be NULL */
    const char *comment_starts; /* '#' begins a comment: "line" at the start of a line, "any" anywhere */
    bool is_milter;             /* else it is a policy server */
    bool value_may_hold_equals;
    const char *preface; /* a comment at the top of the output, lines with # before them; NULL: none */
    /* Takes a file apart that is no `key = value` lines; NULL: it is. */
    void (*read)(struct conversion *run, const char *text, size_t len);
    /* The same program may have files of several kinds: which system this text is of; NULL: there is one kind. */
    const struct foreign_system *(*choose)(const char *text, size_t len);
    /* Writes what several keys decide together, and what the system does whatever its file says. */
    void (*finish)(struct conversion *run);
};

extern const struct foreign_system convert_policyd_spf, convert_pyspf_milter, convert_spf_milter, convert_postsrsd,
    convert_postgrey;
extern const struct foreign_table convert_spf_engine_keys;

/* The system's key of that name or alias; NULL if there is none. */
const struct foreign_key *convert_key(const struct foreign_system *system, const char *name);

/* The system that is converted from. */
const struct foreign_system *convert_from(const struct conversion *run);

/* The effective value: that of the file, "" if it is not known; else the key's fallback, else "". Belongs to the run.
 */
const char *convert_value(const struct conversion *run, const char *name);

/* True if the file sets the key. */
bool convert_is_set(const struct conversion *run, const char *name);

/* Writes `key value`. Where this build has no such key, or the key does not take the value, the line becomes a comment
 * that says so, and the conversion is partial. */
void convert_line(struct conversion *run, const char *key, const char *value);

/* The same for each item of a list that commas or white space separate. `rewrite` appends what we call the item; NULL:
 * we write it alike. */
void convert_items(struct conversion *run, const char *key, const char *items,
                   void (*rewrite)(const char *item, struct strbuf *out));

/* Puts the next item of such a list into `item` and goes on after it. False at the end. */
bool convert_next_item(struct conversion *run, const char **list, struct strbuf *item);

/* The same with a value that was built, which is emptied. */
void convert_built_line(struct conversion *run, const char *key, struct strbuf *value);

/* The same where the value is several words, already as the file takes them. */
void convert_built_rule(struct conversion *run, const char *key, struct strbuf *value);

/* Appends what we call a socket `inet:host:port`; another text as it is. */
void convert_add_socket(const char *socket, struct strbuf *out);

/* Begins a part of the output with what it is about. */
void convert_section(struct conversion *run, const char *about);

/* Writes a comment. */
void convert_note(struct conversion *run, const char *text);

/* Writes why the setting has no equivalent; the conversion is partial. */
void convert_lost(struct conversion *run, const char *reason);

/* Writes what will be done in another way than there; the conversion is partial. */
void convert_differs(struct conversion *run, const char *difference);

/* Says that loopback clients are not checked here, unless the program exempts all of them too, as `is_exempt` says of
 * an address. */
void convert_compare_loopback(struct conversion *run,
                              bool (*is_exempt)(struct conversion *run, const struct addr *addr));

/* Says that the value is none that the system takes, or none that we know; the conversion is partial. */
void convert_bad_value(struct conversion *run, const struct foreign_setting *setting);

/* Reads yes/no, true/false, on/off, 1/0 without case; false, with *out untouched, for any other text. */
bool convert_read_switch(const char *text, bool *out);

/* What is done with the results of one identity. */
struct convert_sets {
    result_set refuse, defer;
};

/* The same for all. `helo` is that of the HELO name in addition to a sender, and counts only where it is checked. */
struct convert_decision {
    bool check_helo;
    struct convert_sets mail_from, helo, null_sender;
};

/* Writes CheckHelo, RefuseMailFrom and RefuseHelo, DeferMailFrom and DeferHelo, and for a null sender what does not
 * follow from these. */
void convert_write_decision(struct conversion *run, const struct convert_decision *decision);

/* Appends the names of the results, separated by commas; `off` for an empty set. */
void convert_write_set(result_set set, struct strbuf *out);

#endif
