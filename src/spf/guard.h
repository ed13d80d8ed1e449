/* SPDX-License-Identifier: GPL-2.0-or-later */
/* libspf2, kept away from everything that came from the network: it interprets canonical records (canonical.h) and asks
 * its questions of an evaluation (evaluation.h). The only file that knows the library is guard.c. */
#ifndef SMF_SPF_GUARD_H
#define SMF_SPF_GUARD_H

#include "spf/evaluation.h"

#include <stdbool.h>

/* Runs an evaluation that evaluation_init began, and returns its result. An error of the library's own, or one that it
 * would end the process for, is a fault: temperror. Any thread. */
enum spf_result guard_evaluate(struct evaluation *evaluation);

#endif
