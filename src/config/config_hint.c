/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Finds out what was meant by patterns with wildcards, with brackets, with an @ too many or a word in front, and by
 * sockets in another program's syntax. */
#include "config/config_hint.h"

#include "base/domain_text.h"
#include "base/endpoint_guess.h"
#include "base/text_search.h"
#include "config/config_form.h"
#include "config/table_socket.h"
#include "dns/dns_server.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

enum { SHOWN_MAX = 60 }; /* octets of a text in a message */

static bool text_begins(const char *text, size_t len, const char *with)
{
    return len >= strlen(with) && memcmp(text, with, strlen(with)) == 0;
}

/* Appends what follows the @ of a pattern: `*.example.org` is `.example.org` there, and `*` nothing. */
static void add_domain(const char *domain, size_t len, struct strbuf *out)
{
    if (len == 1 && *domain == '*')
        return;
    if (text_begins(domain, len, "*."))
        strbuf_add_mem(out, domain + 1, len - 1);
    else
        strbuf_add_mem(out, domain, len);
}

/* Appends the mailbox pattern that `text` is without its wildcards, if there is one: `*@*.example.org` and
 * `*.example.org` are `@.example.org`, `user@*` is `user@`, `*text*` is `text`; and `to:user@` is `user@`. */
static void add_pattern(const char *text, size_t len, struct strbuf *out)
{
    const size_t mark_len = config_form_mark_len(text, len);

    text += mark_len, len -= mark_len;
    if (len > 2 && text[0] == '<' && text[len - 1] == '>')
        text++, len -= 2;

    const char *at = text_search_last(text, len, '@');
    size_t local = at != NULL ? (size_t)(at - text) : 0;
    if (at != NULL) {
        if (local != 1 || *text != '*')
            strbuf_add_mem(out, text, local);
        strbuf_add_char(out, '@');
        add_domain(at + 1, len - local - 1, out);
    } else if (text_begins(text, len, "*.")) {
        strbuf_add_char(out, '@');
        add_domain(text, len, out);
    } else {
        size_t front = text_begins(text, len, "*"), back = len > front && text[len - 1] == '*';

        strbuf_add_mem(out, text + front, len - front - back);
    }
}

static bool is_pattern(const char *text)
{
    return config_form_check_mailbox_pattern(text) == CONFIG_VALUE_OK;
}

/* A domain stands in a rule as the pattern of its addresses does after the @. */
static bool is_rule_domain(const char *text)
{
    return text[0] == '@' && is_pattern(text);
}

static bool is_host(const char *text)
{
    return text[0] == '@' && config_form_is_host_pattern(text + 1);
}

static bool is_domain(const char *text)
{
    return text[0] == '@' && domain_text_is_host(text + 1);
}

/* Appends the hint: the pattern that was meant, from its octet `from` on, if `is_right` says that it can stand there.
 */
static void add_hint(const char *text, size_t len, bool (*is_right)(const char *), size_t from, struct strbuf *out)
{
    struct strbuf meant = STRBUF_INIT;

    add_pattern(text, len, &meant);
    const char *right = strbuf_text(&meant) + (meant.len >= from ? from : 0);
    bool is_other = strlen(right) != len || memcmp(right, text, len) != 0;
    if (!meant.failed && is_other && is_right(strbuf_text(&meant))) {
        strbuf_add(out, "; write ");
        strbuf_add_shown(out, right, SHOWN_MAX);
    } else if (memchr(text, '*', len) != NULL || memchr(text, '?', len) != NULL) {
        strbuf_add(out, "; there are no wildcards");
    }
    strbuf_free(&meant);
}

void config_hint_pattern(const char *text, struct strbuf *out)
{
    add_hint(text, strlen(text), is_pattern, 0, out);
}

void config_hint_host(const char *text, struct strbuf *out)
{
    add_hint(text, strlen(text), is_host, 1, out);
}

void config_hint_domain(const char *text, struct strbuf *out)
{
    add_hint(text, strlen(text), is_domain, 1, out);
}

/* The octets of what stands before the results of a rule. */
static size_t subject_len(const char *text)
{
    return strcspn(text, " \t,");
}

void config_hint_recipient_rule(const char *text, struct strbuf *out)
{
    add_hint(text, subject_len(text), is_pattern, 0, out);
}

void config_hint_domain_rule(const char *text, struct strbuf *out)
{
    add_hint(text, subject_len(text), is_rule_domain, 1, out);
}

void config_hint_socket(const char *text, struct strbuf *out)
{
    struct strbuf meant = STRBUF_INIT;

    if (endpoint_add_problem(text, &meant))
        strbuf_addf(out, "; %s", strbuf_text(&meant));
    else if (endpoint_guess(text, &meant))
        strbuf_addf(out, "; did you mean %s?", strbuf_text(&meant));
    strbuf_free(&meant);
}

/* A socket alone is one that an MTA of today most probably asks as socketmap. */
void config_hint_table_socket(const char *text, struct strbuf *out)
{
    const char *protocol, *spec = table_socket_spec(text, &protocol);
    struct endpoint endpoint;

    if (spec != NULL)
        config_hint_socket(spec, out);
    else if (endpoint_parse(text, &endpoint))
        strbuf_addf(out, "; did you mean %s:%s?", TABLE_SOCKET_MAP, text);
}

void config_hint_control(const char *text, struct strbuf *out)
{
    struct strbuf problem = STRBUF_INIT;

    if (endpoint_unix_path(text) != NULL && endpoint_add_problem(text, &problem))
        strbuf_addf(out, "; %s", strbuf_text(&problem));
    strbuf_free(&problem);
}

void config_hint_server(const char *text, struct strbuf *out)
{
    struct endpoint_guess guess;
    const bool is_v6 = endpoint_guess_host(text, &guess) && guess.is_address && guess.family == ADDR_V6;
    char meant[ENDPOINT_HOST_SIZE + sizeof "[]:65535"];

    if (!endpoint_guess_host(text, &guess))
        return;
    if (guess.port > 0)
        (void)snprintf(meant, sizeof meant, is_v6 ? "[%s]:%u" : "%s:%u", guess.host, guess.port);
    else
        (void)snprintf(meant, sizeof meant, "%s", guess.host);
    if (dns_server_valid(meant))
        strbuf_addf(out, "; did you mean %s?", meant);
    else if (!guess.is_address && guess.host[0] != '\0')
        strbuf_add(out, "; a name server is given by its address, not by a name");
}

void config_hint_path(const char *text, struct strbuf *out)
{
    if (strcasecmp(text, "stderr") == 0 || strcasecmp(text, "stdout") == 0)
        strbuf_addf(out, "; did you mean /dev/%s?", strcasecmp(text, "stderr") == 0 ? "stderr" : "stdout");
    else if (strcasecmp(text, "syslog") == 0 || strcasecmp(text, "journal") == 0 || strcasecmp(text, "journald") == 0)
        strbuf_add(out, "; syslog gets every line without this key");
}

void config_hint_store(const char *text, struct strbuf *out)
{
    if (strncasecmp(text, "redis", 5) == 0 && strchr(text, '@') != NULL)
        strbuf_add(out, "; the password stands in GreylistPasswordFile");
    else if (config_form_is_path(text)) {
        strbuf_add(out, "; write sqlite:");
        strbuf_add_shown(out, text, SHOWN_MAX);
    }
}
