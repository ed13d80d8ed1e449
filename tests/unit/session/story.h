/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Plays a script of milter steps to a session that has a zone for its DNS, and writes down what it answers. */
#ifndef SMF_TESTS_STORY_H
#define SMF_TESTS_STORY_H

#include "base/strbuf.h"

#include <stdbool.h>

struct greylist_store;

/* What the session runs in. */
struct world {
    const struct config *config;
    struct spf_checker *checker;
    struct greylist_store *greylist; /* the caller's; NULL, as world_open leaves it: none */
};

/* Reads `config` as smf-spf.conf, and makes a checker on the example zone. False, with a message on standard error, if
 * that does not work. */
bool world_open(struct world *world, const char *config);
void world_close(struct world *world);

/* Plays `script` to one new session and appends its answers to `out`. Steps are separated by '|':
 *
 *   connect ADDRESS HOST     (or local: port 0; or none: no address)
 *   helo NAME
 *   macro NAME=VALUE         for the next mail (j, auth_type, auth_authen, verify, mail_addr, i, v), or the next rcpt
 *                            (rcpt_addr)
 *   mail ARGUMENT
 *   rcpt ARGUMENT
 *   header NAME: VALUE
 *   data
 *   eom
 *   abort
 *
 * The answers: "-" to go on, "accept", "550 5.7.1 text"; "[...]" for each action at eom, "nothing" for none. A header,
 * a macro and an abort have no answer. False if the session could not be created. */
bool story_play(const struct world *world, const char *script, struct strbuf *out);

#endif
