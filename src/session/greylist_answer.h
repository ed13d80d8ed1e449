/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What came of asking greylisting about a recipient. */
#ifndef SMF_SESSION_GREYLIST_ANSWER_H
#define SMF_SESSION_GREYLIST_ANSWER_H

#include "base/strbuf.h"
#include "greylist/greylist_rule.h"
#include "greylist/store/greylist_store.h"

#include <stdbool.h>
#include <stdint.h>

struct greylist_answer {
    enum store_answer answer;
    enum greylist_reason reason; /* STORE_ANSWERED: and the rest */
    bool defers;
    uint32_t wait_s, waited_s; /* as struct greylist_decision has them */
};

/* Its name in the log and the metrics: "came-back", or why there is none: "slow". Written to `name`, and returned. */
enum { GREYLIST_ANSWER_NAME_SIZE = 24 };
const char *greylist_answer_name(const struct greylist_answer *answer, char name[GREYLIST_ANSWER_NAME_SIZE]);

/* Appends the keys of a log line: ", greylist=early, greylist-wait=12". */
void greylist_answer_add(const struct greylist_answer *answer, struct strbuf *line);

/* The same for the object of a JSON line. */
void greylist_answer_add_json(const struct greylist_answer *answer, struct strbuf *out);

#endif
