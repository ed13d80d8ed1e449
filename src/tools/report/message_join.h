/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Joins the lines of a message, where a log has several, to one entry. */
#ifndef SMF_TOOLS_REPORT_MESSAGE_JOIN_H
#define SMF_TOOLS_REPORT_MESSAGE_JOIN_H

#include "tools/report/log_entry.h"

struct message_join;

/* `done` is called with each message, once it is clear that no more lines follow. NULL if out of memory. */
struct message_join *message_join_create(void (*done)(void *context, const struct log_entry *message), void *context);

/* Takes an entry that is ENTRY_MESSAGE, ENTRY_RESULT or ENTRY_ACTION. */
void message_join_add(struct message_join *join, const struct log_entry *entry);

/* Hands out the messages that are left, and frees. NULL is fine. */
void message_join_finish(struct message_join *join);

#endif
