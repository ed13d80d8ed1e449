/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Brings our reading of an address together with the MTA's. What an MTA says in its macro is where mail to the address
 * would go, and that is not always the address that it sends on: where the domain is one of its own, both look for
 * another address in the local part, and Sendmail leaves it out, and looks the address up in its tables. */
#include "mail/envelope.h"

#include "base/text_search.h"
#include "mail/idna.h"
#include "mail/path.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* The two readings of a sender. */
struct readings {
    const struct envelope_mta *mta;
    struct path ours, theirs;
    enum address_status our_status, their_status;
    bool failed; /* out of memory while they were compared */
};

/* What is taken of them. */
enum choice {
    CHOICE_OURS,
    CHOICE_ROUTED,      /* the address that is in our local part */
    CHOICE_OURS_HERE,   /* our local part at the MTA's own domain */
    CHOICE_THEIRS,      /* at the MTA's own domain, if it names none */
    CHOICE_THEIR_LOCAL, /* their local part at our domain */
    CHOICE_NULL,
};

bool envelope_is_sendmail(const char *version)
{
    return version != NULL && isdigit((unsigned char)version[0]);
}

static bool was_read(enum address_status status)
{
    return status == ADDRESS_OK || status == ADDRESS_LOCAL_TOO_LONG;
}

static bool same_domain(const char *a, const char *b)
{
    char a_ascii[IDNA_SIZE], b_ascii[IDNA_SIZE];

    return strcasecmp(idna_ascii_form(a, a_ascii), idna_ascii_form(b, b_ascii)) == 0 || idna_same_folded(a, b);
}

/* What stands where a domain would. */
enum domain_kind {
    DOMAIN_NONE,
    DOMAIN_OWN, /* one label or an address literal: only ever a host's own */
    DOMAIN_NAME,
    DOMAIN_ODD, /* no name; an MTA may have read it in quite another way */
};

static enum domain_kind kind_of(const char *domain)
{
    if (domain[0] == '\0')
        return DOMAIN_NONE;
    if (strpbrk(domain, " \"(),;<>@\\%!") != NULL || domain[0] == '.' || strstr(domain, "..") != NULL)
        return DOMAIN_ODD;
    if (domain[0] == '[')
        return domain[strlen(domain) - 1] == ']' ? DOMAIN_OWN : DOMAIN_ODD;
    if (strpbrk(domain, ":[]") != NULL)
        return DOMAIN_ODD;
    return strchr(domain, '.') != NULL ? DOMAIN_NAME : DOMAIN_OWN;
}

static bool begins_with_label(const char *domain, const char *label)
{
    size_t len = strlen(label);

    return strncasecmp(domain, label, len) == 0 && (domain[len] == '\0' || domain[len] == '.');
}

static bool address_ends_with(const char *text, const char *end)
{
    size_t len = strlen(text), end_len = strlen(end);

    return len >= end_len && strcasecmp(text + len - end_len, end) == 0;
}

/* Follows the addresses in the local part to the last one, or to the first at `domain` (NULL: none). ADDRESS_MALFORMED,
 * with *out untouched, if there is none. */
static enum address_status follow_route(const struct address *address, const char *domain, struct address *out)
{
    struct address here, further = {.text = NULL};
    enum address_status status = path_read_routed(address->local, &here), next = status;

    if (!was_read(status))
        return status;
    while (domain == NULL || !same_domain(here.domain, domain)) {
        next = path_read_routed(here.local, &further);
        if (!was_read(next))
            break;
        address_free(&here);
        here = further;
        status = next;
    }
    if (next == ADDRESS_NO_MEMORY || (domain != NULL && !same_domain(here.domain, domain))) {
        address_free(&here);
        return next == ADDRESS_NO_MEMORY ? next : ADDRESS_MALFORMED;
    }
    *out = here;
    return status;
}

/* True if a local MTA that reads our local part as an address, and its local part again, comes to this domain. */
static bool route_leads_to(struct readings *readings, const char *domain)
{
    struct address found;
    enum address_status status = follow_route(&readings->ours.address, domain, &found);

    readings->failed |= status == ADDRESS_NO_MEMORY;
    if (!was_read(status))
        return false;
    address_free(&found);
    return true;
}

