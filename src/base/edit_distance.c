/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The edit distance of two words, one row of its table at a time. */
#include "base/edit_distance.h"

#include <ctype.h>
#include <stddef.h>
#include <string.h>

static unsigned least_of_three(unsigned a, unsigned b, unsigned c)
{
    unsigned smaller = a < b ? a : b;

    return smaller < c ? smaller : c;
}

unsigned edit_distance(const char *a, const char *b)
{
    unsigned row[EDIT_DISTANCE_MAX + 1];
    size_t len = strlen(a);

    for (size_t i = 0; i <= len; i++)
        row[i] = (unsigned)i;
    for (unsigned typed = 1; *b != '\0'; b++, typed++) {
        unsigned diagonal = row[0];

        row[0] = typed;
        for (size_t i = 1; i <= len; i++) {
            unsigned replaced = diagonal + (tolower((unsigned char)a[i - 1]) != tolower((unsigned char)*b));

            diagonal = row[i];
            row[i] = least_of_three(replaced, row[i] + 1, row[i - 1] + 1);
        }
    }
    return row[len];
}
