/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Writes what smtpd of Postfix 3.7 writes, with all its attributes, and reads actions as it does: words have no case.
 */
#include "policy_talk.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

/* Ports of clients, below that of the milter's load (load_wire.c): who is a client of both has one message. */
enum { PORT_FIRST = 1024, PORTS = 30000 };

size_t policy_write(char text[POLICY_REQUEST_SIZE], enum policy_state state, const struct policy_mail *message)
{
    static const char *const names[] = {[POLICY_RCPT] = "RCPT", [POLICY_DATA] = "DATA"};
    const struct mail *mail = &message->mail;
    int len = snprintf(text, POLICY_REQUEST_SIZE,
                       "request=smtpd_access_policy\nprotocol_state=%s\nprotocol_name=ESMTP\n"
                       "client_address=192.0.2.%u\nclient_name=mail.sender.test\nclient_port=%u\n"
                       "reverse_client_name=mail.sender.test\nserver_address=198.51.100.25\nserver_port=25\n"
                       "helo_name=mail.sender.test\nsender=%s@%s\nrecipient=user@receiver.test\nrecipient_count=%d\n"
                       "queue_id=%s\ninstance=1f4a.%" PRIx64 ".%" PRIx64 ".0\nsize=2048\netrn_domain=\nstress=\n"
                       "sasl_method=\nsasl_username=\nsasl_sender=\nccert_subject=\nccert_issuer=\n"
                       "ccert_fingerprint=\nccert_pubkey_fingerprint=\nencryption_protocol=\nencryption_cipher=\n"
                       "encryption_keysize=0\npolicy_context=\n\n",
                       names[state], message->client, PORT_FIRST + (unsigned)(message->seq % PORTS), mail->local,
                       mail->domain, state == POLICY_DATA, state == POLICY_DATA ? "4bXyZ12aBc" : "",
                       message->seq / 100000, message->seq % 100000);

    return len > 0 && len < POLICY_REQUEST_SIZE ? (size_t)len : 0;
}

/* Whether a result field of either kind says this. */
static bool has_result(const char *field, const char *result)
{
    char methods[64], received[64];

    (void)snprintf(methods, sizeof methods, "spf=%s", result);
    (void)snprintf(received, sizeof received, "Received-SPF: %s", result);
    return strstr(field, methods) != NULL || strncasecmp(field, received, strlen(received)) == 0;
}

void policy_take(struct policy_mail *message, const char *answer)
{
    const char *action = answer + strlen("action=");

    if (strncmp(answer, "action=", strlen("action=")) != 0) {
        message->malformed = true;
    } else if (strncasecmp(action, "PREPEND ", 8) == 0) {
        message->has_field = true;
        message->has_expected |= has_result(action + 8, message->mail.expected);
    } else if (strncmp(action, "550 ", 4) == 0) {
        message->refused = true;
    } else if (strncasecmp(action, "DEFER_IF_PERMIT ", 16) == 0) {
        message->deferred = true;
    } else {
        message->malformed |= strcasecmp(action, "DUNNO") != 0;
    }
}

bool policy_is_right(const struct policy_mail *message, bool expects_nothing)
{
    if (message->malformed || message->deferred)
        return false;
    if (expects_nothing)
        return !message->refused && !message->has_field;
    return strcmp(message->mail.expected, "refused") == 0 ? message->refused
                                                          : !message->refused && message->has_expected;
}