/* The same where the domain is anywhere in such a local part. */
static bool may_lead_to(struct readings *readings, const char *domain)
{
    const char *local = readings->ours.address.local;

    if (domain[0] == '\0' || strpbrk(local, "@%!") == NULL)
        return false;
    return text_search_has_nocase(local, domain) || route_leads_to(readings, domain);
}

/* True if the local part is empty. */
static bool has_empty_local_part(const struct address *address)
{
    return strncmp(address->text, "\"\"@", 3) == 0;
}

/* True if it is this local part, or none at all: Postfix has a name of its own for that. */
static bool has_local(const struct address *address, const char *local)
{
    return strcasecmp(address->local, local) == 0 || has_empty_local_part(address);
}

/* Both readings have the same domain. */
static enum choice choose_same(const struct readings *readings)
{
    const struct path *ours = &readings->ours;
    bool is_same = ours->is_plain || has_local(&ours->address, readings->theirs.address.local);

    return is_same ? CHOICE_OURS : CHOICE_THEIR_LOCAL;
}

/* Postfix says where mail to the address would go: it strips a domain of its own, and looks for another address in the
 * local part, in quotes too. */
static enum choice choose_for_postfix(struct readings *readings)
{
    const struct path *ours = &readings->ours;
    const struct address *theirs = &readings->theirs.address;
    enum domain_kind kind = kind_of(ours->address.domain);

    if (kind == DOMAIN_NONE) /* it sends what comes from its own MAILER-DAEMON on as from the null sender */
        return strcasecmp(ours->address.local, "mailer-daemon") == 0 ? CHOICE_NULL : CHOICE_THEIRS;
    if (same_domain(ours->address.domain, theirs->domain))
        return choose_same(readings);
    if (kind == DOMAIN_ODD)
        return CHOICE_THEIRS;
    if (kind == DOMAIN_NAME && ours->is_plain)
        return CHOICE_OURS;
    if (may_lead_to(readings, theirs->domain))
        return CHOICE_OURS;
    if (ours->address.domain[0] == '[' && !text_search_has_nocase(ours->letters, theirs->domain))
        return CHOICE_OURS;
    return kind == DOMAIN_NAME && theirs->domain[0] == '\0' ? CHOICE_THEIR_LOCAL : CHOICE_THEIRS;
}

/* True if Sendmail writes its own domain instead of this one. */
static bool is_localhost(const char *domain)
{
    return kind_of(domain) == DOMAIN_OWN || begins_with_label(domain, "localhost");
}

/* True for what Sendmail leaves of a group in brackets within brackets: a local part. */
static bool is_group(const char *address)
{
    return address_ends_with(address, ";") && strchr(address, ':') != NULL;
}

/* True if Sendmail's user may be of this local part: without its detail (`user+detail`), or what a route in it leads
 * to, or with the name of a group in front. */
static bool is_user(const struct address *address, const char *user)
{
    const char *local = address->local;

    return strncasecmp(local, user, strlen(user)) == 0 || address_ends_with(local, user) ||
           address_ends_with(user, local) || has_empty_local_part(address);
}

/* True if our local part is `user%domain`. */
static bool is_routed_user(const struct path *ours, const char *user)
{
    size_t len = strcspn(ours->address.local, "%"), user_len = strlen(user), domain_len;
    const char *domain = ours->address.local + len + 1;

    if (!ours->has_percent)
        return false;
    domain_len = strcspn(domain, "%");
    if (domain_len == 0 || strcspn(domain, " \"(),:;<>@\\!") < domain_len || domain[domain_len - 1] == '.')
        return false;
    return strncasecmp(ours->address.local, user, user_len < len ? user_len : len) == 0;
}

/* Sendmail takes the address for one of its own, and then leaves the domain out. It has followed each % to another of
 * its domains. */
static enum choice choose_for_local_user(const struct readings *readings)
{
    const struct path *ours = &readings->ours;
    const char *domain = ours->address.domain, *user = readings->theirs.address.local;

