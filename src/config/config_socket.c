/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Values of smf-spf.conf that are sockets. */
#include "base/endpoint.h"
#include "config/config_hint.h"
#include "config/config_list.h"
#include "config/config_text.h"
#include "config/table_socket.h"
#include "policy/whitelist.h"

#include <string.h>
#include <strings.h>

static const char control_prefix[] = "unix:";

/* NULL is none. */
static enum config_value_status control_read(const struct config_option *option, const char *text, void *member)
{
    struct endpoint endpoint;

    (void)option;
    if (strcasecmp(text, "none") == 0) {
        config_text_clear(member);
        return CONFIG_VALUE_OK;
    }
    if (!endpoint_parse(text, &endpoint) || endpoint.kind != ENDPOINT_UNIX)
        return CONFIG_VALUE_BAD;
    return config_text_replace(strdup(endpoint.path), member);
}

static bool control_write(const struct config_option *option, const void *member, size_t index, struct strbuf *out)
{
    const char *path = *(char *const *)member;

    (void)option;
    if (index > 0)
        return false;
    strbuf_addf(out, "%s%s", path != NULL ? control_prefix : "none", path != NULL ? path : "");
    return true;
}

const struct config_type config_control = {.form = "a unix socket or none",
                                           .detail = " (unix:/path)",
                                           .hint = config_hint_control,
                                           .read = control_read,
                                           .write = control_write,
                                           .clear = config_text_clear,
                                           .size = sizeof(char *)};

static enum config_value_status socket_read(const struct config_option *option, const char *text, void *member)
{
    struct strbuf form = STRBUF_INIT;

    (void)option;
    if (!endpoint_add_canonical(text, &form))
        return CONFIG_VALUE_BAD;
    return config_text_replace(strbuf_take(&form), member);
}

static const char no_socket[] = "off";

static enum config_value_status mta_socket_read(const struct config_option *option, const char *text, void *member)
{
    if (strcasecmp(text, no_socket) != 0)
        return socket_read(option, text, member);
    config_text_clear(member);
    return CONFIG_VALUE_OK;
}

static bool mta_socket_write(const struct config_option *option, const void *member, size_t index, struct strbuf *out)
{
    if (index == 0 && *(char *const *)member == NULL) {
        strbuf_add(out, no_socket);
        return true;
    }
    return config_text_write(option, member, index, out);
}

const struct config_type config_socket = {.form = "a socket or off",
                                          .detail =
                                              " (unix:/path, inet:port@host, inet6:port@host, fd:number or fd:name)",
                                          .hint = config_hint_socket,
                                          .read = mta_socket_read,
                                          .write = mta_socket_write,
                                          .clear = config_text_clear,
                                          .size = sizeof(char *)};

/* Appends a socket on which nobody is asked who he is: without a host it is for this host alone. False if it is none.
 */
static bool add_local_socket(const char *text, struct strbuf *out)
{
    struct endpoint endpoint;

    if (!endpoint_parse(text, &endpoint) || !endpoint_add_canonical(text, out))
        return false;
    if (endpoint.kind == ENDPOINT_INET && endpoint.host[0] == '\0')
        strbuf_add(out, "@127.0.0.1");
    else if (endpoint.kind == ENDPOINT_INET6 && endpoint.host[0] == '\0')
        strbuf_add(out, "@::1");
    return true;
}

static enum config_value_status local_socket_read(const struct config_option *option, const char *text, void *member)
{
    struct strbuf whole = STRBUF_INIT;

    (void)option;
    return add_local_socket(text, &whole) ? config_text_replace(strbuf_take(&whole), member) : CONFIG_VALUE_BAD;
}

const struct config_type config_local_socket = {
    .form = "a socket or none",
    .detail = " (unix:/path, inet:port@host, inet6:port@host, fd:number or fd:name)",
    .hint = config_hint_socket,
    .read = local_socket_read,
    .write = config_text_write,
    .clear = config_text_clear,
    .size = sizeof(char *)};

static enum config_value_status table_socket_read(const struct config_option *option, const char *text, void *member)
{
    const char *protocol, *spec = table_socket_spec(text, &protocol);
    struct strbuf whole = STRBUF_INIT;
    enum config_value_status status = CONFIG_VALUE_BAD;

    (void)option;
    if (spec == NULL)
        return CONFIG_VALUE_BAD;
    strbuf_addf(&whole, "%s:", protocol);
    if (add_local_socket(spec, &whole))
        status = !whole.failed && text_list_add(member, strbuf_text(&whole)) ? CONFIG_VALUE_OK : CONFIG_VALUE_NO_MEMORY;
    strbuf_free(&whole);
    return status;
}

const struct config_type config_table_sockets = {
    .form = "a protocol and a socket",
    .detail =
        " (socketmap:, tcp-forward: or tcp-reverse:, and unix:/path, inet:port@host, inet6:port@host, fd:number or "
        "fd:name)",
    .is_list = true,
    .hint = config_hint_table_socket,
    .read = table_socket_read,
    .write = config_list_write,
    .clear = config_list_clear,
    .size = sizeof(struct text_list)};
