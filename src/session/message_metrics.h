/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is counted of messages for the metrics alone: replies, explanations, removed fields. Lock-free; all functions on
 * any thread. */
#ifndef SMF_SESSION_MESSAGE_METRICS_H
#define SMF_SESSION_MESSAGE_METRICS_H

#include "base/metrics_text.h"

#include <stddef.h>

/* A refusal or a deferral was given, with this SMTP code. */
void message_metrics_replied(const char *code);

/* A reply holds the explanation of a domain (RFC 7208 6.2). */
void message_metrics_explained(void);

/* So many forged result fields are removed from a message (RFC 8601 5). */
void message_metrics_forged_removed(size_t fields);

/* Appends the families of these, and who was whitelisted by which list. */
void message_metrics_write(struct metrics_text *text);

#endif
