/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The threads that libmilter lends to connections, as far as they have been seen. */
#ifndef SMF_MILTER_WORKERS_H
#define SMF_MILTER_WORKERS_H

/* The calling thread is one of them, until it ends. May be said again and again. */
void workers_note(void);

/* How many there are; rather too many than too few. */
unsigned workers_count(void);

#endif
