/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A list of actions that grows in groups: a group that cannot be built whole is rolled back. */
#ifndef SMF_SESSION_ACTIONS_H
#define SMF_SESSION_ACTIONS_H

#include "session/session.h"

#include <stdbool.h>
#include <stddef.h>

enum {
    ACTIONS_USUAL = 4,      /* actions of nearly all messages */
    ACTIONS_TEXT_ROOM = 256 /* octets of their values, a result field mostly; with a NUL for each */
};

/* A list, made by actions_init. The values are owned, the names are literals. It stays where it is, as it begins in
 * memory of its own. */
struct action_builder {
    struct action *items;
    size_t count;
    size_t size;
    size_t group;      /* where the group under way begins */
    size_t text_len;   /* octets of `texts` in use */
    bool group_failed; /* something of it is missing */
    struct action usual[ACTIONS_USUAL];
    char texts[ACTIONS_TEXT_ROOM];
};

/* Makes memory that has any content an empty list. */
void actions_init(struct action_builder *builder);

void actions_begin_group(struct action_builder *builder);

/* Adds an action with a copy of `value` (NULL: none). */
void actions_add(struct action_builder *builder, enum action_kind kind, int index, const char *name, const char *value);

/* Marks the group as incomplete. */
void actions_fail(struct action_builder *builder);

/* Commits the group, or rolls all of it back and returns false if any of it is missing. */
bool actions_end_group(struct action_builder *builder);

void actions_free(struct action_builder *builder); /* empties it */

#endif
