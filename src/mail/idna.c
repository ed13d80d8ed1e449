/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Internationalised domain names by libidn2, and those that it does not take but MTAs and the DNS do. */
#include "mail/idna.h"

#include "base/utf8.h"

#include <idn2.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum {
    LABEL_MAX = 63,       /* octets (RFC 1035 2.3.4) */
    NAME_MAX_CODES = 256, /* code points of a label; one A-label holds fewer */
};

static bool is_ascii(const char *text)
{
    const size_t len = strlen(text);
    uint64_t eight = 0;
    size_t i = 0;

    for (; len - i >= sizeof eight && (eight & 0x8080808080808080U) == 0; i += sizeof eight)
        memcpy(&eight, text + i, sizeof eight);
    for (; i < len; i++)
        eight |= (unsigned char)text[i];
    return (eight & 0x8080808080808080U) == 0;
}

/* A label as code points. */
struct label {
    uint32_t codes[NAME_MAX_CODES];
    size_t len;
    bool failed; /* it holds more, or is no UTF-8 */
};

/* The code point of a valid UTF-8 character of so many octets. */
static uint32_t code_of(const char *text, size_t octets)
{
    static const unsigned char masks[] = {0, 0x7f, 0x1f, 0x0f, 0x07};
    uint32_t code = (unsigned char)text[0] & masks[octets];

    for (size_t i = 1; i < octets; i++)
        code = code << 6 | ((unsigned char)text[i] & 0x3fu);
    return code;
}

static void add_code_points(struct label *label, const char *text, size_t len)
{
    for (size_t octets; len > 0; text += octets, len -= octets) {
        octets = utf8_char_len(text, len);
        if (octets == 0 || label->len == NAME_MAX_CODES) {
            label->failed = true;
            return;
        }
        label->codes[label->len++] = code_of(text, octets);
    }
}

/* The rules of RFC 3492 section 5 and 6.1 */
enum { BASE = 36, T_MIN = 1, T_MAX = 26, SKEW = 38, DAMP = 700, FIRST_BIAS = 72, FIRST_CODE = 128 };

static uint32_t adapt_bias(uint32_t delta, uint32_t points, bool is_first)
{
    uint32_t k = 0;

    delta = is_first ? delta / DAMP : delta / 2;
    delta += delta / points;
    for (; delta > (BASE - T_MIN) * T_MAX / 2; k += BASE)
        delta /= BASE - T_MIN;
    return k + (BASE - T_MIN + 1) * delta / (delta + SKEW);
}

/* A text with room for a label. */
struct ascii_label {
    char text[LABEL_MAX + 1];
    size_t len;
    bool failed; /* it is too long */
};

static void add_label_octet(struct ascii_label *out, char octet)
{
    if (out->len == LABEL_MAX) {
        out->failed = true;
        return;
    }
    out->text[out->len++] = octet;
    out->text[out->len] = '\0';
}

static void add_digit(struct ascii_label *out, uint32_t digit)
{
    add_label_octet(out, (char)(digit < 26 ? 'a' + digit : '0' + (digit - 26)));
}

/* Writes a distance as an integer of variable length (RFC 3492 3.3). */
static void add_distance(struct ascii_label *out, uint32_t distance, uint32_t bias)
{
    for (uint32_t k = BASE;; k += BASE) {
        uint32_t threshold = k <= bias ? T_MIN : k >= bias + T_MAX ? T_MAX : k - bias;

        if (distance < threshold)
            break;
        add_digit(out, threshold + (distance - threshold) % (BASE - threshold));
        distance = (distance - threshold) / (BASE - threshold);
    }
    add_digit(out, distance);
}

static uint32_t smallest_from(const struct label *label, uint32_t code)
{
    uint32_t smallest = UINT32_MAX;

    for (size_t i = 0; i < label->len; i++)
        if (label->codes[i] >= code && label->codes[i] < smallest)
            smallest = label->codes[i];
    return smallest;
}

