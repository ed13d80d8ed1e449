/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Linked into a build with sanitizers (ld --wrap), whose allocator no other may replace: there the calls of our own
 * code fail, and the sanitizer sees what is then leaked or used. */
#include "alloc_control.h"

#include <stddef.h>

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *old, size_t size);
char *__real_strdup(const char *text);
char *__real_strndup(const char *text, size_t len);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *old, size_t size);
char *__wrap_strdup(const char *text);
char *__wrap_strndup(const char *text, size_t len);

__attribute__((constructor)) static void begin(void)
{
    alloc_control_open();
}

void *__wrap_malloc(size_t size)
{
    return alloc_control_fails() ? NULL : __real_malloc(size);
}

void *__wrap_calloc(size_t count, size_t size)
{
    return alloc_control_fails() ? NULL : __real_calloc(count, size);
}

void *__wrap_realloc(void *old, size_t size)
{
    return alloc_control_fails() ? NULL : __real_realloc(old, size);
}

char *__wrap_strdup(const char *text)
{
    return alloc_control_fails() ? NULL : __real_strdup(text);
}

char *__wrap_strndup(const char *text, size_t len)
{
    return alloc_control_fails() ? NULL : __real_strndup(text, len);
}
