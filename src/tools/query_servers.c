/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Finds out which servers a query used, and asks them again. */
#include "tools/query_servers.h"

#include "dns/resolv_conf.h"

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

size_t query_servers_diagnose(const struct config *config, const char *server, const struct dns_lookup_key *lookup,
                              struct dns_diagnosis out[DNS_DIAGNOSIS_SERVERS])
{
    struct dns_server servers[DNS_DIAGNOSIS_SERVERS];
    const size_t count = read_servers(config, server, servers);

    return count > 0 ? dns_diagnose(servers, count, lookup->name, lookup->type, DNS_DIAGNOSIS_MS, out) : 0;
}
