/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The functions of the C library that allocate, where alloc_wrap_fails has not said no. */
#include "alloc_wrap.h"

#include <stddef.h>

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *old, size_t size);
char *__real_strdup(const char *text);
char *__real_strndup(const char *text, size_t len);
void *__real_tsearch(const void *key, void **root, int (*order)(const void *, const void *));
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *old, size_t size);
char *__wrap_strdup(const char *text);
char *__wrap_strndup(const char *text, size_t len);
void *__wrap_tsearch(const void *key, void **root, int (*order)(const void *, const void *));

void *__wrap_malloc(size_t size)
{
    return alloc_wrap_fails() ? NULL : __real_malloc(size);
}

void *__wrap_calloc(size_t count, size_t size)
{
    return alloc_wrap_fails() ? NULL : __real_calloc(count, size);
}

void *__wrap_realloc(void *old, size_t size)
{
    return alloc_wrap_fails() ? NULL : __real_realloc(old, size);
}

char *__wrap_strdup(const char *text)
{
    return alloc_wrap_fails() ? NULL : __real_strdup(text);
}

char *__wrap_strndup(const char *text, size_t len)
{
    return alloc_wrap_fails() ? NULL : __real_strndup(text, len);
}

void *__wrap_tsearch(const void *key, void **root, int (*order)(const void *, const void *))
{
    return alloc_wrap_fails() ? NULL : __real_tsearch(key, root, order);
}