    if (kind_of(domain) == DOMAIN_NONE)
        return CHOICE_OURS_HERE;
    if (kind_of(domain) == DOMAIN_ODD || is_group(readings->mta->address))
        return CHOICE_THEIRS;
    if (is_routed_user(ours, user))
        return CHOICE_ROUTED;
    if (is_localhost(domain))
        return CHOICE_OURS_HERE;
    if (ours->is_plain)
        return CHOICE_OURS;
    return is_user(&ours->address, user) ? CHOICE_THEIR_LOCAL : CHOICE_OURS; /* else a table has another user for it */
}

/* Our reading names no domain, or none that is one. Sendmail does not find one in quotes either, unless it looks for it
 * there. */
static enum choice choose_for_quotes(const struct readings *readings)
{
    const char *domain = readings->theirs.address.domain;

    if (text_search_has_nocase(readings->ours.unquoted, domain) ||
        !text_search_has_nocase(readings->theirs.unquoted, domain))
        return CHOICE_THEIRS;
    return CHOICE_OURS_HERE;
}

/* Sendmail names another domain, and ours may be anybody's. */
static enum choice choose_for_name(struct readings *readings)
{
    const struct path *ours = &readings->ours;
    const struct address *theirs = &readings->theirs.address;
    const char *home = readings->mta->name != NULL ? readings->mta->name : "";

    if (ours->is_plain || may_lead_to(readings, theirs->domain))
        return CHOICE_OURS;
    if (strcasecmp(theirs->domain, home) == 0) /* put after the whole text, or after what a route leads to */
        return text_search_has_nocase(theirs->local, ours->address.domain) ? CHOICE_THEIRS : CHOICE_OURS;
    /* What is nowhere in what the client wrote comes out of a table. */
    return !text_search_has_nocase(ours->letters, theirs->domain) ? CHOICE_OURS : CHOICE_THEIRS;
}

/* True if Sendmail has followed our `host!user%domain` to a domain of its own. */
static bool is_followed(const struct readings *readings)
{
    const struct path *ours = &readings->ours;
    const char *user = readings->theirs.address.local;
    size_t len = strcspn(ours->address.local, "%");

    return ours->has_percent && user[0] != '!' && strchr(user, '!') != NULL && strlen(user) == len &&
           strncasecmp(ours->address.local, user, len) == 0;
}

/* Sendmail says where mail to the address would go, too; but what is in quotes it sends on as a local part. */
static enum choice choose_for_sendmail(struct readings *readings)
{
    const struct path *ours = &readings->ours;
    const struct address *theirs = &readings->theirs.address;
    enum domain_kind kind = kind_of(ours->address.domain);

    if (theirs->domain[0] == '\0')
        return choose_for_local_user(readings);
    if (same_domain(ours->address.domain, theirs->domain))
        return choose_same(readings);
    if (kind == DOMAIN_NONE || kind == DOMAIN_ODD)
        return choose_for_quotes(readings);
    if (address_ends_with(ours->address.domain, ".uucp") || is_followed(readings))
        return CHOICE_THEIRS;
    if (is_localhost(ours->address.domain)) {
        bool is_theirs =
            text_search_has_nocase(theirs->local, ours->address.domain); /* host!user: no domain of its own */
        return !is_theirs && may_lead_to(readings, theirs->domain) ? CHOICE_OURS_HERE : CHOICE_THEIRS;
    }
    return choose_for_name(readings);
}

/* Their reading is the null sender. Sendmail's is that too where a local part is but a sign. */
static enum choice choose_for_null(const struct readings *readings)
{
    if (!was_read(readings->our_status))
        return CHOICE_NULL;
    if (kind_of(readings->ours.address.domain) == DOMAIN_NAME &&
        (readings->ours.is_plain || readings->mta->is_sendmail))
        return CHOICE_OURS;
    return readings->mta->is_sendmail ? CHOICE_OURS_HERE : CHOICE_NULL;
}

/* The null sender as RFC 5321 4.5.5 has it, or as a local submission does. */
static bool is_null_path(const char *argument)
{
    return argument[0] == '\0' || strcmp(argument, "<>") == 0;
}

