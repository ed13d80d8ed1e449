/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Keeps the lookups of an evaluation, and bounds those that are lookahead. */
#include "spf/lookups.h"

#include "spf/domain.h"
#include "spf/limits.h"
#include "spf/policy.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum {
    GUESSES_MAX = 10,     /* lookups whose term may be out of reach; an evaluation with an include has 10 left */
    OCTETS_MAX = 1 << 16, /* of answers; past that there is no lookahead */
};

struct dns_lookup_key lookup_key(const struct lookup *lookup)
{
    struct dns_lookup_key key = {.name = ""};

    if (lookup) {
        (void)snprintf(key.name, sizeof(key.name), "%s", lookup->name);
        key.type = lookup->type;
    }
    return key;
}

void lookups_init(struct lookups *lookups, bool has_lookahead, void *owner)
{
    *lookups = (struct lookups){.has_lookahead = has_lookahead, .owner = owner};
    lookups->end = &lookups->first;
}

void lookups_free(struct lookups *lookups)
{
    struct lookup *next;

    for (struct lookup *lookup = lookups->first; lookup; lookup = next) {
        next = lookup->next;
        policy_free(lookup->policy);
        dns_answer_release(lookup->answer);
        free(lookup);
    }
}

void lookups_begin(struct lookups *lookups)
{
    lookups->walk++;
    lookups->is_certain = true;
    lookups->is_blocked = false;
    lookups->void_lookups = lookups->open = 0;
}

/* FNV-1a over the name in lower case. */
static uint32_t hash_of(const char *name, enum dns_type type)
{
    uint32_t hash = 2166136261U ^ (uint32_t)type;

    for (; *name; name++) {
        unsigned char octet = (unsigned char)*name;

        hash = (hash ^ (octet >= 'A' && octet <= 'Z' ? octet + 32U : octet)) * 16777619U;
    }
    return hash;
}

static struct lookup *find(const struct lookups *lookups, const char *name, enum dns_type type, uint32_t hash)
{
    struct lookup *lookup = lookups->first;

    while (lookup && (lookup->hash != hash || lookup->type != type || strcasecmp(lookup->name, name) != 0))
        lookup = lookup->next;
    return lookup;
}

static struct lookup *add(struct lookups *lookups, const char *name, enum dns_type type, uint32_t hash)
{
    size_t size = strlen(name) + 1;
    struct lookup *lookup = malloc(sizeof(*lookup) + size);

    if (!lookup) {
        lookups->failed = true;
        return NULL;
    }
    *lookup = (struct lookup){.owner = lookups->owner, .type = type, .hash = hash};
    memcpy(lookup->name, name, size);
    *lookups->end = lookup;
    lookups->end = &lookup->next;
    return lookup;
}

bool lookup_is_wanted(const struct lookups *lookups, const struct lookup *lookup)
{
    return lookup->wanted == lookups->walk && !lookup->is_sent && !lookup->answer;
}

static unsigned count_guesses(const struct lookups *lookups)
{
    unsigned count = 0;

    for (const struct lookup *lookup = lookups->first; lookup; lookup = lookup->next)
        count += !lookup->is_certain && (lookup->is_sent || lookup_is_wanted(lookups, lookup));
    return count;
}

/* Would the evaluation go on if all terms before this turned out void (RFC 7208 4.6.4)? */
static bool may_be_reached(const struct lookups *lookups)
{
    return lookups->void_lookups + lookups->open <= LIMIT_VOID_LOOKUPS;
}

/* What is needed may be asked always. */
static bool may_ask(const struct lookups *lookups)
{
    if (!lookups->is_blocked)
        return true;
    return lookups->has_lookahead && may_be_reached(lookups) && lookups->octets <= OCTETS_MAX &&
           (lookups->is_certain || count_guesses(lookups) < GUESSES_MAX);
}

/* `may_be_new`: one that nobody has asked so far may be asked. */
static struct lookup *want(struct lookups *lookups, struct lookup **slot, const char *name, enum dns_type type,
                           bool may_be_new)
{
    if (!*slot) {
        uint32_t hash = hash_of(name, type);

        *slot = find(lookups, name, type, hash);
        if (!*slot && may_be_new)
            *slot = add(lookups, name, type, hash);
    }
    if (!*slot || (!(*slot)->is_sent && !(*slot)->answer && !may_be_new))
        return *slot;
    if ((*slot)->wanted != lookups->walk)
        (*slot)->is_needed = !lookups->is_blocked;
    (*slot)->wanted = lookups->walk;
    (*slot)->is_certain |= lookups->is_certain;
    return *slot;
}

struct lookup *lookups_want(struct lookups *lookups, struct lookup **slot, const char *name, enum dns_type type)
{
    return want(lookups, slot, name, type, may_ask(lookups));
}

bool lookups_want_host(struct lookups *lookups, struct lookup **slot, const char *name, enum dns_type type,
                       const struct lookup **lookup)
{
    char text[DNS_NAME_MAX + 1] = "";

    if (!*slot && (!domain_from_answer(name, text) || !domain_can_be_asked(text)))
        return false;
    *lookup = want(lookups, slot, text, type, may_ask(lookups));
    return true;
}

void lookups_answer(struct lookups *lookups, struct lookup *lookup, const struct dns_answer *answer)
{
    lookup->answer = answer;
    lookups->octets += dns_answer_octets(answer);
}

bool answer_is_failure(const struct dns_answer *answer)
{
    return answer->status == DNS_TIMEOUT || answer->status == DNS_FAILURE;
}
