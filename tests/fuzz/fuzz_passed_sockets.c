/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Fuzzes what a service manager says in the environment: any LISTEN_FDS and LISTEN_FDNAMES, and any name that is looked
 * for. What is found is a number that the front ends take, and what is not is told in one line.
 *
 * The first line is LISTEN_FDS, the second the name, the rest LISTEN_FDNAMES. */
#include "app/process/passed_sockets.h"

#include "base/endpoint.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool holds)
{
    if (!holds)
        abort();
}

static void look_for(const char *spec)
{
    char numbered[PASSED_SOCKETS_SPEC_SIZE] = "";
    struct strbuf error = STRBUF_INIT, canonical = STRBUF_INIT;
    struct endpoint endpoint;
    const char *found = passed_sockets_spec(spec, numbered, &error);

    if (found == NULL) {
        require(error.len > 0 && strncmp(error.text, spec, strlen(spec)) == 0);
        for (const char *c = error.text + strlen(spec); *c != '\0'; c++)
            require((unsigned char)*c >= ' ' && *c != 0x7f); /* UTF-8 is shown as it is */
    } else if (found == numbered) {
        require(endpoint_parse(found, &endpoint) && endpoint.kind == ENDPOINT_DESCRIPTOR && endpoint.name == NULL);
    } else {
        require(found == spec);
        if (endpoint_add_canonical(spec, &canonical)) /* what is written is read as the same */
            require(endpoint_parse(strbuf_text(&canonical), &endpoint));
    }
    (void)endpoint_unix_path(spec);
    strbuf_free(&error);
    strbuf_free(&canonical);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = strndup((const char *)data, size), *rest = text, pid[32];
    const char *count = strsep(&rest, "\n"), *name = strsep(&rest, "\n");
    struct strbuf spec = STRBUF_INIT;

    require(text != NULL);
    (void)snprintf(pid, sizeof pid, "%ld", (long)getpid());
    require(setenv("LISTEN_PID", pid, 1) == 0 && setenv("LISTEN_FDS", count, 1) == 0);
    require(setenv("LISTEN_FDNAMES", rest != NULL ? rest : "", 1) == 0);
    strbuf_addf(&spec, "fd:%s", name != NULL ? name : "");
    look_for(strbuf_text(&spec));
    if (name != NULL)
        look_for(name);
    strbuf_free(&spec);
    free(text);
    return 0;
}