/* RFC 3492 6.3. No distance overflows: there are at most 256 code points below 2^21. */
static void encode_punycode(const struct label *label, struct ascii_label *out)
{
    uint32_t basic = (uint32_t)out->len, done, code = FIRST_CODE, bias = FIRST_BIAS, delta = 0;

    for (size_t i = 0; i < label->len; i++)
        if (label->codes[i] < FIRST_CODE)
            add_label_octet(out, (char)label->codes[i]);
    basic = done = (uint32_t)out->len - basic;
    if (basic > 0)
        add_label_octet(out, '-');
    while (done < label->len && !out->failed) {
        uint32_t next = smallest_from(label, code);

        delta += (next - code) * (done + 1);
        code = next;
        for (size_t i = 0; i < label->len; i++) {
            if (label->codes[i] < code)
                delta++;
            if (label->codes[i] != code)
                continue;
            add_distance(out, delta, bias);
            bias = adapt_bias(delta, done + 1, done == basic);
            delta = 0;
            done++;
        }
        delta++;
        code++;
    }
}

/* Characters that UTS 46 leaves as they are, though its older form, which libidn2 is more lenient about, does not:
 * sharp s, final sigma, the two joiners; and the hyphen, since libidn2 looks at where it stands. */
static bool is_kept(uint32_t code)
{
    return code == '-' || code == 0xDF || code == 0x3C2 || code == 0x200C || code == 0x200D;
}

/* A letter in front of a stretch, which so may begin with a combining mark. It combines with none. */
#define GUARD "\xE1\x9A\xA0" /* U+16A0, a rune */

/* Adds a stretch without such characters, mapped (UTS 46: lower case, NFC, nothing that is ignored); where libidn2 does
 * not know how, as it stands. */
static void add_mapped(struct label *label, const char *text, size_t len)
{
    struct strbuf stretch = STRBUF_INIT;
    char *ascii = NULL, *mapped = NULL;

    strbuf_add(&stretch, GUARD);
    strbuf_add_mem(&stretch, text, len);
    if (stretch.failed)
        label->failed = true;
    else if (idn2_to_ascii_8z(strbuf_text(&stretch), &ascii, IDN2_NFC_INPUT | IDN2_TRANSITIONAL) == IDN2_OK &&
             idn2_to_unicode_8z8z(ascii, &mapped, 0) == IDN2_OK && strncmp(mapped, GUARD, strlen(GUARD)) == 0)
        add_code_points(label, mapped + strlen(GUARD), strlen(mapped + strlen(GUARD)));
    else
        add_code_points(label, text, len);
    idn2_free(mapped);
    idn2_free(ascii);
    strbuf_free(&stretch);
}

static void map_label(struct label *label, const char *text, size_t len)
{
    size_t i = 0, from = 0, octets;

    for (; i < len && !label->failed; i += octets) {
        octets = utf8_char_len(text + i, len - i);
        if (octets == 0) {
            label->failed = true;
            return;
        }
        if (!is_kept(code_of(text + i, octets)))
            continue;
        if (i > from)
            add_mapped(label, text + from, i - from);
        add_code_points(label, text + i, octets);
        from = i + octets;
    }
    if (i > from)
        add_mapped(label, text + from, i - from);
}

/* U+FFFD stands for what is no character, and so for no name. */
static bool is_encodable(const struct label *label)
{
    for (size_t i = 0; i < label->len; i++)
        if (label->codes[i] == 0xFFFD)
            return false;
    return !label->failed;
}

/* Writes a label that libidn2 refuses as a whole. */
static bool convert_label(const char *text, size_t len, struct ascii_label *out)
{
    struct label label = {.len = 0};
    bool ascii = true;

    map_label(&label, text, len);
    if (!is_encodable(&label))
        return false;
    for (size_t i = 0; i < label.len; i++)
        ascii &= label.codes[i] < FIRST_CODE;
    for (size_t i = 0; ascii && i < label.len; i++)
        add_label_octet(out, (char)label.codes[i]);
    for (const char *prefix = "xn--"; !ascii && *prefix != '\0'; prefix++)
        add_label_octet(out, *prefix);
    if (!ascii)
        encode_punycode(&label, out);
    return !out->failed;
}

