/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reads names of sockets that are wrong. What it makes of them is held against endpoint_parse, so no hint is wrong. */
#include "base/endpoint_guess.h"

#include "base/domain_text.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define POSTFIX_DIRECTORY "/var/spool/postfix/" /* what Postfix's relative paths begin at */

enum { TEXT_MAX = 300, PORT_MAX = 65535, WORDS_BEFORE_MAX = 3 };

/* Takes a word of another program off the front ("tcp:", "S="), then slashes of a URL. NULL if none is there. */
static const char *skip_word(const char *text)
{
    static const char *const words[] = {
        "unix:", "local:", "inet:",   "inet4:", "inet6:", "ip:",   "ipv4:", "ipv6:", "tcp:",  "tcp4:", "tcp6:",
        "udp:",  "dns:",   "milter:", "http:",  "fd:",    "file:", "S=",    "unix=", "inet=", "inet6="};

    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        const size_t len = strlen(words[i]);

        if (strncasecmp(text, words[i], len) == 0)
            return strncmp(text + len, "//", 2) == 0 ? text + len + 2 : text + len;
    }
    return NULL;
}

static bool begins(const char *text, const char *with)
{
    return strncasecmp(text, with, strlen(with)) == 0;
}

/* What is left without words before it; *word is the last of them ("" if none). */
static const char *skip_words(const char *text, const char **word)
{
    *word = "";
    for (int i = 0; i < WORDS_BEFORE_MAX; i++) {
        const char *rest = skip_word(text);

        if (rest == NULL)
            break;
        *word = text;
        text = rest;
    }
    return text;
}

static bool read_port(const char *text, unsigned *port)
{
    const size_t len = strspn(text, "0123456789");

    *port = len > 0 && len <= 5 && text[len] == '\0' ? (unsigned)strtoul(text, NULL, 10) : 0;
    return *port > 0 && *port <= PORT_MAX;
}

/* Reads a host, in brackets or not; "*" and nothing are every address. */
static bool read_host(const char *text, struct endpoint_guess *out)
{
    size_t len = strlen(text);
    struct addr addr;

    if (len >= 2 && text[0] == '[' && text[len - 1] == ']')
        text++, len -= 2;
    if (len >= sizeof out->host)
        return false;
    memcpy(out->host, text, len);
    out->host[len] = '\0';
    if (strcmp(out->host, "*") == 0)
        out->host[0] = '\0';
    out->is_address = addr_parse(out->host, &addr);
    if (out->is_address)
        out->family = addr.family;
    return out->is_address || out->host[0] == '\0' || domain_text_is_host(out->host);
}

/* Takes one part as the port and the other as the host. */
static bool read_pair(const char *a, const char *b, struct endpoint_guess *out)
{
    if (read_port(b, &out->port) && read_host(a, out))
        return true;
    return read_port(a, &out->port) && read_host(b, out);
}

/* Ends `text` at each of `separators` in turn, and reads what stands before and after it. */
static bool read_parts(char *text, const char *separators, struct endpoint_guess *out)
{
    for (char *at = strpbrk(text, separators); at != NULL; at = strpbrk(at + 1, separators)) {
        const char separator = *at;

        *at = '\0';
        if (read_pair(text, at + 1, out))
            return true;
        *at = separator;
    }
    return false;
}

bool endpoint_guess_host(const char *text, struct endpoint_guess *out)
{
    char copy[TEXT_MAX];
    const char *word;
    const char *rest = skip_words(text, &word);
    struct endpoint_guess guess = {.host = ""};
    const size_t len = strcspn(rest, begins(text, "S=") ? "," : "/"); /* a URL may end in a slash */

    if (len == 0 || len >= sizeof copy)
        return false;
    memcpy(copy, rest, len);
    copy[len] = '\0';
    if (read_port(copy, &guess.port) || read_host(copy, &guess) || read_parts(copy, "@#, \t", &guess) ||
        read_parts(copy, ":", &guess)) {
        *out = guess;
        return true;
    }
    return false;
}

/* What begins with the word of another family, or with none, names a host. */
static void add_inet(const struct endpoint_guess *guess, bool wants_v6, bool is_bare, struct strbuf *out)
{
    const bool is_v6 = guess->is_address ? guess->family == ADDR_V6 : wants_v6;

    strbuf_addf(out, "%s:%u", is_v6 ? "inet6" : "inet", guess->port);
    if (guess->host[0] != '\0')
        strbuf_addf(out, "@%s", guess->host);
    else if (is_bare)
        strbuf_add(out, is_v6 ? "@::1" : "@127.0.0.1"); /* a port alone: rather not open to everybody */
}

static void add_guess(const char *text, struct strbuf *out)
{
    const char *word;
    const char *rest = skip_words(text, &word);
    struct endpoint_guess guess;
    unsigned number = 0;

    if (begins(word, "fd:") && rest[0] != '\0' && strspn(rest, "0123456789") == strlen(rest))
        strbuf_addf(out, "fd:%s", rest);
    else if (rest[0] == '/')
        strbuf_addf(out, "unix:%.*s", (int)strcspn(rest, begins(text, "S=") ? "," : ""), rest);
    else if (begins(word, "unix") || begins(word, "local:"))
        strbuf_addf(out, "unix:%s%s", POSTFIX_DIRECTORY, rest);
    else if (endpoint_guess_host(text, &guess) && guess.port > 0)
        add_inet(&guess, begins(word, "inet6") || begins(word, "tcp6") || begins(word, "ipv6"),
                 read_port(rest, &number), out);
}

bool endpoint_guess(const char *text, struct strbuf *out)
{
    struct strbuf meant = STRBUF_INIT;
    struct endpoint endpoint;
    bool good = false;

    if (strlen(text) < TEXT_MAX)
        add_guess(text, &meant);
    good = !meant.failed && strcmp(strbuf_text(&meant), text) != 0 && endpoint_parse(strbuf_text(&meant), &endpoint);
    if (good)
        strbuf_add(out, strbuf_text(&meant));
    strbuf_free(&meant);
    return good;
}
