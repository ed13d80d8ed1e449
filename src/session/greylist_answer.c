/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Writes what came of greylisting. */
#include "session/greylist_answer.h"

#include "base/log_json.h"

#include <stdio.h>

const char *greylist_answer_name(const struct greylist_answer *answer, char name[GREYLIST_ANSWER_NAME_SIZE])
{
    (void)snprintf(name, GREYLIST_ANSWER_NAME_SIZE, "%s",
                   answer->answer == STORE_ANSWERED ? greylist_reason_name(answer->reason)
                                                    : store_answer_name(answer->answer));
    for (char *at = name; *at != '\0'; at++)
        if (*at == ' ')
            *at = '-';
    return name;
}

static bool has_waited(const struct greylist_answer *answer)
{
    return answer->answer == STORE_ANSWERED && answer->reason == GREYLIST_CAME_BACK;
}

void greylist_answer_add(const struct greylist_answer *answer, struct strbuf *line)
{
    char name[GREYLIST_ANSWER_NAME_SIZE];

    strbuf_addf(line, ", greylist=%s", greylist_answer_name(answer, name));
    if (answer->defers)
        strbuf_addf(line, ", greylist-wait=%u", (unsigned)answer->wait_s);
    if (has_waited(answer))
        strbuf_addf(line, ", greylist-waited=%u", (unsigned)answer->waited_s);
}

void greylist_answer_add_json(const struct greylist_answer *answer, struct strbuf *out)
{
    char name[GREYLIST_ANSWER_NAME_SIZE];

    log_json_member(out, "greylist", greylist_answer_name(answer, name));
    if (answer->defers)
        log_json_number(out, "greylist_wait", (int64_t)answer->wait_s);
    if (has_waited(answer))
        log_json_number(out, "greylist_waited", (int64_t)answer->waited_s);
}
