/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Finds out which servers a query used, and which of its lookups failed. */
#include "tools/query_servers.h"

#include "dns/resolv_conf.h"

#include <stdio.h>
#include <string.h>

static size_t read_servers(const struct config *config, const char *server,
                           struct dns_server servers[DNS_DIAGNOSIS_SERVERS])
{
    struct resolv_conf system = {.count = 0};
    size_t count = 0;

    if (server != NULL)
        return dns_server_read(server, &servers[0]) ? 1 : 0;
    if (config->zone_file != NULL || config_recurses(config))
        return 0;
    for (size_t i = 0; i < config->nameservers.count && count < DNS_DIAGNOSIS_SERVERS; i++)
        count += dns_server_read(config->nameservers.items[i], &servers[count]);
    if (count > 0)
        return count;
    (void)resolv_conf_update(&system, "/etc/resolv.conf");
    for (; count < system.count && count < DNS_DIAGNOSIS_SERVERS; count++)
        servers[count] = system.servers[count];
    return count > 0 ? count : dns_server_read("127.0.0.1", &servers[0]); /* as resolv.conf(5) has it */
}

/* Reads the lookup out of `DNS timeout for NAME TYPE`, wherever that stands. False if it does not. */
static bool read_lookup(const char *message, char name[DNS_NAME_MAX + 1], enum dns_type *type)
{
    static const enum dns_type types[] = {DNS_A, DNS_PTR, DNS_MX, DNS_TXT, DNS_AAAA};
    const char *place = strstr(message, "DNS ");
    char word[8];

    if (place == NULL || sscanf(place, "DNS %*s for %253s %7[A-Z]", name, word) != 2)
        return false;
    for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
        if (strcmp(word, dns_type_name(types[i])) == 0) {
            *type = types[i];
            return true;
        }
    }
    return false;
}

size_t query_servers_diagnose(const struct config *config, const char *server, const char *message, const char *domain,
                              struct dns_diagnosis out[DNS_DIAGNOSIS_SERVERS])
{
    struct dns_server servers[DNS_DIAGNOSIS_SERVERS];
    const size_t count = read_servers(config, server, servers);
    char name[DNS_NAME_MAX + 1] = "";
    enum dns_type type = DNS_TXT;

    if (count == 0)
        return 0;
    if (!read_lookup(message, name, &type)) {
        (void)snprintf(name, sizeof name, "%s", domain);
        type = DNS_TXT;
    }
    return dns_diagnose(servers, count, name, type, DNS_DIAGNOSIS_MS, out);
}
