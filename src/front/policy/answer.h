/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Answers of the policy delegation protocol: one action each, in words that Postfix knows (access(5)). Pure. */
#ifndef SMF_FRONT_POLICY_ANSWER_H
#define SMF_FRONT_POLICY_ANSWER_H

#include "base/strbuf.h"
#include "session/policy_metrics.h"
#include "session/session.h"

#include <stdbool.h>

/* Each appends a whole answer, and says of what kind it is. */
enum policy_action answer_dunno(struct strbuf *out);

/* The refusal in a reply: with its codes and a text, as Postfix would take a bare code for OK. One for now is a
 * deferral unless something else refuses. */
enum policy_action answer_refusal(const struct session_reply *reply, struct strbuf *out);

/* An action for mail that passes, as smf-spf.conf has it. */
enum policy_action answer_pass(const char *action, struct strbuf *out);

enum policy_action answer_hold(const char *why, struct strbuf *out);

/* All recipients get their mail at this address instead. */
enum policy_action answer_redirect(const char *address, struct strbuf *out);

/* A field, on one line. False, with nothing appended, if it is longer than Postfix takes. */
bool answer_field(const char *name, const char *value, struct strbuf *out);

#endif
