/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The decoder of encoded words, in place. */
#include "mail/encoded_word.h"

#include <ctype.h>
#include <stddef.h>
#include <string.h>
#include <strings.h>

/* The parts of `=?charset*language?encoding?text?=`. */
struct word {
    const char *charset, *text, *end; /* `end`: after it */
    size_t charset_len, text_len;
    char encoding; /* 'q' or 'b' */
};

/* The last place where an encoded word may end; NULL if there is none. Looked for once: each word that has no end would
 * look through all of the text. */
static const char *last_end(const char *text)
{
    for (size_t len = strlen(text); len >= 2; len--) {
        if (text[len - 2] == '?' && text[len - 1] == '=')
            return text + len - 2;
    }
    return NULL;
}

/* False if no encoded word begins at `at`. */
static bool parse_encoded_word(const char *at, const char *last, struct word *word)
{
    const char *encoding, *text_end;

    if (strncmp(at, "=?", 2) != 0 || (encoding = strchr(at + 2, '?')) == NULL)
        return false;
    if (strchr("qQbB", encoding[1]) == NULL || encoding[1] == '\0' || encoding[2] != '?')
        return false;
    if (encoding + 3 > last || (text_end = strstr(encoding + 3, "?=")) == NULL)
        return false;
    *word = (struct word){
        .charset = at + 2,
        .charset_len = (size_t)(encoding - at) - 2,
        .encoding = (char)(encoding[1] | 0x20),
        .text = encoding + 3,
        .text_len = (size_t)(text_end - encoding) - 3,
        .end = text_end + 2,
    };
    return true;
}

/* True for charsets in which the octets of US-ASCII are themselves. Readers take an empty one for US-ASCII. */
static bool holds_ascii(const struct word *word)
{
    static const char *const beginnings[] = {
        "us-ascii", "ascii", "utf-8", "utf8", "iso-8859-", "iso8859", "latin",     "windows-125",
        "cp125",    "koi8",  "gb",    "big5", "euc-",      "tis",     "shift_jis", "sjis",
    };
    const char *language = memchr(word->charset, '*', word->charset_len); /* RFC 2231 5 */
    size_t len = language != NULL ? (size_t)(language - word->charset) : word->charset_len;

    if (len == 0)
        return true;
    for (size_t i = 0; i < sizeof(beginnings) / sizeof(beginnings[0]); i++) {
        size_t beginning = strlen(beginnings[i]);

        if (len >= beginning && strncasecmp(word->charset, beginnings[i], beginning) == 0)
            return true;
    }
    return false;
}

static unsigned hex_digit(char c)
{
    return (unsigned)(isdigit((unsigned char)c) ? c - '0' : (c | 0x20) - 'a' + 10);
}

static bool is_hex_octet(const char *text, const char *end)
{
    return end - text >= 2 && isxdigit((unsigned char)text[0]) && isxdigit((unsigned char)text[1]);
}

/* RFC 2047 4.2. Returns the end of what it wrote. */
static char *decode_q(const struct word *word, char *out)
{
    const char *text = word->text, *end = text + word->text_len;

    while (text < end) {
        char c = *text++;

        if (c == '_') {
            c = ' ';
        } else if (c == '=' && is_hex_octet(text, end)) {
            c = (char)(hex_digit(text[0]) << 4 | hex_digit(text[1]));
            text += 2;
        }
        *out++ = c;
    }
    return out;
}

/* RFC 2047 4.1; whatever is no digit is passed over. Returns the end of what it wrote. */
static char *decode_b(const struct word *word, char *out)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    const char *end = word->text + word->text_len;
    unsigned bits = 0, count = 0;

    for (const char *text = word->text; text < end; text++) {
        const char *digit = strchr(digits, *text);

        if (digit == NULL || *text == '\0')
            continue;
        bits = bits << 6 | (unsigned)(digit - digits);
        count += 6;
        if (count >= 8) {
            count -= 8;
            *out++ = (char)(bits >> count & 0xff);
        }
    }
    return out;
}

static bool is_bad_control(char c)
{
    return ((unsigned char)c < ' ' && c != '\t' && c != '\r' && c != '\n') || c == 0x7f;
}

/* Decodes a word to `out`, which may lie before it in the same text or be its beginning. Returns the end of what it
 * wrote: it is shorter than the word. */
static char *decode_word(const struct word *word, char *out)
{
    if (!holds_ascii(word))
        *out++ = ENCODED_WORD_UNKNOWN;

    char *end = word->encoding == 'q' ? decode_q(word, out) : decode_b(word, out);

    for (; out < end; out++) {
        if (is_bad_control(*out))
            *out = '\x01';
    }
    return end;
}

bool encoded_words_decode(char *text)
{
    const char *from = text, *last = last_end(text);
    char *to = text;
    bool any = false;
    struct word word;

    if (last == NULL)
        return false;
    while (*from != '\0') {
        if (!parse_encoded_word(from, last, &word)) {
            *to++ = *from++;
            continue;
        }
        any = true;
        to = decode_word(&word, to);
        from = word.end;
        const char *next = from + strspn(from, " \t\r\n");
        if (parse_encoded_word(next, last, &word))
            from = next;
    }
    *to = '\0';
    return any;
}
