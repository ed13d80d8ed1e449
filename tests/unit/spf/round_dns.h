/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A DNS whose answers come from a zone in memory and a thread of its own, one round trip after the question. The round
 * of a question is one more than that of the answer in whose callback it was asked; asked by any other thread, one more
 * than that of the last answer. So what is asked on arrival has the same rounds in every run. */
#ifndef SMF_TESTS_ROUND_DNS_H
#define SMF_TESTS_ROUND_DNS_H

#include "dns/dns.h"

#include <stdbool.h>

enum { ROUND_QUESTIONS = 8192 };

/* Creates it with an empty zone. */
struct dns *round_dns_create(const struct clock *clock);

/* As suite_dns_add; before anything is asked. */
void round_dns_add(struct dns *dns, const char *name, const char *type, const char *data);
void round_dns_set_ttl(struct dns *dns, uint32_t ttl_s);

/* While it is held no answer is given. */
void round_dns_hold(struct dns *dns, bool held);

/* A question for this name is answered only at the end. */
#define ROUND_NEVER "never.org"

/* What was asked since the last reset. Waits until all of it is answered, unless it is held. */
unsigned round_dns_rounds(struct dns *dns);
unsigned round_dns_questions(struct dns *dns);
/* How often this was asked. */
unsigned round_dns_asked(struct dns *dns, const char *name, enum dns_type type);
/* Names and types of all, for messages. */
void round_dns_print(struct dns *dns);
void round_dns_reset(struct dns *dns);

#endif
