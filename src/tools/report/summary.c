/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Counts messages. */
#include "tools/report/summary.h"

#include "dns/dns_registrable.h"
#include "spf/domain.h"
#include "tools/report/what_if.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

enum { KEYS_MAX = 100000, CLIENTS_MAX = 50000 };

bool summary_begin(struct summary *summary, const struct summary_options *options)
{
    memset(summary, 0, sizeof *summary);
    summary->options = *options;
    summary->first_s = summary->last_s = ENTRY_NO_TIME;
    summary->timeline = timeline_create();
    summary->greylist = greylist_figures_create();
    summary->domains = counted_table_create(sizeof(struct domain_figures), KEYS_MAX, NULL);
    summary->clients = counted_table_create(sizeof(struct client_figures), CLIENTS_MAX, NULL);
    summary->temperrors = counted_table_create(0, KEYS_MAX / 4, NULL);
    summary->permerrors = counted_table_create(0, KEYS_MAX / 4, NULL);
    summary->passes = counted_table_create(sizeof(struct pass_figures), KEYS_MAX, NULL);
    summary->forged = counted_table_create(sizeof(struct forged_figures), KEYS_MAX / 4, NULL);
    summary->whys = counted_table_create(0, 1000, NULL);
    summary->changed = counted_table_create(sizeof(struct what_if_figures), KEYS_MAX, NULL);
    return summary->timeline != NULL && summary->greylist != NULL && summary->domains != NULL &&
           summary->clients != NULL && summary->temperrors != NULL && summary->permerrors != NULL &&
           summary->passes != NULL && summary->forged != NULL && summary->whys != NULL && summary->changed != NULL;
}

void summary_free(struct summary *summary)
{
    timeline_destroy(summary->timeline);
    greylist_figures_destroy(summary->greylist);
    counted_table_destroy(summary->domains);
    counted_table_destroy(summary->clients);
    counted_table_destroy(summary->temperrors);
    counted_table_destroy(summary->permerrors);
    counted_table_destroy(summary->passes);
    counted_table_destroy(summary->forged);
    counted_table_destroy(summary->whys);
    counted_table_destroy(summary->changed);
    memset(summary, 0, sizeof *summary);
}

uint64_t summary_dropped(const struct summary *summary)
{
    return counted_table_dropped(summary->domains) + counted_table_dropped(summary->clients) +
           counted_table_dropped(summary->temperrors) + counted_table_dropped(summary->permerrors) +
           counted_table_dropped(summary->passes) + counted_table_dropped(summary->forged) +
           counted_table_dropped(summary->whys) + counted_table_dropped(summary->changed) +
           greylist_figures_dropped(summary->greylist);
}

const struct entry_check *summary_check(const struct log_entry *message)
{
    if (message->mail_from.is_known)
        return &message->mail_from;
    return message->sender[0] == '\0' && message->helo_check.is_known ? &message->helo_check : NULL;
}

/* The domain that the message's policy is of, in lower case and without a trailing dot. */
static void copy_domain(const struct log_entry *message, char out[DOMAIN_TEXT_MAX + 1])
{
    const char *at = strrchr(message->sender, '@');
    const char *domain = at != NULL ? at + 1 : message->sender[0] != '\0' ? "" : message->helo;
    size_t len = domain_text_strlen(domain);

    if (len > DOMAIN_TEXT_MAX)
        len = DOMAIN_TEXT_MAX;
    for (size_t i = 0; i < len; i++)
        out[i] = (char)tolower((unsigned char)domain[i]);
    out[len] = '\0';
}

/* Refused or deferred for what it is: who is greylisted is asked to come again. */
static bool is_stopped(const struct log_entry *message)
{
    if (log_entry_is_greylisted(message))
        return false;
    return message->fate == FATE_REFUSED || message->fate == FATE_DEFERRED;
}

static bool is_suspect(const struct entry_check *check)
{
    return check->result == RESULT_FAIL || check->result == RESULT_SOFTFAIL;
}

