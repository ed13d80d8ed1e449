/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Recognises fields that claim to be ours. Readers differ in what they make of a value: whether comments have escapes
 * or others in them, whether encoded words are decoded, what may stand around a dot. So a value is read in each of
 * these ways, and what is ours in one of them is ours. */
#include "mail/header_forged.h"

#include "base/domain_text.h"
#include "base/text_search.h"
#include "base/utf8.h"
#include "mail/encoded_word.h"
#include "mail/idna.h"
#include "mail/quoting.h"

#include <ctype.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum {
    ARC_PARTS_MAX = 4,
    DECODINGS_MAX = 3,         /* encoded words within encoded words; whoever wraps more is no honest writer */
    NAME_SIZE = 4 * IDNA_SIZE, /* of a name as text; longer ones are none of ours */
    OPEN_COMMENTS_MAX = 8, /* comments without an end; each is looked for one, and from then on all text is visible */
    CONVERSIONS_MAX = 30,  /* of parts of names beyond US-ASCII, for one value in all its readings */
    UNKNOWN = ENCODED_WORD_UNKNOWN, /* in a reading: something that cannot be known */
    GAP = '\x01',                   /* in a reading: a comment, quote, backslash or control character */
    BLANK = ' ',                    /* in a reading: white space */
};

struct style {
    enum comment_style comments;
    bool knows_quotes; /* no comment begins within a quoted string */
};

static const struct style styles[] = {
    {COMMENT_NESTED, true}, {COMMENT_NESTED, false}, {COMMENT_PLAIN, true},    {COMMENT_PLAIN, false},
    {COMMENT_FLAT, true},   {COMMENT_FLAT, false},   {COMMENT_VISIBLE, false},
};

/* That nothing is a comment is no way to look for a name at the beginning: it may stand in one. */
enum { STYLE_COUNT = sizeof(styles) / sizeof(styles[0]), BUT_VISIBLE_COUNT = STYLE_COUNT - 1 };

/* The number of the character of `len` octets at `at`. */
static uint32_t code_point(const char *at, size_t len)
{
    uint32_t code = (unsigned char)*at & (len < 2 ? 0x7fU : 0x7fU >> len);

    for (size_t i = 1; i < len; i++)
        code = code << 6 | ((unsigned char)at[i] & 0x3fU);
    return code;
}

/* Reads one character. Some readers take the long s and full-width forms for letters of US-ASCII; what has no width,
 * and octets that are no UTF-8, many drop or do not show. Returns how much of `at` that covers. */
static size_t read_char(const char *at, size_t len, char out[4], size_t *out_len)
{
    size_t used = utf8_char_len(at, len);
    uint32_t code = code_point(at, used);

    *out_len = 1;
    if (used == 0 || (code >= 0x80 && code < 0xa0) || code == 0xad || code == 0x200b || code == 0x2060 ||
        code == 0xfeff)
        out[0] = GAP;
    else if (code == 0xa0 || code == 0x3000)
        out[0] = BLANK;
    else if (code == 0x17f)
        out[0] = 's';
    else if (code >= 0xff01 && code <= 0xff5e)
        out[0] = (char)(code - 0xff01 + '!');
    else
        memcpy(out, at, *out_len = used);
    return used > 0 ? used : 1;
}

/* True for what is a gap by itself. A parenthesis that belongs to no comment is one too. */
static bool is_reading_gap(char c)
{
    return c == '"' || c == '\\' || c == '(' || c == ')' || iscntrl((unsigned char)c);
}

/* Writes how a reader of this style sees `value`, which is not longer: without comments, quotes and backslashes. */
static void write_reading(const char *value, const struct style *style, char *out)
{
    const char *end = value + strlen(value), *close;
    size_t open_comments = 0;
    bool in_quotes = false;

    while (value < end) {
        if (*value == '"' && style->knows_quotes)
            in_quotes = !in_quotes;
        if (*value == '(' && !in_quotes && open_comments < OPEN_COMMENTS_MAX) {
            close = quoting_comment_end(value, style->comments);
            if (close != NULL) {
                value = close;
                *out++ = GAP;
                continue;
            }
            /* Where comments do not nest, none has an end after one that has none. */
            open_comments = style->comments == COMMENT_FLAT ? OPEN_COMMENTS_MAX : open_comments + 1;
        }
        if (*value == '\\' && in_quotes && (value[1] == '"' || value[1] == '\\'))
            value++;
        if (*value == UNKNOWN) {
            *out++ = *value++;
        } else if (isspace((unsigned char)*value)) {
            *out++ = BLANK;
            value++;
        } else if (is_reading_gap(*value)) {
            *out++ = GAP;
            value++;
        } else {
            size_t len;
            value += read_char(value, (size_t)(end - value), out, &len);
            out += len;
        }
    }
    *out = '\0';
}

static bool is_between(char c)
{
    return c == GAP || c == BLANK;
}

static const char *skip_between(const char *text)
{
    while (is_between(*text))
        text++;
    return text;
}

