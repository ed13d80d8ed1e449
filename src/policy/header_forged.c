/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Recognises fields that claim to be ours. Reads as a lenient consumer would: what such a one might take for our result
 * is forged. */
#include "policy/header.h"
#include "policy/idna.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

enum { TOKEN_SIZE = 1024 };

enum token_kind { TOKEN_END, TOKEN_BROKEN, TOKEN_WORD, TOKEN_SPECIAL };

/* One piece of a value: a word or quoted string without its quotes, or one of the special characters. */
struct token {
    enum token_kind kind;
    char special;
    bool cut; /* longer than any name of ours */
    size_t len;
    char text[TOKEN_SIZE];
};

struct reader {
    const char *at;
    const char *specials;
    struct token token;
};

/* The end of the comment that begins at `at`, with those in it (RFC 5322 3.2.2); NULL if it has none. */
static const char *comment_end(const char *at)
{
    unsigned depth = 0;

    for (; *at != '\0'; at++) {
        if (*at == '\\' && at[1] != '\0')
            at++;
        else if (*at == '(')
            depth++;
        else if (*at == ')' && --depth == 0)
            return at + 1;
    }
    return NULL;
}

/* Skips white space, folds and comments. False if a comment has no end. */
static bool skip_cfws(struct reader *reader)
{
    while (*reader->at != '\0') {
        if (*reader->at == '(') {
            const char *end = comment_end(reader->at);
            if (end == NULL)
                return false;
            reader->at = end;
        } else if (isspace((unsigned char)*reader->at)) {
            reader->at++;
        } else {
            break;
        }
    }
    return true;
}

static void token_add(struct token *token, char c)
{
    if (token->len + 1 < sizeof(token->text))
        token->text[token->len++] = c;
    else
        token->cut = true;
}

static bool read_quoted(struct reader *reader)
{
    for (reader->at++; *reader->at != '"'; reader->at++) {
        if (*reader->at == '\0')
            return false;
        if (*reader->at == '\r' || *reader->at == '\n')
            continue;
        if (*reader->at == '\\' && reader->at[1] != '\0')
            reader->at++;
        token_add(&reader->token, *reader->at);
    }
    reader->at++;
    return true;
}

static void read_word(struct reader *reader)
{
    while (*reader->at != '\0' && !isspace((unsigned char)*reader->at) && strchr("(\"", *reader->at) == NULL &&
           strchr(reader->specials, *reader->at) == NULL)
        token_add(&reader->token, *reader->at++);
}

static enum token_kind read_token(struct reader *reader)
{
    if (!skip_cfws(reader))
        return TOKEN_BROKEN;
    if (*reader->at == '\0')
        return TOKEN_END;
    if (*reader->at == '"')
        return read_quoted(reader) ? TOKEN_WORD : TOKEN_BROKEN;
    if (strchr(reader->specials, *reader->at) != NULL) {
        reader->token.special = *reader->at++;
        return TOKEN_SPECIAL;
    }
    read_word(reader);
    return TOKEN_WORD;
}

static enum token_kind next(struct reader *reader)
{
    reader->token.len = 0;
    reader->token.cut = false;
    reader->token.special = '\0';
    reader->token.kind = read_token(reader);
    reader->token.text[reader->token.len] = '\0';
    return reader->token.kind;
}

/* Names are compared as in the DNS: A-labels, without case, a final dot aside (RFC 8601 5). */
static bool same_name(const char *a, const char *b)
{
    char a_ascii[IDNA_SIZE];
    char b_ascii[IDNA_SIZE];

    a = idna_ascii_form(a, a_ascii);
    b = idna_ascii_form(b, b_ascii);

    size_t a_len = strlen(a);
    size_t b_len = strlen(b);
    if (a_len > 1 && a[a_len - 1] == '.')
        a_len--;
    if (b_len > 1 && b[b_len - 1] == '.')
        b_len--;
    return a_len == b_len && strncasecmp(a, b, a_len) == 0;
}

static bool is_name(const struct token *token, const char *name)
{
    return token->kind == TOKEN_WORD && !token->cut && same_name(token->text, name);
}

static bool is_word(const struct token *token, const char *word)
{
    return token->kind == TOKEN_WORD && strcasecmp(token->text, word) == 0;
}

static bool is_special(const struct token *token, char c)
{
    return token->kind == TOKEN_SPECIAL && token->special == c;
}

/* For what does not parse: whether `word` stands anywhere as a word of its own. */
static bool mentions(const char *value, const char *word)
{
    size_t len = strlen(word);

    if (len == 0)
        return false;
    for (const char *at = value; (at = strcasestr(at, word)) != NULL; at++) {
        bool begins = at == value || !isalnum((unsigned char)at[-1]);
        if (begins && !isalnum((unsigned char)at[len]))
            return true;
    }
    return false;
}

/* Whether the word spf, which was read, is the method of a result: `spf [/ version] =` (RFC 8601 2.2). */
static bool is_spf_result(struct reader *reader)
{
    next(reader);
    if (is_special(&reader->token, '/')) {
        next(reader);
        next(reader);
    }
    return is_special(&reader->token, '=');
}

/* No `;` is asked for before a result: who searches for `spf=pass` does not ask for it either. */
static bool holds_spf_result(struct reader *reader, const char *value)
{
    while (next(reader) != TOKEN_END && reader->token.kind != TOKEN_BROKEN) {
        while (is_word(&reader->token, "spf")) {
            if (is_spf_result(reader))
                return true;
        }
    }
    return reader->token.kind == TOKEN_BROKEN && mentions(value, "spf");
}

bool header_is_forged_result(const char *value, const char *authserv_id)
{
    struct reader reader = {.at = value, .specials = ";"};

    if (next(&reader) == TOKEN_BROKEN)
        return mentions(value, authserv_id) && mentions(value, "spf");
    reader.specials = ";=/";
    return is_name(&reader.token, authserv_id) && holds_spf_result(&reader, value);
}

bool header_claims_authserv_id(const char *value, const char *authserv_id)
{
    struct reader reader = {.at = value, .specials = ";"};

    if (next(&reader) == TOKEN_BROKEN)
        return mentions(value, authserv_id);
    return is_name(&reader.token, authserv_id);
}

bool header_names_receiver(const char *value, const char *receiver)
{
    struct reader reader = {.at = value, .specials = ";="};

    while (next(&reader) != TOKEN_END && reader.token.kind != TOKEN_BROKEN) {
        while (is_word(&reader.token, "receiver")) {
            if (next(&reader) == TOKEN_SPECIAL && reader.token.special == '=' && next(&reader) == TOKEN_WORD &&
                is_name(&reader.token, receiver))
                return true;
        }
    }
    return reader.token.kind == TOKEN_BROKEN && mentions(value, "receiver") && mentions(value, receiver);
}