static struct counted *count_pair(struct counted_table *table, const char *first, const char *second)
{
    char key[SUMMARY_KEY_SIZE];

    (void)snprintf(key, sizeof key, "%s\t%s", first, second);
    return counted_table_count(table, key);
}

static void copy_short(char *out, size_t size, const char *text)
{
    log_entry_copy(out, size, text, strlen(text));
}

static void count_domain(struct summary *summary, const struct log_entry *message, const struct entry_check *check,
                         const char *domain)
{
    struct counted *counted = counted_table_count(summary->domains, domain);
    struct domain_figures *figures;

    if (counted == NULL)
        return;
    figures = counted->data;
    figures->results[check->result]++;
    if (!is_stopped(message))
        return;
    if (message->fate == FATE_REFUSED)
        figures->refused++;
    else
        figures->deferred++;
    if (is_suspect(check) && figures->results[RESULT_PASS] > 0)
        figures->refused_after_pass++;
    copy_short(figures->client, sizeof figures->client, message->client);
    copy_short(figures->name, sizeof figures->name, message->name);
    copy_short(figures->reason, sizeof figures->reason,
               message->why[0] != '\0' && strcmp(message->why, "result") != 0 ? message->why : check->reason);
}

/* FNV-1a: a collision makes two owners one, which is harmless. */
static uint32_t hash_text(const char *text)
{
    uint32_t hash = 2166136261U;

    for (; *text != '\0'; text++)
        hash = (hash ^ (unsigned char)*text) * 16777619U;
    return hash;
}

static void add_unrelated(struct client_figures *figures, uint32_t hash)
{
    for (uint32_t i = 0; i < figures->unrelated_count; i++)
        if (figures->unrelated[i] == hash)
            return;
    if (figures->unrelated_count < SUMMARY_UNRELATED_MAX)
        figures->unrelated[figures->unrelated_count++] = hash;
}

static const char *owner_of(const char *name)
{
    return domain_can_be_asked(name) ? dns_registrable(name) : name;
}

static void note_name(struct client_figures *figures, const char *name)
{
    char lower[sizeof figures->name];

    copy_short(lower, sizeof lower, name);
    for (char *c = lower; *c != '\0'; c++)
        *c = (char)tolower((unsigned char)*c);
    lower[domain_text_strlen(lower)] = '\0';
    if (lower[0] == '\0' || strcmp(lower, figures->name) == 0)
        return;
    memcpy(figures->name, lower, sizeof lower);
    copy_short(figures->owner, sizeof figures->owner, owner_of(lower));
}

/* Does the client pass for a domain of its own name's owner? */
static void note_own_pass(struct client_figures *figures, const struct entry_check *check, const char *domain)
{
    if (check->is_known && check->result == RESULT_PASS && !check->guessed && figures->own_domain[0] == '\0' &&
        figures->owner[0] != '\0' && domain_is_within(domain, figures->owner))
        copy_short(figures->own_domain, sizeof figures->own_domain, domain);
}

static void count_client(struct summary *summary, const struct log_entry *message, const struct entry_check *check,
                         const char *domain)
{
    struct counted *counted = counted_table_count(summary->clients, message->client);
    struct client_figures *figures;

    if (counted == NULL)
        return;
    figures = counted->data;
    note_name(figures, message->name);
    note_own_pass(figures, check, domain);
    note_own_pass(figures, &message->helo_check, message->helo);
    if (!is_suspect(check) || domain[0] == '\0' ||
        (figures->owner[0] != '\0' && domain_is_within(domain, figures->owner)))
        return;
    figures->failed++;
    figures->refused += is_stopped(message);
    add_unrelated(figures, hash_text(owner_of(domain)));
}

static void count_pass(struct summary *summary, const struct entry_check *check, const char *domain)
{
    struct counted *counted = count_pair(summary->passes, domain, check->reason);
    struct pass_figures *figures;

    if (counted == NULL) {
        summary->pass_widths[WIDTH_UNKNOWN]++;
        return;
    }
    figures = counted->data;
    if (counted->count == 1) {
        figures->width = WIDTH_UNKNOWN;
        if (!check->guessed && !pass_width_of(check->reason, &figures->width))
            summary->failed = true;
    }
    summary->pass_widths[figures->width]++;
}

