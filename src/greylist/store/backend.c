/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which backend an address means. */
#include "greylist/store/backend.h"

#include <stddef.h>

struct backend *backend_create(const struct greylist_store_config *config)
{
    return config->address.kind == STORE_SQLITE ? sqlite_store_create(config) : redis_store_create(config);
}
