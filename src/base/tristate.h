/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Yes, no, or nobody knows. */
#ifndef SMF_BASE_TRISTATE_H
#define SMF_BASE_TRISTATE_H

enum tristate { TRISTATE_NO, TRISTATE_YES, TRISTATE_UNKNOWN };

#endif
