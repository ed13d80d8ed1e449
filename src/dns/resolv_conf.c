/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reads the name servers of the system. */
#include "dns/resolv_conf.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LINES_MAX = 10000 };

/* Reads "nameserver 192.0.2.1" at the beginning of a line. */
static bool read_line(const char *line, struct dns_server *server)
{
    static const char keyword[] = "nameserver";
    const char *word = line + sizeof(keyword) - 1;
    char text[DNS_SERVER_SIZE];

    if (strncmp(line, keyword, sizeof(keyword) - 1) != 0 || (*word != ' ' && *word != '\t'))
        return false;
    word += strspn(word, " \t");
    snprintf(text, sizeof(text), "%.*s", (int)strcspn(word, " \t\r\n;#"), word);
    return dns_server_read(text, server);
}

static void read_servers(struct resolv_conf *conf, FILE *file)
{
    char *line = NULL; /* may hold any octet */
    size_t size = 0;

    for (unsigned lines = 0; lines < LINES_MAX && conf->count < RESOLV_CONF_SERVERS; lines++) {
        if (getline(&line, &size, file) < 0)
            break;
        if (read_line(line, &conf->servers[conf->count]))
            conf->count++;
    }
    free(line);
}

static bool is_same_file(const struct stat *a, const struct stat *b)
{
    return a->st_dev == b->st_dev && a->st_ino == b->st_ino && a->st_size == b->st_size &&
           a->st_mtim.tv_sec == b->st_mtim.tv_sec && a->st_mtim.tv_nsec == b->st_mtim.tv_nsec &&
           a->st_ctim.tv_sec == b->st_ctim.tv_sec && a->st_ctim.tv_nsec == b->st_ctim.tv_nsec;
}

static bool has_same_servers(const struct resolv_conf *a, const struct resolv_conf *b)
{
    for (size_t i = 0; i < a->count && i < b->count; i++)
        if (strcmp(a->servers[i].text, b->servers[i].text) != 0)
            return false;
    return a->count == b->count;
}

bool resolv_conf_update(struct resolv_conf *conf, const char *path)
{
    struct resolv_conf now = {.was_read = true};
    FILE *file;
    bool changed;

    if (stat(path, &now.file) != 0)
        memset(&now.file, 0, sizeof(now.file));
    if (conf->was_read && is_same_file(&now.file, &conf->file))
        return false;
    file = fopen(path, "re");
    if (file) {
        if (fstat(fileno(file), &now.file) != 0)
            memset(&now.file, 0, sizeof(now.file));
        read_servers(&now, file);
        fclose(file);
    }
    changed = !conf->was_read || !has_same_servers(&now, conf);
    *conf = now;
    return changed;
}
