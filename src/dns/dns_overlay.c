/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The backend that lays a record over another backend. */
#include "dns/dns_overlay.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { OVERLAY_TTL_S = 3600 };

struct dns_overlay {
    struct dns dns;
    struct dns *below;
    char *name;
    const struct dns_answer *answer; /* the only one of its own */
};

static void query(struct dns *dns, const char *name, enum dns_type type, int64_t deadline_ms, dns_callback done,
                  void *context)
{
    struct dns_overlay *overlay = (struct dns_overlay *)dns;

    if (type == DNS_TXT && strcasecmp(name, overlay->name) == 0)
        done(context, dns_answer_acquire(overlay->answer));
    else
        dns_query(overlay->below, name, type, deadline_ms, done, context);
}

static void overlay_free(struct dns_overlay *overlay)
{
    dns_destroy(overlay->below);
    dns_answer_release(overlay->answer);
    free(overlay->name);
    free(overlay);
}

static void destroy(struct dns *dns)
{
    overlay_free((struct dns_overlay *)dns);
}

static void cancel(struct dns *dns, const char *name, enum dns_type type, dns_callback done, void *context)
{
    dns_cancel(((struct dns_overlay *)dns)->below, name, type, done, context);
}

static const struct dns_ops ops = {.query = query, .cancel = cancel, .destroy = destroy};

struct dns *dns_overlay_create(struct dns *below, const char *name, const char *text, size_t len)
{
    struct dns_overlay *overlay = calloc(1, sizeof(*overlay));
    struct dns_builder *builder;

    if (!overlay) {
        dns_destroy(below);
        return NULL;
    }
    *overlay = (struct dns_overlay){.dns = {.ops = &ops, .clock = below->clock}, .below = below, .name = strdup(name)};
    builder = dns_builder_create(DNS_TXT);
    dns_builder_add_text(builder, text, len);
    overlay->answer = dns_builder_finish(builder, DNS_OK, OVERLAY_TTL_S);
    if (overlay->name && overlay->answer->count == 1)
        return &overlay->dns;
    overlay_free(overlay);
    return NULL;
}
