/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Stands between a search tree and the function that gives its order. */
#include "support/tree_steps.h"

typedef int (*order)(const void *, const void *);

size_t tree_steps;

static order counted;

void *__real_tfind(const void *key, void *const *root, order compare);
void *__wrap_tfind(const void *key, void *const *root, order compare);

static int count(const void *a, const void *b)
{
    tree_steps++;
    return counted(a, b);
}

void *__wrap_tfind(const void *key, void *const *root, order compare)
{
    counted = compare;
    return __real_tfind(key, root, count);
}
