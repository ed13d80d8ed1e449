/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a foreign system knows, and what its file says. */
#include "tools/convert_run.h"

#include <string.h>

const struct foreign_key *convert_key(const struct foreign_system *system, const char *name)
{
    for (size_t i = 0; i < FOREIGN_TABLES; i++)
        for (size_t j = 0; system->tables[i] != NULL && j < system->tables[i]->count; j++) {
            const struct foreign_key *key = &system->tables[i]->keys[j];

            if (strcmp(key->name, name) == 0 || (key->alias != NULL && strcmp(key->alias, name) == 0))
                return key;
        }
    return NULL;
}

const struct foreign_system *convert_from(const struct conversion *run)
{
    return run->system;
}

const struct foreign_setting *convert_find(const struct conversion *run, const struct foreign_key *key)
{
    for (size_t i = run->count; key != NULL && i > 0; i--)
        if (run->settings[i - 1].key == key)
            return &run->settings[i - 1];
    return NULL;
}

bool convert_is_set(const struct conversion *run, const char *name)
{
    return convert_find(run, convert_key(run->system, name)) != NULL;
}

const char *convert_value(const struct conversion *run, const char *name)
{
    const struct foreign_key *key = convert_key(run->system, name);
    const struct foreign_setting *setting = convert_find(run, key);

    if (setting != NULL)
        return setting->problem == NULL ? setting->value : "";
    return key != NULL && key->fallback != NULL ? key->fallback : "";
}
