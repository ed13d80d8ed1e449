/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The growing list of actions. */
#include "session/actions.h"

#include <stdlib.h>
#include <string.h>

enum { SIZE_MIN = 8 };

static bool make_room(struct action_builder *builder)
{
    if (builder->count < builder->size)
        return true;

    size_t size = builder->size > 0 ? builder->size * 2 : SIZE_MIN;
    struct action *items = realloc(builder->items, size * sizeof(*items));
    if (items == NULL)
        return false;
    builder->items = items;
    builder->size = size;
    return true;
}

/* Shortens the list, with the values in it. */
static void truncate_to(struct action_builder *builder, size_t count)
{
    while (builder->count > count)
        free((char *)builder->items[--builder->count].value);
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
    if (!make_room(builder) || (value != NULL && (copy = strdup(value)) == NULL)) {
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
    free(builder->items);
    memset(builder, 0, sizeof(*builder));
}
