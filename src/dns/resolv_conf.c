/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reads the name servers of the system. */
#include "dns/resolv_conf.h"

#include "base/file.h"

#include <stdio.h>
#include <string.h>

enum { FILE_MAX = 1 << 20 };

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

/* Reads what has come of the file; `text` may hold any octet. */
static void read_servers(struct resolv_conf *conf, const struct strbuf *text)
{
    const char *line = text->text, *end = line ? line + text->len : NULL;

    while (line && line < end && conf->count < RESOLV_CONF_SERVERS) {
        const char *next = memchr(line, '\n', (size_t)(end - line));

        if (read_line(line, &conf->servers[conf->count]))
            conf->count++;
        line = next ? next + 1 : NULL;
    }
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
    struct strbuf text = {.limit = FILE_MAX};
    bool changed;

    if (stat(path, &now.file) != 0)
        memset(&now.file, 0, sizeof(now.file));
    if (conf->was_read && is_same_file(&now.file, &conf->file))
        return false;
    (void)file_read(path, &text); /* of one that is too large, the beginning */
    read_servers(&now, &text);
    strbuf_free(&text);
    changed = !conf->was_read || !has_same_servers(&now, conf);
    *conf = now;
    return changed;
}