static enum choice choose_reading(struct readings *readings)
{
    bool is_named = was_read(readings->our_status) && readings->ours.address.domain[0] != '\0';

    if (readings->their_status == ADDRESS_NULL)
        return choose_for_null(readings);
    if (!was_read(readings->their_status)) {
        if (readings->our_status == ADDRESS_NULL)
            return CHOICE_NULL;
        return is_named ? CHOICE_OURS : CHOICE_OURS_HERE;
    }
    if (!was_read(readings->our_status))
        return CHOICE_THEIRS;
    return readings->mta->is_sendmail ? choose_for_sendmail(readings) : choose_for_postfix(readings);
}

/* Hands the address over. */
static enum address_status take_path_address(struct path *path, enum address_status status, struct address *out)
{
    *out = path->address;
    path->address = (struct address){.text = NULL};
    return status;
}

/* The address at the MTA's own domain, if that is known. */
static enum address_status at_home(const struct readings *readings, const struct address *address, struct address *out)
{
    const char *name = readings->mta->name;

    return address_make(address->local, name != NULL ? name : "", out);
}

/* The user and the first domain in our local part `user%domain%...`; at the MTA's own domain where that is no name. */
static enum address_status take_routed(const struct readings *readings, struct address *out)
{
    const char *local = readings->ours.address.local;
    size_t user_len = strcspn(local, "%"), len = strcspn(local + user_len + 1, "%");
    char *user = strndup(local, user_len), *domain = strndup(local + user_len + 1, len);
    enum address_status status = ADDRESS_NO_MEMORY;

    if (user != NULL && domain != NULL && !is_localhost(domain) && kind_of(domain) == DOMAIN_NAME)
        status = address_make(user, domain, out);
    else if (user != NULL && domain != NULL)
        status = address_make(user, readings->mta->name != NULL ? readings->mta->name : "", out);
    free(user);
    free(domain);
    return status;
}

static enum address_status make_chosen_address(struct readings *readings, enum choice choice, struct address *out)
{
    const struct address *ours = &readings->ours.address, *theirs = &readings->theirs.address;

    switch (choice) {
    case CHOICE_OURS:
        return take_path_address(&readings->ours, readings->our_status, out);
    case CHOICE_ROUTED:
        return take_routed(readings, out);
    case CHOICE_OURS_HERE:
        return at_home(readings, ours, out);
    case CHOICE_THEIR_LOCAL:
        return address_make(theirs->local, ours->domain, out);
    case CHOICE_THEIRS:
        return theirs->domain[0] == '\0' ? at_home(readings, theirs, out)
                                         : take_path_address(&readings->theirs, readings->their_status, out);
    case CHOICE_NULL:
        break;
    }
    return ADDRESS_NULL;
}

/* False if out of memory. Where the MTA says nothing of an address, its status is ADDRESS_MALFORMED. */
static bool readings_begin(struct readings *readings, const char *argument, const struct envelope_mta *mta)
{
    bool cracks_quotes = mta->address != NULL && !mta->is_sendmail;

    *readings = (struct readings){.mta = mta, .their_status = ADDRESS_MALFORMED};
    readings->our_status = path_read(argument, cracks_quotes ? PATH_POSTFIX : PATH_STANDARD, &readings->ours);
    if (mta->address != NULL && mta->is_sendmail && is_group(mta->address))
        readings->their_status = path_as_local_part(mta->address, &readings->theirs.address);
    else if (mta->address != NULL)
        readings->their_status = path_read(mta->address, PATH_CLEAN, &readings->theirs);
    return readings->our_status != ADDRESS_NO_MEMORY && readings->their_status != ADDRESS_NO_MEMORY;
}

static void readings_end(struct readings *readings)
{
    path_free(&readings->ours);
    path_free(&readings->theirs);
}

static bool is_malformed(const struct readings *readings)
{
    return readings->our_status == ADDRESS_MALFORMED && readings->their_status == ADDRESS_MALFORMED;
}

static enum address_status as_malformed(const char *argument, struct address *out)
{
    enum address_status status = path_as_local_part(argument, out);

    return was_read(status) ? ADDRESS_MALFORMED : status;
}

