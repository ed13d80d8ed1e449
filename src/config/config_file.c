/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The lines of smf-spf.conf: keys, values, quotes and comments, whatever they mean. */
#include "config/config_file.h"

#include "base/utf8.h"

#include <string.h>

static bool is_white_space(char c)
{
    return c == ' ' || c == '\t';
}

static bool is_separator(char c)
{
    return is_white_space(c) || c == ',';
}

void config_file_begin(struct config_file *file, const char *text, size_t len)
{
    static const char mark[] = "\xef\xbb\xbf";

    *file = (struct config_file){.text = text, .len = len};
    if (len >= sizeof mark - 1 && memcmp(text, mark, sizeof mark - 1) == 0) {
        file->text += sizeof mark - 1;
        file->len -= sizeof mark - 1;
    }
}

static bool has_control(const char *text, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        unsigned char c = (unsigned char)text[i];

        if ((c < ' ' && c != '\t') || c == 0x7f)
            return true;
    }
    return false;
}

static bool is_utf8(const char *text)
{
    size_t left = strlen(text);

    while (left > 0) {
        size_t octets = utf8_char_len(text, left);

        if (octets == 0)
            return false;
        text += octets;
        left -= octets;
    }
    return true;
}

static enum config_token report_problem(struct config_file *file, const char *phrase)
{
    file->problem = phrase;
    return CONFIG_TOKEN_BAD;
}

/* Copies the next line, without its end, into the buffer. */
static enum config_token read_config_line(struct config_file *file)
{
    if (file->len == 0)
        return CONFIG_TOKEN_END;

    const char *line = file->text, *end = memchr(line, '\n', file->len);
    size_t len = end != NULL ? (size_t)(end - line) : file->len;
    size_t taken = end != NULL ? len + 1 : len;

    file->text += taken;
    file->len -= taken;
    file->line++;
    if (len > 0 && line[len - 1] == '\r')
        len--;
    if (len > CONFIG_LINE_MAX)
        return report_problem(file, "the line is longer than 8192 octets");
    if (has_control(line, len))
        return report_problem(file, "the line holds a control character");
    memcpy(file->buffer, line, len);
    file->buffer[len] = '\0';
    return CONFIG_TOKEN_FOUND;
}

enum config_token config_file_next(struct config_file *file)
{
    enum config_token token;

    while ((token = read_config_line(file)) == CONFIG_TOKEN_FOUND) {
        char *key = file->buffer + strspn(file->buffer, " \t");

        if (*key == '\0' || *key == '#')
            continue;

        size_t len = strcspn(key, " \t");
        file->rest = key + len;
        if (key[len] != '\0') {
            key[len] = '\0';
            file->rest++;
        }
        file->key = key;
        break;
    }
    return token;
}

/* True if a value in quotes may end at `p`: nothing, a comment, or in a list the next item follows. */
static bool may_follow_quotes(const char *p, bool is_list)
{
    const char *next = p + strspn(p, " \t");

    return *next == '\0' || (*next == '#' && next > p) || (is_list && is_separator(*p));
}

/* Reads a value in quotes. */
static enum config_token quoted_value(struct config_file *file, bool is_list, char *value)
{
    const char *p = file->rest + 1;

    for (; *p != '\0' && *p != '"'; p++) {
        if (*p == '\\' && (p[1] == '"' || p[1] == '\\'))
            p++;
        *value++ = *p;
    }
    *value = '\0';
    if (*p != '"')
        return report_problem(file, "the closing \" is missing");
    p++;
    if (!may_follow_quotes(p, is_list))
        return report_problem(file, "text follows the closing \" (inside quotes write \\\" for a quote)");
    file->rest = p;
    return CONFIG_TOKEN_FOUND;
}

/* The octets of a value without quotes that goes on to the end of the line or to a comment. */
static size_t scalar_len(const char *text)
{
    size_t len = 1;

    while (text[len] != '\0' && !(text[len] == '#' && is_white_space(text[len - 1])))
        len++;
    while (is_white_space(text[len - 1]))
        len--;
    return len;
}

static size_t item_len(const char *text)
{
    size_t len = 0;

    while (text[len] != '\0' && !is_separator(text[len]))
        len++;
    return len;
}

enum config_token config_file_value(struct config_file *file, bool is_list, char value[CONFIG_LINE_SIZE])
{
    bool after_comma = false;

    while (is_white_space(*file->rest) || (is_list && *file->rest == ','))
        after_comma = *file->rest++ == ',';
    if (*file->rest == '\0' || (*file->rest == '#' && !after_comma))
        return CONFIG_TOKEN_END;
    file->is_quoted = *file->rest == '"';
    if (file->is_quoted) {
        enum config_token token = quoted_value(file, is_list, value);

        if (token != CONFIG_TOKEN_FOUND)
            return token;
    } else {
        size_t len = is_list ? item_len(file->rest) : scalar_len(file->rest);

        memcpy(value, file->rest, len);
        value[len] = '\0';
        file->rest += len;
    }
    return is_utf8(value) ? CONFIG_TOKEN_FOUND : report_problem(file, "the value is not valid UTF-8");
}

bool config_file_cut(struct config_file *file, char *value)
{
    size_t len = strcspn(value, "#");

    if (file->is_quoted || len == 0 || value[len] == '\0')
        return false;
    while (len > 0 && is_white_space(value[len - 1]))
        len--;
    value[len] = '\0';
    file->rest += strlen(file->rest);
    return true;
}

static bool needs_quotes(const char *value, bool is_list)
{
    size_t len = strlen(value);

    if (len == 0 || *value == '"' || *value == '#' || is_white_space(*value) || is_white_space(value[len - 1]))
        return true;
    if (is_list)
        return strpbrk(value, " \t,") != NULL;
    return strstr(value, " #") != NULL || strstr(value, "\t#") != NULL;
}

void config_file_write(const char *value, bool is_list, struct strbuf *out)
{
    if (!needs_quotes(value, is_list)) {
        strbuf_add(out, value);
        return;
    }
    strbuf_add_char(out, '"');
    for (; *value != '\0'; value++) {
        if (*value == '"' || *value == '\\')
            strbuf_add_char(out, '\\');
        strbuf_add_char(out, *value);
    }
    strbuf_add_char(out, '"');
}
