/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Fuzzes what is made of an MTA's reading and ours: whatever they are, an address is whole, and one that is plain
 * counts. */
#include "base/utf8.h"
#include "mail/envelope.h"
#include "mail/path.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool holds)
{
    if (!holds)
        abort();
}

static void check_text(const char *text)
{
    for (size_t left = strlen(text), octets; left > 0; text += octets, left -= octets) {
        octets = utf8_char_len(text, left);
        require(octets > 0 && (unsigned char)*text >= ' ' && *text != 0x7f);
    }
}

static void check_address(const struct address *address)
{
    require(*address->local != '\0' && strlen(address->local) <= 3000 && strlen(address->domain) <= 1000);
    require(strlen(address->text) <= 8000);
    check_text(address->text);
    check_text(address->local);
    check_text(address->domain);
}

static bool is_set(enum address_status status)
{
    return status == ADDRESS_OK || status == ADDRESS_LOCAL_TOO_LONG;
}

static void check_sender(const char *argument, const struct envelope_mta *mta)
{
    struct address address;
    struct path path;
    enum address_status status = envelope_sender(argument, mta, &address);

    require(status != ADDRESS_NO_MEMORY);
    if (status == ADDRESS_NULL)
        return;
    check_address(&address);
    if (is_set(path_read(argument, PATH_STANDARD, &path))) {
        bool is_own = strchr(path.address.domain, '.') == NULL || path.address.domain[0] == '[' || mta->is_sendmail;

        require(!path.is_plain || status != ADDRESS_MALFORMED);
        if (path.is_plain && !is_own)
            require(strcmp(address.domain, path.address.domain) == 0);
        path_free(&path);
    }
    address_free(&address);
}

static void check_recipient(const char *argument, const struct envelope_mta *mta)
{
    struct envelope_recipient recipient;

    if (!is_set(envelope_recipient(argument, mta, &recipient)))
        return;
    require(recipient.count > 0 && recipient.count <= ENVELOPE_READINGS_MAX);
    for (size_t i = 0; i < recipient.count; i++)
        check_address(&recipient.readings[i]);
    if (recipient.bare != NULL)
        check_text(recipient.bare);
    envelope_recipient_free(&recipient);
}

/* The first line is the argument, the second what the MTA makes of it, the third its version. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = strndup((const char *)data, size), *rest = text;
    const char *argument = strsep(&rest, "\n"), *address = rest != NULL ? strsep(&rest, "\n") : NULL;
    struct envelope_mta mta = {
        .address = address, .name = "mx.example", .is_sendmail = rest != NULL && envelope_is_sendmail(rest)};

    require(text != NULL);
    check_sender(argument, &mta);
    check_recipient(argument, &mta);
    free(text);
    return 0;
}
