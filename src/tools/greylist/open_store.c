/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The account first, the store then. */
#include "tools/greylist/open_store.h"

#include "app/process/privileges.h"

#include <errno.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

static bool become_account(const char *user, struct strbuf *problem)
{
    struct identity identity = {.changes = false};

    return privileges_look_up(user, NULL, &identity, problem) && privileges_drop(&identity, problem);
}

/* True if the store has a file, or needs none. */
static bool is_there(const struct store_address *address, struct strbuf *problem)
{
    if (address->kind != STORE_SQLITE || access(address->path, R_OK | W_OK) == 0)
        return true;
    strbuf_add(problem, errno == ENOENT ? "is not there: no filter with Greylist on has made it" : strerror(errno));
    return false;
}

struct backend *open_store(const struct greylist_store_config *config, const char *user, struct strbuf *problem,
                           int *status)
{
    struct backend *backend;

    *status = EX_NOPERM;
    if (!become_account(user, problem))
        return NULL;
    *status = EX_UNAVAILABLE;
    if (!is_there(&config->address, problem))
        return NULL;
    backend = backend_create(config);
    if (backend == NULL)
        strbuf_add(problem, "out of memory");
    if (backend != NULL && !backend->functions->open(backend, problem)) {
        backend->functions->destroy(backend);
        backend = NULL;
    }
    return backend;
}