/* The octets of a full stop, of which IDNA knows four (RFC 3490 3.1); 0 if there is none. */
static size_t dot_len(const char *text)
{
    static const char *const dots[] = {".", "\xE3\x80\x82", "\xEF\xBC\x8E", "\xEF\xBD\xA1"};

    for (size_t i = 0; i < sizeof dots / sizeof dots[0]; i++)
        if (strncmp(text, dots[i], strlen(dots[i])) == 0)
            return strlen(dots[i]);
    return 0;
}

static size_t label_len(const char *text)
{
    size_t len = 0;

    while (text[len] != '\0' && dot_len(text + len) == 0)
        len++;
    return len;
}

/* A name as it grows. */
struct name {
    char text[IDNA_SIZE];
    size_t len;
    bool failed; /* it is too long */
};

static void add_name_part(struct name *name, const char *text, size_t len)
{
    if (name->failed || len >= IDNA_SIZE - name->len) {
        name->failed = true;
        return;
    }
    memcpy(name->text + name->len, text, len);
    name->len += len;
    name->text[name->len] = '\0';
}

/* Adds what libidn2 makes of a name or label. */
static bool add_converted(struct name *name, const char *text)
{
    char *converted = NULL;
    bool is_converted = idn2_to_ascii_8z(text, &converted, IDN2_NFC_INPUT | IDN2_NONTRANSITIONAL) == IDN2_OK;

    if (is_converted)
        add_name_part(name, converted, strlen(converted));
    idn2_free(converted);
    return is_converted;
}

/* Adds one label by whichever way takes it. */
static bool add_label(struct name *name, const char *text, size_t len)
{
    char label[4 * IDNA_SIZE + 1];
    struct ascii_label own = {.len = 0};

    memcpy(label, text, len);
    label[len] = '\0';
    if (is_ascii(label))
        add_name_part(name, label, len);
    else if (!add_converted(name, label)) {
        if (!convert_label(text, len, &own))
            return false;
        add_name_part(name, own.text, own.len);
    }
    return true;
}

/* Converts label by label: symbols, joiners, hyphens and mixed directions make no U-labels (RFC 5891 4.2.3), and yet
 * are in the DNS and in mail. False if there is a label that cannot be converted. */
static bool add_leniently(struct name *name, const char *domain)
{
    while (*domain != '\0') {
        size_t len = label_len(domain), dot = dot_len(domain + len);

        if (!add_label(name, domain, len))
            return false;
        if (dot > 0)
            add_name_part(name, ".", 1);
        domain += len + dot;
    }
    return true;
}

bool idna_to_ascii(const char *domain, char ascii[IDNA_SIZE])
{
    struct name name = {.len = 0};

    if (strlen(domain) >= (size_t)4 * IDNA_SIZE)
        return false;
    if (is_ascii(domain))
        add_name_part(&name, domain, strlen(domain));
    else if (!add_converted(&name, domain) && !add_leniently(&name, domain))
        return false;
    if (name.failed)
        return false;
    memcpy(ascii, name.text, name.len + 1);
    return true;
}

bool idna_same_folded(const char *a, const char *b)
{
    char *a_folded = NULL, *b_folded = NULL;
    bool is_same = idn2_to_ascii_8z(a, &a_folded, IDN2_NFC_INPUT | IDN2_TRANSITIONAL) == IDN2_OK &&
                   idn2_to_ascii_8z(b, &b_folded, IDN2_NFC_INPUT | IDN2_TRANSITIONAL) == IDN2_OK &&
                   strcasecmp(a_folded, b_folded) == 0;

    idn2_free(a_folded);
    idn2_free(b_folded);
    return is_same;
}

const char *idna_ascii_form(const char *domain, char ascii[IDNA_SIZE])
{
    return !is_ascii(domain) && idna_to_ascii(domain, ascii) ? ascii : domain;
}

void idna_add_mailbox(const char *address, struct strbuf *out)
{
    const char *at = strrchr(address, '@');
    const char *domain = at != NULL ? at + 1 : address + strlen(address);
    char ascii[IDNA_SIZE];

    strbuf_add_mem(out, address, (size_t)(domain - address));
    strbuf_add(out, idna_ascii_form(domain, ascii));
}
