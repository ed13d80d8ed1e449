/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The growing list of actions. */
#include "session/actions.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

void actions_init(struct action_builder *builder)
{
    builder->items = builder->usual;
    builder->size = ACTIONS_USUAL;
    builder->count = builder->group = builder->text_len = 0;
    builder->group_failed = false;
}

static bool make_room(struct action_builder *builder)
{
    const bool is_usual = builder->items == builder->usual;
    const size_t size = builder->size * 2;
    struct action *items;

    if (builder->count < builder->size)
        return true;
    items = realloc(is_usual ? NULL : builder->items, size * sizeof(*items));
    if (items == NULL)
        return false;
    if (is_usual)
        memcpy(items, builder->usual, sizeof builder->usual);
    builder->items = items;
    builder->size = size;
    return true;
}

/* A copy of a value, in the room for them where it fits; NULL if out of memory. */
static char *keep_value(struct action_builder *builder, const char *value)
{
    const size_t size = strlen(value) + 1;
    char *copy = builder->texts + builder->text_len;

    if (size > ACTIONS_TEXT_ROOM - builder->text_len)
        return strdup(value);
    builder->text_len += size;
    return memcpy(copy, value, size);
}

/* Values are dropped in the opposite order, so that the room behind one is free. */
static void drop_value(struct action_builder *builder, char *value)
{
    const uintptr_t place = (uintptr_t)value - (uintptr_t)builder->texts;

    if (value != NULL && place < ACTIONS_TEXT_ROOM)
        builder->text_len = place;
    else
        free(value);
}

/* Shortens the list, with the values in it. */
static void truncate_to(struct action_builder *builder, size_t count)
{
    while (builder->count > count)
        drop_value(builder, (char *)builder->items[--builder->count].value);
}

void actions_begin_group(struct action_builder *builder)
{
    builder->group = builder->count;
    builder->group_failed = false;
}

void actions_add(struct action_builder *builder, enum action_kind kind, int index, const char *name, const char *value)
{
    char *copy = NULL;

    if (builder->group_failed)
        return;
    if (!make_room(builder) || (value != NULL && (copy = keep_value(builder, value)) == NULL)) {
        builder->group_failed = true;
        return;
    }
    builder->items[builder->count++] = (struct action){.kind = kind, .index = index, .name = name, .value = copy};
}

void actions_fail(struct action_builder *builder)
{
    builder->group_failed = true;
}

bool actions_end_group(struct action_builder *builder)
{
    if (!builder->group_failed)
        return true;
    truncate_to(builder, builder->group);
    return false;
}

void actions_free(struct action_builder *builder)
{
    truncate_to(builder, 0);
    if (builder->items != builder->usual)
        free(builder->items);
    actions_init(builder);
}
