/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Writes answers. */
#include "front/policy/answer.h"

#include <string.h>

enum {
    TEXT_MAX = 900,   /* octets of a reply or a reason */
    FIELD_MAX = 2000, /* of an answer with a field; Postfix's line_length_limit is 2048 */
};

/* The octets of a text that are given; a character is not cut. */
static size_t length_given(const char *text)
{
    size_t len = strnlen(text, TEXT_MAX + 1);

    if (len <= TEXT_MAX)
        return len;
    for (len = TEXT_MAX; len > 0 && ((unsigned char)text[len] & 0xc0) == 0x80;)
        len--;
    return len;
}

/* Nothing in a text can end the line, or the answer. */
static void add_text(const char *text, struct strbuf *out)
{
    const size_t len = length_given(text);

    for (size_t i = 0; i < len; i++) {
        if ((unsigned char)text[i] < ' ' || text[i] == 0x7f)
            strbuf_add_char(out, ' ');
        else
            strbuf_add_char(out, text[i]);
    }
}

enum policy_action answer_dunno(struct strbuf *out)
{
    strbuf_add(out, "action=DUNNO\n\n");
    return POLICY_DUNNO;
}

enum policy_action answer_refusal(const struct session_reply *reply, struct strbuf *out)
{
    const bool defers = reply->code[0] == '4';

    strbuf_addf(out, "action=%s %s ", defers ? "DEFER_IF_PERMIT" : reply->code, reply->enhanced);
    add_text(reply->text != NULL && reply->text[0] != '\0' ? reply->text : "refused by SPF", out);
    strbuf_add(out, "\n\n");
    return defers ? POLICY_DEFER : POLICY_REFUSE;
}

/* An action with a text, which is not "". */
static enum policy_action answer(enum policy_action kind, const char *word, const char *text, struct strbuf *out)
{
    strbuf_addf(out, "action=%s", word);
    add_text(text, out);
    strbuf_add(out, "\n\n");
    return kind;
}

enum policy_action answer_pass(const char *action, struct strbuf *out)
{
    return answer(POLICY_PASS, "", action, out);
}

enum policy_action answer_hold(const char *why, struct strbuf *out)
{
    return answer(POLICY_HOLD, "HOLD ", why, out);
}

enum policy_action answer_redirect(const char *address, struct strbuf *out)
{
    return answer(POLICY_REDIRECT, "REDIRECT ", address, out);
}

bool answer_field(const char *name, const char *value, struct strbuf *out)
{
    const size_t begin = out->len;

    strbuf_add(out, "action=PREPEND ");
    strbuf_add(out, name);
    strbuf_add(out, ": ");
    while (*value != '\0') {
        const size_t len = strcspn(value, "\r\n");

        strbuf_add_mem(out, value, len);
        value += len;
        if (*value != '\0')
            strbuf_add_char(out, ' ');
        value += strspn(value, "\r\n \t"); /* a fold */
    }
    strbuf_add(out, "\n\n");
    if (out->len - begin <= FIELD_MAX)
        return true;
    strbuf_truncate(out, begin);
    return false;
}
