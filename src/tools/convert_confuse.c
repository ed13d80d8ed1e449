/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reads a file as the library libConfuse does, as far as programs use it that have no sections. */
#include "tools/convert_syntax.h"

#include "tools/convert_words.h"

#include <ctype.h>
#include <string.h>

enum token { TOKEN_END, TOKEN_WORD, TOKEN_SET, TOKEN_ADD, TOKEN_OPEN, TOKEN_CLOSE, TOKEN_COMMA, TOKEN_OTHER };

static const char from_environment[] = "the environment makes this value when the file is read: write it out";
static const char not_closed[] = "its quotes or braces are not closed";
static const char no_value[] = "it has no value";
static const char no_setting[] = "it is no setting";

/* Where reading is. */
struct reader {
    struct words words;
    enum token token;    /* the last one, */
    unsigned line;       /* where it begins, */
    struct strbuf text;  /* a word's text without quotes, or the token itself, */
    const char *problem; /* and what is wrong with it; NULL: nothing */
};

static bool is_unquoted(const struct words *words)
{
    const int c = words_peek(words, 0), next = words_peek(words, 1);

    if (c == WORDS_END || strchr(" #\"'\t\n\r={}()+,*", c) != NULL)
        return false;
    return c != '/' || (next != '/' && next != '*');
}

/* The value of a hexadecimal digit; 16 for anything else. */
static unsigned digit_value(int c)
{
    static const char digits[] = "0123456789abcdef";
    const char *digit = c != WORDS_END ? strchr(digits, tolower(c)) : NULL;

    return digit != NULL ? (unsigned)(digit - digits) : sizeof digits - 1;
}

/* Reads up to `max` digits as one octet, a question mark for a NUL. */
static void read_number(struct reader *reader, unsigned base, size_t max)
{
    struct words *words = &reader->words;
    unsigned char octet = 0;

    for (size_t i = 0; i < max && digit_value(words_peek(words, 0)) < base; i++)
        octet = (unsigned char)(octet * base + digit_value(words_next(words)));
    strbuf_add_char(&reader->text, (char)(octet != 0 ? octet : '?'));
}

/* What follows a backslash within double quotes, which was read: a number in octal, or after an x in hexadecimal
 * digits, or one octet. */
static void read_escape(struct reader *reader)
{
    static const char names[] = "nrbfaetv", meant[] = "\n\r\b\f\a\033\t\v";
    struct words *words = &reader->words;

    if (digit_value(words_peek(words, 0)) < 8) {
        read_number(reader, 8, 3);
        return;
    }
    const int c = words_next(words);
    const char *name = c != WORDS_END ? strchr(names, c) : NULL;

    if (c == '\n' || c == WORDS_END) /* the line goes on */
        return;
    if (c == 'x' && digit_value(words_peek(words, 0)) < 16)
        read_number(reader, 16, 2);
    else if (name != NULL)
        strbuf_add_char(&reader->text, meant[name - names]);
    else
        strbuf_add_char(&reader->text, (char)c);
}

/* `${NAME}`, whose dollar sign is here. */
static void skip_variable(struct reader *reader)
{
    int c;

    reader->problem = from_environment;
    while ((c = words_next(&reader->words)) != '}')
        if (c == WORDS_END) {
            reader->problem = not_closed;
            return;
        }
}

static bool is_variable(const struct words *words)
{
    return words_peek(words, 0) == '$' && words_peek(words, 1) == '{';
}

/* Reads what is between quotes of that kind, the first of which was read. */
static void read_quoted(struct reader *reader, int quote)
{
    struct words *words = &reader->words;

    for (;;) {
        if (quote == '"' && is_variable(words)) {
            skip_variable(reader);
            continue;
        }
        const int c = words_next(words), next = words_peek(words, 0);

        if (c == quote)
            return;
        if (c == WORDS_END) {
            reader->problem = not_closed;
            return;
        }
        if (c != '\\')
            strbuf_add_char(&reader->text, (char)c);
        else if (quote == '"')
            read_escape(reader);
        else if (next == '\\' || next == '\'')
            strbuf_add_char(&reader->text, (char)words_next(words));
        else if (next == '\n') /* the line goes on */
            (void)words_next(words);
        else
            strbuf_add_char(&reader->text, '\\');
    }
}

