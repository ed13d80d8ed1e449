/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reads the MTA's macros and arguments. */
#include "front/milter/facts.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

const struct session_abilities facts_abilities = {
    .steps = SESSION_STEP(REFUSE_AT_MAIL) | SESSION_STEP(REFUSE_AT_RCPT) | SESSION_STEP(REFUSE_AT_EOM),
    .sees_headers = true,
    .inserts_fields = true,
    .changes_recipients = true,
    .holds = true,
    .refuses_recipients = true,
    .sees_data = true,
};

static bool is_verified(const char *host)
{
    return host[0] != '\0' && host[0] != '[' && strcasecmp(host, "unknown") != 0;
}

struct session_client facts_client(const struct addr *address, uint16_t port, const char *host)
{
    return (struct session_client){
        .address = *address,
        .port = port,
        .name = host,
        .name_is_verified = host != NULL && is_verified(host),
        .is_local = port == 0 && addr_is_loopback(address),
    };
}

static bool is_set(const char *macro)
{
    return macro != NULL && macro[0] != '\0';
}

struct session_sender facts_sender(const char *argument, const struct facts_macros *macros, const char *host_name,
                                   struct facts_mta *mta)
{
    const char *name = is_set(macros->mta_name) ? macros->mta_name : host_name;
    struct envelope_mta reads = {.address = macros->mail_addr, .name = name};
    struct session_sender sender = {
        .receiver = name,
        .queue_id = macros->queue_id,
        .authenticated = is_set(macros->auth_type) || is_set(macros->auth_authen),
        .has_certificate = macros->verify != NULL && strcmp(macros->verify, "OK") == 0,
    };

    (void)snprintf(mta->name, sizeof mta->name, "%s", name);
    mta->is_sendmail = envelope_is_sendmail(macros->mta_version);
    reads.is_sendmail = mta->is_sendmail;
    sender.status = envelope_sender(argument, &reads, &sender.address);
    return sender;
}

/* Adds an address in brackets to the handles, unless that is how the client wrote it. False if out of memory. */
static bool add_handle(struct facts_recipient *out, const char *argument, const char *address)
{
    size_t len = strlen(address), size = len + sizeof "<>";
    bool in_brackets = argument[0] == '<';
    char *handle;

    if (strncmp(argument + in_brackets, address, len) == 0 &&
        strcmp(argument + in_brackets + len, in_brackets ? ">" : "") == 0)
        return true;
    handle = malloc(size);
    if (handle == NULL)
        return false;
    (void)snprintf(handle, size, "<%s>", address);
    out->handles[out->recipient.handle_count] = handle;
    out->recipient.handles[out->recipient.handle_count++] = handle;
    return true;
}

/* Sendmail knows a recipient by the argument; Postfix, which takes an argument apart when it reads it but not when it
 * deletes, by what is left of it, or, without enable_original_recipient, by the address that it made of that. Deleting
 * an unknown recipient changes nothing. */
static bool find_handles(struct facts_recipient *out, const char *argument)
{
    const char *bare = out->envelope.bare;
    const char *shown = out->envelope.count > 0 ? out->envelope.readings[0].text : bare;

    out->recipient.handles[0] = argument;
    out->recipient.handle_count = 1;
    if (bare == NULL)
        return true;
    return add_handle(out, argument, bare) && (strcmp(bare, shown) == 0 || add_handle(out, argument, shown));
}

void facts_recipient(const char *argument, const char *rcpt_addr, const struct facts_mta *mta,
                     struct facts_recipient *out)
{
    const struct envelope_mta reads = {.address = rcpt_addr, .name = mta->name, .is_sendmail = mta->is_sendmail};
    enum address_status status;

    *out = (struct facts_recipient){.envelope = {.count = 0}};
    status = envelope_recipient(argument, &reads, &out->envelope);
    if (!find_handles(out, argument))
        status = ADDRESS_NO_MEMORY;
    out->recipient.status = status;
    out->recipient.readings = out->envelope.readings;
    out->recipient.count = out->envelope.count;
}

void facts_recipient_free(struct facts_recipient *recipient)
{
    for (size_t i = 0; i < SESSION_HANDLES_MAX; i++)
        free(recipient->handles[i]);
    envelope_recipient_free(&recipient->envelope);
}