/* True for what a host name may hold; `text` is a reading. */
static bool is_name_char(char c)
{
    return isalnum((unsigned char)c) || (c != '\0' && strchr("-_.", c) != NULL) || (unsigned char)c >= 0x80;
}

/* True if a name that was read up to `at` does not go on there, or not as an honest writer would write it. */
static bool is_name_end(const char *at)
{
    return *at == '.' ? !is_name_char(at[1]) : !is_name_char(*at);
}

/* Skips what stands between two characters of a name. False if it ends an authserv-id: white space before a version
 * (RFC 8601 2.2), but for that around dots. */
static bool skip_within_name(const char **text, char before)
{
    bool blank = false;

    for (; is_between(**text); ++*text)
        blank |= **text == BLANK;
    return !blank || before == '.' || !isdigit((unsigned char)**text);
}

/* True if the reading begins with the name, whatever stands between its characters. */
static bool begins_with(const char *text, const char *name)
{
    char before = '.';

    for (name = skip_between(name); *name != '\0'; text++) {
        if (!skip_within_name(&text, before))
            return false;
        if (*text == UNKNOWN)
            return true;
        if (tolower((unsigned char)*text) != tolower((unsigned char)*name))
            return false;
        before = *name;
        name = skip_between(name + 1);
    }
    return is_name_end(text);
}

/* A name of ours, and what it is compared with. */
struct own_name {
    char text[NAME_SIZE]; /* as readings show it: with A-labels, without its trailing dot; "" where none can show it */
    size_t foreign_max;   /* octets of a name beyond US-ASCII that may be the same */
    size_t conversions;   /* that names beyond US-ASCII cost so far */
};

/* What the conversion of a name costs, which falls apart at hyphens, joiners and the like. */
static size_t conversion_cost(const char *name)
{
    size_t cost = 1;

    for (; *name != '\0'; name++)
        cost += *name == '-' || strncmp(name, "\u00DF", 2) == 0 || strncmp(name, "\u03C2", 2) == 0 ||
                strncmp(name, "\u200C", 3) == 0 || strncmp(name, "\u200D", 3) == 0;
    return cost;
}

/* The same for a name that is not all US-ASCII. Whoever makes this costly is no honest writer. */
static bool is_same_name(const char *name, struct own_name *own)
{
    char ascii[IDNA_SIZE];

    own->conversions += conversion_cost(name);
    return own->conversions > CONVERSIONS_MAX || begins_with(idna_ascii_form(name, ascii), own->text);
}

/* The same for a name with U-labels in the reading, once it has A-labels. */
static bool begins_with_u_labels(const char *text, struct own_name *own)
{
    char found[NAME_SIZE];
    size_t len = 0;
    bool is_foreign = false;

    for (;; text++) {
        if (is_foreign && !is_name_char(*text)) {
            found[len] = '\0';
            if (is_name_end(text) && is_same_name(found, own))
                return true;
        }
        text = skip_between(text);
        if (!is_name_char(*text) || len == own->foreign_max)
            return false;
        is_foreign |= (unsigned char)*text >= 0x80;
        found[len++] = *text;
    }
}

static void set_own_name(struct own_name *own, const char *name)
{
    static const struct style as_it_is = {COMMENT_VISIBLE, false};
    char room[IDNA_SIZE];
    const char *ascii = idna_ascii_form(name, room);
    size_t len = strlen(ascii);

    own->conversions = 0;
    own->text[0] = '\0';
    if (len >= sizeof(own->text))
        return;
    write_reading(ascii, &as_it_is, own->text);
    len = strlen(own->text);
    if (len > 1)
        own->text[domain_text_len(own->text, len)] = '\0';
    /* A character has at most four octets, and an A-label has one for it at least. */
    own->foreign_max = 4 * len < NAME_SIZE - 1 ? 4 * len : NAME_SIZE - 1;
}

static bool is_own(const char *text, struct own_name *own)
{
    return *skip_between(own->text) != '\0' && (begins_with(text, own->text) || begins_with_u_labels(text, own));
}

/* True if the reading begins with our name, after what no name begins with. */
static bool claims_own_name(const char *text, struct own_name *own)
{
    const char *first = skip_between(text), *start = first;

    if (is_own(first, own))
        return true;
    while (*start != '\0' && *start != UNKNOWN && (*start == '.' || !is_name_char(*start)))
        start++;
    return start > first && is_own(start, own);
}

/* True if our name stands anywhere in the reading. */
static bool mentions_own_name(const char *text, struct own_name *own)
{
    bool in_name = false;

    for (; *text != '\0'; text++) {
        if (is_name_char(*text) && !in_name && *skip_between(own->text) != '\0' && begins_with(text, own->text))
            return true;
        in_name = is_name_char(*text);
    }
    return false;
}

/* The end of `word` where the reading begins with it, whatever stands between its letters; NULL: it does not. */
static const char *after_word(const char *text, const char *word)
{
    for (; *word != '\0'; word++, text++) {
        text = skip_between(text);
        if (tolower((unsigned char)*text) != *word)
            return NULL;
    }
    return text;
}