/* Skips white space and comments; false at the end of the file. */
static bool skip_space(struct words *words)
{
    for (;;) {
        const int c = words_peek(words, 0), next = words_peek(words, 1);

        if (c == WORDS_END)
            return false;
        if (c == '#' || (c == '/' && next == '/')) {
            words_skip_line(words);
        } else if (c == '/' && next == '*') {
            words->at += strlen("/*");
            while (words_peek(words, 0) != WORDS_END && (words_peek(words, 0) != '*' || words_peek(words, 1) != '/'))
                (void)words_next(words);
            words->at += words_peek(words, 0) != WORDS_END ? strlen("*/") : 0;
        } else if (strchr(" \t\r\n", c) != NULL) {
            (void)words_next(words);
        } else {
            return true;
        }
    }
}

static enum token read_word(struct reader *reader)
{
    struct words *words = &reader->words;

    if (words_peek(words, 0) == '"' || words_peek(words, 0) == '\'') {
        read_quoted(reader, words_next(words));
    } else if (is_variable(words)) {
        skip_variable(reader);
    } else {
        while (is_unquoted(words))
            strbuf_add_char(&reader->text, (char)words_next(words));
    }
    return TOKEN_WORD;
}

/* Goes to the next token. */
static void next_token(struct reader *reader)
{
    static const char single[] = "={},";
    static const enum token tokens[] = {TOKEN_SET, TOKEN_OPEN, TOKEN_CLOSE, TOKEN_COMMA};
    struct words *words = &reader->words;
    int c;

    reader->problem = NULL;
    reader->token = TOKEN_END;
    strbuf_truncate(&reader->text, 0);
    if (!skip_space(words))
        return;
    c = words_peek(words, 0);
    reader->line = words->line;
    if (c == '"' || c == '\'' || is_unquoted(words)) {
        reader->token = read_word(reader);
        return;
    }
    strbuf_add_char(&reader->text, (char)words_next(words));
    if (c == '+' && words_peek(words, 0) == '=') {
        (void)words_next(words);
        reader->token = TOKEN_ADD;
    } else {
        reader->token = strchr(single, c) != NULL ? tokens[strchr(single, c) - single] : TOKEN_OTHER;
    }
}

/* Adds the current word to a value; `problem` stays what it is if it is one. */
static void add_item(struct reader *reader, struct strbuf *value, const char **problem)
{
    if (value->len > 0)
        strbuf_add(value, ", ");
    strbuf_add(value, strbuf_text(&reader->text));
    if (*problem == NULL)
        *problem = reader->problem;
}

/* Reads the items of a list, whose brace was read. */
static void read_list(struct reader *reader, struct strbuf *value, const char **problem)
{
    for (next_token(reader); reader->token == TOKEN_WORD || reader->token == TOKEN_COMMA; next_token(reader))
        if (reader->token == TOKEN_WORD)
            add_item(reader, value, problem);
    if (reader->token == TOKEN_CLOSE)
        next_token(reader);
    else
        *problem = not_closed;
}

/* Reads the value of a setting, whose equals sign was read, up to the token after it. */
static void read_value(struct reader *reader, struct strbuf *value, const char **problem)
{
    next_token(reader);
    if (reader->token == TOKEN_OPEN) {
        read_list(reader, value, problem);
    } else if (reader->token == TOKEN_WORD) {
        add_item(reader, value, problem);
        next_token(reader);
    } else {
        *problem = no_value;
    }
}

/* Reads a setting, whose name is the current token. */
static void read_setting(struct reader *reader)
{
    struct strbuf name = STRBUF_INIT, value = STRBUF_INIT;
    const char *problem = reader->problem, *before;
    const unsigned line = reader->line;

    strbuf_add(&name, strbuf_text(&reader->text));
    next_token(reader);
    if (reader->token == TOKEN_ADD) {
        before = words_find(&reader->words, strbuf_text(&name));
        strbuf_add(&value, before != NULL ? before : "");
    }
    if (reader->token == TOKEN_ADD || reader->token == TOKEN_SET)
        read_value(reader, &value, &problem);
    else
        problem = no_value;
    reader->words.run->no_memory |= name.failed || value.failed;
    words_add(&reader->words, strbuf_text(&name), strbuf_text(&value), line, problem);
    strbuf_free(&name);
    strbuf_free(&value);
}

void convert_read_confuse(struct conversion *run, const char *text, size_t len)
{
    struct reader reader = {.token = TOKEN_OTHER};

    words_begin(&reader.words, run, text, len);
    next_token(&reader);
    while (reader.token != TOKEN_END && !run->no_memory) {
        if (reader.token == TOKEN_WORD) {
            read_setting(&reader);
        } else {
            words_add(&reader.words, strbuf_text(&reader.text), "", reader.line, no_setting);
            next_token(&reader);
        }
        run->no_memory |= reader.text.failed;
    }
    words_finish(&reader.words);
    strbuf_free(&reader.text);
}
