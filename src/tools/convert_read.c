/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reads the `key = value` lines of foreign configurations. */
#include "tools/convert_run.h"

#include <stdlib.h>
#include <string.h>

char *convert_trim(char *text)
{
    static const char blanks[] = " \t\r\v\f";
    size_t len;

    text += strspn(text, blanks);
    len = strlen(text);
    while (len > 0 && strchr(blanks, text[len - 1]) != NULL)
        len--;
    text[len] = '\0';
    return text;
}

static bool is_comment(const struct foreign_system *system, char *line)
{
    if (strcmp(system->comment_starts, "any") == 0)
        line[strcspn(line, "#")] = '\0';
    line += strspn(line, " \t\r");
    return *line == '\0' || *line == '#';
}

static struct foreign_setting read_foreign_line(const struct foreign_system *system, char *line, unsigned number)
{
    struct foreign_setting setting = {.name = convert_trim(line), .value = "", .line = number};
    char *equals = strchr(line, '=');

    if (equals == NULL || (!system->value_may_hold_equals && strchr(equals + 1, '=') != NULL))
        return setting;
    *equals = '\0';
    setting.name = convert_trim(line);
    setting.value = convert_trim(equals + 1);
    setting.key = convert_key(system, setting.name);
    return setting;
}

static size_t count_lines(const char *text, size_t len)
{
    size_t lines = 1;

    for (size_t i = 0; i < len; i++)
        lines += text[i] == '\n';
    return lines;
}

void convert_read(struct conversion *run, const char *text, size_t len)
{
    unsigned number = 0;
    char *next = NULL;

    run->words = malloc(len + 1);
    run->settings = calloc(count_lines(text, len), sizeof *run->settings);
    run->no_memory |= run->words == NULL || run->settings == NULL;
    if (run->no_memory)
        return;
    memcpy(run->words, text, len);
    run->words[len] = '\0';
    for (size_t i = 0; i < len; i++)
        if (run->words[i] == '\0')
            run->words[i] = '?';
    for (char *line = run->words; line != NULL; line = next) {
        next = strchr(line, '\n');
        if (next != NULL)
            *next++ = '\0';
        number++;
        if (!is_comment(run->system, line))
            run->settings[run->count++] = read_foreign_line(run->system, line, number);
    }
}
