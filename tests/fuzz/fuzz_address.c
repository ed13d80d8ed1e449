/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Fuzzes envelope addresses: what is read, read again, is the same, and a pattern of it covers it. */
#include "mail/address.h"
#include "mail/idna.h"
#include "policy/whitelist.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool holds)
{
    if (!holds)
        abort();
}

static void check_again(const struct address *address, enum address_status status, const char *format)
{
    char argument[1100];
    struct address again;

    snprintf(argument, sizeof argument, format, address->text);
    require(address_parse(argument, &again) == status);
    require(strcmp(again.text, address->text) == 0 && strcmp(again.local, address->local) == 0 &&
            strcmp(again.domain, address->domain) == 0);
    address_free(&again);
}

static void check_pattern(const struct address *address)
{
    struct mailbox_list list = {0};

    require(mailbox_list_add(&list, address->text));
    require(whitelist_has_mailbox(&list, address));
    mailbox_list_free(&list);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *argument = strndup((const char *)data, size);
    struct address address;
    enum address_status status;
    char ascii[IDNA_SIZE];
    const char *domain;

    require(argument != NULL);
    status = address_parse(argument, &address);
    if (status == ADDRESS_OK || status == ADDRESS_LOCAL_TOO_LONG) {
        require(*address.local != '\0' && strlen(address.text) <= 1000);
        require(strpbrk(address.text, "\r\n\t\x7f") == NULL);
        check_again(&address, status, "%s");
        check_again(&address, status, " <%s> SIZE=1");
        domain = idna_ascii_form(address.domain, ascii);
        if (*domain != '\0' && *domain != '.') /* a dot, of any width, begins another kind of pattern */
            check_pattern(&address);
        address_free(&address);
    }
    free(argument);
    return 0;
}
