/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Macro strings (RFC 7208 section 7): their grammar and their expansion. */
#ifndef SMF_SPF_MACRO_H
#define SMF_SPF_MACRO_H

#include "base/addr.h"
#include "base/strbuf.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Where a macro string stands: explanation text allows spaces and three more letters (RFC 7208 7.2, 12). */
enum macro_place { MACRO_IN_DOMAIN, MACRO_IN_EXPLANATION };

/* Which letters an expansion used. */
enum {
    MACRO_USED_LOCAL = 1 << 0,    /* s, l */
    MACRO_USED_SENDER = 1 << 1,   /* s, o */
    MACRO_USED_HELO = 1 << 2,     /* h */
    MACRO_USED_RECEIVER = 1 << 3, /* r */
    MACRO_USED_TIME = 1 << 4,     /* t */
    MACRO_USED_NAME = 1 << 5,     /* p */
};

/* What the letters stand for (RFC 7208 7.2). All texts are NUL-terminated and not NULL. */
struct macro_values {
    const char *local;    /* l */
    const char *sender;   /* o: the domain of the sender */
    const char *domain;   /* d: the current domain */
    const char *helo;     /* h */
    const char *receiver; /* r; "" gives "unknown" (RFC 7208 7.3) */
    struct addr client;   /* i, c, v */
    int64_t now_s;        /* t */
    /* p: the validated name of the client for `domain`, or "unknown". Called when a p macro is expanded, as it asks the
     * DNS; the name lives until the next call. */
    const char *(*client_name)(void *context, const char *domain);
    void *context;
};

/* Why a macro string is not one. */
struct macro_error {
    size_t offset;      /* of the octet that is wrong */
    const char *reason; /* a constant */
};

/* True if the `len` octets of `text` are a macro-string, or in explanations an explain-string (RFC 7208 12). `error` is
 * filled in otherwise, and may be NULL. */
bool macro_check(const char *text, size_t len, enum macro_place place, struct macro_error *error);

/* True if macro_check holds and the text ends in a macro-expand or in a dot and a toplabel, as a domain-spec does
 * (RFC 7208 7.1). */
bool macro_check_domain(const char *text, size_t len, struct macro_error *error);

/* Appends the expansion of a checked macro string to `out`, as far as its limit goes, and sets the bits of the letters
 * used in *used. False if the text is no macro string; out of memory, and more than the limit, show in out->failed. */
bool macro_expand(const char *text, size_t len, enum macro_place place, const struct macro_values *values,
                  struct strbuf *out, unsigned *used);

/* Expands a domain-spec for a lookup: without a trailing dot, and at most 253 octets long, whole labels being taken
 * from its left (RFC 7208 7.3); longer if there is no dot to do that at. What lies before is not expanded, and not
 * used. */
bool macro_expand_domain(const char *text, size_t len, const struct macro_values *values, struct strbuf *out,
                         unsigned *used);

#endif
