/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How many clients the term authorizes that a pass comes from. Pure. */
#ifndef SMF_TOOLS_REPORT_PASS_WIDTH_H
#define SMF_TOOLS_REPORT_PASS_WIDTH_H

#include <stdbool.h>

/* From the widest to what cannot be known from the term. */
enum pass_width {
    WIDTH_EVERYONE, /* all */
    WIDTH_HUGE,     /* IPv4 /8 or wider, IPv6 /16 or wider */
    WIDTH_WIDE,     /* up to /16, /32 */
    WIDTH_NETWORK,  /* up to /24, /64 */
    WIDTH_HOSTS,    /* less */
    WIDTH_NAMES,    /* a, mx: hosts that the domain names */
    WIDTH_PTR,      /* ptr */
    WIDTH_EXISTS,   /* exists */
    WIDTH_INCLUDE,  /* include: whoever the other domain authorizes */
    WIDTH_UNKNOWN,  /* no term, or none that can be read */
    WIDTH_COUNT
};

/* Sets *width to that of a term as the log has it: "ip4:192.0.2.0/24", "mx", "+all of example.net". False, with *width
 * untouched: out of memory. */
bool pass_width_of(const char *term, enum pass_width *width);

/* The words for it. */
const char *pass_width_name(enum pass_width width);

#endif
