/* SPDX-License-Identifier: GPL-2.0-or-later */
/* libspf2, kept away from everything that came from the network: it interprets surrogate records (surrogate.h) of a
 * finished walk, and its lookups are answered out of the answers that the walk has. Nothing is asked and nothing waits.
 * The only file that knows the library is spf2_adapter.c. */
#ifndef SMF_SPF_SPF2_ADAPTER_H
#define SMF_SPF_SPF2_ADAPTER_H

#include "base/strbuf.h"
#include "spf/walk.h"

/* Has the library interpret what a finished walk went through; its word is the result. Where it goes another way than
 * the walk, comes to another result, fails or would end the process, that is a fault of ours: temperror, and
 * counted. A walk without a record is left as it is. Any thread; takes no lock. */
void spf2_adapter_interpret(struct walk *walk);

/* Appends the version of libspf2, "1.2.10". */
void spf2_adapter_add_version(struct strbuf *out);

#endif
