/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which octets are valid UTF-8. */
#include "base/utf8.h"

/* One row per line of the grammar in RFC 3629 4: the range of the first octet, the range of the second, and how many
 * octets there are. */
struct form {
    unsigned char first_min, first_max, second_min, second_max;
    size_t len;
};

static const struct form forms[] = {
    {0x00, 0x7f, 0x00, 0x00, 1}, {0xc2, 0xdf, 0x80, 0xbf, 2}, {0xe0, 0xe0, 0xa0, 0xbf, 3},
    {0xe1, 0xec, 0x80, 0xbf, 3}, {0xed, 0xed, 0x80, 0x9f, 3}, {0xee, 0xef, 0x80, 0xbf, 3},
    {0xf0, 0xf0, 0x90, 0xbf, 4}, {0xf1, 0xf3, 0x80, 0xbf, 4}, {0xf4, 0xf4, 0x80, 0x8f, 4},
};

static const struct form *find_sequence_form(unsigned char first)
{
    for (size_t i = 0; i < sizeof forms / sizeof forms[0]; i++)
        if (first >= forms[i].first_min && first <= forms[i].first_max)
            return &forms[i];
    return NULL;
}

size_t utf8_char_len(const char *text, size_t len)
{
    const unsigned char *octets = (const unsigned char *)text;
    const struct form *form = len > 0 ? find_sequence_form(octets[0]) : NULL;

    if (form == NULL || form->len > len)
        return 0;
    if (form->len > 1 && (octets[1] < form->second_min || octets[1] > form->second_max))
        return 0;
    for (size_t i = 2; i < form->len; i++)
        if ((octets[i] & 0xc0) != 0x80)
            return 0;
    return form->len;
}

bool utf8_is_control(const char *text, size_t len)
{
    const unsigned char *octets = (const unsigned char *)text;
    const bool is_c1 = len == 2 && octets[0] == 0xc2 && octets[1] < 0xa0;
    const bool is_separator =
        len == 3 && octets[0] == 0xe2 && octets[1] == 0x80 && octets[2] >= 0xa8 && octets[2] <= 0xae;
    const bool is_isolate =
        len == 3 && octets[0] == 0xe2 && octets[1] == 0x81 && octets[2] >= 0xa6 && octets[2] <= 0xa9;

    return octets[0] < ' ' || octets[0] == 0x7f || is_c1 || is_separator || is_isolate;
}
