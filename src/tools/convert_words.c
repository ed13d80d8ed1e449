/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Collects settings whose number and length are known at the end only. */
#include "tools/convert_words.h"

#include <stdlib.h>
#include <string.h>

enum { ROOM_FIRST = 32 };

void words_begin(struct words *words, struct conversion *run, const char *text, size_t len)
{
    *words = (struct words){.run = run, .at = text, .end = text + len, .line = 1};
}

int words_peek(const struct words *words, size_t ahead)
{
    if ((size_t)(words->end - words->at) <= ahead)
        return WORDS_END;
    return words->at[ahead] != '\0' ? (unsigned char)words->at[ahead] : '?';
}

int words_next(struct words *words)
{
    const int c = words_peek(words, 0);

    words->at += c != WORDS_END;
    words->line += c == '\n';
    return c;
}

void words_skip_line(struct words *words)
{
    while (words_peek(words, 0) != '\n' && words_next(words) != WORDS_END)
        continue;
}

static bool make_room(struct words *words)
{
    struct conversion *run = words->run;
    const size_t room = words->room > 0 ? 2 * words->room : ROOM_FIRST;
    struct foreign_setting *settings;

    if (run->count < words->room)
        return true;
    settings = realloc(run->settings, room * sizeof *settings);
    if (settings == NULL) {
        run->no_memory = true;
        return false;
    }
    run->settings = settings;
    words->room = room;
    return true;
}

void words_add(struct words *words, const char *name, const char *value, unsigned line, const char *problem)
{
    struct conversion *run = words->run;

    if (!make_room(words))
        return;
    strbuf_add_mem(&words->texts, name, strlen(name) + 1);
    strbuf_add_mem(&words->texts, value, strlen(value) + 1);
    run->settings[run->count++] = (struct foreign_setting){.line = line, .problem = problem};
}

/* The text after this one. */
static const char *next_text(const char *text)
{
    return text + strlen(text) + 1;
}

const char *words_find(const struct words *words, const char *name)
{
    const char *text = strbuf_text(&words->texts), *found = NULL;

    for (size_t i = 0; i < words->run->count && !words->texts.failed; i++) {
        if (strcmp(text, name) == 0)
            found = words->run->settings[i].problem == NULL ? next_text(text) : NULL;
        text = next_text(next_text(text));
    }
    return found;
}

void words_finish(struct words *words)
{
    struct conversion *run = words->run;
    const char *text;

    run->no_memory |= words->texts.failed;
    run->words = strbuf_take(&words->texts);
    text = run->words;
    for (size_t i = 0; i < run->count && !run->no_memory; i++) {
        run->settings[i].name = text;
        run->settings[i].value = next_text(text);
        run->settings[i].key = convert_key(run->system, text);
        text = next_text(next_text(text));
    }
}