/* Where the value of `key` begins, which `at` is within the reading: `key [/ version] =` (RFC 8601 2.2), with a section
 * or charset after it (RFC 2231). NULL if it does not stand there. */
static const char *find_key_value(const char *at, const char *key)
{
    const char *after = is_between(*at) ? NULL : after_word(at, key);

    if (after == NULL)
        return NULL;
    while (is_between(*after) || (*after != '\0' && strchr("/*.0123456789", *after) != NULL))
        after++;
    return *after == '=' ? after + 1 : NULL;
}

/* Neither a `;` nor a beginning of a word is asked for: who searches for `spf=pass` does not ask for them either. */
static bool holds_spf_result(const char *text, struct own_name *own)
{
    (void)own;
    for (; *text != '\0'; text++) {
        if (*text == UNKNOWN || find_key_value(text, "spf") != NULL)
            return true;
    }
    return false;
}

/* Whether receiver= is our name, or the comment after the result begins with it, where most writers put it too. */
static bool names_receiver(const char *text, struct own_name *own)
{
    const char *comment = skip_between(text);

    while (isalpha((unsigned char)*comment))
        comment++;
    if (is_between(*comment) && is_own(skip_between(comment), own))
        return true;
    for (; *text != '\0'; text++) {
        const char *receiver = find_key_value(text, "receiver");

        if (*text == UNKNOWN || (receiver != NULL && claims_own_name(receiver, own)))
            return true;
    }
    return false;
}

/* What is looked for in the readings of a value. */
typedef bool (*reading_test)(const char *text, struct own_name *own);

/* True if a reading in one of the first styles passes the test. `out` and `last` have as much room as `value`. */
static bool passes_in_styles(const char *value, size_t style_count, char *out, char *last, reading_test test,
                             struct own_name *own)
{
    if (strpbrk(value, "(\"") == NULL) /* then all are the same */
        style_count = 1;
    for (size_t i = 0; i < style_count; i++) {
        char *next = i % 2 == 0 ? out : last;

        write_reading(value, &styles[i], next);
        if ((i == 0 || strcmp(out, last) != 0) && test(next, own))
            return true;
    }
    return false;
}

/* The same, as it is and with its encoded words decoded, in `value` itself, with twice its `size` after it. */
static bool passes_decoded(char *value, size_t style_count, size_t size, reading_test test, struct own_name *own)
{
    static const char unknown[] = {UNKNOWN, '\0'};

    for (size_t decodings = 0; decodings < DECODINGS_MAX; decodings++) {
        if (passes_in_styles(value, style_count, value + size, value + 2 * size, test, own))
            return true;
        if (!encoded_words_decode(value))
            return false;
    }
    return test(unknown, own);
}

/* A copy of the value, in which nothing passes for unknown yet. */
static void copy_field_value(char *copy, const char *value, size_t len)
{
    memcpy(copy, value, len + 1);
    for (char *mark = copy; (mark = strchr(mark, UNKNOWN)) != NULL;)
        *mark = GAP;
}

/* True if the value can be read so that it passes the test. Out of memory: true if it mentions the name, or hides
 * something, since what is forged must not stay. */
static bool passes_test(const char *value, const char *name, size_t style_count, reading_test test)
{
    size_t len = strlen(value);
    struct own_name own;
    char *room;
    bool passed;

    if (*name == '\0')
        return false;
    room = malloc(3 * (len + 1));
    if (room == NULL)
        return text_search_has_nocase(value, name) || strstr(value, "=?") != NULL;
    set_own_name(&own, name);
    copy_field_value(room, value, len);
    passed = passes_decoded(room, style_count, len + 1, test, &own);
    free(room);
    return passed;
}

/* True if the value begins with a comment that has no end: then anything may be meant. */
static bool begins_open(const char *value)
{
    while (isspace((unsigned char)*value))
        value++;
    return *value == '(' && quoting_comment_end(value, COMMENT_NESTED) == NULL;
}

bool header_claims_authserv_id(const char *value, const char *authserv_id)
{
    return passes_test(value, authserv_id, BUT_VISIBLE_COUNT, claims_own_name) ||
           (begins_open(value) && passes_test(value, authserv_id, BUT_VISIBLE_COUNT, mentions_own_name));
}

bool header_is_forged_result(const char *value, const char *authserv_id)
{
    return header_claims_authserv_id(value, authserv_id) &&
           passes_test(value, authserv_id, STYLE_COUNT, holds_spf_result);
}

bool header_arc_claims_authserv_id(const char *value, const char *authserv_id)
{
    /* The instance comes first; a comment before the name may hold a semicolon too. */
    for (size_t i = 0; i < ARC_PARTS_MAX && (value = strchr(value, ';')) != NULL; i++) {
        if (header_claims_authserv_id(++value, authserv_id))
            return true;
    }
    return false;
}

bool header_names_receiver(const char *value, const char *receiver)
{
    return passes_test(value, receiver, STYLE_COUNT, names_receiver);
}