static void count_forged(struct summary *summary, const struct log_entry *message, const struct entry_check *check,
                         const char *domain)
{
    const struct text_list *own = summary->options.own;

    if (check->result == RESULT_PASS || message->fate == FATE_EXEMPT)
        return;
    for (size_t i = 0; i < own->count; i++) {
        struct counted *counted;
        struct forged_figures *figures;

        if (!domain_is_within(domain, own->items[i]))
            continue;
        counted = count_pair(summary->forged, domain, message->client);
        if (counted == NULL)
            return;
        figures = counted->data;
        copy_short(figures->name, sizeof figures->name, message->name);
        copy_short(figures->result, sizeof figures->result, result_name(check->result));
        figures->stopped += is_stopped(message);
        return;
    }
}

static void count_what_if(struct summary *summary, const struct log_entry *message, const char *domain)
{
    struct what_if what;
    struct counted *counted;

    if (summary->options.then == NULL)
        return;
    summary->dmarc_seen += message->mail_from.dmarc != TRISTATE_NO || message->helo_check.dmarc != TRISTATE_NO;
    if (!what_if_applies(message)) {
        summary->what_if_unchanged++;
        return;
    }
    what = what_if_decide(summary->options.now, summary->options.then, message);
    summary->what_if[what.now][what.then]++;
    summary->dmarc_unknown += what.dmarc_is_unknown;
    summary->dmarc_assumed += what.dmarc_is_assumed;
    if (what.now == what.then)
        return;
    counted = counted_table_count(summary->changed, domain);
    if (counted != NULL)
        ((struct what_if_figures *)counted->data)->changes[what.now][what.then]++;
}

static void count_result(struct summary *summary, const struct log_entry *message, const struct entry_check *check)
{
    char domain[DOMAIN_TEXT_MAX + 1];

    copy_domain(message, domain);
    summary->results[check->result]++;
    count_domain(summary, message, check, domain);
    count_client(summary, message, check, domain);
    if (check->result == RESULT_PASS)
        count_pass(summary, check, domain);
    if (check->result == RESULT_TEMPERROR)
        (void)count_pair(summary->temperrors, domain, check->reason);
    if (check->result == RESULT_PERMERROR)
        (void)count_pair(summary->permerrors, domain, check->reason);
    count_forged(summary, message, check, domain);
    count_what_if(summary, message, domain);
}

static void note_time(struct summary *summary, const struct log_entry *message, const struct entry_check *check)
{
    if (!timeline_add(summary->timeline, message, check))
        summary->untimed++;
    if (message->time_s < 0)
        return;
    if (summary->first_s < 0 || message->time_s < summary->first_s)
        summary->first_s = message->time_s;
    if (message->time_s > summary->last_s)
        summary->last_s = message->time_s;
}

void summary_add(struct summary *summary, const struct log_entry *message)
{
    const struct entry_check *check = summary_check(message);
    const bool is_bounded = summary->options.since_s != INT64_MIN || summary->options.until_s != INT64_MAX;

    if (is_bounded && (message->time_s < 0 || message->time_s < summary->options.since_s ||
                       message->time_s >= summary->options.until_s)) {
        summary->outside++;
        return;
    }
    summary->messages++;
    summary->fates[message->fate]++;
    summary->tests += message->is_test;
    note_time(summary, message, check);
    greylist_figures_add(summary->greylist, message);
    if (message->why[0] != '\0' && strcmp(message->why, "result") != 0 && !log_entry_is_greylisted(message))
        (void)count_pair(summary->whys, fate_name(message->fate), message->why);
    if (check != NULL) {
        count_result(summary, message, check);
    } else {
        summary->without_result++;
        summary->what_if_unchanged += summary->options.then != NULL;
    }
}
