/* SPDX-License-Identifier: GPL-2.0-or-later */
/* `smf-spf srs secret`: makes secrets that sign addresses, and files of them. */
#ifndef SMF_TOOLS_SRS_SECRET_H
#define SMF_TOOLS_SRS_SECRET_H

/* Prints a new secret on standard output. Returns EX_OK, or EX_OSERR after a message. */
int srs_secret_print(void);

/* Makes a file with a new secret, which `group_of` and root alone can read: that account's group, if root runs this,
 * else the file's own. NULL: no account's. What exists stays. Returns EX_OK, or after a message on standard error
 * EX_CANTCREAT, EX_NOUSER (there is no such account; the file is made, with the group it has) or EX_OSERR. */
int srs_secret_create(const char *path, const char *group_of);

/* Puts a new secret before those in the file, in one step, so that whoever reads it sees the old ones or all. The file
 * keeps its owner, its group and its mode, except that others than these may no more read it. Returns EX_OK, or after
 * a message on standard error EX_NOINPUT (no such file, or none that can be read), EX_CANTCREAT, EX_NOPERM (it could
 * not keep its owner) or EX_OSERR; then the file is as it was. */
int srs_secret_add(const char *path);

#endif
