/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Collects answers, and writes them. */
#include "front/policy/outbox.h"

#include <sys/socket.h>

struct strbuf *outbox_add(struct outbox *outbox, int fd)
{
    struct strbuf *text = &outbox->answers[outbox->count].text;

    outbox->answers[outbox->count++].fd = fd;
    return text;
}

bool outbox_is_full(const struct outbox *outbox)
{
    return outbox->count == OUTBOX_MAX;
}

static void send_one(int fd, struct strbuf *text)
{
    if (text->failed || send(fd, strbuf_text(text), text->len, MSG_NOSIGNAL | MSG_DONTWAIT) != (ssize_t)text->len)
        (void)shutdown(fd, SHUT_RDWR);
    if (text->failed)
        strbuf_free(text);
    strbuf_truncate(text, 0);
}

size_t outbox_send(struct outbox *outbox)
{
    const size_t count = outbox->count;

    for (size_t i = 0; i < count; i++)
        send_one(outbox->answers[i].fd, &outbox->answers[i].text);
    outbox->count = 0;
    return count;
}
