/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Why a message or a recipient was exempt or refused, or which internal error occurred: one reason each, with the words
 * for the log and the reply, and a counter. */
#ifndef SMF_SESSION_REASON_H
#define SMF_SESSION_REASON_H

#include <stdbool.h>
#include <stdint.h>

/* What follows from a reason. A deferral says nothing against the message: it may come again. An internal error refuses
 * nothing: the message continues. */
enum reason_kind { REASON_KIND_NONE, REASON_KIND_EXEMPT, REASON_KIND_REFUSAL, REASON_KIND_DEFERRAL, REASON_KIND_FAULT };

/* One row per reason: its identifier, its kind, the name under which it is counted, and its words: in the log for an
 * exemption or a fault, in the reply for a refusal. */
#define REASON_TABLE(X)                                                                                                \
    X(REASON_NONE, NONE, "none", "")                                                                                   \
    X(REASON_NO_CLIENT, EXEMPT, "no-client", "no client address")                                                      \
    X(REASON_WHITELISTED_ADDRESS, EXEMPT, "whitelisted-address", "whitelisted address")                                \
    X(REASON_WHITELISTED_HOST, EXEMPT, "whitelisted-host", "whitelisted host")                                         \
    X(REASON_LOCAL_SUBMISSION, EXEMPT, "local-submission", "local submission")                                         \
    X(REASON_LOOPBACK, EXEMPT, "loopback", "loopback client")                                                          \
    X(REASON_AUTHENTICATED, EXEMPT, "authenticated", "authenticated sender")                                           \
    X(REASON_CERTIFICATE, EXEMPT, "certificate", "verified client certificate")                                        \
    X(REASON_NULL_SENDER, EXEMPT, "null-sender", "null sender")                                                        \
    X(REASON_WHITELISTED_SENDER, EXEMPT, "whitelisted-sender", "whitelisted sender")                                   \
    X(REASON_WHITELISTED_RECIPIENT, EXEMPT, "whitelisted-recipient", "whitelisted recipient")                          \
    X(REASON_WHITELISTED_HELO, EXEMPT, "whitelisted-helo", "whitelisted HELO name")                                    \
    X(REASON_WHITELISTED_FORWARDER, EXEMPT, "whitelisted-forwarder", "whitelisted forwarder")                          \
    X(REASON_RELAY_UNREAD, EXEMPT, "relay-unread", "the relay names no client")                                        \
    X(REASON_RELAY_AUTHENTICATED, EXEMPT, "relay-authenticated", "authenticated at the relay")                         \
    X(REASON_RELAY_WHITELISTED, EXEMPT, "relay-whitelisted", "whitelisted address at the relay")                       \
    X(REASON_RESULT, REFUSAL, "result", "mail from this client is not permitted")                                      \
    X(REASON_SENDER_MALFORMED, REFUSAL, "sender-malformed", "the sender is no mail address")                           \
    X(REASON_SENDER_TOO_LONG, REFUSAL, "sender-too-long", "the local part of the sender is too long")                  \
    X(REASON_RECIPIENT_MALFORMED, REFUSAL, "recipient-malformed", "the recipient is no mail address")                  \
    X(REASON_RECIPIENT_TOO_LONG, REFUSAL, "recipient-too-long", "the local part of the recipient is too long")         \
    X(REASON_SRS_FORGED, REFUSAL, "srs-forged", "this SRS address was not written by this host")                       \
    X(REASON_SRS_INCOMPLETE, REFUSAL, "srs-incomplete", "this SRS address is not complete")                            \
    X(REASON_SRS_EXPIRED, REFUSAL, "srs-expired", "this SRS address has expired")                                      \
    X(REASON_TOO_MANY_RECIPIENTS, REFUSAL, "too-many-recipients", "too many recipients at once")                       \
    X(REASON_TOO_MANY_FORGED, REFUSAL, "too-many-forged",                                                              \
      "too many result fields that claim to be written by this host")                                                  \
    X(REASON_GREYLISTED, DEFERRAL, "greylisted", "Greylisted: try again later")                                        \
    X(REASON_FAULT_CLIENT, FAULT, "fault-client", "out of memory at connect")                                          \
    X(REASON_FAULT_HELO, FAULT, "fault-helo", "out of memory at HELO")                                                 \
    X(REASON_FAULT_SENDER, FAULT, "fault-sender", "out of memory at MAIL")                                             \
    X(REASON_FAULT_RECIPIENT, FAULT, "fault-recipient", "out of memory at RCPT")                                       \
    X(REASON_FAULT_KEPT_RECIPIENT, FAULT, "fault-kept-recipient",                                                      \
      "out of memory for a recipient to quarantine a message from")                                                    \
    X(REASON_FAULT_RELAY, FAULT, "fault-relay", "out of memory for the client of a relay")                             \
    X(REASON_FAULT_HEADER, FAULT, "fault-header", "a header field could not be kept")                                  \
    X(REASON_FAULT_REPLY, FAULT, "fault-reply", "out of memory for the text of a reply")                               \
    X(REASON_FAULT_FORGED, FAULT, "fault-forged", "out of memory for the removal of a forged field")                   \
    X(REASON_FAULT_TAG, FAULT, "fault-tag", "out of memory for the subject's tag")                                     \
    X(REASON_FAULT_QUARANTINE, FAULT, "fault-quarantine", "out of memory for the quarantine")                          \
    X(REASON_FAULT_FIELD, FAULT, "fault-field", "out of memory for a result field")                                    \
    X(REASON_FAULT_GREYLIST, FAULT, "fault-greylist", "out of memory for greylisting")

enum reason {
#define REASON_ROW(id, kind, name, words) id,
    REASON_TABLE(REASON_ROW)
#undef REASON_ROW
        REASON_COUNT
};

enum reason_kind reason_kind(enum reason reason);
const char *reason_name(enum reason reason);
const char *reason_words(enum reason reason);

/* Writes `what (words)`, the event of a log line, to `event`, and returns it. */
enum { REASON_EVENT_SIZE = 96 };
const char *reason_event(const char *what, enum reason reason, char event[REASON_EVENT_SIZE]);

/* Counts one case of it, and so what it leads to (STATS_SKIPPED, STATS_REFUSED or STATS_DEFERRED, STATS_FAULTS).
 * `defers`: a refusal that is temporary. Any thread. */
void reason_count(enum reason reason, bool defers);

/* How many there were. Any thread. */
uint64_t reason_cases(enum reason reason);

#endif
