/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reads a file of variables as a shell does that sources it: NAME=value with quotes, escapes, comments, and variables
 * that the file has set before. What a shell would have to run for is left out, and said. */
#include "tools/convert_syntax.h"

#include "tools/convert_words.h"

#include <ctype.h>
#include <string.h>

enum { EXPANDED_MAX = 64 * 1024 }; /* octets of all values beyond what the file has */

static const char made_by_shell[] = "the shell makes this value when it reads the file: write it out";
static const char not_closed[] = "its quotes are not closed";
static const char no_variable[] = "only variables are read, and this is a command of the shell";

/* One value that is being read. */
struct value {
    struct words *words;
    struct strbuf text;
    const char *problem; /* NULL: none so far */
};

static bool is_name(int c, bool is_first)
{
    return c == '_' || (c < 0x80 && (is_first ? isalpha(c) : isalnum(c)) != 0);
}

/* The length of the name here; 0: there is none. */
static size_t name_len(const struct words *words)
{
    size_t len = 0;

    while (words_peek(words, len) != WORDS_END && is_name(words_peek(words, len), len == 0))
        len++;
    return len;
}

/* True where a word ends that is not quoted. */
static bool is_end(int c)
{
    return c == WORDS_END || strchr(" \t\r\n;&|()<>", c) != NULL;
}

static void set_problem(struct value *value, const char *problem)
{
    if (value->problem == NULL)
        value->problem = problem;
}

static void add_variable(struct value *value, const char *name)
{
    const char *text = words_find(value->words, name);
    const size_t read = value->words->texts.len + value->text.len;

    if (text == NULL || read + strlen(text) > EXPANDED_MAX)
        set_problem(value, made_by_shell);
    else
        strbuf_add(&value->text, text);
}

/* Goes on after the octet that closes what `open` opened, which was read. */
static void skip_closed(struct value *value, int open, int close)
{
    unsigned depth = 1;

    while (depth > 0) {
        const int c = words_next(value->words);

        if (c == WORDS_END) {
            set_problem(value, not_closed);
            return;
        }
        if (c == '\\')
            (void)words_next(value->words);
        else if (c == close)
            depth--;
        else if (c == open)
            depth++;
    }
}

/* Takes the name here out of the file and adds that variable's value. */
static void read_variable(struct value *value, size_t len)
{
    struct strbuf name = STRBUF_INIT;

    strbuf_add_mem(&name, value->words->at, len);
    value->words->at += len;
    add_variable(value, strbuf_text(&name));
    value->text.failed |= name.failed;
    strbuf_free(&name);
}

/* What follows a dollar sign, which was read. */
static void read_expansion(struct value *value)
{
    struct words *words = value->words;
    const int c = words_peek(words, 0);
    size_t len = name_len(words);

    if (len > 0) {
        read_variable(value, len);
    } else if (c == '{') {
        (void)words_next(words);
        len = name_len(words);
        if (len > 0 && words_peek(words, len) == '}')
            read_variable(value, len);
        else
            set_problem(value, made_by_shell);
        skip_closed(value, '{', '}');
    } else if (c == '(') {
        (void)words_next(words);
        set_problem(value, made_by_shell);
        skip_closed(value, '(', ')');
    } else if (c != WORDS_END && (isdigit(c) || strchr("@*#?$!-", c) != NULL)) {
        (void)words_next(words);
        set_problem(value, made_by_shell);
    } else {
        strbuf_add_char(&value->text, '$');
    }
}

/* What follows a backslash, which was read: within double quotes it is taken for itself before most octets. */
static void read_escape(struct value *value, bool is_quoted)
{
    const int c = words_next(value->words);

    if (c == '\n') /* the line goes on */
        return;
    if (c == WORDS_END || (is_quoted && strchr("$`\"\\", c) == NULL))
        strbuf_add_char(&value->text, '\\');
    if (c != WORDS_END)
        strbuf_add_char(&value->text, (char)c);
}

/* Reads `c`, which was read, and what belongs to it, if it has the same meaning within double quotes and without. */
static void read_octet(struct value *value, int c, bool is_quoted)
{
    if (c == '\\') {
        read_escape(value, is_quoted);
    } else if (c == '$') {
        read_expansion(value);
    } else if (c == '`') {
        set_problem(value, made_by_shell);
        skip_closed(value, WORDS_END, '`');
    } else {
        strbuf_add_char(&value->text, (char)c);
    }
}

/* What is between quotes of that kind, the first of which was read. */
static void read_quoted(struct value *value, int quote)
{
    int c;

    while ((c = words_next(value->words)) != quote) {
        if (c == WORDS_END) {
            set_problem(value, not_closed);
            return;
        }
        if (quote == '\'')
            strbuf_add_char(&value->text, (char)c);
        else
            read_octet(value, c, true);
    }
}

static void read_value(struct value *value)
{
    while (!is_end(words_peek(value->words, 0))) {
        const int c = words_next(value->words);

        if (c == '\'' || c == '"')
            read_quoted(value, c);
        else
            read_octet(value, c, false);
    }
}

/* Reads the variable here, whose name has that length. */
static void read_assignment(struct words *words, size_t len)
{
    struct value value = {.words = words};
    struct strbuf name = STRBUF_INIT;
    const unsigned line = words->line;
    const char *begin;

    strbuf_add_mem(&name, words->at, len);
    words->at += len + strlen("=");
    begin = words->at;
    read_value(&value);
    if (value.problem != NULL) { /* as the file has it */
        strbuf_truncate(&value.text, 0);
        strbuf_add_mem(&value.text, begin, strnlen(begin, (size_t)(words->at - begin)));
    }
    words->run->no_memory |= name.failed || value.text.failed;
    words_add(words, strbuf_text(&name), strbuf_text(&value.text), line, value.problem);
    strbuf_free(&name);
    strbuf_free(&value.text);
}

/* Adds the rest of the line, which is no variable. */
static void read_command(struct words *words)
{
    struct strbuf text = STRBUF_INIT;
    const unsigned line = words->line;

    while (words_peek(words, 0) != '\n' && words_peek(words, 0) != WORDS_END)
        strbuf_add_char(&text, (char)words_next(words));
    words->run->no_memory |= text.failed;
    words_add(words, text.failed ? "" : convert_trim(text.text), "", line, no_variable);
    strbuf_free(&text);
}

static bool is_export(const struct words *words, size_t len)
{
    return len == strlen("export") && strncmp(words->at, "export", len) == 0 &&
           (words_peek(words, len) == ' ' || words_peek(words, len) == '\t');
}

void convert_read_shell(struct conversion *run, const char *text, size_t len)
{
    struct words words;

    words_begin(&words, run, text, len);
    while (words_peek(&words, 0) != WORDS_END && !run->no_memory) {
        const int c = words_peek(&words, 0);
        const size_t name = name_len(&words);

        if (c == '#')
            words_skip_line(&words);
        else if (strchr(" \t\r\n;", c) != NULL || (c == '\\' && words_peek(&words, 1) == '\n'))
            (void)words_next(&words);
        else if (name > 0 && words_peek(&words, name) == '=')
            read_assignment(&words, name);
        else if (is_export(&words, name))
            words.at += name;
        else
            read_command(&words);
    }
    words_finish(&words);
}