static enum address_status choose_and_take(struct readings *readings, struct address *out)
{
    enum choice choice = choose_reading(readings);

    return readings->failed ? ADDRESS_NO_MEMORY : make_chosen_address(readings, choice, out);
}

enum address_status envelope_sender(const char *argument, const struct envelope_mta *mta, struct address *out)
{
    struct readings readings;
    enum address_status status = ADDRESS_NO_MEMORY;

    if (is_null_path(argument)) /* some MTAs have a name of their own for it */
        return ADDRESS_NULL;
    if (readings_begin(&readings, argument, mta))
        status = is_malformed(&readings) ? as_malformed(argument, out) : choose_and_take(&readings, out);
    readings_end(&readings);
    return status;
}

/* Adds the reading; a malformed or null one is none. False if out of memory. */
static bool add_reading(struct envelope_recipient *recipient, enum address_status status, struct address *address)
{
    if (was_read(status))
        recipient->readings[recipient->count++] = *address;
    return status != ADDRESS_NO_MEMORY;
}

/* Adds where the first reading leads to, as a local MTA follows it. */
static bool add_routed(struct envelope_recipient *recipient)
{
    struct address routed = {.text = NULL};

    return recipient->count == 0 ||
           add_reading(recipient, follow_route(&recipient->readings[0], NULL, &routed), &routed);
}

/* Adds the MTA's reading, at the domain of the last one if it names none. */
static bool add_theirs(struct envelope_recipient *recipient, struct readings *readings)
{
    const struct address *theirs = &readings->theirs.address;
    struct address address;
    enum address_status status = readings->their_status;

    if (!was_read(status))
        return true;
    if (theirs->domain[0] != '\0')
        status = take_path_address(&readings->theirs, status, &address);
    else if (recipient->count > 0)
        status = address_make(theirs->local, recipient->readings[recipient->count - 1].domain, &address);
    else
        status = at_home(readings, theirs, &address);
    return add_reading(recipient, status, &address);
}

/* Adds our reading. One without a domain is left to the MTA, where that says more. */
static bool add_ours(struct envelope_recipient *recipient, struct readings *readings)
{
    enum address_status status = readings->our_status;
    struct address address;

    if (!was_read(status))
        return true;
    if (readings->ours.address.domain[0] != '\0')
        status = take_path_address(&readings->ours, status, &address);
    else if (was_read(readings->their_status))
        return true;
    else
        status = at_home(readings, &readings->ours.address, &address);
    return add_reading(recipient, status, &address);
}

/* Two things are one address to every MTA: a plain mailbox, in whose local part nobody looks for another. */
static bool is_certain(const struct readings *readings)
{
    const struct path *ours = &readings->ours;

    return was_read(readings->our_status) && ours->is_plain && strpbrk(ours->address.local, "@%!") == NULL;
}

static bool fill_recipient(struct envelope_recipient *recipient, struct readings *readings)
{
    if (is_certain(readings))
        return add_ours(recipient, readings);
    if (!readings->mta->is_sendmail) {
        recipient->bare = readings->ours.bare;
        readings->ours.bare = NULL;
    }
    return add_ours(recipient, readings) && add_routed(recipient) && add_theirs(recipient, readings);
}

enum address_status envelope_recipient(const char *argument, const struct envelope_mta *mta,
                                       struct envelope_recipient *out)
{
    struct envelope_recipient recipient = {.count = 0};
    struct readings readings;
    enum address_status status = ADDRESS_NO_MEMORY;

    if (readings_begin(&readings, argument, mta) && fill_recipient(&recipient, &readings)) {
        status = readings.our_status;
        if (!was_read(status))
            status = recipient.count > 0 ? ADDRESS_OK : ADDRESS_MALFORMED;
    }
    readings_end(&readings);
    if (was_read(status))
        *out = recipient;
    else
        envelope_recipient_free(&recipient);
    return status;
}

void envelope_recipient_free(struct envelope_recipient *recipient)
{
    for (size_t i = 0; i < recipient->count; i++)
        address_free(&recipient->readings[i]);
    free(recipient->bare);
    *recipient = (struct envelope_recipient){.count = 0};
}
