/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What follows for a recipient, by the settings that hold for it: before anything is answered, so that who asks may
 * look ahead. */
#ifndef SMF_SESSION_JUDGEMENT_H
#define SMF_SESSION_JUDGEMENT_H

#include "config/config.h"
#include "policy/verdict.h"
#include "session/reason.h"
#include "session/session.h"

struct judgement {
    const struct config *settings;
    enum reason exemption; /* why it gets the message whatever the result; else REASON_NONE */
    struct verdict verdict;
};

/* What is wrong with a recipient's address, whatever the message; REASON_NONE: nothing. */
enum reason judgement_bad_form(const struct session *session, const struct session_recipient *recipient);

/* Why a recipient gets the message whatever the result and its settings; REASON_NONE: it does not. */
enum reason judgement_exemption(const struct config *config, const struct session_recipient *recipient);

/* Of one reading, which may have settings of its own. May block, unless session_await was called. */
struct judgement judgement_of_reading(struct session *session, const struct address *reading);

/* That of the reading that most stands in the way of the message; of several the first. There is one at least; without
 * settings of their own, the message is DECIDED. May block like that of a reading. */
struct judgement judgement_make(struct session *session, const struct session_recipient *recipient);

#endif
